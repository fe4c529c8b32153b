"""A process that a supervisor looks after, and how patient it is with one that must end."""

import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from innominatus_cli.system.commands import CommandOutcome, CommandRequest, Ending
from innominatus_cli.system.output_capture import StreamLog

if TYPE_CHECKING:
    import subprocess

    from innominatus_cli.system.output_capture import Capture

RUNGS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
LAST_SECONDS: Final = 5.0
"""How long a process may take to vanish after SIGKILL before nobody waits for it any more."""


@dataclass(frozen=True, slots=True)
class StopLadder:
    """How long a process tree has after SIGINT, and then after SIGTERM, before the next rung."""

    interrupt_seconds: float = 10.0
    terminate_seconds: float = 5.0

    def patience(self, rung: int) -> float:
        """Seconds to wait after the signal of this rung (1 SIGINT, 2 SIGTERM, 3 SIGKILL)."""
        return (self.interrupt_seconds, self.terminate_seconds, LAST_SECONDS)[rung - 1]


CI_LADDER: Final = StopLadder(6.0, 2.5)
"""A GitHub runner sends SIGTERM 7.5 s after SIGINT and SIGKILL 2.5 s later: our own rungs come first."""


@dataclass(frozen=True, slots=True)
class Logs:
    """Files that get everything a process writes."""

    stdout: StreamLog | None = None
    stderr: StreamLog | None = None


class Child:
    """A process that was asked for. `outcome` is None until it has ended and its tree is gone.

    `rung` counts the signals of the stop ladder that its tree has had; `deadline` (monotonic seconds) is when the
    supervisor must do something: its timeout, the next rung, the end of draining.
    """

    __slots__ = (
        "captures",
        "deadline",
        "ending",
        "exit_code",
        "exited",
        "outcome",
        "pid",
        "pidfd",
        "popen",
        "request",
        "rung",
        "sending",
        "started",
        "stdin_fd",
        "strays_ended",
        "tag",
    )

    def __init__(self, request: CommandRequest, tag: str = "") -> None:
        self.request = request
        self.tag = tag.encode()
        self.popen: subprocess.Popen[bytes] | None = None
        self.pid = 0
        self.pidfd = -1
        self.captures: tuple[Capture, ...] = ()
        self.stdin_fd = -1
        self.sending = memoryview(b"")
        self.outcome: CommandOutcome | None = None
        self.ending = Ending.EXITED
        self.exited = False
        self.exit_code: int | None = None
        self.rung = 0
        self.started = time.monotonic()
        self.deadline: float | None = None
        self.strays_ended = 0

    @property
    def draining(self) -> bool:
        """Whether some process still holds one of its pipes open."""
        return any(capture.fd >= 0 for capture in self.captures)

    def exited_with(self, code: int) -> None:
        """Notes its end: `code` is an exit status, or the negative number of a signal."""
        self.exited = True
        self.exit_code = code
        if self.popen is not None:
            self.popen.returncode = code

    def conclude(self) -> CommandOutcome:
        """Its outcome, from what is known now."""
        code = self.exit_code
        killed = code is not None and code < 0
        self.outcome = CommandOutcome(
            Ending.SIGNALLED if killed and self.ending is Ending.EXITED else self.ending,
            exit_code=None if killed else code,
            signal=-code if code is not None and killed else None,
            duration_ms=round((time.monotonic() - self.started) * 1000),
            stdout=self.captures[0].output(),
            stderr=self.captures[1].output(),
        )
        return self.outcome
