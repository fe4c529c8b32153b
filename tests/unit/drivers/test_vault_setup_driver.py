"""`vault-setup` and its local store."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from innominatus_cli.drivers.children import secret_store

STRIPE = {"name": "stripe-api-key", "generate": True}
PAYPAL = {"name": "paypal-client-secret", "generate": {"length": 48, "alphabet": "base64url"}}


def answered(ended: Any, **states: str) -> Any:
    results = [{"name": name, "state": state, "problem": "its file is not private"} for name, state in states.items()]
    return ended(stdout=json.dumps({"results": results}).encode())


def test_no_names_bind_no_secrets_and_that_is_said(context: Any, play: Any) -> None:
    result, requests = play(context("vault-setup", {}))
    assert requests == []
    assert result.failure is None
    assert result.outputs == {"bound": [], "generated": [], "changed": []}
    assert result.message == "names no secrets: binds none"


def test_bindings_hold_names_only(context: Any, play: Any, ended: Any) -> None:
    ctx = context("vault-setup", {"secrets": [STRIPE, PAYPAL], "policies": ["payment-read"], "path": "/shop/"})
    states = answered(ended, **{"stripe-api-key": "generated", "paypal-client-secret": "exists"})
    result, (request,) = play(ctx, [states])
    assert result.failure is None
    names = ["stripe-api-key", "paypal-client-secret"]
    assert result.outputs == {"bound": names, "generated": ["stripe-api-key"], "changed": []}
    assert result.message == "binds 2 secrets, 1 generated"
    binding = yaml.safe_load(next(iter(result.artifacts.values())))
    assert binding["kind"] == "ExternalSecret"
    assert binding["metadata"]["annotations"] == {"innominatus.dev/policies": "payment-read"}
    assert binding["spec"]["data"][0] == {
        "secretKey": "stripe-api-key",
        "remoteRef": {"key": "checkout/development/shop/stripe-api-key"},
    }
    sent = json.loads(request.stdin)
    assert sent["folder"] == str((ctx.state_dir / "secrets" / "shop").resolve())
    assert sent["secrets"] == [
        {"name": "stripe-api-key", "generate": {"length": 32, "alphabet": "alphanumeric"}},
        {"name": "paypal-client-secret", "generate": {"length": 48, "alphabet": "base64url"}},
    ]


def test_a_secret_that_may_not_be_generated_must_exist(context: Any, play: Any, ended: Any) -> None:
    ctx = context("vault-setup", {"secrets": [{"name": "a"}]})
    result, (request,) = play(ctx, [answered(ended, a="missing")])
    assert json.loads(request.stdin)["secrets"][0]["generate"] is None
    assert result.failure.code.number == "ORC-5150"
    assert result.artifacts == {}


def test_a_store_that_is_not_private_is_refused(context: Any, play: Any, ended: Any) -> None:
    result, _ = play(context("vault-setup", {"secrets": [STRIPE]}), [answered(ended, **{"stripe-api-key": "unsafe"})])
    assert result.failure.code.number == "ORC-5151"
    assert "its file is not private" in result.failure.message


def test_a_secret_of_the_environment_is_looked_for_by_its_variable(context: Any, play: Any) -> None:
    secrets = [{"name": "db-password", "store": "env"}, {"name": "x", "store": "env", "env": "OTHER"}]
    ctx = context("vault-setup", {"secrets": secrets}, env={"DB_PASSWORD": "hunter2", "OTHER": "hunter3"})
    result, requests = play(ctx)
    assert requests == []
    assert result.failure is None
    data = next(iter(result.artifacts.values()))
    assert b"hunter" not in data
    assert [item["remoteRef"]["key"] for item in yaml.safe_load(data)["spec"]["data"]] == [
        "checkout/development/db-password",
        "OTHER",
    ]
    result, _ = play(context("vault-setup", {"secrets": secrets}, env={"DB_PASSWORD": ""}))
    assert result.failure.code.number == "ORC-5150"
    assert "no environment variable DB_PASSWORD" in result.failure.message


@pytest.mark.parametrize(
    ("inputs", "code"),
    [
        ({"secrets": ["undefined"]}, "ORC-5150"),
        ({"secrets": [{"name": "../escape"}]}, "ORC-5106"),
        ({"secrets": [{"name": "-rf"}]}, "ORC-5106"),
        ({"secrets": [STRIPE], "path": "a/../../b"}, "ORC-5106"),
        ({"secrets": [STRIPE], "path": "$(id)"}, "ORC-5106"),
        ({"secrets": [{"name": "a", "store": "env", "env": "A B"}]}, "ORC-5106"),
    ],
)
def test_a_hostile_name_starts_nothing(context: Any, play: Any, inputs: Any, code: str) -> None:
    result, requests = play(context("vault-setup", inputs))
    assert requests == []
    assert result.failure.code.number == code


def test_a_child_that_was_killed_bound_nothing(context: Any, play: Any, ended: Any) -> None:
    result, _ = play(context("vault-setup", {"secrets": [STRIPE]}), [ended(1)])
    assert result.failure.code.number == "ORC-5107"
    assert result.artifacts == {}


def ask(folder: Path, *secrets: dict[str, Any]) -> list[dict[str, str]]:
    results: list[dict[str, str]] = secret_store.answer({"folder": str(folder), "secrets": secrets})["results"]
    return results


HEX = {"name": "key", "generate": {"length": 64, "alphabet": "hex"}}


def test_a_generated_secret_stays_what_it_is(tmp_path: Path) -> None:
    store = tmp_path / "secrets"
    assert ask(store, HEX)[0]["state"] == "generated"
    value = (store / "key").read_text()
    assert len(value) == 64
    assert set(value) <= set("0123456789abcdef")
    assert stat.S_IMODE((store / "key").stat().st_mode) == 0o600
    assert stat.S_IMODE(store.stat().st_mode) == 0o700
    assert ask(store, HEX)[0]["state"] == "exists"
    assert (store / "key").read_text() == value
    assert sorted(path.name for path in store.iterdir()) == [".key.made-by", "key"]


def test_two_secrets_are_never_the_same() -> None:
    values = {secret_store.generate(32, "alphanumeric") for _ in range(50)}
    assert len(values) == 50
    assert all(len(value) == 32 for value in values)


def test_every_character_of_an_alphabet_is_used() -> None:
    for alphabet, characters in secret_store._ALPHABETS.items():
        assert set(secret_store.generate(8000, alphabet)) == set(characters)


def test_what_does_not_exist_and_may_not_be_generated_is_missing(tmp_path: Path) -> None:
    assert ask(tmp_path / "s", {"name": "key", "generate": None})[0]["state"] == "missing"


def test_what_others_can_read_is_unsafe(tmp_path: Path) -> None:
    ask(tmp_path, HEX)
    (tmp_path / "key").chmod(0o640)
    assert ask(tmp_path, HEX)[0] == {"name": "key", "state": "unsafe", "problem": "its file is not private"}
    (tmp_path / "key").chmod(0o600)
    tmp_path.chmod(0o750)
    assert ask(tmp_path, HEX)[0]["problem"] == "the store's folder is not private"
    tmp_path.chmod(0o700)


def test_a_link_a_folder_and_an_empty_file_are_no_secrets(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "absent")
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty").touch(mode=0o600)
    names = ("link", "folder", "empty")
    results = ask(tmp_path, *({**HEX, "name": name} for name in names))
    assert [result["state"] for result in results] == ["unsafe"] * 3
    assert not (tmp_path / "absent").exists()


def test_a_store_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "store").touch()
    assert "cannot be made" in ask(tmp_path / "store", HEX)[0]["problem"]


def test_who_comes_second_keeps_the_first_ones_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def late(length: int, alphabet: str) -> str:
        (tmp_path / "key").touch(mode=0o600)
        (tmp_path / "key").write_text("first")
        return "second" + "x" * (length + len(alphabet))

    monkeypatch.setattr(secret_store, "generate", late)
    assert ask(tmp_path, HEX)[0]["state"] == "exists"
    assert (tmp_path / "key").read_text() == "first"
    assert sorted(path.name for path in tmp_path.iterdir()) == [".key.made-by", "key"]
    undone = secret_store.answer({"folder": str(tmp_path), "secrets": [{"name": "key"}], "undo": [""]})
    assert undone["results"][0]["state"] == "kept"
    assert (tmp_path / "key").read_text() == "first"


def test_a_rollback_removes_what_its_run_generated_and_nothing_else(tmp_path: Path) -> None:
    def undo(*marks: str) -> str:
        request = {"folder": str(tmp_path), "secrets": [{"name": "key"}], "undo": list(marks)}
        return str(secret_store.answer(request)["results"][0]["state"])

    generated = secret_store.answer({"folder": str(tmp_path), "secrets": [HEX], "mark": "run a"})
    assert generated["results"][0]["state"] == "generated"
    assert undo("run b") == "kept"
    assert undo("run b", "run a") == "removed"
    assert list(tmp_path.iterdir()) == []
    assert undo("run a") == "kept"
