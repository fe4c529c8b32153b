"""A copy of this process that works beside it for as long as it lives, and ends with it however it ends.

It shares nothing that matters: every inherited descriptor is closed, the standard streams go nowhere, and signals of a
terminal do not reach it. A pipe tells it to stop, and breaks when this process is killed.
"""

import os
import select
import signal
import time
from collections.abc import Callable
from contextlib import suppress

from innominatus_cli.system.forking import can_fork
from innominatus_cli.system.strays import adopt, forget

Stopped = Callable[[float], bool]
"""Waits so many seconds; True at once where it is time to end."""
_MOST = 64 * 1024
_LAST_DESCRIPTOR = 65_536


class Companion:
    """The copy. `stop` must be called: it is this process' child."""

    def __init__(self, pid: int, control: int, answer: int) -> None:
        self._pid = pid
        self._control = control
        self._answer = answer

    def stop(self, seconds: float) -> bytes:
        """Tells it to end, and waits so long; what its work returned, nothing where it had to be killed."""
        if not self._pid:
            return b""
        os.close(self._control)
        answer = self._read(time.monotonic() + seconds)
        with suppress(OSError):
            os.kill(self._pid, signal.SIGKILL)
        with suppress(OSError):
            os.waitpid(self._pid, 0)
        forget(self._pid)
        os.close(self._answer)
        self._pid = 0
        return answer

    def _read(self, until: float) -> bytes:
        answer = b""
        while len(answer) < _MOST:
            ready, _, _ = select.select([self._answer], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                return b""
            chunk = os.read(self._answer, _MOST)
            if not chunk:
                return answer
            answer += chunk
        return b""


def start_companion(work: Callable[[Stopped], bytes]) -> Companion | None:
    """Starts a copy that does `work`, at most 64 KiB of answer; None where this process cannot be copied."""
    if not can_fork():
        return None
    control_read, control_write = os.pipe()
    answer_read, answer_write = os.pipe()
    try:
        pid = os.fork()
    except OSError:
        for descriptor in (control_read, control_write, answer_read, answer_write):
            os.close(descriptor)
        return None
    if pid:
        os.close(control_read)
        os.close(answer_write)
        adopt(pid)
        return Companion(pid, control_write, answer_read)
    status = 1
    try:
        _be_alone(keep={control_read, answer_write})
        _bring(answer_write, work(lambda seconds: _told_to_stop(control_read, seconds)))
        status = 0
    finally:
        os._exit(status)  # neither the caller's code nor its buffers are this copy's


def _be_alone(keep: set[int]) -> None:
    os.setsid()
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    start = 3
    for descriptor in [*sorted(keep), _LAST_DESCRIPTOR]:
        os.closerange(start, descriptor)
        start = descriptor + 1


def _told_to_stop(control: int, seconds: float) -> bool:
    ready, _, _ = select.select([control], [], [], max(0.0, seconds))
    return bool(ready)


def _bring(writing: int, data: bytes) -> None:
    view = memoryview(data[:_MOST])
    while view:
        view = view[os.write(writing, view) :]
