"""What plans say of resources: created, updated, unchanged, orphaned, shared; with their hints and tags."""

import json
from collections.abc import Callable
from typing import Any

import pytest

Make = Callable[..., Any]
ADMIN = "productProvisioners: [{type: queue, name: queues, version: 1.0.0, command: [bash, ./queue]}]\n"
QUEUE = (
    'echo \'{"outputs": {"url": "amqp://queue"}, '
    '"hints": [{"type": "dashboard", "label": "Queues", "value": "https://queues.example/shop"}]}\'\n'
)
SCORE = """\
apiVersion: score.dev/v1b1
metadata: {name: %s}
containers: {web: {image: "registry.example.com/web:1.2"}}
resources:
%s"""


def score(*resources: str, name: str = "shop") -> str:
    return SCORE % (name, "".join(f"  {one}\n" for one in resources)) if resources else SCORE % (name, "  {}\n")


@pytest.fixture
def there(repository: Make) -> Any:
    made = repository(
        {
            "admin-config.yaml": ADMIN,
            "queue": QUEUE,
            "score.yaml": score("queue: {type: queue, params: {size: 3}}", "files: {type: volume}"),
        }
    )
    assert made.ask("run", "deploy-app", "score.yaml").status == 0
    return made


def changes(there: Any) -> dict[str, tuple[str, list[str]]]:
    told = there.ask("plan", "score.yaml", "-o", "json").data["resources"]
    return {one["resource"]: (one["change"], [differs["what"] for differs in one["differences"]]) for one in told}


def states(there: Any, name: str) -> list[str]:
    shown = there.ask("resource", "show", "shop", name, "-o", "json").data
    return [one["state"] for one in shown["history"]]


def test_a_plan_says_what_becomes_of_each_resource(there: Any) -> None:
    assert changes(there) == {"queue": ("unchanged", []), "files": ("unchanged", [])}
    there.root.joinpath("score.yaml").write_text(
        score("queue: {type: queue, params: {size: 5}}", "more: {type: volume}")
    )
    assert changes(there) == {
        "queue": ("update", ["params.size"]),
        "more": ("create", []),
        "files": ("orphaned", []),
    }
    told = there.ask("plan", "score.yaml")
    assert "params.size: 3 → 5" in told.out
    assert "ORC-6171" in told.err
    assert "files" in told.err
    explained = there.ask("explain", "shop")
    assert "queue (queue): params.size: 3 → 5" in explained.out
    assert "ORC-6171" in explained.err


def test_a_changed_size_is_scaled_and_another_change_is_an_update(there: Any) -> None:
    for params in ("{size: 5}", "{size: 5, durable: true}"):
        there.root.joinpath("score.yaml").write_text(score(f"queue: {{type: queue, params: {params}}}"))
        assert there.ask("run", "deploy-app", "score.yaml").status == 0
    assert states(there, "queue") == ["requested", "provisioning", "active", "scaling", "active", "updating", "active"]


def test_an_update_that_fails_leaves_the_resource_degraded_and_the_plan_still_wants_it(there: Any) -> None:
    there.root.joinpath("queue").write_text("exit 1\n")
    there.root.joinpath("score.yaml").write_text(score("queue: {type: queue, params: {colour: red}}"))
    assert there.ask("run", "deploy-app", "score.yaml").status == 4
    assert states(there, "queue")[-2:] == ["updating", "degraded"]
    assert changes(there)["queue"] == ("update", ["params.colour", "params.size"])


def test_every_run_warns_of_orphans_until_they_are_back_or_gone(there: Any) -> None:
    whole = there.root.joinpath("score.yaml").read_text()
    fewer = score("queue: {type: queue, params: {size: 3}}")
    there.root.joinpath("score.yaml").write_text(fewer)
    for words in (("run", "deploy-app"), ("deploy",), ("run", "deploy-app", "--dry-run")):
        told = there.ask(*words[:2], "score.yaml", *words[2:])
        assert told.status == 0, told.err
        assert "resource 'files' (volume) of 'shop' is active in 'development'" in told.err
        assert "innominatus-ctl deprovision shop --env development" in told.err
    last = json.loads(max((there.root / ".innominatus/runs").rglob("*.json")).read_text())
    assert [one["code"] for one in last["findings"]].count("ORC-6171") == 1
    there.root.joinpath("queue").write_text("exit 1\n")  # a run that fails made less than the one before it
    assert there.ask("run", "deploy-app", "score.yaml").status == 4
    there.root.joinpath("queue").write_text(QUEUE)
    assert "ORC-6171" in there.ask("resume", "latest").err + there.ask("run", "deploy-app", "score.yaml").err
    there.root.joinpath("score.yaml").write_text(whole)
    assert "ORC-6171" not in there.ask("run", "deploy-app", "score.yaml").err
    there.root.joinpath("score.yaml").write_text(fewer)
    assert there.ask("deprovision", "shop").status == 0
    assert "ORC-6171" not in there.ask("run", "deploy-app", "score.yaml").err


def test_an_orphan_is_marked_in_the_list_until_it_is_removed(there: Any) -> None:
    there.root.joinpath("score.yaml").write_text(score("queue: {type: queue, params: {size: 3}}"))
    rows = there.ask("list-resources", "-o", "json").data["resources"]
    assert {row["resource"]: row["orphaned"] for row in rows} == {"queue": False, "files": True}
    assert "active (orphaned)" in there.ask("list-resources").out
    assert there.ask("deprovision", "shop").status == 0
    assert states(there, "files")[-2:] == ["terminating", "terminated"]


def test_a_rollback_ends_what_its_run_made(there: Any) -> None:
    there.root.joinpath("score.yaml").write_text(
        score("queue: {type: queue, params: {size: 3}}", "files: {type: volume}", "more: {type: volume}")
    )
    assert there.ask("run", "deploy-app", "score.yaml").status == 0
    told = there.ask("rollback", "shop")
    assert told.status == 0, told.err
    assert states(there, "more") == ["requested", "provisioning", "active", "terminating", "terminated"]
    assert states(there, "files") == ["requested", "provisioning", "active"]
    operations = there.ask("resource", "show", "shop", "more", "-o", "json").data["operations"]
    assert [(one["did"], one["operation"]) for one in operations] == [("created", "create"), ("taken back", "undo")]


def test_hints_are_recorded_and_shown(there: Any) -> None:
    shown = there.ask("resource", "show", "shop", "queue", "-o", "json").data
    assert shown["hints"] == [{"type": "dashboard", "label": "Queues", "value": "https://queues.example/shop"}]
    assert "Queues: https://queues.example/shop" in there.ask("resource", "show", "shop", "queue").out


def test_resources_are_found_by_their_tags(there: Any) -> None:
    there.root.joinpath("score.yaml").write_text(
        score("queue: {type: queue, params: {size: 3}, metadata: {tags: {team: payments, tier: 1}}}")
    )
    assert changes(there)["queue"] == ("update", ["tags.team", "tags.tier"])
    assert there.ask("run", "deploy-app", "score.yaml").status == 0
    for tag, found in (("team", 1), ("team=payments", 1), ("tier=1", 1), ("team=web", 0), ("cost", 0)):
        assert len(there.ask("list-resources", "--tag", tag, "-o", "json").data["resources"]) == found


def test_a_shared_resource_goes_with_the_last_application_that_uses_it(there: Any) -> None:
    shared = "queue: {type: queue, id: common, params: {size: 3}}"
    there.root.joinpath("score.yaml").write_text(score(shared))
    there.root.joinpath("office").mkdir()
    there.root.joinpath("office/score.yaml").write_text(score(shared, name="office"))
    for file in ("score.yaml", "office/score.yaml"):
        assert there.ask("run", "deploy-app", file).status == 0
    assert there.ask("resource", "show", "shop", "common", "-o", "json").data["used_by"] == ["office", "shop"]
    there.root.joinpath("queue").write_text("echo removed >> ../../../../removals; echo '{}'\n")
    told = there.ask("deprovision", "shop")
    assert told.status == 0, told.err
    assert "ORC-6173" in told.err
    assert states(there, "queue")[-1] == "terminated"
    assert not list(there.root.joinpath(".git/innominatus/state").rglob("removals"))
    assert there.ask("resource", "show", "office", "queue", "-o", "json").data["used_by"] == ["office"]
    told = there.ask("deprovision", "office")
    assert told.status == 0, told.err
    assert "ORC-6173" not in told.err
    assert list(there.root.joinpath(".git/innominatus/state").rglob("removals"))


def test_a_rollback_lets_go_of_what_another_application_uses(there: Any) -> None:
    shared = "queue: {type: queue, id: common, params: {size: 3}}"
    there.root.joinpath("queue").write_text(
        '[ "$INNOMINATUS_OPERATION" = deprovision ] &&'
        ' echo "$INNOMINATUS_RESOURCE_NAME" >> ../../../../removals\n' + QUEUE
    )
    there.root.joinpath("office").mkdir()
    for name, file in (("store", "store.yaml"), ("office", "office/score.yaml")):
        there.root.joinpath(file).write_text(score(shared, "own: {type: queue}", name=name))
        assert there.ask("run", "deploy-app", file).status == 0
    told = there.ask("rollback", "store")
    assert told.status == 0, told.err
    assert "ORC-6173" in told.err
    assert "resource 'queue' stays, it is used by office too" in told.err
    shown = there.ask("resource", "show", "store", "queue", "-o", "json").data
    assert [one["state"] for one in shown["history"]][-2:] == ["terminating", "terminated"]
    assert removed(there) == ["own"]
    assert there.ask("resource", "show", "office", "queue", "-o", "json").data["used_by"] == ["office"]
    told = there.ask("rollback", "office")
    assert told.status == 0, told.err
    assert "ORC-6173" not in told.err
    assert sorted(removed(there)) == ["own", "own", "queue"]


def removed(there: Any) -> list[str]:
    """What the provisioner was asked to remove."""
    return [word for path in there.root.joinpath(".git").rglob("removals") for word in path.read_text().split()]


PROVIDER = """
apiVersion: workflow.dev/v1
kind: Provider
metadata: {name: messaging, version: 1.0.0, description: Provides queues, owner: platform-team}
capabilities:
  resourceTypeCapabilities:
    - {type: queue, operations: {create: {workflow: make}, delete: {workflow: drop}}}
workflows:
  - {name: make, file: make.yaml, category: provisioner, operation: create}
  - {name: drop, file: drop.yaml, category: provisioner, operation: delete}
"""
WORKFLOW = """
apiVersion: workflow.dev/v1
kind: Workflow
metadata: {name: %s, description: A queue, owner: platform-team}
spec:
  steps:
    - name: it
      type: script
      config: {script: echo %s >> .git/done}
      rollback: {type: script, config: {script: echo undone >> .git/done}}
"""


def test_a_rollback_leaves_what_a_providers_workflow_made_and_another_application_uses(repository: Make) -> None:
    there = repository(
        {
            "admin-config.yaml": "providers: [{name: messaging, path: ./messaging, enabled: true}]\n",
            "messaging/provider.yaml": PROVIDER,
            "messaging/make.yaml": WORKFLOW % ("make", "made"),
            "messaging/drop.yaml": WORKFLOW % ("drop", "dropped"),
            "score.yaml": score("queue: {type: queue, id: common}"),
            "office/score.yaml": score("queue: {type: queue, id: common}", name="office"),
        }
    )
    for file in ("score.yaml", "office/score.yaml"):
        told = there.ask("run", "deploy-app", file)
        assert told.status == 0, told.err
    told = there.ask("rollback", "shop")
    assert told.status == 0, told.err
    assert told.err.count("ORC-6173") == 1
    assert done(there) == ["made", "made"]
    assert states(there, "queue")[-1] == "terminated"
    told = there.ask("rollback", "office")
    assert told.status == 0, told.err
    assert sorted(done(there)) == ["made", "made", "undone"]


def done(there: Any) -> list[str]:
    """What the steps of the provider's workflows did."""
    text: str = there.root.joinpath(".git/done").read_text()
    return text.split()


def test_delete_removes_the_application_and_keeps_its_records(there: Any) -> None:
    told = there.ask("delete", "shop", "--dry-run")
    assert told.status == 0, told.err
    assert states(there, "queue")[-1] == "active"
    told = there.ask("delete", "shop")
    assert told.status == 0, told.err
    assert "Its records stay" in told.err
    assert states(there, "queue")[-1] == "terminated"
    assert there.root.joinpath("score.yaml").is_file()
    assert len(there.ask("history", "shop", "-o", "json").data["runs"]) == 2
