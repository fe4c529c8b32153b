"""A run that was killed and that several clones could go on with: one does, and no step runs twice unasked."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from innominatus_cli.findings.finding import CannotContinue
from innominatus_cli.operations.checkpoints import checkpoint_ref
from innominatus_cli.operations.succession import Succession, Successor
from innominatus_cli.system.clock import SystemClock
from innominatus_cli.system.git_refs import write_blob
from innominatus_cli.system.state_folder import StateFolder
from tests.e2e.clones import Clone, as_ada, clones_of_a_remote, until
from tests.integration.remotes import sh

CHECKPOINTS = "refs/innominatus/runs/*"
WORK = """apiVersion: workflow.dev/v1
kind: Workflow
metadata:
  name: work
spec:
  steps:
    - name: first
      type: script
      idempotency: convergent
      config:
        script: |
          touch "$HOME/works"
          while test -e "$HOME/wait"; do sleep 0.05; done
    - name: once
      type: script
      dependsOn: [first]
      config:
        script: echo "$INNOMINATUS_RUN" >> "$HOME/once"
    - name: last
      type: script
      dependsOn: [once]
      config:
        script: test ! -e "$HOME/broken"
"""


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    return as_ada(monkeypatch, tmp_path)


@pytest.fixture
def clone(home: Path) -> Callable[[str], Clone]:
    return clones_of_a_remote(home, WORK)


def killed(home: Path, clone: Clone) -> str:
    """The id of a run with a checkpoint, killed in its first step; its lock is given back by hand."""
    (home / "wait").touch()
    running = clone.start("run", "work", "--checkpoint", "push")
    until((home / "works").exists, running)
    lock = clone.lock()
    os.kill(running.pid, signal.SIGKILL)
    running.communicate(timeout=30)
    (home / "wait").unlink()
    assert clone.run("locks", "break", lock["id"], "--yes")[0] == 0
    return str(lock["run"])


def ran_once(home: Path) -> int:
    return len((home / "once").read_text().splitlines())


def test_the_clone_of_a_killed_run_is_told_that_another_one_has_finished_it(
    home: Path, clone: Callable[[str], Clone]
) -> None:
    first, second = clone("first"), clone("second")
    run = killed(home, first)
    status, _, told = second.run("resume", run, "--push")
    assert status == 0, told
    assert first.refs.listed(CHECKPOINTS) == {}
    status, _, told = first.run("resume", run)
    assert (status, "ORC-5208" in told, "is gone from 'origin'" in told) == (76, True, True), told
    assert first.run("resume", "latest")[0] == first.run("retry", run)[0] == 76
    assert ran_once(home) == 1
    sh(first.path, "git", "pull", "-q", "--rebase", "origin", "main")
    status, _, told = first.run("resume", run)
    assert (status, "ORC-5207" in told) == (0, True), told
    assert ran_once(home) == 1


def test_with_take_over_a_person_says_that_nobody_else_goes_on(home: Path, clone: Callable[[str], Clone]) -> None:
    first = clone("first")
    run = killed(home, first)
    sh(first.path, "git", "push", "-q", "origin", "--delete", checkpoint_ref(run))
    assert first.run("resume", run)[0] == 76
    status, _, told = first.run("resume", run, "--take-over")
    assert (status, "warning ORC-5208" in told, "add --take-over" in told) == (0, True, False), told
    assert ran_once(home) == 1
    assert "ORC-5208" in [finding["code"] for finding in first.record()["findings"]]


def test_a_clone_that_goes_on_with_a_run_of_another_goes_on_with_its_own_the_next_time(
    home: Path, clone: Callable[[str], Clone]
) -> None:
    first, second, third = clone("first"), clone("second"), clone("third")
    run = killed(home, first)
    (home / "broken").touch()
    assert second.run("resume", run)[0] == 4
    newer = second.record()["run"]
    for other in (first, third):
        status, _, told = other.run("resume", run)
        assert (status, "ORC-5208" in told, f"ada@example.org goes on with it in run {newer}" in told) == (
            76,
            True,
            True,
        )
    assert ran_once(home) == 1
    (home / "broken").unlink()
    status, _, told = second.run("resume", run)
    assert status == 0, told
    assert second.record()["resumes"] == newer
    assert ran_once(home) == 1
    assert second.refs.listed(CHECKPOINTS) == {}


def test_the_clone_that_ran_goes_on_itself_and_leaves_no_checkpoint(home: Path, clone: Callable[[str], Clone]) -> None:
    first, second = clone("first"), clone("second")
    run = killed(home, first)
    (home / "broken").touch()
    assert first.run("resume", run, "--checkpoint", "push")[0] == 4
    assert second.run("resume", run)[0] == 76
    (home / "broken").unlink()
    status, _, told = first.run("resume", run)
    assert (status, "ORC-61" in told) == (0, False), told
    assert ran_once(home) == 1
    assert first.refs.listed(CHECKPOINTS) == {}


def test_nothing_runs_where_nobody_can_be_asked_who_goes_on(home: Path, clone: Callable[[str], Clone]) -> None:
    first = clone("first")
    run = killed(home, first)
    # No lock on the remote, which would ask for it too.
    (first.path / "admin-config.yaml").write_text("limits:\n  maxParallel: 2\n")
    (home / "remote.git").rename(home / "away.git")
    status, _, told = first.run("resume", run)
    assert (status, "ORC-6101" in told) == (69, True), told
    assert not (home / "once").exists()
    status, _, told = first.run("resume", run, "--take-over", "--accept-changes")
    assert status == 0, told
    assert ran_once(home) == 1


def test_of_two_that_go_on_at_the_same_time_one_does(home: Path, clone: Callable[[str], Clone]) -> None:
    first = clone("first")
    run = killed(home, first)
    succession = Succession(first.git, StateFolder(first.git.common_dir), run, "origin", SystemClock())
    standing = succession.check()
    succession.claim(standing, Successor("01J9Z0C4W5T3Q8R7M2X6Y1V0NB", "ada@example.org"))
    with pytest.raises(CannotContinue, match="goes on with it in run 01J9Z0C4W5T3Q8R7M2X6Y1V0NB"):
        succession.claim(standing, Successor("01J9Z0C4W5T3Q8R7M2X6Y1V0NC", "bob@example.org"))


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{", b'{"run":1}', b"x" * 5000, b'{"run":"\\u001b[31m","who":"\\u001b[31m"}']
)
def test_what_stands_there_of_a_successor_is_looked_at_as_what_others_write(
    home: Path, clone: Callable[[str], Clone], data: bytes
) -> None:
    first = clone("first")
    run = killed(home, first)
    ref = checkpoint_ref(run)
    standing = first.refs.listed(ref)[ref]
    blob = write_blob(first.git, data)
    listed = sh(first.path, "git", "ls-tree", f"{standing}:")
    lines = f"{listed}\n100644 blob {blob}\tnext.json\n"
    tree = first.git.command.output("mktree", stdin=lines.encode()).decode().strip()
    commit = sh(first.path, "git", "commit-tree", "-m", "x", tree)
    assert first.refs.set(ref, commit, standing)
    status, _, told = first.run("resume", run)
    assert (status, "ORC-5208" in told, "\x1b" in told) == (76, True, False), told
