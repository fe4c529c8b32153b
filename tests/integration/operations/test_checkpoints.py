"""A run's folder on a ref of a real remote, and back in another clone."""

import hashlib
import os
from pathlib import Path

import pytest

from innominatus_cli.execution.journal import Journal, read_journal
from innominatus_cli.findings.finding import CannotContinue
from innominatus_cli.operations.checkpoints import (
    Checkpoints,
    checkpoint_ref,
    delete_checkpoint,
    fetch_checkpoint,
    push_checkpoint,
)
from innominatus_cli.system.clock import SystemClock
from innominatus_cli.system.git import Git
from innominatus_cli.system.git_identity import Identity
from innominatus_cli.system.git_refs import RemoteRefs, write_blob
from innominatus_cli.system.git_writing import commit_tree, write_tree
from innominatus_cli.system.state_folder import StateFolder
from tests.integration.remotes import clone_of, new_bare, sh

RUN = "01J9Z0C4W5T3Q8R7M2X6Y1V0NB"
ME = Identity("Me", "me@example.org", "test")


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    return new_bare(tmp_path)


@pytest.fixture
def git(bare: Path) -> Git:
    return clone_of(bare, "clone")


@pytest.fixture
def other(bare: Path) -> Git:
    return clone_of(bare, "other")


@pytest.fixture
def state(git: Git) -> StateFolder:
    return StateFolder(git.common_dir)


@pytest.fixture
def journal(state: StateFolder) -> Journal:
    state.ensure(state.run_dir(RUN))
    journal = Journal.create(state.journal_path(RUN), SystemClock())
    journal.add("run_start", run=RUN)
    journal.flush()
    return journal


def filled(state: StateFolder) -> dict[str, bytes]:
    """A run's folder with everything in it; what of it belongs into a checkpoint."""
    artifact = b"kind: Deployment\n"
    files = {
        "plan.json": b'{"plan":1}\n',
        "opening.json": b'{"opening":1}\n',
        "results/0.json": b'{"step":"a"}\n',
        "results/12.json": b'{"step":"b"}\n',
        f"artifacts/{hashlib.sha256(artifact).hexdigest()}": artifact,
    }
    others = {"logs/0.stdout": b"hunter2", "scratch/0/x": b"x", "results/0.json.tmp": b"x", "cancel.json": b"{}"}
    for name, data in {**files, **others}.items():
        path = state.run_dir(RUN) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return files


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_another_clone_gets_the_runs_folder_without_its_logs(
    git: Git, other: Git, state: StateFolder, journal: Journal, bare: Path
) -> None:
    expected = filled(state)
    assert push_checkpoint(git, state, RUN, "origin") is None
    folder = fetch_checkpoint(other, StateFolder(other.common_dir), RUN, "origin")
    assert folder == StateFolder(other.common_dir).checkpoint_dir(RUN)
    assert files_of(folder) == {**expected, "journal.jsonl": state.journal_path(RUN).read_bytes()}
    assert read_journal(folder / "journal.jsonl").has("run_start")
    assert [path.name for path in folder.parent.iterdir()] == [RUN]
    assert {(path.stat().st_mode & 0o777) for path in folder.rglob("*") if path.is_file()} == {0o600}
    assert "hunter2" not in sh(bare, "git", "grep", "-h", "", f"refs/innominatus/runs/{RUN}")
    journal.close()


def test_a_later_checkpoint_replaces_the_one_before_and_sends_only_what_is_new(
    git: Git, other: Git, state: StateFolder, journal: Journal
) -> None:
    (state.run_dir(RUN) / "plan.json").write_bytes(os.urandom(300_000))
    checkpoints = Checkpoints(git, state, RUN, "origin")
    assert checkpoints.push() is None
    before = size_of_objects(git)
    for number in range(60):
        journal.add("step_end", step=f"step-{number}" * 20, index=number)
        journal.flush()
        if number % 6 == 0:
            assert checkpoints.push() is None
    assert checkpoints.push() is None
    assert size_of_objects(git) - before < 200_000
    folder = fetch_checkpoint(other, StateFolder(other.common_dir), RUN, "origin")
    assert folder is not None
    assert (folder / "journal.jsonl").read_bytes() == state.journal_path(RUN).read_bytes()
    assert len(read_journal(folder / "journal.jsonl").lines) == 61
    again = fetch_checkpoint(other, StateFolder(other.common_dir), RUN, "origin")
    assert again == folder
    journal.close()


def size_of_objects(git: Git) -> int:
    return sum(path.stat().st_size for path in (git.common_dir / "objects").rglob("*") if path.is_file())


def test_a_journal_longer_than_a_part_arrives_whole(git: Git, other: Git, state: StateFolder, journal: Journal) -> None:
    checkpoints = Checkpoints(git, state, RUN, "origin")
    for number in range(90):
        journal.add("step_end", step="x" * 1500, index=number)
        if number % 30 == 0:
            journal.flush()
            assert checkpoints.push() is None
    journal.close()
    assert checkpoints.push() is None
    folder = fetch_checkpoint(other, StateFolder(other.common_dir), RUN, "origin")
    assert folder is not None
    assert (folder / "journal.jsonl").read_bytes() == state.journal_path(RUN).read_bytes()
    assert len(state.journal_path(RUN).read_bytes()) > 4 * 32 * 1024


def test_nothing_new_is_not_pushed_again(git: Git, state: StateFolder, journal: Journal) -> None:
    checkpoints = Checkpoints(git, state, RUN, "origin")
    assert checkpoints.push() is None
    first = RemoteRefs.open(git, "origin").listed("refs/innominatus/runs/*")
    assert checkpoints.push() is None
    assert RemoteRefs.open(git, "origin").listed("refs/innominatus/runs/*") == first
    journal.close()


def test_a_checkpoint_is_deleted_by_who_pushed_it_or_by_who_took_over(
    git: Git, other: Git, state: StateFolder, journal: Journal
) -> None:
    checkpoints = Checkpoints(git, state, RUN, "origin")
    assert checkpoints.delete() is None
    assert checkpoints.push() is None
    assert checkpoints.delete() is None
    assert fetch_checkpoint(other, StateFolder(other.common_dir), RUN, "origin") is None
    assert push_checkpoint(git, state, RUN, "origin") is None
    assert delete_checkpoint(other, RUN, "origin") is None
    assert delete_checkpoint(other, RUN, "origin") is None
    assert RemoteRefs.open(git, "origin").listed("refs/innominatus/runs/*") == {}
    journal.close()


def test_what_somebody_else_put_there_is_never_replaced(
    git: Git, other: Git, state: StateFolder, journal: Journal
) -> None:
    blob = write_blob(other, b"not yours")
    refs = RemoteRefs.open(other, "origin")
    assert refs.set(checkpoint_ref(RUN), blob, None)
    checkpoints = Checkpoints(git, state, RUN, "origin")
    for told in (checkpoints.push(), checkpoints.push(), checkpoints.delete()):
        assert told is not None
        assert told.code.number == "ORC-6110"
    assert refs.listed(checkpoint_ref(RUN)) == {checkpoint_ref(RUN): blob}
    journal.close()


def test_a_remote_that_takes_no_checkpoint_is_told_at_the_end_though_there_is_nothing_to_delete(
    git: Git, state: StateFolder, journal: Journal, bare: Path
) -> None:
    hook = bare / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    checkpoints = Checkpoints(git, state, RUN, "origin")
    for told in (checkpoints.push(), checkpoints.delete(), checkpoints.finding):
        assert told is not None
        assert told.code.number == "ORC-6110"
        assert "takes no ref of ours" in told.message
    journal.close()


def test_a_remote_that_was_away_gets_everything_with_the_next_checkpoint(
    git: Git, other: Git, state: StateFolder, journal: Journal, bare: Path
) -> None:
    checkpoints = Checkpoints(git, state, RUN, "origin")
    assert checkpoints.push() is None
    away = bare.rename(bare.with_name("away.git"))
    journal.add("step_end", step="a", index=0)
    journal.flush()
    told = checkpoints.push()
    assert told is not None
    assert told.code.number == "ORC-6110"
    away.rename(bare)
    journal.add("step_end", step="b", index=1)
    journal.close()
    assert checkpoints.push() is None
    folder = fetch_checkpoint(other, StateFolder(other.common_dir), RUN, "origin")
    assert folder is not None
    assert len(read_journal(folder / "journal.jsonl").lines) == 3


@pytest.mark.parametrize(
    "files",
    [
        {"journal/000000": b"x", "results/../../../evil": b"x"},
        {"journal/000000": b"x", "hooks/pre-commit": b"x"},
        {"journal/000000": b"x", "journal/000002": b"x"},
        {"plan.json": b"x"},
        {"journal/000000": b"x", f"artifacts/{'0' * 64}": b"other bytes"},
    ],
)
def test_what_is_no_run_is_refused_and_leaves_nothing(git: Git, files: dict[str, bytes]) -> None:
    state = StateFolder(git.common_dir)
    blobs = {path.replace("..", "dots"): write_blob(git, data) for path, data in files.items()}
    tree = write_tree(git, None, dict(blobs), git.root)
    commit = commit_tree(git, tree, [], "x", ME, SystemClock().now())
    refs = RemoteRefs.open(git, "origin")
    assert refs.set(checkpoint_ref(RUN), commit, None)
    refused(git, state)


def test_a_link_or_a_blob_is_no_checkpoint(git: Git) -> None:
    state = StateFolder(git.common_dir)
    blob = write_blob(git, b"/etc/passwd")
    refs = RemoteRefs.open(git, "origin")
    assert refs.set(checkpoint_ref(RUN), blob, None)
    refused(git, state)
    line = f"120000 blob {blob}\topening.json\n100644 blob {blob}\tplan.json\n"
    tree = git.command.output("mktree", stdin=line.encode()).decode().strip()
    assert refs.set(checkpoint_ref(RUN), commit_tree(git, tree, [], "x", ME, SystemClock().now()), blob)
    refused(git, state)


def refused(git: Git, state: StateFolder) -> None:
    with pytest.raises(CannotContinue) as damaged:
        fetch_checkpoint(git, state, RUN, "origin")
    assert (damaged.value.findings[0].code.number, int(damaged.value.exit_status)) == ("ORC-6043", 65)
    assert not state.checkpoint_dir(RUN).exists()


def test_what_is_no_run_id_names_no_folder(git: Git) -> None:
    with pytest.raises(ValueError, match="run id"):
        fetch_checkpoint(git, StateFolder(git.common_dir), "../../x", "origin")
