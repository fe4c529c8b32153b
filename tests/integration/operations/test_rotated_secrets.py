"""Who gave a secret a new value is recorded, and the value is not."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from innominatus_cli.cli.main import run

ADMIN = """\
applications: [score.yaml]
secrets:
  key: {store: local, generate: true}
  token: {store: env}
"""
SCORE = "apiVersion: score.dev/v1b1\nmetadata: {name: shop}\ncontainers: {web: {image: nginx}}\n"


@pytest.fixture(autouse=True)
def shop(tree: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ada@shop.example")
    tree.commit({"admin-config.yaml": ADMIN, "score.yaml": SCORE})


def shown(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    found = run(list(arguments))
    out, err = capsys.readouterr()
    assert found == status, err + out
    return out


def test_who_rotates_a_secret_is_recorded_and_its_value_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    where = ("--app", "shop", "--env", "staging")
    rotated = json.loads(shown(capsys, "secrets", "rotate", "key", *where, "--reason", "it leaked", "-o", "json"))
    (path,) = Path(".innominatus/actions").glob("*/*.json")
    record = json.loads(path.read_bytes())
    assert (record["id"], record["action"], record["reason"]) == (rotated["action"], "rotate_secret", "it leaked")
    assert (record["application"], record["environment"]) == ("shop", "staging")
    assert record["actor"]["email"] == "ada@shop.example"
    assert record["details"] == {"secret": "key", "store": "local", "key": "key"}
    (value,) = (one.read_text() for one in Path(".git/innominatus").rglob("secrets/key"))
    history = subprocess.run(["git", "log", "-p", "--all"], capture_output=True, check=True, text=True).stdout
    assert len(value) > 8
    assert value not in history
    assert "chore(innominatus): change a secret of shop in staging [skip ci]" in history
    assert "it leaked" in shown(capsys, "audit", "search", "--action", "rotate_secret", "-o", "json")
    assert "is sound" in shown(capsys, "ledger", "verify")


def test_what_was_not_rotated_is_not_recorded(capsys: pytest.CaptureFixture[str]) -> None:
    shown(capsys, "secrets", "rotate", "token", status=1)
    assert run(["secrets", "rotate", "key", "--app", "shpo"]) == 1
    assert "there is no application 'shpo'\n  help: Did you mean 'shop'?" in capsys.readouterr().err
    assert not Path(".innominatus").exists()
