"""`resource backup|restore|transfer`, by the shipped provisioners and by those that offer nothing."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Make = Callable[..., Any]
SCORE = """
    apiVersion: score.dev/v1b1
    metadata: {name: shop, product: %s}
    containers: {web: {image: "registry.example.com/web:1.2"}}
    resources:
      it: %s
"""
LAKE = "{type: data-lake, params: {datasets: [orders]}}"
GATEWAY = "{type: payment-gateway, params: {webhook_url: https://shop.example/hooks}}"


@pytest.fixture
def shipped(root: Path, repository: Make) -> Callable[..., Any]:
    """A repository with the shipped provisioners and one resource, which is deployed to the environments."""

    def make(product: str, resource: str, *environments: str) -> Any:
        admin = (root / "admin-config.yaml").read_text()
        entry = admin[admin.index("productProvisioners:") : admin.index("# Members are")]
        found = (root / "workflows" / "products").glob("*/provisioners/**/*")
        paths = [path for path in found if path.is_file() and "__pycache__" not in path.parts]
        files = {str(one.relative_to(root)): one.read_text() for one in paths}
        there = repository({"admin-config.yaml": entry, "score.yaml": SCORE % (product, resource), **files})
        for path in paths:
            (there.root / path.relative_to(root)).chmod(path.stat().st_mode)
        for environment in environments:
            done = there.ask("run", "deploy-app", "score.yaml", "--env", environment)
            assert done.status == 0, done.err
        return there

    return make


def folder(there: Any, environment: str = "development") -> Path:
    kept = there.root / ".git/innominatus/state/shop" / environment / "provisioners"
    (found,) = [one for one in kept.glob("*/*") if one.is_dir()]
    return Path(found)


def actions(there: Any) -> list[str]:
    paths = sorted((there.root / ".innominatus/actions").rglob("*.json"))
    return [json.loads(path.read_text())["action"] for path in paths]


def test_a_lake_is_backed_up_lost_made_again_and_restored(shipped: Any) -> None:
    there = shipped("analytics", LAKE, "development")
    (folder(there) / "raw" / "day-1").write_text("clicks")
    made = there.ask("resource", "backup", "shop", "it", "--reason", "before the import", "-o", "json")
    assert made.status == 0, made.err
    assert there.ask("deprovision", "shop").status == 0
    assert there.ask("run", "deploy-app", "score.yaml").status == 0
    assert list((folder(there) / "raw").iterdir()) == []
    (folder(there) / "raw" / "wrong").write_text("noise")
    shown = there.ask("resource", "show", "shop", "it", "-o", "json").data
    assert [one["id"] for one in shown["backups"]] == [made.data["backup"]]
    back = there.ask("resource", "restore", "shop", "it", "-o", "json")
    assert back.status == 0, back.err
    assert back.data["backup"] == made.data["backup"]
    assert {one.name: one.read_text() for one in (folder(there) / "raw").iterdir()} == {"day-1": "clicks"}
    assert actions(there) == ["backup", "restore_resource"]
    assert there.ask("resource", "health", "shop").status == 0


def test_the_oldest_backup_is_named_by_the_start_of_its_id(shipped: Any) -> None:
    there = shipped("analytics", LAKE, "development")
    ids = []
    for text in ("one", "two"):
        (folder(there) / "raw" / "data").write_text(text)
        ids.append(there.ask("resource", "backup", "shop", "it", "-o", "json").data["backup"])
    assert there.ask("resource", "restore", "shop", "it", "--backup", ids[0]).status == 0
    assert (folder(there) / "raw" / "data").read_text() == "one"
    told = there.ask("resource", "restore", "shop", "it", "--backup", "01")
    assert told.status == 1
    assert "the start of 2 backups" in told.err


def test_a_gateway_in_bash_is_transferred_into_another_environment(shipped: Any) -> None:
    there = shipped("ecommerce", GATEWAY, "development", "test")
    before = (folder(there) / "account").read_text()
    assert (folder(there, "test") / "account").read_text() != before
    done = there.ask("resource", "transfer", "shop", "it", "--env", "development", "--to", "test")
    assert done.status == 0, done.err
    assert "transferred from development" in done.out
    assert (folder(there, "test") / "account").read_text() == before
    assert (folder(there, "test") / "account").stat().st_mode & 0o077 == 0
    assert actions(there) == ["backup", "transfer"]


def test_an_environment_that_needs_an_approval_needs_one_for_backups_too(
    shipped: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = shipped("analytics", LAKE, "development")
    made = there.ask("resource", "backup", "shop", "it", "-o", "json")
    (folder(there) / "raw" / "new").write_text("clicks")
    rules = """
teams: {release: {members: [eve@shop.example]}}
approvals: {unsigned: allow, resourceTypes: {data-lake: {}}}
"""
    with (there.root / "admin-config.yaml").open("a") as admin:
        admin.write(rules)
    restore = ("resource", "restore", "shop", "it")
    asked = there.ask(*restore)
    assert asked.status == 6, asked.err
    assert (folder(there) / "raw" / "new").exists()
    assert there.ask("resource", "backup", "shop", "it").status == 6
    gates = there.ask("approvals", "-o", "json").data["gates"]
    said = [f"restore resource of 'it': backup {made.data['backup']}", "backup of 'it'"]
    assert [(row["gate"], row["message"]) for row in gates] == [("resource:data-lake", one) for one in said]
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", "eve@shop.example")
    assert there.ask("approve", gates[0]["run"]).status == 0
    monkeypatch.delenv("GIT_AUTHOR_EMAIL")
    done = there.ask(*restore)
    assert done.status == 0, done.err
    assert not (folder(there) / "raw" / "new").exists()
    assert actions(there) == ["backup", "approve", "restore_resource"]
    assert there.ask(*restore).status == 6


def test_a_restore_that_fails_is_recorded_for_it_may_have_replaced_something(repository: Make) -> None:
    admin = "productProvisioners: [{type: queue, name: queues, version: 1.0.0, command: [bash, ./queue]}]\n"
    program = """case $INNOMINATUS_OPERATION in
describe) echo '{"describes": {"name": "q", "type": "queue", "version": "1.0.0",
  "operations": ["backup", "restore"]}}' ;;
backup) echo x > "$INNOMINATUS_BACKUP_DIR/data"; echo '{}' ;;
restore) exit 3 ;;
*) echo '{"outputs": {"url": "x"}}' ;;
esac
"""
    there = repository({"admin-config.yaml": admin, "queue": program})
    assert there.ask("run", "deploy-app", "score.yaml").status == 0
    made = there.ask("resource", "backup", "shop", "queue")
    assert made.status == 0, made.err
    assert there.ask("resource", "restore", "shop", "queue").status != 0
    assert actions(there) == ["backup", "restore_resource"]
    paths = sorted((there.root / ".innominatus/actions").rglob("*.json"))
    assert json.loads(paths[-1].read_text())["details"]["status"] == "failed"


def test_what_is_not_offered_is_refused_and_nothing_is_left(repository: Make) -> None:
    admin = "productProvisioners: [{type: queue, name: queues, version: 1.0.0, command: [bash, ./queue]}]\n"
    there = repository({"admin-config.yaml": admin, "queue": 'echo \'{"outputs": {"url": "x"}}\'\n'})
    assert there.ask("run", "deploy-app", "score.yaml").status == 0
    for words in (("backup",), ("restore",)):
        told = there.ask("resource", *words, "shop", "queue")
        assert told.status == 1
    told = there.ask("resource", "backup", "shop", "queue")
    assert "ORC-5570" in told.err
    assert actions(there) == []
    assert not [*there.root.glob(".git/innominatus/state/shop/*/backups/*/*/*")]


@pytest.mark.parametrize(
    ("does", "code"),
    [("echo half > $INNOMINATUS_BACKUP_DIR/data; exit 3", "ORC-5540"), ("echo '{}'", "ORC-5542")],
    ids=["fails half way", "does nothing"],
)
def test_a_backup_that_is_none_is_not_kept(repository: Make, does: str, code: str) -> None:
    admin = "productProvisioners: [{type: queue, name: queues, version: 1.0.0, command: [bash, ./queue]}]\n"
    program = f"""case $INNOMINATUS_OPERATION in
describe) echo '{{"describes": {{"name": "q", "type": "queue", "version": "1.0.0", "operations": ["backup"]}}}}' ;;
backup) {does} ;;
*) echo '{{"outputs": {{"url": "x"}}}}' ;;
esac
"""
    there = repository({"admin-config.yaml": admin, "queue": program})
    assert there.ask("run", "deploy-app", "score.yaml").status == 0
    told = there.ask("resource", "backup", "shop", "queue")
    assert told.status != 0
    assert code in told.err
    assert actions(there) == []
    assert not [*there.root.glob(".git/innominatus/state/shop/*/backups/*/*/*")]
