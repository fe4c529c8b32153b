"""What a process writes, in bounded memory: its head and tail are kept, all is counted and hashed, a log has it."""

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from innominatus_cli.system.commands import HEAD_BYTES, TAIL_BYTES, StreamOutput

if TYPE_CHECKING:
    from hashlib import _Hash

CHUNK_BYTES: Final = 64 * 1024
LOG_BYTES: Final = 256 * 1024 * 1024
END_BYTES: Final = 2 * 1024
"""How much a log keeps in memory of its beginning, and of its end."""
NO_OUTPUT: Final = StreamOutput(sha256=hashlib.sha256().hexdigest())


class StreamFilter(Protocol):
    """What bytes go through before they are kept; it may hold some back until more come, or until `flush`."""

    @property
    def count(self) -> int:
        """How many places it has changed."""

    def feed(self, chunk: bytes) -> bytes:
        """What can be given out now."""

    def flush(self) -> bytes:
        """The rest."""


class StreamLog:
    """A file that gets everything that the processes of a step write to one stream, up to `LOG_BYTES`, mode 0600.

    It is created with the first byte. `redact` sees every byte before anything else does: what is counted, hashed and
    kept is what it gives out. All of that is counted and hashed, what is past the limit too. `problem` says why the
    file is incomplete; the process is not disturbed by that.
    """

    __slots__ = ("_fd", "_hash", "_path", "_redact", "_room", "_unsettled", "head", "problem", "size", "tail")

    def __init__(self, path: str | Path, redact: StreamFilter | None = None) -> None:
        self._path = path
        self._redact = redact
        self._fd = -1
        self._room = LOG_BYTES
        self._unsettled = False
        self._hash: _Hash | None = None
        self.size = 0
        self.problem = ""
        self.head = b""
        """The first `END_BYTES`."""
        self.tail = b""
        """The last `END_BYTES` of what comes behind `head`."""

    @property
    def sha256(self) -> str:
        """The digest of everything kept so far, in hex."""
        return self._hash.hexdigest() if self._hash is not None else NO_OUTPUT.sha256

    @property
    def redacted(self) -> int:
        """How many places `redact` has changed."""
        return self._redact.count if self._redact is not None else 0

    def write(self, chunk: bytes) -> None:
        """Appends."""
        self._unsettled = True
        self._keep(chunk if self._redact is None else self._redact.feed(chunk))

    def settle(self) -> None:
        """What a process wrote is complete: nothing of it is held back any longer."""
        if self._unsettled and self._redact is not None:
            self._keep(self._redact.flush())
        self._unsettled = False

    def close(self) -> None:
        """Settles and closes the file; the numbers stay."""
        self.settle()
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _keep(self, chunk: bytes) -> None:
        if not chunk:
            return
        if self._hash is None:
            self._hash = hashlib.sha256()
        self._hash.update(chunk)
        self.size += len(chunk)
        room = END_BYTES - len(self.head)
        if room:
            self.head += chunk[:room]
        if room < len(chunk):
            self.tail = (self.tail + chunk[max(room, len(chunk) - END_BYTES) :])[-END_BYTES:]
        if self.problem:
            return
        try:
            if self._fd < 0:
                flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
                self._fd = os.open(self._path, flags, 0o600)
            rest = memoryview(chunk)[: self._room]
            self._room -= len(rest)
            cut = len(rest) < len(chunk)
            while rest:
                rest = rest[os.write(self._fd, rest) :]
            if cut:
                self.problem = f"{Path(self._path).name}: what is past its first {LOG_BYTES:,} bytes is left out"
        except OSError as error:
            self.problem = f"{Path(self._path).name}: {error.strerror}"


class Capture:
    """One stream of one process, read from a non-blocking file descriptor; `log` gets every byte."""

    __slots__ = ("_hash", "_head", "_head_bytes", "_log", "_size", "_tail", "fd")

    def __init__(self, fd: int, log: StreamLog | None, head_bytes: int = HEAD_BYTES) -> None:
        self.fd = fd
        self._head: bytearray | None = None
        self._head_bytes = head_bytes
        self._tail = bytearray()
        self._size = 0
        self._hash: _Hash | None = None
        self._log = log

    def read(self) -> bool:
        """Takes one chunk of what is there; False at the end of the stream."""
        try:
            chunk = os.read(self.fd, CHUNK_BYTES)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if chunk:
            self._take(chunk)
        return bool(chunk)

    def close(self) -> None:
        """Reads no further."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def output(self) -> StreamOutput:
        """What came so far."""
        if self._hash is None or self._head is None:
            return NO_OUTPUT
        return StreamOutput(bytes(self._head), self._size, self._hash.hexdigest(), bytes(self._tail[-TAIL_BYTES:]))

    def _take(self, chunk: bytes) -> None:
        if self._hash is None or self._head is None:
            self._hash = hashlib.sha256()
            self._head = bytearray()
        self._hash.update(chunk)
        self._size += len(chunk)
        room = self._head_bytes - len(self._head)
        if room > 0:
            self._head += chunk[:room]
        if room < len(chunk):
            self._tail += chunk[room:]
            if len(self._tail) > 2 * TAIL_BYTES:
                del self._tail[:-TAIL_BYTES]
        if self._log is not None:
            self._log.write(chunk)
