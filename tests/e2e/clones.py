"""Clones of one remote, in which the command is started as their users do."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from innominatus_cli.system.git import Git
from innominatus_cli.system.git_refs import RemoteRefs
from tests.integration.remotes import new_bare, sh

LOCK = "refs/innominatus/locks/work/development"
ADMIN = "locks:\n  remote: origin\n  lease: 3s\n"
GOLDEN_PATH = """apiVersion: workflow.dev/v1
kind: GoldenPath
metadata:
  name: work
spec:
  operation: task
  workflow: workflows/work.yaml
"""
PATIENCE = 30.0


class Clone:
    """A clone of the remote whose user starts the command in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        git = Git.open(path)
        assert git is not None
        self.git = git
        self.refs = RemoteRefs.open(git, "origin")

    def start(self, *arguments: str, before: str = "") -> "subprocess.Popen[str]":
        argv = [sys.executable, "-m", "innominatus_cli", *arguments]
        argv = ["sh", "-c", f'{before}; exec "$@"', "sh", *argv] if before else argv
        return subprocess.Popen(
            argv, cwd=self.path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )

    def run(self, *arguments: str) -> tuple[int, str, str]:
        running = self.start(*arguments)
        out, err = running.communicate(timeout=60)
        return running.returncode, out, err

    def record(self) -> dict[str, Any]:
        path = max((self.path / ".innominatus" / "runs").rglob("*.json"), key=lambda path: path.name)
        found: dict[str, Any] = json.loads(path.read_bytes())
        return found

    def lock(self) -> dict[str, Any]:
        found = self.refs.blob(LOCK, 10_000)
        assert found is not None
        facts: dict[str, Any] = json.loads(found[1])
        return {**facts, "id": facts["token"] or found[0]}


def as_ada(monkeypatch: pytest.MonkeyPatch, home: Path) -> Path:
    """Makes everything that git writes Ada's, and `home` the home folder."""
    monkeypatch.setenv("HOME", str(home))
    for name, value in (("AUTHOR_NAME", "Ada"), ("AUTHOR_EMAIL", "ada@example.org")):
        monkeypatch.setenv(f"GIT_{name}", value)
        monkeypatch.setenv(f"GIT_{name}".replace("AUTHOR", "COMMITTER"), value)
    return home


def clones_of_a_remote(home: Path, workflow: str) -> Callable[[str], Clone]:
    """A bare repository whose golden path `work` runs this workflow, with a lock on it; makes clones of it by name."""
    bare = new_bare(home)
    seed = home / "seed"
    sh(home, "git", "clone", "-q", f"file://{bare}", "seed")
    files = {"workflows/work.yaml": workflow, "workflows/golden-paths/work.yaml": GOLDEN_PATH}
    for name, text in {"admin-config.yaml": ADMIN, **files}.items():
        (seed / name).parent.mkdir(parents=True, exist_ok=True)
        (seed / name).write_text(text)
    sh(seed, "git", "add", ".")
    sh(seed, "git", "commit", "-q", "-m", "start")
    sh(seed, "git", "push", "-q", "origin", "HEAD:refs/heads/main")

    def make(name: str) -> Clone:
        sh(home, "git", "clone", "-q", f"file://{bare}", name)
        return Clone(home / name)

    return make


def until(done: Callable[[], Any], running: "subprocess.Popen[str] | None" = None) -> None:
    end = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < end, "it never happened"
        assert running is None or running.poll() is None, running.communicate()
        time.sleep(0.05)
