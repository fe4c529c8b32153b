"""Real git repositories in tmp_path, and records to write into them."""

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from innominatus_cli.documents.run_record import RunRecord
from innominatus_cli.documents.verdict import Actor
from innominatus_cli.ledger.working_tree import WorkingTreeStore
from innominatus_cli.system.clock import SystemClock, timestamp, ulid
from innominatus_cli.system.git import Git

PLAN = b'{"not":"a plan"}\n'
PLAN_DIGEST = "sha256:" + "a" * 64


@dataclass(frozen=True)
class Repository:
    """A repository with a working tree, driven by the installed git as a user would."""

    path: Path

    def git(self, *arguments: str, allowed: tuple[int, ...] = (0,)) -> str:
        """The output of a git command."""
        done = subprocess.run(["git", *arguments], cwd=self.path, capture_output=True, check=False)
        assert done.returncode in allowed, done.stderr.decode()
        return done.stdout.decode("utf-8", "surrogateescape").rstrip("\n")

    def write(self, path: str, text: str) -> None:
        """Writes a file of the user's."""
        file = self.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())

    def read(self, path: str) -> str:
        """The text of a file."""
        return (self.path / path).read_bytes().decode()

    def commit(self, path: str, text: str) -> str:
        """Commits one file; the commit."""
        self.write(path, text)
        self.git("add", "--", path)
        self.git("commit", "-q", "-m", f"change {path}")
        return self.git("rev-parse", "HEAD")

    def users_state(self) -> tuple[str, str, str]:
        """What `git status`, the index and the diff say of everything but our paths."""
        rest = (".", ":(exclude).innominatus")
        status = self.git("status", "--porcelain", "-z", "--", *rest)
        return status, self.git("ls-files", "-s", "-z", "--", *rest), self.git("diff", "--", *rest)

    def our_status(self) -> str:
        """What `git status` says of our paths."""
        return self.git("status", "--porcelain", "--", ".innominatus")

    def open(self) -> Git:
        """The door of this repository."""
        git = Git.open(self.path)
        assert git is not None
        return git

    def store(self) -> WorkingTreeStore:
        """The ledger of this repository."""
        return WorkingTreeStore(self.open())

    def is_sound(self) -> bool:
        """Whether `git fsck` finds nothing (it raises otherwise)."""
        return "error" not in self.git("fsck", "--full", "--strict")


@pytest.fixture
def git_identity(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A global git configuration of the test's own, which names an operator."""
    config = tmp_path_factory.mktemp("config") / "gitconfig"
    config.write_text("[user]\n\tname = Ada Lovelace\n\temail = ada@example.org\n[init]\n\tdefaultBranch = main\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    return config


@pytest.fixture
def repository(tmp_path: Path, git_identity: Path) -> Repository:  # noqa: ARG001
    """A repository with one commit, on the branch main."""
    made = Repository(tmp_path / "repository")
    made.path.mkdir()
    made.git("init", "-q")
    made.commit("README.md", "hello\n")
    return made


@pytest.fixture
def make_record() -> Callable[..., RunRecord]:
    """Makes a record of a run that ended just now."""

    def make(**changes: Any) -> RunRecord:
        clock = SystemClock()
        now = timestamp(clock.now())
        facts = {
            "kind": "run",
            "run": clock.new_id(),
            "parents": [],
            "application": "checkout-service",
            "environment": "development",
            "operation": "deploy",
            "status": "succeeded",
            "plan": PLAN_DIGEST,
            "actor": Actor(name="Ada Lovelace", email="ada@example.org", source="git config"),
            "started_at": now,
            "finished_at": now,
            "duration_ms": 12,
            "dirty": False,
            "tool_version": "0.1.0",
        }
        return RunRecord.model_validate({**facts, **changes})

    return make


@pytest.fixture
def without_git_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No `GIT_*` variable at all."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)


class Writer:
    """Writes runs, one after the other, of a number that gives them their place."""

    def __init__(self, repository: Repository, make: Callable[..., RunRecord]) -> None:
        self.repository = repository
        self.make = make

    @property
    def store(self) -> WorkingTreeStore:
        return self.repository.store()

    def record(self, number: int, **changes: Any) -> RunRecord:
        return self.make(**{"run": ulid(1_800_000_000_000 + number, bytes(10)), "plan": None, **changes})

    def run(self, number: int, *, commit: bool = True, **changes: Any) -> RunRecord:
        store = self.store
        return store.write(self.record(number, **changes), None, {}, store.git.head(), commit=commit).record

    def pending(self, number: int, **changes: Any) -> RunRecord:
        """One that could not go to its branch."""
        self.repository.git("checkout", "-q", "--detach")
        made = self.run(number, **changes)
        self.repository.git("checkout", "-q", "main")
        return made


@pytest.fixture
def write(repository: Repository, make_record: Callable[..., RunRecord]) -> Writer:
    return Writer(repository, make_record)
