"""Commands of the tool in a repository of a trial, how they end, and what is wrong with that by itself."""

import os
import re
import resource
import select
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from innominatus_cli.findings.exit_status import ExitStatus
from tests.faults.scenes import SECRET, SECRET_VARIABLE, Scene
from tests.faults.warm import Warm

_LONGEST_SECONDS = 60
_NEVER_BEGAN = ("ORC-6013", "ORC-5205")
"""There is no run at all, or one that had not begun: its remedy is to run again."""
_ONCE_MORE = 8
_DECISION = re.compile(r"--assume '?([^\s'=]+)=")
_STATUSES = {int(status) for status in ExitStatus} | {124, 129, 130, 143}
_PROGRAM = re.compile(r'execve\("([^"]+)".* = 0$', re.MULTILINE)
_KILLED = 128 + signal.SIGKILL


class Done(NamedTuple):
    """How a command ended."""

    words: Sequence[str]
    status: int
    """Below 0: the signal that ended it."""
    said: str
    """Both streams."""
    kib: int
    """The largest memory of a process, those it started included. Whoever starts it counts too: the kernel does so."""
    late: bool
    """Whether it had to be killed, because it did not end."""


@dataclass(slots=True)
class Trial:
    """What happened in one repository, command by command, and what is wrong with it."""

    repository: Path
    statuses: list[int] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    most_kib: int = 0

    def note(self, done: Done) -> None:
        """Notes how a command ended, and whether it may end so."""
        words = " ".join(done.words)
        self.statuses.append(done.status)
        self.said.append(f"$ {words}\n{done.said}")
        self.most_kib = max(self.most_kib, done.kib)
        if "Traceback" in done.said or "ORC-9001" in done.said:
            self.wrong.append(f"I13: {words} shows a bug of ours")
        if done.status >= 0 and done.status not in {*_STATUSES, _KILLED}:
            self.wrong.append(f"I13: exit status {done.status}")
        if done.late:
            self.wrong.append(f"I14: {words} does not end within {_LONGEST_SECONDS} s")


def tool(*words: str) -> list[str]:
    """The command as a process that strace can see into: no launcher in between."""
    return [sys.executable, "-m", "innominatus_cli", *words]


_environment: Mapping[str, str] = {"PYTHONDONTWRITEBYTECODE": "1", SECRET_VARIABLE: SECRET}
_warm = threading.local()


def run(repository: Path, words: Sequence[str], strace: Sequence[str] = (), killed_after: float | None = None) -> Done:
    """Runs a command, under strace where asked; its streams are files, so that what it leaves holds no pipe of ours.

    With `killed_after`, in seconds, it is killed then, with whatever of its process group there is: git, and no step.
    One that strace holds for too long is killed all the same, only later than at the point.
    """
    out = repository.parent / "out"
    out.write_bytes(b"")  # a command may be killed before it has opened it
    warm: Warm | None = getattr(_warm, "process", None)
    ways = _in_a_new_process if warm is None else warm.run
    longest = _LONGEST_SECONDS if killed_after is None else killed_after
    done = Done(words, *_told(ways(repository, words, strace, out, longest), out))
    return done._replace(late=done.late and not strace and killed_after is None)


def started_by(repository: Path, words: Sequence[str]) -> tuple[Done, set[str]]:
    """Runs a command, and tells which programs it started, and `socket` where it opened one.

    strace sees all of it; a warm process tells it of itself, by Python's audit events, at a tenth of the cost.
    """
    trace = repository.parent / "started"
    trace.write_text("")
    warm: Warm | None = getattr(_warm, "process", None)
    if warm is not None:
        out = repository.parent / "out"
        done = Done(words, *_told(warm.run(repository, words, (), out, _LONGEST_SECONDS, trace), out))
        return done, set(trace.read_text().split())
    strace = shutil.which("strace")
    assert strace is not None
    seen = [strace, "-f", "--seccomp-bpf", "-qq", "-o", str(trace), "-e", "signal=none", "-e", "trace=execve,socket"]
    done = run(repository, words, seen)
    told = trace.read_text(errors="replace")
    programs = {Path(name).name for name in _PROGRAM.findall(told)[1:]}  # the first is the command itself
    return done, programs | ({"socket"} if "socket(" in told else set())


def _told(ended: tuple[int, int, bool], out: Path) -> tuple[int, str, int, bool]:
    status, kib, late = ended
    return status, out.read_text(errors="replace"), kib, late


def be_warm() -> None:
    """From now on commands of this thread are forks of one process that has imported all of the tool."""
    _warm.process = Warm({**os.environ, **_environment})


def _in_a_new_process(
    folder: Path, words: Sequence[str], strace: Sequence[str], out: Path, seconds: float
) -> tuple[int, int, bool]:
    with out.open("w") as file:
        process = subprocess.Popen(
            [*strace, *tool(*words)],
            cwd=folder,
            env={**os.environ, **_environment},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    ended = os.pidfd_open(process.pid)
    waiting = select.poll()
    waiting.register(ended, select.POLLIN)
    late = not waiting.poll(seconds * 1000)
    os.close(ended)
    if late:
        os.killpg(process.pid, signal.SIGKILL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    # Linux counts what this process had until the child's program began: a child that seems no larger tells nothing.
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return process.returncode, usage.ru_maxrss if usage.ru_maxrss > own else 0, late


def go_on(found: Trial, scene: Scene) -> None:
    """Goes on as a person would, saying of steps in doubt that they were not done; or runs again what never began."""
    words = scene.on
    for _ in range(_ONCE_MORE):
        done = run(found.repository, words)
        found.note(done)
        if done.status == ExitStatus.FINDINGS and any(code in done.said for code in _NEVER_BEGAN):
            words = scene.command
            continue
        if done.status != ExitStatus.DECISION_NEEDED:
            return
        doubted = sorted(set(_DECISION.findall(done.said)))
        if not doubted:
            found.wrong.append("I2: a decision is asked for, and nothing says of which step")
            return
        words = (*scene.on, *(part for step in doubted for part in ("--assume", f"{step}=not-done")))
    found.wrong.append("I14: it never comes to an end")
