"""A repository in git with provisioners, and commands run in it."""

import contextlib
import io
import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from innominatus_cli.cli.main import run

SCORE = """
    apiVersion: score.dev/v1b1
    metadata: {name: shop}
    containers:
      web: {image: "registry.example.com/web:1.2", variables: {URL: "${resources.queue.url}"}}
    resources:
      queue: {type: queue, params: {size: 3}}
"""


@dataclass(frozen=True)
class Told:
    """What a command printed, and its exit status."""

    out: str
    err: str
    status: int

    @property
    def data(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Repository:
    """A repository in the current folder."""

    root: Path

    def ask(self, *arguments: str) -> Told:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = run(arguments)
        return Told(out.getvalue(), err.getvalue(), status)

    def results(self) -> dict[str, dict[str, Any]]:
        """The results of the last run's steps, by the last part of their ids."""
        records = sorted((self.root / ".innominatus/runs").rglob("*.json"), key=lambda path: path.stat().st_mtime_ns)
        steps = json.loads(records[-1].read_text())["steps"]
        return {step["step"].rpartition("/")[2]: step for step in steps}

    @property
    def state(self) -> Path:
        """What is kept of the application in development."""
        return self.root / ".git/innominatus/state/shop/development/provisioners"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Repository]:
    """`repository(files)`: a new repository with these files (dedented text) committed, as the current folder."""

    def make(files: Mapping[str, str]) -> Repository:
        for path, text in {"score.yaml": SCORE, **files}.items():
            target = tmp_path / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(dedent(text).lstrip("\n"))
        settings = ("-c", "user.name=Ada", "-c", "user.email=ada@shop.example")
        for words in (("init", "-q"), ("add", "-A"), (*settings, "commit", "-qm", "start")):
            subprocess.run(("git", *words), cwd=tmp_path, check=True)
        subprocess.run(("git", "config", "user.name", "Ada"), cwd=tmp_path, check=True)
        subprocess.run(("git", "config", "user.email", "ada@shop.example"), cwd=tmp_path, check=True)
        monkeypatch.chdir(tmp_path)
        return Repository(tmp_path)

    return make
