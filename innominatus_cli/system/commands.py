"""Processes as request and outcome: values that drivers make and read; `system.processes` turns one into the other."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

HEAD_BYTES: Final = 1024 * 1024
"""How much of a stream is kept where nobody says otherwise."""
TAIL_BYTES: Final = 64 * 1024
"""How much of the end of a stream is kept besides."""


class Ending(StrEnum):
    """How a process came to its end."""

    EXITED = "exited"
    SIGNALLED = "signalled"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    NOT_STARTED = "not_started"


@dataclass(frozen=True, slots=True)
class CommandRequest:
    """A process to run: an argv tuple (never a shell string), a folder, a whole environment and a timeout.

    `argv[0]` is a program's name, looked up on PATH of `env`, or an absolute path. `stdin` is given and closed;
    None is /dev/null. `keep_bytes` is how much of stdout its outcome has. Without `logs_stdout` what it prints there
    is an answer for who asked, which may hold secrets that nobody knows yet: no log gets it. `endpoint` is the service
    that it calls (`host:port`), where it calls one.
    """

    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str] = field(repr=False)
    timeout_seconds: float | None = None
    stdin: bytes | None = field(default=None, repr=False)
    keep_bytes: int = HEAD_BYTES
    logs_stdout: bool = True
    endpoint: str = ""


@dataclass(frozen=True, slots=True)
class StreamOutput:
    """What a process wrote to one stream: the first 1 MiB (`keep_bytes`), and the size and SHA-256 of all of it.

    `tail` is the end of what comes behind `head`, at most 64 KiB of it.
    """

    head: bytes = field(default=b"", repr=False)
    size: int = 0
    sha256: str = ""
    tail: bytes = field(default=b"", repr=False)

    @property
    def truncated(self) -> bool:
        """Whether there was more than `head` holds."""
        return self.size > len(self.head)

    @property
    def has_gap(self) -> bool:
        """Whether something between `head` and `tail` is not kept."""
        return self.size > len(self.head) + len(self.tail)

    @property
    def lines(self) -> bytes:
        """What is kept of it, without the lines that the gap cuts."""
        if not self.has_gap:
            return self.head + self.tail
        return self.head[: self.head.rfind(b"\n") + 1] + self.tail.partition(b"\n")[2]


@dataclass(frozen=True, slots=True)
class CommandOutcome:
    """How it went; a failure is a value. `problem` says why a process did not start."""

    ending: Ending
    exit_code: int | None = None
    signal: int | None = None
    duration_ms: int = 0
    stdout: StreamOutput = StreamOutput()
    stderr: StreamOutput = StreamOutput()
    problem: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether it exited with status 0."""
        return self.ending is Ending.EXITED and self.exit_code == 0
