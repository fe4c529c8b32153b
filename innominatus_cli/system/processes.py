"""The one module that starts processes: a single-threaded supervisor that turns requests into outcomes.

Each child has its own session, an argv tuple, an explicit environment and /dev/null or bytes as its input. Its output
is drained in 64 KiB chunks into bounded memory; its end is an event (a pidfd where the kernel has them, else SIGCHLD or
a tick). A child that takes too long, or is stopped, gets SIGINT, SIGTERM and SIGKILL in turn, with its whole tree: on
Linux all its descendants, those with sessions of their own included; elsewhere its process group. What a child leaves
running ends with it.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from innominatus_cli.system.child import RUNGS, Child, Logs, StopLadder
from innominatus_cli.system.commands import CommandOutcome, CommandRequest, Ending
from innominatus_cli.system.output_capture import Capture
from innominatus_cli.system.poller import Poller
from innominatus_cli.system.programs import find_program
from innominatus_cli.system.signals import SignalPipe
from innominatus_cli.system.spawning import Spawner
from innominatus_cli.system.strays import Trees, adopt, forget

DRAIN_SECONDS: Final = 2.0
"""How long after the end of a child something else may hold its pipes open."""
_LOOK_SECONDS: Final = 0.02
_TICK_SECONDS: Final = 0.02
_STDIN_CHUNK: Final = 64 * 1024
_KILL_RUNG: Final = len(RUNGS)


class Supervisor:
    """Starts processes and waits for them, many at a time, in one thread.

    `untrusted` is the repository: no program is taken from a PATH entry inside it. `signals` wakes `wait` up.
    `pidfd` and `subreaper` are used where the system has them, unless they are False.
    """

    def __init__(
        self,
        *,
        untrusted: Path | None = None,
        signals: SignalPipe | None = None,
        ladder: StopLadder | None = None,
        pidfd: bool = True,
        subreaper: bool = True,
    ) -> None:
        self._untrusted = untrusted
        self._signals_fd = signals.fd if signals is not None else -1
        self._ladder = ladder or StopLadder()
        self._pidfd = pidfd and hasattr(os, "pidfd_open")
        self._trees = Trees(subreaper=subreaper)
        self._poller = Poller()
        self._spawner = Spawner()
        self._signalled = False
        self._running: dict[int, Child] = {}
        self._ended: list[Child] = []
        self._programs: dict[tuple[str, str], str] = {}
        self._null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        self._tick = 0.0
        if self._signals_fd >= 0:
            self._poller.watch(self._signals_fd, self._wake)
        if not self._pidfd and not (signals is not None and signals.catch(signal.SIGCHLD)):
            self._tick = _TICK_SECONDS

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def running(self) -> list[Child]:
        """The children that have no outcome yet."""
        return list(self._running.values())

    def start(
        self,
        request: CommandRequest,
        *,
        logs: Logs | None = None,
        inherit: Sequence[int] = (),
        tag: str = "",
    ) -> Child:
        """Starts a process; one that cannot start is a child whose outcome, `NOT_STARTED`, the next `wait` returns.

        `inherit` are file descriptors that it keeps open (a lock). `tag` is a `NAME=value` of its environment by which
        descendants are known that left its session.
        """
        child = Child(request, tag)
        program = self._find(request)
        problem = f"program not found: {request.argv[0]}"
        if program is not None:
            problem = self._spawn(child, program, inherit, logs or Logs())
        if problem:
            child.outcome = CommandOutcome(Ending.NOT_STARTED, problem=problem)
            self._ended.append(child)
        return child

    def wait(self, timeout_seconds: float | None = None) -> list[Child]:
        """Works until a child has ended, a signal came or the time is up; returns the children that ended."""
        now = time.monotonic()
        until = None if timeout_seconds is None else now + timeout_seconds
        self._signalled = False
        while not self._ended and not self._signalled:
            if not self._running and until is None and self._signals_fd < 0:
                break
            self._poller.wait(self._patience(now, until))
            now = time.monotonic()
            self._look_after(now)
            if until is not None and now >= until:
                break
        ended, self._ended = self._ended, []
        return ended

    def stop(self, child: Child, ending: Ending = Ending.CANCELLED) -> None:
        """Starts the stop ladder, or takes its next rung at once."""
        if child.outcome is None:
            if child.rung == 0:
                child.ending = ending
            self._next_rung(child)

    def kill(self, child: Child, ending: Ending = Ending.CANCELLED) -> None:
        """Ends a child and its tree without asking."""
        if child.outcome is None:
            if child.rung == 0:
                child.ending = ending
            child.rung = _KILL_RUNG - 1
            self._next_rung(child)

    def close(self) -> None:
        """Ends whatever still runs, at once, and lets go of all descriptors."""
        for child in self.running:
            self.kill(child)
        while self._running:
            self.wait(_LOOK_SECONDS)
        self._trees.close()
        self._poller.close()
        if self._null >= 0:
            os.close(self._null)
            self._null = -1

    def _wake(self) -> None:
        self._signalled = True

    def _find(self, request: CommandRequest) -> str | None:
        name, path = request.argv[0], request.env.get("PATH", os.defpath)
        if "/" in name:
            return find_program(name, path=path, cwd=request.cwd)
        known = self._programs.get((name, path))
        if known is None:
            known = find_program(name, path=path, cwd=request.cwd, untrusted=self._untrusted)
            if known is not None:
                self._programs[name, path] = known
        return known

    def _spawn(self, child: Child, program: str, inherit: Sequence[int], logs: Logs) -> str:
        request = child.request
        fds: list[int] = []
        try:
            for _ in range(2 if request.stdin is None else 3):
                fds += os.pipe()
        except OSError as error:  # there are too many open files
            for fd in fds:
                os.close(fd)
            return _why(error, request)
        out_read, out_write, err_read, err_write = fds[:4]
        in_read, in_write = fds[4:] or (self._null, -1)
        problem = ""
        try:
            child.pid, child.popen = self._spawner.start(request, program, (in_read, out_write, err_write), inherit)
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            problem = _why(error, request)
        os.close(out_write)
        os.close(err_write)
        if in_read != self._null:
            os.close(in_read)
        if problem:
            for fd in (out_read, err_read, in_write):
                if fd >= 0:
                    os.close(fd)
            self._programs.clear()
            return problem
        log = logs.stdout if request.logs_stdout else None
        child.captures = (Capture(out_read, log, request.keep_bytes), Capture(err_read, logs.stderr))
        self._watch(child, in_write)
        return ""

    def _watch(self, child: Child, stdin_fd: int) -> None:
        adopt(child.pid)
        self._running[child.pid] = child
        if child.request.timeout_seconds is not None:
            child.deadline = child.started + child.request.timeout_seconds
        watch = self._poller.watch
        for capture in child.captures:
            os.set_blocking(capture.fd, False)
            watch(capture.fd, partial(self._read, child, capture))
        if self._pidfd:
            try:
                child.pidfd = os.pidfd_open(child.pid)
            except OSError:
                self._tick = _TICK_SECONDS
            else:
                watch(child.pidfd, partial(self._reap, child))
        if child.request.stdin is not None:
            child.stdin_fd = stdin_fd
            child.sending = memoryview(child.request.stdin)
            os.set_blocking(stdin_fd, False)
            watch(stdin_fd, partial(self._feed, child), writable=True)

    def _read(self, child: Child, capture: Capture) -> None:
        if capture.fd >= 0 and not capture.read():
            self._close_capture(capture)
            if child.exited:
                self._settle(child)

    def _feed(self, child: Child) -> None:
        if child.stdin_fd < 0:
            return
        try:
            written = os.write(child.stdin_fd, child.sending[:_STDIN_CHUNK])
        except BlockingIOError:
            return
        except OSError:
            written = len(child.sending)
        child.sending = child.sending[written:]
        if not child.sending:
            self._close_stdin(child)

    def _close_stdin(self, child: Child) -> None:
        if child.stdin_fd >= 0:
            self._poller.forget(child.stdin_fd)
            os.close(child.stdin_fd)
            child.stdin_fd = -1

    def _close_capture(self, capture: Capture) -> None:
        if capture.fd >= 0:
            self._poller.forget(capture.fd)
        capture.close()

    def _close_pidfd(self, child: Child) -> None:
        if child.pidfd >= 0:
            self._poller.forget(child.pidfd)
            os.close(child.pidfd)
            child.pidfd = -1

    def _reap(self, child: Child) -> None:
        if child.exited:
            return
        try:
            pid, status = os.waitpid(child.pid, os.WNOHANG)
        except ChildProcessError:
            pid, status = child.pid, 0
        if not pid:
            return
        child.exited_with(os.waitstatus_to_exitcode(status))
        forget(child.pid)
        self._close_pidfd(child)
        self._close_stdin(child)
        for capture in child.captures:
            if capture.fd >= 0 and not capture.read():
                self._close_capture(capture)
        if child.rung == 0:
            child.deadline = time.monotonic() + DRAIN_SECONDS
        self._settle(child)

    def _settle(self, child: Child) -> None:
        """Finishes a child that has exited, once its pipes are at their end and nothing of its tree is left."""
        if child.outcome is not None or child.draining:
            return
        if not self._trees.left_behind(child):
            self._finish(child)
        elif child.rung == 0:
            child.rung = 1
            self._next_rung(child)
        elif child.rung == _KILL_RUNG:
            child.strays_ended += self._trees.signal(child, signal.SIGKILL)

    def _finish(self, child: Child) -> None:
        self._close_pidfd(child)
        self._close_stdin(child)
        for capture in child.captures:
            self._close_capture(capture)
        child.conclude()
        if self._running.pop(child.pid, None) is not None:
            self._ended.append(child)

    def _patience(self, now: float, until: float | None) -> float | None:
        soonest = until
        for child in self._running.values():
            if child.deadline is not None and (soonest is None or child.deadline < soonest):
                soonest = child.deadline
            if child.exited:
                soonest = now + _LOOK_SECONDS if soonest is None else min(soonest, now + _LOOK_SECONDS)
        if self._tick and self._running:
            soonest = now + self._tick if soonest is None else min(soonest, now + self._tick)
        return None if soonest is None else max(0.0, soonest - now)

    def _look_after(self, now: float) -> None:
        for child in list(self._running.values()):
            if child.pidfd < 0:
                self._reap(child)
            if child.exited:
                self._settle(child)
            if child.outcome is None and child.deadline is not None and now >= child.deadline:
                self._overdue(child)

    def _overdue(self, child: Child) -> None:
        if child.rung == _KILL_RUNG:
            self._finish(child)  # it hangs in the kernel, and nobody can wait for it
            return
        if not child.exited:
            if child.rung == 0:
                child.ending = Ending.TIMED_OUT
        else:
            for capture in child.captures:
                self._close_capture(capture)
            child.rung = max(child.rung, 1)
            if not self._trees.left_behind(child):
                self._finish(child)
                return
        self._next_rung(child)

    def _next_rung(self, child: Child) -> None:
        child.rung = min(child.rung + 1, _KILL_RUNG)
        child.deadline = time.monotonic() + self._ladder.patience(child.rung)
        outside = self._trees.signal(child, RUNGS[child.rung - 1])
        if child.exited:
            child.strays_ended += outside


def run(
    request: CommandRequest,
    *,
    inherit: Iterable[int] = (),
    untrusted: Path | None = None,
    pidfd: bool = True,
) -> CommandOutcome:
    """Runs one process to its end; an exception on the way (Ctrl-C) ends the process first.

    Of a tree, only the process group is ended.
    """
    with Supervisor(untrusted=untrusted, subreaper=False, pidfd=pidfd) as supervisor:
        child = supervisor.start(request, inherit=tuple(inherit))
        while child.outcome is None:
            supervisor.wait()
        return child.outcome


def _why(error: Exception, request: CommandRequest) -> str:
    if isinstance(error, OSError):
        where = error.filename if error.filename is not None else request.argv[0]
        return f"{os.fsdecode(where)}: {error.strerror}"
    return f"{request.argv[0]}: {error}"
