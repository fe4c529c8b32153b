"""The journal: what is written, what a reader accepts, and that nothing else is."""

import hashlib
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from innominatus_cli.documents import canonical
from innominatus_cli.documents.canonical import canonical_json, quick_json
from innominatus_cli.execution import journal as module
from innominatus_cli.execution.journal import LINE_BYTES, Journal, read_journal
from innominatus_cli.findings.catalogue.ledger import JOURNAL_CORRUPT
from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import CannotContinue


class StillClock:
    """A clock that stands still."""

    def now(self) -> datetime:
        return datetime(2026, 11, 20, 12, 0, 0, 5000, tzinfo=UTC)

    def monotonic(self) -> float:
        return 7.25

    def sleep(self, seconds: float) -> None:
        raise AssertionError(f"nobody sleeps {seconds} s here")

    def new_id(self) -> str:
        raise AssertionError("no ids here")


def written(path: Path, *events: str) -> bytes:
    journal = Journal.create(path, StillClock())
    for number, event in enumerate(events):
        journal.add(event, index=number, text='ü\u2028"\\\n')
    journal.close()
    return path.read_bytes()


def test_lines_are_canonical_linked_and_private(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    data = written(path, "run_start", "run_end")
    assert path.stat().st_mode & 0o777 == 0o600
    first, second = (json.loads(line) for line in data.splitlines())
    assert (first["seq"], first["type"], first["wall_ms"], first["mono_ms"]) == (0, "run_start", 1795176000005, 7250)
    assert (first["prev"], second["prev"]) == ("0" * 64, first["h"])
    for raw in data.splitlines():
        line = json.loads(raw)
        h = line.pop("h")
        assert raw == canonical_json(line)[:-1] + b',"h":"' + h.encode() + b'"}'


def test_what_was_written_is_read(tmp_path: Path) -> None:
    data = written(tmp_path / "j", "a", "b")
    read = read_journal(tmp_path / "j")
    assert [line["type"] for line in read.lines] == ["a", "b"]
    assert (read.whole_bytes, read.torn_bytes) == (len(data), 0)
    assert read.has("b")
    assert not read.has("c")


def test_a_journal_is_never_written_over(tmp_path: Path) -> None:
    written(tmp_path / "j", "a")
    with pytest.raises(CannotContinue) as refused:
        Journal.create(tmp_path / "j", StillClock())
    assert refused.value.exit_status is ExitStatus.CANNOT_WRITE_STATE


def test_nothing_is_on_disk_before_it_is_flushed(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path / "j", StillClock())
    journal.add("a")
    assert (tmp_path / "j").read_bytes() == b""
    assert journal.pending_seconds == 0
    journal.flush()
    assert read_journal(tmp_path / "j").has("a")
    assert journal.pending_seconds > 0
    journal.commit()
    assert journal.pending_seconds == 0
    journal.close()


def test_one_sync_covers_all_lines_of_a_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal.create(tmp_path / "j", StillClock())
    synced: list[int] = []
    monkeypatch.setattr(module, "_sync_data", synced.append)
    for _ in range(10):
        journal.add("a")
    journal.commit()
    journal.commit()
    assert len(synced) == 1
    journal.close()


@pytest.mark.parametrize("cut", range(1, 60))
def test_a_torn_last_line_is_cut_at_any_byte(tmp_path: Path, cut: int) -> None:
    data = written(tmp_path / "j", "a", "b", "c")
    last = data.splitlines(keepends=True)[-1]
    (tmp_path / "j").write_bytes(data[: len(data) - min(cut, len(last) - 1)])
    read = read_journal(tmp_path / "j")
    assert [line["type"] for line in read.lines] == ["a", "b"]
    assert read.torn_bytes == len(last) - min(cut, len(last) - 1)


def test_going_on_cuts_the_torn_line_and_says_so(tmp_path: Path) -> None:
    data = written(tmp_path / "j", "a", "b")
    (tmp_path / "j").write_bytes(data[:-10])
    journal = Journal.reopen(tmp_path / "j", StillClock())
    journal.add("c")
    journal.close()
    lines = read_journal(tmp_path / "j").lines
    assert [line["type"] for line in lines] == ["a", "recovered", "c"]
    assert lines[1]["cut_bytes"] == len(data.splitlines(keepends=True)[1]) - 10


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_damage_before_the_last_line_is_found(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "j"
    path.unlink(missing_ok=True)
    good = written(path, "a", "b", "c", "d")
    lines = good.splitlines(keepends=True)
    before_last = len(good) - len(lines[-1])
    match data.draw(st.sampled_from(["flip", "drop", "swap", "double"])):
        case "flip":
            at = data.draw(st.integers(0, before_last - 1))
            bad = good[:at] + bytes([good[at] ^ (1 << data.draw(st.integers(0, 7)))]) + good[at + 1 :]
        case "drop":
            gone = data.draw(st.integers(0, 2))
            bad = b"".join(line for number, line in enumerate(lines) if number != gone)
        case "swap":
            bad = b"".join([lines[1], lines[0], *lines[2:]])
        case _:
            bad = b"".join([lines[0], *lines])
    path.write_bytes(bad)
    with pytest.raises(CannotContinue) as refused:
        read_journal(path)
    assert refused.value.exit_status is ExitStatus.CORRUPT
    assert refused.value.findings[0].code.number == "ORC-6043"
    assert refused.value.findings[0].place.line > 0


def test_a_full_disk_is_told_and_nothing_more_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal.create(tmp_path / "j", StillClock())

    def full(_fd: int, _data: object) -> int:
        raise OSError(28, os.strerror(28))

    journal.add("a")
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        journal.commit()
    assert journal.problem == "No space left on device"
    journal.add("b")
    journal.close()
    assert (tmp_path / "j").read_bytes() == b""


def test_short_writes_are_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal.create(tmp_path / "j", StillClock())
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, bytes(data)[:7]))
    journal.add("a", text="x" * 100)
    journal.close()
    assert read_journal(tmp_path / "j").has("a")


def test_a_line_longer_than_its_limit_is_a_bug_of_ours(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path / "j", StillClock())
    with pytest.raises(AssertionError, match="a journal line of"):
        journal.add("a", text="x" * LINE_BYTES)


names = st.text(st.characters(min_codepoint=97, max_codepoint=122), min_size=1)
facts = st.dictionaries(
    names,
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**53) + 1, 2**53 - 1)
        | st.text(st.characters(exclude_categories=["Cs"])),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
        max_leaves=8,
    ),
)


@given(facts)
def test_the_quick_encoding_is_the_canonical_one(line: dict[str, object]) -> None:
    assert quick_json(line) == canonical._text(line)


@pytest.mark.parametrize("kind", ["fifo", "folder", "link"])
def test_what_is_no_regular_file_is_no_journal_and_is_not_waited_for(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "journal.jsonl"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero")
    with pytest.raises(CannotContinue) as stopped:
        read_journal(path)
    assert stopped.value.findings[0].code is JOURNAL_CORRUPT


def test_an_empty_journal_has_no_lines_and_is_gone_on_with_from_the_start(tmp_path: Path) -> None:
    Journal.create(tmp_path / "j", StillClock()).close()
    read = read_journal(tmp_path / "j")
    assert (read.lines, read.whole_bytes, read.torn_bytes) == ((), 0, 0)
    journal = Journal.reopen(tmp_path / "j", StillClock())
    journal.add("a")
    journal.close()
    assert [(line["seq"], line["prev"]) for line in read_journal(tmp_path / "j").lines] == [(0, "0" * 64)]


def open_descriptors() -> list[str]:
    return sorted(path.name for path in Path("/proc/self/fd").iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="descriptors are read from /proc")
def test_the_name_and_every_commit_of_a_journal_are_synced_and_a_sync_that_fails_is_never_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []

    def noted(fd: int) -> None:
        synced.append(Path(f"/proc/self/fd/{fd}").readlink().name)

    monkeypatch.setattr(os, "fsync", noted)
    monkeypatch.setattr(os, "fdatasync", noted)
    journal = Journal.create(tmp_path / "j", StillClock())
    assert synced == ["j", tmp_path.name]
    journal.add("a")
    journal.commit()
    assert synced[2:] == ["j"]

    def refused(_fd: int) -> None:
        synced.append("refused")
        raise OSError(5, os.strerror(5))

    monkeypatch.setattr(os, "fdatasync", refused)
    journal.add("b")
    journal.commit()
    journal.add("c")
    journal.commit()
    journal.close()
    assert synced[3:] == ["refused"]
    assert journal.problem == "Input/output error"


def test_what_waits_for_the_disk_knows_for_how_long(tmp_path: Path) -> None:
    clock = StillClock()
    journal = Journal.create(tmp_path / "j", clock)
    journal.add("a")
    journal.flush()
    assert journal.pending_seconds == 1e-6
    clock.monotonic = lambda: 9.5  # type: ignore[method-assign]
    assert journal.pending_seconds == 2.25
    journal.add("b")
    journal.flush()
    assert journal.pending_seconds == 2.25, "the first of them waits"
    journal.close()


@pytest.mark.skipif(sys.platform != "linux", reason="descriptors are read from /proc")
def test_a_closed_journal_has_let_go_of_its_descriptor(tmp_path: Path) -> None:
    before = open_descriptors()
    journal = Journal.create(tmp_path / "j", StillClock())
    journal.close()
    journal.close()
    assert open_descriptors() == before
    missing = tmp_path / "missing" / "j"
    with pytest.raises(CannotContinue) as refused:
        Journal.create(missing, StillClock())
    assert refused.value.findings[0].message == "cannot write the journal: No such file or directory"
    assert open_descriptors() == before


@pytest.mark.skipif(sys.platform != "linux", reason="descriptors are read from /proc")
@pytest.mark.parametrize(
    ("problem", "told"),
    [(OSError(30, os.strerror(30)), "Read-only file system"), (OSError("odd"), "the disk refuses")],
)
@pytest.mark.parametrize("refused", ["open", "ftruncate"])
def test_a_disk_that_lets_nobody_go_on_with_a_journal_is_told_and_nothing_is_left_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: str, problem: OSError, told: str
) -> None:
    data = written(tmp_path / "j", "a", "b")[:-10]
    (tmp_path / "j").write_bytes(data)
    real, before = getattr(os, refused), open_descriptors()

    def refuse(*given: Any, **more: Any) -> Any:
        if refused == "ftruncate" or given[1] & os.O_WRONLY:
            raise problem
        return real(*given, **more)

    with monkeypatch.context() as patched:
        patched.setattr(os, refused, refuse)
        with pytest.raises(CannotContinue) as stopped:
            Journal.reopen(tmp_path / "j", StillClock())
    (finding,) = stopped.value.findings
    assert (finding.message, finding.place.path) == (f"cannot write the journal: {told}", str(tmp_path / "j"))
    assert stopped.value.exit_status is ExitStatus.CANNOT_WRITE_STATE
    assert open_descriptors() == before
    assert (tmp_path / "j").read_bytes() == data


@pytest.mark.parametrize(
    ("tail", "torn"),
    [
        (b"\0" * 9 + b"\n", True),
        (b'{"a":\0\0\n', True),
        (b"\n", False),
        (b"{}\n", False),
        (b'{"a":\1\n', False),
        (b'{"a":\0\0\n\n', False),
        (b"\0\n{}\n", False),
    ],
)
def test_only_zeros_at_the_very_end_are_the_tail_of_a_power_cut(
    tmp_path: Path,
    tail: bytes,
    torn: bool,
) -> None:
    data = written(tmp_path / "j", "a", "b")
    (tmp_path / "j").write_bytes(data + tail)
    if torn:
        read = read_journal(tmp_path / "j")
        assert (len(read.lines), read.whole_bytes, read.torn_bytes) == (2, len(data), len(tail))
        return
    with pytest.raises(CannotContinue) as corrupt:
        read_journal(tmp_path / "j")
    assert corrupt.value.findings[0].message == f"line 3 (byte {len(data)}) is not what was written"
    place = corrupt.value.findings[0].place
    assert (place.path, place.line, place.column) == (str(tmp_path / "j"), 3, 1)


@pytest.mark.parametrize("rest", [b"", b"\n", b"whole"])
def test_an_empty_first_line_is_damage_and_no_torn_one(tmp_path: Path, rest: bytes) -> None:
    data = written(tmp_path / "j", "a") if rest == b"whole" else rest
    (tmp_path / "j").write_bytes(b"\n" + data)
    with pytest.raises(CannotContinue, match=r"line 1 \(byte 0\) is not what was written"):
        read_journal(tmp_path / "j")


def sealed(body: bytes) -> bytes:
    """A line with the right digest."""
    return body[:-1] + b',"h":"%b"}\n' % hashlib.sha256(body).hexdigest().encode()


PREV = b'"prev":"%b"' % (b"0" * 64)


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":1}',
        b"[1]",
        b'{%b,"seq":0}' % PREV,
        b'{%b,"seq":0,"type":1}' % PREV,
        b'{%b,"seq":0,"type":"a","b": 1}' % PREV,
        b'{"type":"a",%b,"seq":0}' % PREV,
        b'{%b,"seq":0,"type":"a","type":"a"}' % PREV,
        b'{%b,"seq":0,"type":"a"' % PREV,
        b'{%b,"seq":1,"type":"a"}' % PREV,
        b'{"prev":"","seq":0,"type":"a"}',
        b'{"seq":0,"type":"a"}',
        b'{%b,"type":"a"}' % PREV,
    ],
)
def test_a_line_with_the_right_digest_must_be_the_next_event_in_canonical_form(tmp_path: Path, body: bytes) -> None:
    (tmp_path / "j").write_bytes(sealed(b'{%b,"seq":0,"type":"a"}' % PREV))
    assert read_journal(tmp_path / "j").has("a")
    (tmp_path / "j").write_bytes(sealed(body))
    with pytest.raises(CannotContinue) as corrupt:
        read_journal(tmp_path / "j")
    assert corrupt.value.exit_status is ExitStatus.CORRUPT


def test_a_line_of_exactly_the_limit_fits(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path / "j", StillClock())
    journal.add("a", text="")
    journal.flush()
    room = LINE_BYTES - (tmp_path / "j").stat().st_size
    journal.add("a", text="x" * room)
    journal.close()
    assert (tmp_path / "j").stat().st_size == 2 * LINE_BYTES - room
    with pytest.raises(AssertionError, match="4097"):
        Journal.create(tmp_path / "k", StillClock()).add("a", text="x" * (room + 1))
    assert LINE_BYTES == 4096
