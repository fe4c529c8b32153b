"""The drill: a backup of one repository, restored into another one that never saw it, holds and is verified there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from innominatus_cli.cli import main
from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import CannotContinue
from innominatus_cli.operations.backing_up import back_up, restore
from innominatus_cli.operations.collecting import collect_records
from innominatus_cli.operations.history import open_ledger
from innominatus_cli.operations.signing import SignOptions, sign_heads
from innominatus_cli.operations.verifying import verify
from tests.integration.ledger.conftest import Repository
from tests.integration.ledger.test_gc import Old, lived, old

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["old"]


@pytest.fixture
def fresh(old: Old, tmp_path: Path) -> Repository:
    """A repository of its own, with the same store and nothing else."""
    made = Repository(tmp_path / "fresh")
    made.path.mkdir()
    made.git("init", "-q")
    if old.branch:
        made.write("admin-config.yaml", "ledger: {store: branch}\n")
    return made


def ledger_files(repository: Repository, ref: str) -> set[str]:
    return set(repository.git("ls-tree", "-r", ref, ".innominatus/").splitlines())


def test_everything_comes_back_in_one_commit_in_a_repository_that_never_saw_it(
    old: Old, fresh: Repository, tmp_path: Path
) -> None:
    lived(old)
    sign_heads(open_ledger(old.repository.path), SignOptions(unsigned=True))
    old.repository.git("update-ref", "refs/innominatus/runs/01JD0000000000000000000000", "HEAD")
    back_up(open_ledger(old.repository.path), tmp_path / "ledger.bundle")
    done = restore(open_ledger(fresh.path), tmp_path / "ledger.bundle")
    assert (done.runs, done.plans, done.actions, done.refs, done.findings) == (8, 8, 0, 2, ())
    ref = old.ref if old.branch else "HEAD"
    assert fresh.git("rev-list", "--count", ref) == "1"
    brought = ledger_files(fresh, ref)
    assert ledger_files(old.repository, old.ref) < brought
    (action,) = open_ledger(fresh.path).store.actions()
    assert (action.record.action, action.record.details["files"]) == ("restore", 16)
    assert {line.rpartition("\t")[2] for line in brought - ledger_files(old.repository, old.ref)} == {action.path}
    refs = ("for-each-ref", "--format=%(refname) %(objectname)", "refs/innominatus")
    assert fresh.git(*refs) == old.repository.git(*refs)
    verified = verify(open_ledger(fresh.path))
    assert [one.message for one in verified.findings] == []
    assert verified.report.tips == [action.digest]
    assert [one.kind for one in verified.report.anchors if one.holds] == ["statement"]
    assert fresh.is_sound()


def test_a_ledger_of_another_folder_is_not_restored_in_silence(old: Old, fresh: Repository, tmp_path: Path) -> None:
    lived(old)
    back_up(open_ledger(old.repository.path), tmp_path / "ledger.bundle")
    store = "{store: branch, root: ops/ledger}" if old.branch else "{root: ops/ledger}"
    fresh.write("admin-config.yaml", f"ledger: {store}\n")
    with pytest.raises(CannotContinue, match=r"its records stand below '\.innominatus', and those of this repository"):
        restore(open_ledger(fresh.path), tmp_path / "ledger.bundle", dry_run=True)


def test_a_drill_alone_changes_nothing(old: Old, fresh: Repository, tmp_path: Path) -> None:
    lived(old)
    sign_heads(open_ledger(old.repository.path), SignOptions(unsigned=True))
    back_up(open_ledger(old.repository.path), tmp_path / "ledger.bundle")
    done = restore(open_ledger(fresh.path), tmp_path / "ledger.bundle", dry_run=True)
    assert (done.runs, done.refs, done.commit) == (8, 1, None)
    assert fresh.git("for-each-ref") == ""
    assert fresh.git("status", "--porcelain", "--", ".innominatus") == ""


def test_a_ref_that_stands_is_never_moved_and_one_that_differs_is_told(
    old: Old, fresh: Repository, tmp_path: Path
) -> None:
    lived(old)
    sign_heads(open_ledger(old.repository.path), SignOptions(unsigned=True))
    back_up(open_ledger(old.repository.path), tmp_path / "ledger.bundle")
    fresh.commit("README.md", "hello\n")
    fresh.git("update-ref", "refs/innominatus/heads", "HEAD")
    before = fresh.git("rev-parse", "refs/innominatus/heads")
    done = restore(open_ledger(fresh.path), tmp_path / "ledger.bundle")
    assert [one.code.number for one in done.findings] == ["ORC-6204"]
    assert fresh.git("rev-parse", "refs/innominatus/heads") == before


def test_what_a_gc_removed_does_not_come_back_from_an_older_backup(old: Old, tmp_path: Path) -> None:
    staying, going = lived(old)
    back_up(open_ledger(old.repository.path), tmp_path / "ledger.bundle")
    old.gc()
    assert restore(open_ledger(old.repository.path), tmp_path / "ledger.bundle").commit is None
    assert old.runs() == [record.run for record in staying]
    (lost,) = [name for name in old.files() if staying[1].run in name]
    plan = f".innominatus/plans/{(staying[1].plan or '').removeprefix('sha256:')}.json"
    old.replace({lost: None, plan: None})
    done = restore(open_ledger(old.repository.path), tmp_path / "ledger.bundle")
    assert (done.runs, done.plans) == (1, 1)
    assert old.runs() == [record.run for record in staying]
    assert old.errors() == []
    assert going


def test_a_backup_from_after_a_gc_carries_the_tombstones(old: Old, fresh: Repository, tmp_path: Path) -> None:
    staying, _ = lived(old)
    collect_records(open_ledger(old.repository.path), 30, 0)
    back_up(open_ledger(old.repository.path), tmp_path / "ledger.bundle")
    done = restore(open_ledger(fresh.path), tmp_path / "ledger.bundle")
    assert (done.runs, done.actions) == (3, 1)
    report = verify(open_ledger(fresh.path)).report
    assert report.sound
    assert report.counts.removed == 5
    again = restore(open_ledger(fresh.path), tmp_path / "ledger.bundle")
    assert again.commit is None
    assert [row.run for row in report.last_runs] == [staying[-1].run]


def test_up_to_a_time_before_a_gc_the_chain_has_no_gap(old: Old, fresh: Repository, tmp_path: Path) -> None:
    staying, _ = lived(old)
    collect_records(open_ledger(old.repository.path), 30, 0)
    back_up(open_ledger(old.repository.path), tmp_path / "ledger.bundle")
    restore(open_ledger(fresh.path), tmp_path / "ledger.bundle", at=staying[1].run)
    assert verify(open_ledger(fresh.path)).report.sound


def test_up_to_the_latest_run_is_what_ended_no_later_than_the_newest_of_the_backup(
    old: Old, fresh: Repository, tmp_path: Path
) -> None:
    staying, _ = lived(old)
    collect_records(open_ledger(old.repository.path), 30, 0)
    back_up(open_ledger(old.repository.path), tmp_path / "ledger.bundle")
    by_name = restore(open_ledger(fresh.path), tmp_path / "ledger.bundle", at="latest", dry_run=True)
    by_id = restore(open_ledger(fresh.path), tmp_path / "ledger.bundle", at=staying[-1].run, dry_run=True)
    assert (by_name.runs, by_name.actions, by_name.newest) == (by_id.runs, by_id.actions, by_id.newest)
    assert by_name.runs == len(staying)


def test_the_command_takes_latest_and_no_other_word(
    old: Old, fresh: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    lived(old)
    back_up(open_ledger(old.repository.path), tmp_path / "ledger.bundle")
    monkeypatch.chdir(fresh.path)
    command = ["ledger", "restore", str(tmp_path / "ledger.bundle"), "--dry-run", "-o", "json", "--at"]
    assert main.run([*command, "latest"]) == ExitStatus.OK
    assert json.loads(capfd.readouterr().out)["runs"] == 8
    assert main.run([*command, "newest"]) == ExitStatus.USAGE
    assert "'newest' is no day" in capfd.readouterr().err


def test_a_clone_that_has_the_branch_only_from_the_remote_backs_up_all_of_it(
    old: Old, fresh: Repository, tmp_path: Path
) -> None:
    lived(old)
    clone = Repository(tmp_path / "clone")
    old.repository.git("clone", "-q", str(old.repository.path), str(clone.path))
    made = back_up(open_ledger(clone.path), tmp_path / "ledger.bundle")
    assert (made.records, made.refs, made.findings) == (8, 1, ())
    assert restore(open_ledger(fresh.path), tmp_path / "ledger.bundle").runs == 8
    read = Repository(tmp_path / "read")
    branch = old.ref if old.branch else "main"
    old.repository.git("clone", "-q", "-b", branch, str(tmp_path / "ledger.bundle"), str(read.path))
    assert ledger_files(read, "HEAD") == ledger_files(old.repository, old.ref)


@pytest.mark.parametrize("old", ["branch"], indirect=True)
def test_a_branch_that_is_behind_the_remote_is_backed_up_as_the_remote_has_it(
    old: Old, fresh: Repository, tmp_path: Path
) -> None:
    lived(old)
    clone = Repository(tmp_path / "clone")
    old.repository.git("clone", "-q", str(old.repository.path), str(clone.path))
    clone.git("branch", "-q", old.ref, f"origin/{old.ref}~3")
    made = back_up(open_ledger(clone.path), tmp_path / "ledger.bundle")
    assert (made.records, made.findings) == (8, ())
    assert restore(open_ledger(fresh.path), tmp_path / "ledger.bundle").runs == 8


@pytest.mark.parametrize("old", ["branch"], indirect=True)
def test_records_that_a_backup_cannot_hold_are_not_counted_and_are_told(
    old: Old, fresh: Repository, tmp_path: Path
) -> None:
    lived(old)
    theirs = old.repository.git("rev-parse", old.ref)
    old.repository.git("update-ref", f"refs/heads/{old.ref}", f"{old.ref}~2")
    old.run()
    old.repository.git("update-ref", f"refs/remotes/origin/{old.ref}", theirs)
    made = back_up(open_ledger(old.repository.path), tmp_path / "ledger.bundle")
    assert restore(open_ledger(fresh.path), tmp_path / "ledger.bundle").runs == made.records == 7
    (told,) = [one for one in made.findings if one.code.number == "ORC-6205"]
    assert "nor is 1 other record" in told.message


def test_a_shallow_clone_is_not_backed_up_and_what_one_made_is_refused(
    old: Old, fresh: Repository, tmp_path: Path
) -> None:
    lived(old)
    shallow = Repository(tmp_path / "shallow")
    options = ("--depth", "1", "--no-single-branch")
    old.repository.git("clone", "-q", *options, f"file://{old.repository.path}", str(shallow.path))
    with pytest.raises(CannotContinue, match="shallow") as refused:
        back_up(open_ledger(shallow.path), tmp_path / "ledger.bundle")
    assert "--unshallow" in refused.value.findings[0].help
    ref = f"refs/remotes/origin/{old.ref}" if old.branch else "HEAD"
    shallow.git("branch", "-f", "made", ref)
    shallow.git("bundle", "create", "--quiet", str(tmp_path / "ledger.bundle"), "made")
    with pytest.raises(CannotContinue, match="it lacks commits") as refused:
        restore(open_ledger(fresh.path), tmp_path / "ledger.bundle")
    assert refused.value.findings[0].code.number == "ORC-6080"
