"""`init`, as a user runs it: an empty folder becomes a repository that validates and deploys."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def _run(folder: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def _ctl(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return _run(folder, sys.executable, "-m", "innominatus_cli", *arguments)


@pytest.fixture
def identity(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"NAME": "Ada", "EMAIL": "ada@example.com"}.items():
        monkeypatch.setenv(f"GIT_AUTHOR_{name}", value)
        monkeypatch.setenv(f"GIT_COMMITTER_{name}", value)


@pytest.fixture
def repository(tmp_path: Path, identity: None) -> Path:  # noqa: ARG001 - for its effect
    folder = tmp_path / "web-shop"
    made = _ctl(tmp_path, "init", "web-shop")
    assert made.returncode == 0, made.stderr
    for command in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "A workflow repository"]):
        assert _run(folder, "git", *command).returncode == 0
    return folder


def test_a_new_repository_validates_without_a_warning(repository: Path) -> None:
    checked = _ctl(repository, "validate", "--strict")

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_application_of_a_new_repository_deploys_and_its_record_is_committed(repository: Path) -> None:
    deployed = _ctl(repository, "run", "deploy-app", "apps/web-shop/score.yaml", "--env", "development")

    assert deployed.returncode == 0, deployed.stdout + deployed.stderr
    records = list((repository / ".innominatus/runs/web-shop/development").rglob("*.json"))
    assert len(records) == 1
    assert json.loads(records[0].read_text())["status"] == "succeeded"
    assert _run(repository, "git", "status", "--porcelain").stdout == ""
    committed = _run(repository, "git", "show", "--name-only", "--format=%an", "HEAD").stdout.split()
    assert committed[0] == "Ada"
    assert str(records[0].relative_to(repository)).replace(os.sep, "/") in committed


def test_init_says_what_to_type_next(tmp_path: Path) -> None:
    made = _ctl(tmp_path, "init", "web-shop", "--name", "web-app")

    assert made.returncode == 0
    assert made.stdout.splitlines()[-5:] == [
        "  cd web-shop",
        "  git init",
        "  git add . && git commit -m 'A workflow repository'",
        "  innominatus-ctl validate",
        "  innominatus-ctl run deploy-app apps/web-app/score.yaml --env development",
    ]


def test_a_second_init_writes_nothing_and_exits_1(repository: Path) -> None:
    again = _ctl(repository, "init")

    assert again.returncode == 1
    assert "ORC-2098" in again.stderr
    assert _run(repository, "git", "status", "--porcelain").stdout == ""


def test_a_bad_name_is_a_usage_error(tmp_path: Path) -> None:
    refused = _ctl(tmp_path, "init", "--name", "Not_A_Name")

    assert refused.returncode == 2
    assert "--name" in refused.stderr
    assert list(tmp_path.iterdir()) == []
