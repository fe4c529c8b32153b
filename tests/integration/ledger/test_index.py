"""The index of records answers what the records answer, however they changed meanwhile and whatever happened to it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from innominatus_cli.findings.finding import CannotContinue, Finding
from innominatus_cli.ledger import index, listed
from innominatus_cli.ledger.index import open_index
from innominatus_cli.ledger.index_file import IndexFile, IndexUnusable
from innominatus_cli.ledger.records import read_record
from innominatus_cli.operations.auditing import AuditQuery, search
from innominatus_cli.operations.collecting import collect_records
from innominatus_cli.operations.history import applications, history, open_ledger, status
from innominatus_cli.operations.statistics import statistics
from innominatus_cli.system.clock import ulid
from tests.integration.ledger.test_action_records import make_action
from tests.integration.ledger.test_gc import Old, old

if TYPE_CHECKING:
    from pathlib import Path

    from innominatus_cli.documents.run_record import RunRecord

__all__ = ["old"]

NOW = datetime(2026, 11, 20, tzinfo=UTC)
APPS = ("web", "shop", "api")
PLACES = ("development", "production")


def asked(folder: Path) -> dict[str, Any]:
    """Everything that lists records, as data."""
    answers: dict[str, Any] = {}

    def note(name: str, ask: Any) -> None:
        ledger = open_ledger(folder)
        try:
            found = ask(ledger)
        except CannotContinue as problem:
            found = str(problem)
        answers[name] = (found, [str(one) for one in ledger.store.findings])

    note("history", history)
    note("newest", lambda ledger: history(ledger, newest=3))
    note("how many", lambda ledger: history(ledger, environment="production", newest=1).count)
    note("unsafe", lambda ledger: history(ledger, "../web"))
    note("of one", lambda ledger: history(ledger, "web", "production", 2))
    note("audit of one", lambda ledger: search(ledger, AuditQuery(application="web")))
    note("status", status)
    note("list", applications)
    note("audit", lambda ledger: search(ledger, AuditQuery()))
    note("stats", lambda ledger: statistics(ledger, NOW, None))
    note("three years", lambda ledger: statistics(ledger, NOW, 3 * 365 * 24 * 3600))
    return answers


def same(old: Old, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Asks with the index and without; both must say the same."""
    indexed = asked(old.repository.path)
    with monkeypatch.context() as without:
        without.setattr(listed, "open_index", lambda *_, **__: None)
        read = asked(old.repository.path)
    for name, answer in read.items():
        assert indexed[name] == answer, name
    return read


def index_path(old: Old) -> Path:
    return old.repository.path / ".git/innominatus/ledger/index-.git.sqlite3"


def some_run(old: Old, random: Random, **changes: Any) -> RunRecord:
    """A run of some application, which may go on with or take back another."""
    others = [row["run"] for row in history(open_ledger(old.repository.path)).rows]
    what: dict[str, Any] = {"application": random.choice(APPS), "environment": random.choice(PLACES)}
    what["status"] = random.choice(("succeeded", "failed", "waiting"))
    if others and random.random() < 0.3:
        what |= {"kind": "resume", "resumes": random.choice(others)}
    elif others and random.random() < 0.3:
        what |= {"kind": "rollback", "rolls_back": random.choice(others)}
    return old.run(**{**what, **changes})


def test_every_list_is_the_same_with_and_without_it_whatever_happens_to_the_ledger(
    old: Old, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = Random(6)  # noqa: S311 - no secret
    git = old.repository.git
    same(old, monkeypatch)
    for _ in range(8):
        some_run(old, random)
    store = old.store()
    store.write_action(make_action(application="web"), store.git.head())
    assert len(same(old, monkeypatch)["history"][0].rows) == 8
    assert index_path(old).exists()
    some_run(old, random)
    same(old, monkeypatch)

    uncommitted = old.make(application="web", run=ulid(1_800_000_000_000, bytes(10)), plan=None)
    store.write(uncommitted, None, {}, store.git.head(), commit=False)
    assert same(old, monkeypatch)["history"][0].rows[0]["standing"] == "uncommitted"
    git("checkout", "-q", "--detach")
    waiting = old.make(application="api", run=ulid(1_800_000_000_001, bytes(10)), plan=None)
    pending = store.write(waiting, None, {}, store.git.head())
    assert pending.pending is not old.branch
    same(old, monkeypatch)
    git("checkout", "-q", "main")

    victim = next(name for name in sorted(old.files()) if "/runs/" in name)
    if not old.branch:
        (old.repository.path / victim).write_text("edited\n")
        same(old, monkeypatch)
        git("checkout", "-q", "--", victim)
    old.replace({victim: b"{}\n", ".innominatus/runs/web/production/2024-01/notes.txt": b"x\n"})
    found = same(old, monkeypatch)
    assert "ORC-6011" in str(found["history"][1])
    moved = ".innominatus/runs/elsewhere/production/2024-01/" + victim.rpartition("/")[2]
    before = old.repository.git("rev-parse", f"{old.ref}^")
    data = git("show", f"{before}:{victim}").encode() + b"\n"
    old.replace({victim: None, moved: data})
    same(old, monkeypatch)
    old.replace({moved: None, victim: data})
    same(old, monkeypatch)


def test_it_follows_branches_and_a_gc(old: Old, monkeypatch: pytest.MonkeyPatch) -> None:
    random = Random(7)  # noqa: S311 - no secret
    for _ in range(4):
        some_run(old, random)
    old.repository.git("branch", "side")
    some_run(old, random)
    same(old, monkeypatch)
    if not old.branch:
        old.repository.git("checkout", "-q", "side")
        some_run(old, random, status="succeeded")
        assert len(same(old, monkeypatch)["history"][0].rows) == 5
        old.repository.git("reset", "-q", "--soft", "HEAD~1")
        same(old, monkeypatch)
        old.repository.git("reset", "-q", "--hard", "main")
        same(old, monkeypatch)
        old.repository.git("checkout", "-q", "main")
        same(old, monkeypatch)
    for _ in range(3):
        some_run(old, random, status="failed", kind="run", resumes=None, rolls_back=None)
    assert collect_records(open_ledger(old.repository.path), 0, 0).collection.details.removed
    same(old, monkeypatch)


def test_a_file_that_comes_beside_committed_ones_is_seen_although_its_folder_was_known(
    old: Old, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = old.run("succeeded")
    monkeypatch.setattr("innominatus_cli.system.folder_stamps._COARSE_NS", 0)
    same(old, monkeypatch)
    late = old.make(run=ulid(1_800_000_000_000, bytes(10)), started_at=record.started_at, plan=None)
    folder = old.repository.path / f".innominatus/runs/checkout-service/development/{record.started_at[:7]}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{late.run}.json").write_bytes(late.canonical)
    os.utime(folder, (1_700_000_000, 1_700_000_000))
    assert [row["run"] for row in same(old, monkeypatch)["history"][0].rows] == [late.run, record.run]


def test_a_folder_that_changed_just_now_is_listed_again(old: Old) -> None:
    old.run("succeeded")
    opened = open_index(old.store())
    assert opened is not None
    assert opened.loose_files(".innominatus/runs") == []
    opened.close()
    file = IndexFile(index_path(old))
    assert file.folders() == {}, "another file may come within the same tick of the clock"
    file.close()


def make_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"this is no database" * 1000),
        lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
        lambda path: _sql(path, "PRAGMA user_version = 99"),
        lambda path: _sql(path, "UPDATE meta SET value = '0.0.0' WHERE name = 'by'"),
        lambda path: _sql(path, "UPDATE records SET body = replace(body, 'succeeded', 'failed')"),
        lambda path: _sql(path, "DELETE FROM records WHERE id = (SELECT max(id) FROM records)"),
        lambda path: _sql(path, "DELETE FROM skims"),
        lambda path: _sql(path, "DROP TABLE folders"),
        lambda path: _sql(path, "UPDATE meta SET value = '[]' WHERE name = 'key'"),
        lambda path: (path.unlink(), path.mkdir()),
        lambda path: (path.unlink(), path.symlink_to("/dev/null")),
        make_a_pipe,
    ],
)
@pytest.mark.parametrize("old", ["tree"], indirect=True)
def test_one_that_is_damaged_or_of_another_version_is_never_an_error(
    old: Old, damage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        old.run("succeeded")
    same(old, monkeypatch)
    damage(index_path(old))
    assert len(same(old, monkeypatch)["history"][0].rows) == 3


def _sql(path: Path, statement: str) -> None:
    base = sqlite3.connect(path)
    base.execute(statement)
    base.commit()
    base.close()


@pytest.mark.parametrize("old", ["tree"], indirect=True)
def test_bits_that_flip_in_it_change_no_answer(old: Old, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        old.run("succeeded", application=APPS[number % 3])
    with monkeypatch.context() as without:
        without.setattr(listed, "open_index", lambda *_, **__: None)
        read = [row["run"] for row in history(open_ledger(old.repository.path)).rows]
    history(open_ledger(old.repository.path))
    good = index_path(old).read_bytes()
    random = Random(8)  # noqa: S311 - no secret
    for _ in range(40):
        data = bytearray(good)
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
        index_path(old).write_bytes(data)
        assert [row["run"] for row in history(open_ledger(old.repository.path)).rows] == read


@pytest.mark.parametrize("old", ["tree"], indirect=True)
def test_one_that_another_process_holds_is_left_alone(old: Old, monkeypatch: pytest.MonkeyPatch) -> None:
    old.run("succeeded")
    same(old, monkeypatch)
    holder = sqlite3.connect(index_path(old), isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    old.run("succeeded")
    assert len(history(open_ledger(old.repository.path)).rows) == 2
    holder.execute("ROLLBACK")
    holder.close()
    assert len(same(old, monkeypatch)["history"][0].rows) == 2


@pytest.mark.parametrize("old", ["tree"], indirect=True)
def test_a_narrow_question_does_not_read_many_records_of_others(old: Old, monkeypatch: pytest.MonkeyPatch) -> None:
    old.run("succeeded", application="web")
    old.run("succeeded", application="shop")
    monkeypatch.setattr("innominatus_cli.ledger.index._NARROW", 1)
    assert open_index(old.store(), narrow=True) is None
    assert len(history(open_ledger(old.repository.path), "web").rows) == 1
    wide = open_index(old.store())
    assert wide is not None
    wide.close()
    assert open_index(old.store(), narrow=True) is not None


@pytest.mark.parametrize("old", ["tree"], indirect=True)
def test_only_what_is_new_is_read(old: Old, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        old.run("succeeded")
    history(open_ledger(old.repository.path))
    newest = old.run("succeeded")
    read: list[str] = []

    def reading(root: str, path: str, data: bytes) -> RunRecord | Finding:
        read.append(path)
        return read_record(root, path, data)

    monkeypatch.setattr(index, "read_record", reading)
    history(open_ledger(old.repository.path))
    assert [path.rpartition("/")[2] for path in read] == [f"{newest.run}.json"]
    read.clear()
    history(open_ledger(old.repository.path))
    assert read == []


@pytest.mark.parametrize("old", ["tree"], indirect=True)
def test_many_processes_at_once_bring_it_up_to_date_and_leave_it_whole(old: Old) -> None:
    for _ in range(3):
        old.run("succeeded")
    argv = [sys.executable, "-m", "innominatus_cli", "history", "-o", "json"]
    for _ in range(2):
        old.run("succeeded")
        asking = [
            subprocess.Popen(argv, cwd=old.repository.path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            for _ in range(6)
        ]
        said = {one.communicate(timeout=60)[0] for one in asking}
        assert [one.returncode for one in asking] == [0] * 6
        assert len(said) == 1
    opened = open_index(old.store())
    assert opened is not None
    assert len(opened.runs()) == 5
    opened.close()
    file = IndexFile(index_path(old))
    file.close()


@pytest.mark.parametrize("old", ["tree"], indirect=True)
@pytest.mark.parametrize("noted", [None, "", "00000000 0\n"])
def test_one_whose_sum_was_not_noted_is_made_anew(old: Old, noted: str | None) -> None:
    old.run("succeeded")
    assert len(history(open_ledger(old.repository.path)).rows) == 1
    beside = index_path(old).with_name(f"{index_path(old).name}.sum")
    assert beside.stat().st_mode & 0o777 == 0o600
    before = beside.read_text()
    if noted is None:
        beside.unlink()
    else:
        beside.write_text(noted)
    with pytest.raises(IndexUnusable):
        IndexFile(index_path(old))
    assert len(history(open_ledger(old.repository.path)).rows) == 1
    opened = open_index(old.store())
    assert opened is not None
    opened.close()
    assert beside.read_text().split()[1] == before.split()[1]
