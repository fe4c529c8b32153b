"""Repositories and the command line, as a user has them."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from tests.integration.cloud import vault_server
from tests.integration.cluster import kubernetes_server
from tests.integration.services import postgres

__all__ = ["kubernetes_server", "postgres", "vault_server"]
ACCEPTANCE = Path(__file__).resolve().parent.parent / "cases" / "acceptance"
LONGEST_SECONDS = 120


@dataclass(frozen=True)
class Told:
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """stdout as JSON."""
        return json.loads(self.out)

    @property
    def all(self) -> str:
        """Both streams, for assertions that do not mind which, and for messages."""
        return f"exit {self.status}\n{self.out}\n{self.err}"


class Workshop:
    """A repository in a folder, with git and the command line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *arguments: str) -> Told:
        """`innominatus-ctl` with these arguments."""
        return self._run(sys.executable, "-m", "innominatus_cli", *arguments)

    def git(self, *arguments: str) -> str:
        """stdout of a git command, which must succeed."""
        told = self._run("git", *arguments)
        assert told.status == 0, told.all
        return told.out

    def write(self, path: str, text: str) -> Path:
        """Writes a file of the repository; common indentation is taken off."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(dedent(text), encoding="utf-8")
        return target

    def replace(self, path: str, old: str, new: str) -> None:
        """Replaces text that must be in a file, once."""
        text = (self.folder / path).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path}"
        (self.folder / path).write_text(text.replace(old, new), encoding="utf-8")

    def take(self, source: str, path: str) -> None:
        """Copies a file of the acceptance cases."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ACCEPTANCE / source, target)

    def workflow(self, product: str, name: str, phase: str = "deployment", steps: int = 1) -> None:
        """Writes a product workflow whose steps print something."""
        lines = [f"    - {{name: step-{n}, type: script, config: {{script: 'echo {n}'}}}}" for n in range(1, steps + 1)]
        head = f"""\
            apiVersion: workflow.dev/v1
            kind: ProductWorkflow
            metadata:
              name: {name}
              description: {name} of {product}
              product: {product}
              owner: {product}-infrastructure-team
              phase: {phase}
            spec:
              triggers: [product_deployment]
              steps:
            """
        self.write(f"workflows/products/{product}/{name}.yaml", dedent(head) + "\n".join(lines) + "\n")

    def commit(self, message: str = "A repository") -> None:
        """Everything, committed; the repository is made by the first one."""
        if not (self.folder / ".git").exists():
            self.git("init", "-q", "-b", "main")
        self.git("add", "--all")
        self.git("commit", "-q", "-m", message)

    def records(self, kind: str) -> list[dict[str, Any]]:
        """The records of a kind that HEAD holds, by run."""
        paths = self.git("ls-tree", "-r", "--name-only", "HEAD").splitlines()
        texts = [self.git("show", f"HEAD:{path}") for path in sorted(paths) if path.startswith(".innominatus/runs/")]
        return [record for text in texts if (record := json.loads(text))["kind"] == kind]

    def _run(self, *argv: str) -> Told:
        done = subprocess.run(
            argv, cwd=self.folder, capture_output=True, timeout=LONGEST_SECONDS, check=False, env=dict(os.environ)
        )
        return Told(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture
def acceptance() -> Path:
    """The documents and outputs of the acceptance cases."""
    return ACCEPTANCE


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """An empty folder, and Ada, who works in it."""
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Ada")
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", "ada@shop.example")
    monkeypatch.setenv("GIT_COMMITTER_NAME", "Ada")
    monkeypatch.setenv("GIT_COMMITTER_EMAIL", "ada@shop.example")
    folder = tmp_path / "shop"
    folder.mkdir()
    return Workshop(folder)


SCORE = """\
apiVersion: score.dev/v1b1
metadata:
  name: {name}{product}
containers:
  web:
    image: registry.example.com/{name}:1.0.0
"""
GOLDEN_PATH = """\
apiVersion: workflow.dev/v1
kind: GoldenPath
metadata: {name: deploy-app, description: Deploys an application, tags: [deployment]}
spec: {operation: deploy}
"""


@pytest.fixture
def score() -> Callable[..., str]:
    """The text of a small Score file."""

    def text(name: str = "test-app", product: str | None = "ecommerce") -> str:
        return SCORE.format(name=name, product=f"\n  product: {product}" if product else "")

    return text


@pytest.fixture
def golden_path() -> str:
    """The text of the golden path deploy-app."""
    return GOLDEN_PATH


@pytest.fixture
def example(workshop: Workshop, root: Path) -> Workshop:
    """A clone of the repository that the project ships as its example: its workflows, admin-config and applications."""
    shutil.copytree(root / "workflows", workshop.folder / "workflows")
    shutil.copytree(root / "docs" / "examples", workshop.folder / "docs" / "examples")
    shutil.copyfile(root / "admin-config.yaml", workshop.folder / "admin-config.yaml")
    workshop.commit()
    return workshop
