"""The drill: a backup of one repository, restored into another one that never saw it, holds and is verified there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from innominatus_cli.cli import main
from innominatus_cli.findings.exit_status import ExitStatus
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
