"""`resource health`: provisioners are asked, files are looked at, and what could not be asked is told as such."""

import json
from collections.abc import Callable
from typing import Any

import pytest

Make = Callable[..., Any]
ADMIN = "productProvisioners: [{type: queue, name: queues, version: 1.0.0, command: [bash, ./queue]}]\n"
SCORE = """
    apiVersion: score.dev/v1b1
    metadata: {name: shop}
    containers: {web: {image: "registry.example.com/web:1.2"}}
    resources:
      queue: {type: queue}
      data: {type: sqlite}
      name: {type: dns}
"""


def queue(status: str) -> str:
    return f"""case $INNOMINATUS_OPERATION in
status) {status} ;;
*) echo '{{"outputs": {{"url": "amqp://queue"}}}}' ;;
esac
"""


@pytest.fixture
def there(repository: Make) -> Any:
    said = {"status": {"state": "active", "health": "healthy", "message": "3 consumers"}}
    made = repository({"admin-config.yaml": ADMIN, "queue": queue(f"echo '{json.dumps(said)}'"), "score.yaml": SCORE})
    assert made.ask("run", "deploy-app", "score.yaml").status == 0
    return made


def healths(told: Any) -> dict[str, tuple[str, str]]:
    return {row["object"]: (row["health"], row["message"]) for row in told.data["resources"]}


def test_each_one_is_asked_in_its_own_way(there: Any) -> None:
    told = there.ask("resource", "health", "shop", "-o", "json")
    assert told.status == 0, told.err
    found = healths(told)
    assert found["queue"] == ("healthy", "3 consumers")
    assert found["data"] == ("healthy", "")
    assert found["name"][0] == "unknown"


def test_what_is_gone_or_degraded_is_told_and_ends_with_1(there: Any) -> None:
    (database,) = there.root.joinpath(".git/innominatus/state/shop/development/databases").glob("*.db")
    database.unlink()
    there.root.joinpath("queue").write_text(
        queue("""echo '{"status": {"state": "degraded", "message": "1 of 3 nodes"}}'""")
    )
    told = there.ask("resource", "health", "-o", "json")
    assert told.status == 1
    assert healths(told)["data"] == ("unhealthy", "data.db is not there")
    assert healths(told)["queue"] == ("degraded", "1 of 3 nodes")
    assert "2 not well" in there.ask("resource", "health", "shop").out


def test_a_provisioner_that_breaks_is_no_healthy_one(there: Any) -> None:
    there.root.joinpath("queue").write_text(queue("echo oops; exit 3"))
    told = there.ask("resource", "health", "shop", "-o", "json")
    assert told.status == 4
    (broken,) = [row for row in told.data["resources"] if row["problem"]]
    assert (broken["object"], broken["health"]) == ("queue", "unknown")
    assert "exit status 3" in broken["problem"]


def test_a_resource_is_found_by_its_id_and_an_unknown_word_is_told(there: Any) -> None:
    assert set(healths(there.ask("resource", "health", "shop.data", "-o", "json"))) == {"data"}
    told = there.ask("resource", "health", "shp")
    assert told.status == 1
    assert "ORC-6170" in told.err
    assert "shop" in told.err


def test_nothing_is_recorded_or_left_behind(there: Any) -> None:
    runs = sorted(there.root.joinpath(".git/innominatus/runs").glob("*"))
    records = sorted(there.root.joinpath(".innominatus").rglob("*.json"))
    there.ask("resource", "health", "shop")
    assert sorted(there.root.joinpath(".git/innominatus/runs").glob("*")) == runs
    assert sorted(there.root.joinpath(".innominatus").rglob("*.json")) == records


CLASS = """
    from innominatus_cli.sdk import Config, Provisioner, Resource, Result, Status
    from innominatus_cli.sdk.errors import StatusCheckFailedError


    class Queue(Provisioner):
        name = "queues"
        type = "queue"
        version = "1.0.0"

        def provision(self, resource: Resource, config: Config) -> Result:
            (self.folder / "nodes").write_text("3")
            return Result({"url": "amqp://queue"})

        def status(self, resource: Resource, config: Config) -> Status:
            nodes = self.folder / "nodes"
            if not nodes.exists():
                raise StatusCheckFailedError("the broker does not answer")
            healthy = nodes.read_text() == "3"
            return Status("active", "healthy" if healthy else "degraded", f"{nodes.read_text()} of 3 nodes")
"""


def test_a_class_of_the_sdk_is_asked_for_its_status(repository: Make) -> None:
    admin = 'productProvisioners: [{type: queue, name: queues, version: ^1.0, module: "queues:Queue", path: own}]\n'
    made = repository({"admin-config.yaml": admin, "own/queues.py": CLASS, "score.yaml": SCORE})
    told = made.ask("run", "deploy-app", "score.yaml")
    assert told.status == 0, told.err
    assert healths(made.ask("resource", "health", "shop", "-o", "json"))["queue"] == ("healthy", "3 of 3 nodes")
    (nodes,) = made.state.rglob("nodes")
    nodes.write_text("1")
    told = made.ask("resource", "health", "shop")
    assert told.status == 1
    assert "1 of 3 nodes" in told.out
    nodes.unlink()
    told = made.ask("resource", "health", "shop", "-o", "json")
    assert told.status == 4
    (row,) = [row for row in told.data["resources"] if row["problem"]]
    assert "the broker does not answer" in row["problem"]
