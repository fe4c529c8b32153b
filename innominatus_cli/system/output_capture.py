"""What a process writes, in bounded memory: a head is kept, everything is counted and hashed, a log file has it all."""

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from innominatus_cli.system.commands import StreamOutput

if TYPE_CHECKING:
    from hashlib import _Hash

HEAD_BYTES: Final = 1024 * 1024
CHUNK_BYTES: Final = 64 * 1024
LOG_BYTES: Final = 256 * 1024 * 1024
_NOTHING: Final = StreamOutput(sha256=hashlib.sha256().hexdigest())


class Capture:
    """One stream of one process, read from a non-blocking file descriptor.

    `log` gets every byte up to `LOG_BYTES`, appended (a step's attempts share it), mode 0600; it is created with the
    first byte. `problem` says why a log could not be written; the process is not disturbed by that.
    """

    __slots__ = ("_hash", "_head", "_head_bytes", "_log", "_log_fd", "_log_size", "_size", "fd", "problem")

    def __init__(self, fd: int, log: Path | None, head_bytes: int = HEAD_BYTES) -> None:
        self.fd = fd
        self.problem = ""
        self._head: bytes | bytearray = b""
        self._head_bytes = head_bytes
        self._size = 0
        self._hash: _Hash | None = None
        self._log = log
        self._log_fd = -1
        self._log_size = 0

    def read(self) -> bool:
        """Takes one chunk of what is there; False at the end of the stream."""
        try:
            chunk = os.read(self.fd, CHUNK_BYTES)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if not chunk:
            return False
        self._take(chunk)
        return True

    def close(self) -> None:
        """Reads no further."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1
        if self._log_fd >= 0:
            os.close(self._log_fd)
            self._log_fd = -1

    def output(self) -> StreamOutput:
        """What came so far."""
        if self._hash is None:
            return _NOTHING
        return StreamOutput(bytes(self._head), self._size, self._hash.hexdigest())

    def _take(self, chunk: bytes) -> None:
        if self._hash is None:
            self._hash = hashlib.sha256()
        self._hash.update(chunk)
        self._size += len(chunk)
        room = self._head_bytes - len(self._head)
        if room > 0:
            if isinstance(self._head, bytes):
                self._head = bytearray()
            self._head += chunk[:room]
        if self._log is not None:
            self._write_log(self._log, chunk)

    def _write_log(self, log: Path, chunk: bytes) -> None:
        try:
            if self._log_fd < 0:
                self._log_fd = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
                self._log_size = os.fstat(self._log_fd).st_size
            rest = memoryview(chunk)[: max(0, LOG_BYTES - self._log_size)]
            while rest:
                written = os.write(self._log_fd, rest)
                self._log_size += written
                rest = rest[written:]
        except OSError as error:
            self.problem = f"{log.name}: {error.strerror}"
            self._log = None
