"""`list-resources`, `resource` and `deprovision`: states follow from records, and from nothing else."""

from collections.abc import Callable
from typing import Any

Make = Callable[..., Any]
ADMIN = "productProvisioners: [{type: queue, name: queues, version: 1.0.0, command: [bash, ./queue]}]\n"
GOOD = 'echo \'{"outputs": {"url": "amqp://queue", "token": "t0ken-of-it"}, "secrets": ["token"]}\'\n'


def state(there: Any) -> str:
    found: str = there.ask("resource", "show", "shop", "queue", "-o", "json").data["state"]
    return found


def test_a_resource_goes_through_its_life(repository: Make) -> None:
    there = repository({"admin-config.yaml": ADMIN, "queue": "exit 1\n"})
    assert there.ask("run", "deploy-app", "score.yaml").status == 4
    assert state(there) == "failed"
    (there.root / "queue").write_text(GOOD)
    assert there.ask("run", "deploy-app", "score.yaml").status == 0
    assert state(there) == "active"
    (there.root / "queue").write_text("exit 1\n")
    assert there.ask("run", "deploy-app", "score.yaml").status == 4
    assert state(there) == "degraded"
    (there.root / "queue").write_text(GOOD)
    told = there.ask("deprovision", "shop")
    assert told.status == 0, told.err
    shown = there.ask("resource", "show", "shop", "queue", "-o", "json").data
    assert shown["state"] == "terminated"
    assert [one["state"] for one in shown["history"]] == [
        "requested",
        "provisioning",
        "failed",
        "provisioning",
        "active",
        "degraded",
        "terminating",
        "terminated",
    ]
    assert shown["provisioner"] == {
        "name": "queues",
        "version": "1.0.0",
        "kind": "command",
        "source": "admin-config.yaml:1",
    }


def test_outputs_are_those_of_the_record_and_hold_no_secret(repository: Make) -> None:
    there = repository({"admin-config.yaml": ADMIN, "queue": GOOD})
    assert there.ask("run", "deploy-app", "score.yaml").status == 0
    assert there.ask("resource", "outputs", "shop", "queue").out == "name=queue\nurl=amqp://queue\n"
    assert there.ask("resource", "outputs", "shop", "queue", "-o", "json").data == {
        "name": "queue",
        "url": "amqp://queue",
    }


def test_resources_are_listed_by_type_and_state(repository: Make) -> None:
    there = repository({"admin-config.yaml": ADMIN, "queue": GOOD})
    assert there.ask("run", "deploy-app", "score.yaml").status == 0
    rows = there.ask("list-resources", "-o", "json").data["resources"]
    assert [(row["resource"], row["type"], row["state"]) for row in rows] == [("queue", "queue", "active")]
    assert there.ask("list-resources", "shop", "--state", "failed", "-o", "json").data["resources"] == []
    assert there.ask("list-resources", "--type", "redis", "-o", "json").data["resources"] == []
    assert "queues" in there.ask("list-resources").out


def test_an_unknown_application_is_told_with_near_names(repository: Make) -> None:
    there = repository({"admin-config.yaml": ADMIN, "queue": GOOD})
    for words in (("list-resources", "shp"), ("deprovision", "shp"), ("resource", "show", "shp", "queue")):
        told = there.ask(*words)
        assert told.status == 1
        assert "shop" in told.err
