"""How records are read: where those that wait are found, and how much of what a commit holds is kept in memory."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from innominatus_cli.documents.run_record import RunRecord
from innominatus_cli.ledger.reading import PENDING, RECORD_TRAILER, RecordReader, record_path_of_message
from innominatus_cli.ledger.records import read_record, runs_folder
from innominatus_cli.system.commands import CommandOutcome, CommandRequest
from innominatus_cli.system.git import Git
from tests.integration.ledger.conftest import Repository

ROOT = ".innominatus"
RUNS = runs_folder(ROOT)
MakeRecord = Callable[..., RunRecord]


@dataclass
class Counted:
    """A reader, and how often git was started for it."""

    reader: RecordReader[RunRecord]
    asked: list[str]

    @classmethod
    def of(cls, repository: Repository, unwritten: Path) -> "Counted":
        git = repository.open()
        run, asked = git.run, list[str]()

        def counting(request: CommandRequest) -> CommandOutcome:
            asked.append(next(word for word in request.argv if word in {"ls-tree", "cat-file", "for-each-ref"}))
            return run(request)

        watched = Git(git.root, git.git_dir, git.common_dir, git.object_format, counting)
        return cls(RecordReader(watched, RUNS, unwritten, partial(read_record, ROOT)), asked)


@pytest.fixture
def counted(repository: Repository, tmp_path: Path) -> Counted:
    return Counted.of(repository, tmp_path / "unwritten")


def many(repository: Repository, count: int, text: str = "{}") -> str:
    """Commits so many files that have the names of records; the commit."""
    for number in range(count):
        repository.write(f"{RUNS}/shop/production/2026-11/01JD0000000000000000{number:06d}.json", text)
    repository.git("add", ".")
    repository.git("commit", "-qm", "many")
    return repository.git("rev-parse", "HEAD")


@pytest.mark.parametrize(("count", "times"), [(1_000, 1), (1_001, 2)])
def test_a_short_list_of_files_is_asked_for_once(
    repository: Repository, counted: Counted, count: int, times: int
) -> None:
    commit = many(repository, count)
    first = counted.reader.committed_paths(commit, RUNS)
    assert len(first) == count
    first.clear()
    assert len(counted.reader.committed_paths(commit, RUNS)) == count
    assert counted.asked.count("ls-tree") == times


def test_sixteen_lists_are_kept(repository: Repository, counted: Counted) -> None:
    commit = many(repository, 2)
    folders = [f"{RUNS}/shop{number}" for number in range(17)]
    for folder in [RUNS, *folders[:15], RUNS, folders[14]]:
        counted.reader.committed_paths(commit, folder)
    assert counted.asked.count("ls-tree") == 16
    counted.reader.committed_paths(commit, folders[16])
    counted.reader.committed_paths(commit, folders[16])
    assert counted.asked.count("ls-tree") == 18


def test_a_commit_that_there_is_not_holds_nothing(counted: Counted) -> None:
    assert counted.reader.committed_paths(None, RUNS) == {}
    assert counted.asked == []


@pytest.mark.parametrize(("records", "kept"), [(1, True), (3, False)])
def test_records_are_kept_up_to_a_quarter_of_a_mebibyte(
    repository: Repository, counted: Counted, make_record: MakeRecord, records: int, kept: bool
) -> None:
    for _ in range(records):
        record = make_record(branch="b" * 100_000)
        repository.store().write(record, None, {}, repository.open().head())
    paths = counted.reader.committed_paths(repository.git("rev-parse", "HEAD"), RUNS)
    first = list(counted.reader.committed(paths))
    before = len(counted.asked)
    assert list(counted.reader.committed(paths)) == first
    assert len(first) == records
    assert (len(counted.asked) == before) is kept


def pending(repository: Repository, name: str, path: str, text: str, *, trailer: str | None = None) -> None:
    """A pending commit that holds one file, and says that this, or another one, is its record."""
    head = repository.git("rev-parse", "HEAD")
    repository.commit(path, text)
    repository.git("commit", "-q", "--amend", "-m", f"record\n\n{RECORD_TRAILER}{trailer or path}")
    repository.git("update-ref", f"{PENDING}{name}", "HEAD")
    repository.git("reset", "-q", "--hard", head)


def test_pending_records_are_those_that_their_commits_name(
    repository: Repository, counted: Counted, make_record: MakeRecord
) -> None:
    record = make_record()
    path = f"{RUNS}/{record.application}/{record.environment}/{record.started_at[:7]}/{record.run}.json"
    text = record.canonical.decode()
    pending(repository, "one", path, text)
    pending(repository, "elsewhere", "notes.json", text)
    pending(repository, "absent", "other.json", text, trailer=path.replace("checkout", "checkin"))
    repository.git("update-ref", f"{PENDING}nothing", "HEAD")
    assert [stored.record.run for stored in counted.reader.pending()] == [record.run]


def test_what_waits_is_found_in_pending_commits_and_in_the_state_folder(
    repository: Repository, counted: Counted, tmp_path: Path
) -> None:
    plan = ".innominatus/plans/one.json"
    assert list(counted.reader.waiting(plan)) == []
    pending(repository, "one", plan, "pending")
    pending(repository, "two", "other.json", "{}")
    for run, text in (("02", "second"), ("01", "first")):
        file = tmp_path / "unwritten" / run / plan
        file.parent.mkdir(parents=True)
        file.write_text(text)
    (tmp_path / "unwritten" / "03").mkdir()
    assert list(counted.reader.waiting(plan)) == [b"pending", b"first", b"second"]


def test_the_path_of_a_record_stands_in_the_first_trailer() -> None:
    assert record_path_of_message(f"subject\n\n{RECORD_TRAILER}a\n{RECORD_TRAILER}b\n".encode()) == "a"
    assert record_path_of_message(b"subject\n\nInnominatus-Run: x\n") is None
