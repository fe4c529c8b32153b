"""The journal of a run: what was intended and what came of it, on disk before anything counts on it.

One JSON object a line, at most 4 KiB: `seq`, `type`, `wall_ms`, `mono_ms`, `prev`, the facts of the event, and last
`h`, the SHA-256 of the line's RFC 8785 bytes without `h`; `prev` is the `h` of the line before. Facts are no fractions.

Lines are gathered and written together: one write and one fdatasync a turn of the engine's loop.
"""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from innominatus_cli.documents.canonical import canonical_json, quick_json
from innominatus_cli.findings.catalogue.execution import JOURNAL_LOST
from innominatus_cli.findings.catalogue.ledger import JOURNAL_CORRUPT
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.system.clock import Clock
from innominatus_cli.system.owned_files import NotARegularFile, owned_bytes

LINE_BYTES: Final = 4096
_LARGEST: Final = 1024 * 1024 * 1024
_NO_LINE: Final = "0" * 64
_HASH_PART: Final = len(',"h":"') + 64 + len('"}')
_FLAGS: Final = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW


class Journal:
    """Appends lines. Once the disk refuses, `problem` says why and nothing more is written."""

    def __init__(self, fd: int, path: Path, clock: Clock, seq: int = 0, prev: str = _NO_LINE) -> None:
        self.clean: Callable[[dict[str, Any]], dict[str, Any]] | None = None
        """What the facts of every line go through, so that no secret gets into it."""
        self._fd = fd
        self._path = path
        self._clock = clock
        self._seq = seq
        self._prev = prev
        self._lines: list[bytes] = []
        self._unsynced_since: float | None = None
        self.problem = ""

    @classmethod
    def create(
        cls, path: Path, clock: Clock, clean: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    ) -> "Journal":
        """A new journal, mode 0600, its name durable. Raises CannotContinue (exit 73)."""
        try:
            fd = os.open(path, _FLAGS | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                os.fchmod(fd, 0o600)
                os.fsync(fd)
                sync_folder(path.parent)
            except OSError:
                os.close(fd)
                raise
        except OSError as error:
            raise CannotContinue(lost(path, error.strerror or "the disk refuses")) from error
        journal = cls(fd, path, clock)
        journal.clean = clean
        return journal

    @classmethod
    def reopen(cls, path: Path, clock: Clock) -> "Journal":
        """An existing journal, to go on behind its last whole line; a torn one is cut.

        Raises CannotContinue: exit 65 where it is damaged, exit 73 where the disk refuses.
        """
        read = read_journal(path)
        try:
            fd = os.open(path, _FLAGS)
            try:
                if read.torn_bytes:
                    os.ftruncate(fd, read.whole_bytes)
            except OSError:
                os.close(fd)
                raise
        except OSError as error:
            raise CannotContinue(lost(path, error.strerror or "the disk refuses")) from error
        prev = read.lines[-1]["h"] if read.lines else _NO_LINE
        journal = cls(fd, path, clock, len(read.lines), prev)
        if read.torn_bytes:
            journal.add("recovered", cut_bytes=read.torn_bytes)
        return journal

    def add(self, event: str, **facts: Any) -> None:  # noqa: ANN401 - JSON data
        """Gathers a line; nothing is written yet."""
        line = {
            "mono_ms": int(self._clock.monotonic() * 1000),
            "prev": self._prev,
            "seq": self._seq,
            "type": event,
            "wall_ms": int(self._clock.now().timestamp() * 1000),
            **(facts if self.clean is None else self.clean(facts)),
        }
        body = quick_json(line).encode()  # ASCII keys and no fractions: as RFC 8785 has it, which a test holds
        self._prev = hashlib.sha256(body).hexdigest()
        self._seq += 1
        whole = b'%b,"h":"%b"}\n' % (body[:-1], self._prev.encode())
        if len(whole) > LINE_BYTES:
            raise AssertionError(f"a journal line of {len(whole)} bytes: {event}")
        self._lines.append(whole)

    def flush(self) -> None:
        """Writes what was gathered, so that it outlives this process; `commit` makes it outlive the machine."""
        if self._lines and not self.problem:
            data = memoryview(b"".join(self._lines))
            self._lines.clear()
            try:
                while data:
                    data = data[os.write(self._fd, data) :]
            except OSError as error:
                self.problem = error.strerror or "the disk refuses"
            if self._unsynced_since is None:
                self._unsynced_since = self._clock.monotonic()

    @property
    def pending_seconds(self) -> float:
        """How long something written has been waiting for the disk; 0 where nothing has."""
        if self._unsynced_since is None or self.problem:
            return 0.0
        return max(self._clock.monotonic() - self._unsynced_since, 1e-6)

    def commit(self) -> None:
        """Writes what was gathered and waits until the disk has it."""
        self.flush()
        if self._unsynced_since is not None and not self.problem:
            try:
                _sync_data(self._fd)
            except OSError as error:
                self.problem = error.strerror or "the disk refuses"
            self._unsynced_since = None

    def close(self) -> None:
        """Commits and closes."""
        self.commit()
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


@dataclass(frozen=True, slots=True)
class JournalRead:
    """The whole lines of a journal, how many bytes they are, and how many bytes of a torn last line follow."""

    lines: tuple[dict[str, Any], ...]
    whole_bytes: int
    torn_bytes: int = 0

    def has(self, event: str) -> bool:
        """Whether there is a line of this type."""
        return any(line["type"] == event for line in self.lines)


def read_journal(path: Path) -> JournalRead:
    """Reads and verifies a journal; only a torn last line is passed over.

    Torn is a line without its newline, or with zeros that a power cut leaves.
    Raises CannotContinue (exit 65) where anything else is wrong, naming the line; OSError where it cannot be read.
    """
    try:
        data = owned_bytes(path, _LARGEST)
    except NotARegularFile as wrong:
        raise CannotContinue(Finding(JOURNAL_CORRUPT, "it is no regular file", Place(str(path)))) from wrong
    lines: list[dict[str, Any]] = []
    prev, at = _NO_LINE, 0
    while at < len(data):
        end = data.find(b"\n", at)
        line = _own(data[at:end]) if end >= 0 else None
        if end < 0 or (line is None and end == len(data) - 1 and 0 in data[at:]):
            return JournalRead(tuple(lines), at, len(data) - at)
        if line is None or line.get("seq") != len(lines) or line.get("prev") != prev:
            message = f"line {len(lines) + 1} (byte {at}) is not what was written"
            raise CannotContinue(Finding(JOURNAL_CORRUPT, message, Place(str(path), len(lines) + 1, 1)))
        lines.append(line)
        prev = line["h"]
        at = end + 1
    return JournalRead(tuple(lines), at)


def lost(path: Path, why: str) -> Finding:
    """The finding for a journal that the disk does not take."""
    return Finding(JOURNAL_LOST, f"cannot write the journal: {why}", Place(str(path)))


def _own(raw: bytes) -> dict[str, Any] | None:
    """A line that holds its own digest, or None."""
    body, found = raw[:-_HASH_PART] + b"}", raw[-_HASH_PART:]
    digest = hashlib.sha256(body).hexdigest()
    if found != b',"h":"%b"}' % digest.encode():
        return None
    try:
        line = json.loads(body)
        if not isinstance(line, dict) or canonical_json(line) != body or not isinstance(line.get("type"), str):
            return None
    except ValueError:
        return None
    return {**line, "h": digest}


def _sync_data(fd: int) -> None:
    getattr(os, "fdatasync", os.fsync)(fd)


def sync_folder(folder: Path) -> None:
    """Waits until the disk has the names in a folder. Raises OSError."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
