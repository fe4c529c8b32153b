"""`resource-provisioning`: types, params, outputs, removal."""

import json
from pathlib import Path
from typing import Any

import pytest

from innominatus_cli.provisioners.registry import PROVISIONERS, provisioner_for


def provision(context: Any, play: Any, kind: str, **inputs: Any) -> Any:
    ctx = context("resource-provisioning", {"resource": "orders", "resourceType": kind, **inputs})
    result, requests = play(ctx)
    assert requests == []
    return result


def test_a_database_is_made_once_and_removed_with_its_journals(context: Any, play: Any, tmp_path: Path) -> None:
    result = provision(context, play, "sqlite")
    assert result.outputs == {
        "name": "orders",
        "path": "databases/orders.db",
        "connection_string": "sqlite:///databases/orders.db",
    }
    file = tmp_path / "state" / "databases" / "orders.db"
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_bytes(b"SQLite format 3\0 and data")
    assert provision(context, play, "sqlite").failure is None
    assert file.read_bytes() == b"SQLite format 3\0 and data"
    (file.parent / "orders.db-wal").touch()
    assert provision(context, play, "sqlite", operation="delete").failure is None
    assert list(file.parent.iterdir()) == []
    assert provision(context, play, "sqlite", operation="delete").failure is None


def test_a_volume_is_a_private_folder(context: Any, play: Any, tmp_path: Path) -> None:
    result = provision(context, play, "volume", params={"size": "5Gi"})
    assert result.outputs == {"name": "orders", "path": "volumes/orders", "size": "5Gi"}
    folder = tmp_path / "state" / "volumes" / "orders"
    assert folder.stat().st_mode & 0o777 == 0o700
    (folder / "file").touch()
    assert provision(context, play, "volume").outputs["size"] == "1Gi"
    assert (folder / "file").exists()
    assert provision(context, play, "volume", operation="delete").failure is None
    assert not folder.exists()
    assert provision(context, play, "volume", operation="delete").failure is None


def test_a_route_is_an_address(context: Any, play: Any) -> None:
    params = {"host": "Shop.Example", "path": "/buy", "port": "80", "tls": True}
    result = provision(context, play, "route", params=params)
    assert result.outputs == {
        "name": "orders",
        "host": "shop.example",
        "path": "/buy",
        "url": "https://shop.example/buy",
    }
    assert provision(context, play, "route").outputs["url"] == "http://checkout.localhost/"
    assert provision(context, play, "route", operation="delete").failure is None


def test_resources_of_one_id_are_one_resource(context: Any, play: Any) -> None:
    assert provision(context, play, "sqlite", resourceId="shared").outputs["path"] == "databases/shared.db"


def test_outputs_are_the_same_on_every_machine(context: Any, play: Any, tmp_path: Path) -> None:
    for kind in PROVISIONERS:
        assert str(tmp_path) not in json.dumps(provision(context, play, kind).outputs)


@pytest.mark.parametrize("kind", sorted({*PROVISIONERS} - {"environment"}))
def test_a_provisioner_gives_the_outputs_that_it_promises(context: Any, play: Any, kind: str) -> None:
    provisioner = provisioner_for(kind)
    assert provisioner is not None
    assert set(provision(context, play, kind).outputs) == set(provisioner.outputs)


def test_an_unknown_type_names_the_known_and_the_near_ones(context: Any, play: Any) -> None:
    result = provision(context, play, "sqllite")
    assert result.failure.code.number == "ORC-5140"
    assert "nothing makes the type 'sqllite'" in result.failure.message
    assert result.failure.help == "Did you mean 'sqlite'?"


def test_variables_of_the_environment_are_outputs_and_none_of_them_is_recorded(context: Any, play: Any) -> None:
    ctx = context(
        "resource-provisioning",
        {"resource": "env", "resourceType": "environment"},
        env={"APP_CONFIG": "x", "INNOMINATUS_RUN": "y"},
    )
    result, _ = play(ctx)
    assert result.outputs["APP_CONFIG"] == "x"
    assert "INNOMINATUS_RUN" not in result.outputs
    assert result.public == ("name",)


def test_what_is_only_described_says_so_and_stays_the_same(context: Any, play: Any) -> None:
    first = provision(context, play, "postgres")
    assert first.message == "only described: nothing is started"
    assert first.outputs["host"] == "orders.checkout.localhost"
    assert provision(context, play, "postgres").outputs == first.outputs
    other = provision(context, play, "postgres", resource="other")
    assert other.outputs["password"] != first.outputs["password"]


def test_an_unknown_param_is_refused(context: Any, play: Any) -> None:
    result = provision(context, play, "volume", params={"sise": "1Gi"})
    assert result.failure.code.number == "ORC-5141"
    assert "has no param 'sise'" in result.failure.message
    assert result.failure.help == "Did you mean 'size'?"
    assert provision(context, play, "sqlite", params={"q": 1}).failure.help == "Params: none."


@pytest.mark.parametrize("name", ["../escape", "-rf", "a/b", "$(id)", "", ".hidden", "a\0b", 'a"b'])
@pytest.mark.parametrize("kind", ["sqlite", "volume"])
@pytest.mark.parametrize("operation", ["create", "delete"])
def test_a_hostile_name_touches_nothing(
    context: Any, play: Any, tmp_path: Path, name: str, kind: str, operation: str
) -> None:
    result = provision(context, play, kind, resource=name, operation=operation)
    assert result.failure.code.number == "ORC-5141"
    assert list((tmp_path / "state").iterdir()) == []


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"host": "a b"}, "is no host name"),
        ({"host": "-a"}, "is no host name"),
        ({"host": "a" * 300}, "is no host name"),
        ({"host": 3}, "is no host name"),
        ({"path": "relative"}, "is no path"),
        ({"path": '/"; drop'}, "is no path"),
        ({"port": 0}, "is no port"),
        ({"port": True}, "is no port"),
        ({"tls": "yes"}, "is neither true nor false"),
    ],
)
def test_a_wrong_route_is_told(context: Any, play: Any, params: Any, words: str) -> None:
    assert words in provision(context, play, "route", params=params).failure.message


def test_a_wrong_size_is_told(context: Any, play: Any) -> None:
    assert "is no quantity" in provision(context, play, "volume", params={"size": "big"}).failure.message


def test_links_and_strangers_are_left_alone(context: Any, play: Any, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "keep").touch()
    folder = tmp_path / "state" / "volumes"
    folder.mkdir(parents=True)
    (folder / "orders").symlink_to(outside)
    assert "is a symbolic link" in provision(context, play, "volume").failure.message
    assert "is a symbolic link" in provision(context, play, "volume", operation="delete").failure.message
    assert (outside / "keep").exists()
    databases = tmp_path / "state" / "databases"
    databases.mkdir()
    (databases / "orders.db").write_text("somebody's notes")
    assert "is no SQLite database" in provision(context, play, "sqlite").failure.message
    assert (databases / "orders.db").read_text() == "somebody's notes"


def test_a_folder_where_a_file_is_due_is_told(context: Any, play: Any, tmp_path: Path) -> None:
    (tmp_path / "state" / "databases" / "orders.db").mkdir(parents=True)
    assert provision(context, play, "sqlite").failure.code.number == "ORC-5141"
    assert provision(context, play, "sqlite", operation="delete").failure.code.number == "ORC-5141"
    (tmp_path / "state" / "volumes").write_text("")
    assert "cannot be made" in provision(context, play, "volume").failure.message
