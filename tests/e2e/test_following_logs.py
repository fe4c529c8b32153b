"""`logs --follow` beside a run that prints."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.remotes import sh

WORK = """apiVersion: workflow.dev/v1
kind: Workflow
metadata:
  name: work
spec:
  steps:
    - name: build
      type: script
      config:
        script: |
          echo started
          echo oops >&2
          while test -e "$HOME/wait"; do sleep 0.05; done
          printf 'no newline'
    - name: after
      type: script
      config:
        script: printf '::error::bad\\n\\033[31mred\\n'
"""
GOLDEN_PATH = """apiVersion: workflow.dev/v1
kind: GoldenPath
metadata:
  name: work
spec:
  operation: task
  workflow: workflows/work.yaml
"""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = tmp_path / "repository"
    (folder / "workflows" / "golden-paths").mkdir(parents=True)
    (folder / "workflows" / "work.yaml").write_text(WORK)
    (folder / "workflows" / "golden-paths" / "work.yaml").write_text(GOLDEN_PATH)
    sh(tmp_path, "git", "init", "-q", "repository")
    sh(folder, "git", "config", "user.name", "Ada")
    sh(folder, "git", "config", "user.email", "ada@example.org")
    sh(folder, "git", "add", ".")
    sh(folder, "git", "commit", "-q", "-m", "start")
    return folder


def start(repository: Path, *arguments: str) -> "subprocess.Popen[str]":
    argv = [sys.executable, "-m", "innominatus_cli", *arguments]
    return subprocess.Popen(argv, cwd=repository, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def running(repository: Path, tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    (tmp_path / "wait").touch()
    run = start(repository, "run", "work")
    runs = repository / ".git" / "innominatus" / "runs"
    while not list(runs.glob("*/logs/0.stderr")):
        assert run.poll() is None, run.communicate()
        time.sleep(0.05)
    yield run
    (tmp_path / "wait").unlink(missing_ok=True)
    run.communicate(timeout=30)


def test_lines_come_with_their_steps_while_the_run_works_and_end_with_it(
    repository: Path, tmp_path: Path, running: "subprocess.Popen[str]"
) -> None:
    with start(repository, "logs", "latest", "--follow") as following:
        assert following.stdout is not None
        assert {following.stdout.readline(), following.stdout.readline()} == {"build | started\n", "build ! oops\n"}
        assert running.poll() is None
        (tmp_path / "wait").unlink()
        rest, _ = following.communicate(timeout=30)
    assert following.returncode == 0
    assert rest.splitlines() == ["after | ::error::bad", "after | \\x1b[31mred", "build | no newline"]


def test_following_a_killed_run_ends(repository: Path, running: "subprocess.Popen[str]") -> None:
    with start(repository, "logs", "latest", "--follow", "--step", "build") as following:
        assert following.stdout is not None
        following.stdout.readline()
        running.kill()
        running.wait(timeout=30)
        following.communicate(timeout=30)
    assert following.returncode == 0


def test_a_step_that_the_run_has_not_is_told_when_it_has_ended(repository: Path) -> None:
    with start(repository, "run", "work") as run:
        run.communicate(timeout=30)
    with start(repository, "logs", "latest", "--follow", "--step", "biuld") as following:
        _, err = following.communicate(timeout=30)
    assert following.returncode == 1
    assert "ORC-6016" in err


def test_data_is_not_followed(repository: Path) -> None:
    with start(repository, "logs", "latest", "--follow", "-o", "json") as following:
        following.communicate(timeout=30)
    assert following.returncode == 2
