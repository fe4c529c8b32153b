"""Operations of a provider's workflows: what is made first, changed afterwards, looked at, and removed."""

from collections.abc import Callable
from typing import Any

import pytest

Make = Callable[..., Any]
PROVIDER = """\
apiVersion: v1
kind: Provider
metadata: {name: data-team, version: %s}
capabilities:
  resourceTypeCapabilities:
    - type: db
      operations: {create: {workflow: make-db}%s, delete: {workflow: drop-db}}
workflows:
  - {name: make-db, file: make.yaml, operation: create}
  - {name: change-db, file: change.yaml, operation: update}
  - {name: look-db, file: look.yaml, operation: read}
  - {name: drop-db, file: drop.yaml, operation: delete}
"""
ALL = ", update: {workflow: change-db}, read: {workflow: look-db}"
WORKFLOW = """\
apiVersion: workflow.dev/v1
kind: Workflow
metadata: {name: %s}
spec:
  parameters:
    - {name: resource_name, type: string, required: true}
    - {name: size, type: number, default: 1}
  steps:
    - name: work
      type: script
      env: {SIZE: "${parameters.size}"}
      config:
        script: |
          %s
      outputs: [%s]
  outputs: {%s}
"""
WORLD = "$INNOMINATUS_STATE_DIR/world"
NOTED = 'echo "%s size=$SIZE" >> "$INNOMINATUS_STATE_DIR/calls"'


def workflow(name: str, does: str, outputs: tuple[str, ...]) -> str:
    given = ", ".join(f'{one}: "${{steps.work.outputs.{one}}}"' for one in outputs)
    script = "\n          ".join([NOTED % name, *does.splitlines()])
    return WORKFLOW % (name, script, ", ".join(outputs), given)


CREATE = f"""echo "$SIZE" > "{WORLD}"
echo '{{"host": "db.internal", "size": "'$SIZE'", "password": "hunter2-first"}}'"""
UPDATE = f"""echo "$SIZE" > "{WORLD}"
echo '{{"size": "'$SIZE'"}}'"""
READ = f"""if [ ! -f "{WORLD}" ]; then
  echo '{{"status": "not_found", "message": "", "size": "", "password": ""}}'; exit 0
fi
echo '{{"status": "running", "message": "1 node", "size": "'$(cat "{WORLD}")'", "password": "hunter2-first"}}'"""
SCORE = """\
apiVersion: score.dev/v1b1
metadata: {name: shop}
containers:
  web:
    image: "registry.example.com/web:1.2"
    variables: {HOST: "${resources.db.host}", PASS: "${resources.db.password}"}
resources:
  db: {type: db, params: {size: %s}}
"""


def files(operations: str = ALL, version: str = "1.0.0") -> dict[str, str]:
    return {
        "admin-config.yaml": "providers: [{name: data-team, path: ./data, enabled: true}]\n",
        "data/provider.yaml": PROVIDER % (version, operations),
        "data/make.yaml": workflow("make-db", CREATE, ("host", "size", "password")),
        "data/change.yaml": workflow("change-db", UPDATE, ("size",)),
        "data/look.yaml": workflow("look-db", READ, ("status", "message", "size", "password")),
        "data/drop.yaml": workflow("drop-db", f'rm -f "{WORLD}"', ()),
        "score.yaml": SCORE % 3,
    }


@pytest.fixture
def there(repository: Make) -> Any:
    made = repository(files())
    told = made.ask("run", "deploy-app", "score.yaml")
    assert told.status == 0, told.err
    return made


def calls(there: Any) -> list[str]:
    """The operations that were called, in their order."""
    text: str = (there.state.parent / "calls").read_text()
    return text.splitlines()


def resize(there: Any, size: int) -> Any:
    there.root.joinpath("score.yaml").write_text(SCORE % size)
    return there.ask("run", "deploy-app", "score.yaml")


def show(there: Any) -> dict[str, Any]:
    found: dict[str, Any] = there.ask("resource", "show", "shop", "db", "-o", "json").data
    return found


def test_a_changed_resource_is_updated_and_its_other_outputs_stay(there: Any) -> None:
    told = resize(there, 5)
    assert told.status == 0, told.err
    assert calls(there) == ["make-db size=3", "change-db size=5", "look-db size=5"]
    results = there.results()
    assert results["update-db.work"]["status"] == "succeeded"
    assert results["provision-db"]["outputs"] == {"host": "db.internal", "name": "db", "size": "5"}
    assert results["provision-db"]["withheld_outputs"] == ["password"]
    assert show(there)["state"] == "active"


def test_the_plan_says_which_operation_runs_and_why(there: Any) -> None:
    there.root.joinpath("score.yaml").write_text(SCORE % 5)
    explained = there.ask("plan", "score.yaml", "--explain").out
    assert "db: 'update' runs, because params.size: 3 → 5" in explained
    assert "'update' of its provider runs" in there.ask("explain", "shop").out
    (change,) = there.ask("plan", "score.yaml", "-o", "json").data["resources"]
    assert (change["operation"], change["because"]) == ("update", "params.size: 3 → 5")


def test_an_unchanged_resource_is_created_again_and_its_plan_stays_the_same(there: Any) -> None:
    first = there.ask("plan", "score.yaml", "--digest").out
    assert there.ask("run", "deploy-app", "score.yaml").status == 0
    assert calls(there) == ["make-db size=3"] * 2
    assert there.ask("plan", "score.yaml", "--digest").out == first


def test_a_new_version_of_the_provider_updates(there: Any) -> None:
    there.root.joinpath("data/provider.yaml").write_text(PROVIDER % ("1.1.0", ALL))
    assert there.ask("run", "deploy-app", "score.yaml").status == 0
    assert calls(there)[1:] == ["change-db size=3", "look-db size=3"]


def test_without_an_update_the_resource_is_created_again(repository: Make) -> None:
    made = repository(files(operations=""))
    assert made.ask("run", "deploy-app", "score.yaml").status == 0
    assert resize(made, 5).status == 0
    assert calls(made) == ["make-db size=3", "make-db size=5"]


def test_an_update_that_fails_is_tried_again_even_for_what_was_there_before(there: Any) -> None:
    change = there.root.joinpath("data/change.yaml")
    works = change.read_text()
    change.write_text(works.replace("echo '{", "exit 3; echo '{"))
    assert resize(there, 5).status == 4
    assert show(there)["state"] == "degraded"
    change.write_text(works)
    assert resize(there, 3).status == 0
    assert [one.split()[0] for one in calls(there)] == ["make-db", "change-db", "change-db", "look-db"]
    assert show(there)["state"] == "active"


def test_a_resource_that_was_removed_is_created_again(there: Any) -> None:
    assert there.ask("run", "undeploy-app", "score.yaml").status == 0
    assert resize(there, 5).status == 0
    assert [one.split()[0] for one in calls(there)] == ["make-db", "drop-db", "make-db"]


def test_the_history_says_what_each_run_did(there: Any) -> None:
    assert there.ask("run", "deploy-app", "score.yaml").status == 0
    assert resize(there, 5).status == 0
    assert there.ask("run", "undeploy-app", "score.yaml").status == 0
    operations = show(there)["operations"]
    assert [(one["did"], one["operation"], one["status"]) for one in operations] == [
        ("created", "create", "succeeded"),
        ("unchanged", "create", "succeeded"),
        ("scaled", "update", "succeeded"),
        ("removed", "delete", "succeeded"),
    ]
    assert operations[2]["differences"] == ["params.size: 3 → 5"]
    assert len({one["run"] for one in operations}) == 4
    assert {one["by"] for one in operations} == {"Ada"}
    shown = there.ask("resource", "show", "shop", "db").out
    assert "scaled, by 'update'" in shown
    assert "params.size: 3 → 5" in shown


def health(there: Any) -> tuple[int, tuple[str, str, str]]:
    told = there.ask("resource", "health", "shop", "-o", "json")
    (row,) = [row for row in told.data["resources"] if row["object"] == "db"]
    return told.status, (row["health"], row["message"], row["problem"])


def test_health_is_what_read_says(there: Any) -> None:
    assert health(there) == (0, ("healthy", "1 node", ""))
    assert calls(there)[-1].startswith("look-db")
    (there.state.parent / "world").unlink()
    assert health(there) == (1, ("unhealthy", "its provider says that it is not_found", ""))


def test_a_read_that_fails_is_no_health(there: Any) -> None:
    look = there.root.joinpath("data/look.yaml")
    look.write_text(look.read_text().replace("if [ !", "exit 3; if [ !"))
    status, (told, _, problem) = health(there)
    assert (status, told) == (4, "unknown")
    assert "'read' of the provider 'data-team' failed" in problem


def test_what_was_changed_behind_its_back_is_drift(there: Any) -> None:
    told = there.ask("resource", "drift", "shop", "-o", "json")
    assert told.status == 0, told.err
    assert told.data["found"] == []
    (there.state.parent / "world").write_text("7\n")
    told = there.ask("resource", "drift", "shop", "-o", "json")
    assert told.status == 1
    assert [(one["object"], one["what"]) for one in told.data["found"]] == [("db", "output size: 3 → 7")]
    (there.state.parent / "world").unlink()
    assert "its provider says that it is not_found" in there.ask("drift", "shop").out


def test_outputs_are_read_again_without_a_record_and_without_secrets(there: Any) -> None:
    (there.state.parent / "world").write_text("7\n")
    records = sorted(there.root.joinpath(".innominatus").rglob("*.json"))
    told = there.ask("resource", "outputs", "shop", "db", "--refresh", "-o", "json")
    assert told.data == {"host": "db.internal", "message": "1 node", "name": "db", "size": "7", "status": "running"}
    assert "hunter2" not in told.out + told.err
    assert there.ask("resource", "outputs", "shop", "db", "-o", "json").data["size"] == "3"
    assert sorted(there.root.joinpath(".innominatus").rglob("*.json")) == records
    runs = there.root / ".git/innominatus/runs"
    written = [path for path in runs.rglob("*") if path.is_file() and path.name != "plan.json"]
    assert not [path for path in written if b"hunter2" in path.read_bytes()]
    (there.state.parent / "world").unlink()
    told = there.ask("resource", "outputs", "shop", "db", "--refresh")
    assert (told.status, "ORC-5576" in told.err) == (4, True)


def test_without_a_read_nobody_can_say(repository: Make) -> None:
    made = repository(files(operations=", update: {workflow: change-db}"))
    assert made.ask("run", "deploy-app", "score.yaml").status == 0
    assert health(made)[1][0] == "unknown"
    told = made.ask("resource", "outputs", "shop", "db", "--refresh")
    assert (told.status, "ORC-5570" in told.err) == (1, True)
