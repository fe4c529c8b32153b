"""Kills the tool right before the N-th system call of a kind, by strace's fault injection, or at any moment, and judges
what is left.

Only the tool's own process is traced: its steps and git run as ever. `points_of` finds the calls that matter in one
undisturbed run: everything that changes files of the repository, starts a process or waits for one.
"""

import shutil
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from tests.faults.commands import Trial, go_on, run
from tests.faults.oracle import durable_ends, judge, judge_once, own_files
from tests.faults.scenes import Scene

STORAGE = (
    "write", "pwrite64", "fsync", "fdatasync", "rename", "renameat", "renameat2", "link", "linkat", "unlink",
    "unlinkat", "mkdir", "mkdirat", "rmdir", "ftruncate", "openat", "fchmod", "chmod", "flock",
)  # fmt: skip
SPAWN = ("vfork", "clone", "clone3", "fork")
WAIT = ("waitid", "wait4", "pidfd_open", "epoll_wait", "epoll_pwait", "poll", "ppoll", "select", "pselect6")
_CREATES = ("O_CREAT", "O_TRUNC")


@dataclass(frozen=True, slots=True)
class Point:
    """Right before the `number`-th call of `call` (from 1), by the process of the tool."""

    call: str
    number: int

    def __str__(self) -> str:
        return f"{self.call}-{self.number}"

    @property
    def injection(self) -> list[str]:
        """What strace is told."""
        return ["-e", f"trace={self.call}", "-e", f"inject={self.call}:signal=KILL:when={self.number}"]


@dataclass(frozen=True, slots=True)
class Moment:
    """So many seconds after the command began, wherever it is then; what it has started of git is killed with it."""

    seconds: float

    def __str__(self) -> str:
        return f"after {self.seconds * 1000:.1f} ms"


Where: TypeAlias = Point | Moment


def seconds_of(scene: Scene, template: Path, folder: Path) -> float:
    """How long the scene's command takes, by running it once."""
    repository = shutil.copytree(template, folder / "timed", symlinks=True)
    started = time.monotonic()
    run(repository, scene.command)
    shutil.rmtree(repository)
    return time.monotonic() - started


def points_of(scene: Scene, template: Path, strace: Path, folder: Path) -> list[Point]:
    """Where the scene's command can be killed with any effect, found by watching it once."""
    repository = shutil.copytree(template, folder / "watched", symlinks=True)
    log = folder / "trace"
    calls = ",".join(f"?{call}" for call in (*STORAGE, *SPAWN, *WAIT))
    run(repository, scene.command, [str(strace), "-qq", "-y", "-s", "0", "-o", str(log), "-e", f"trace={calls}"])
    shutil.rmtree(repository)
    return list(_points_in(log.read_text(errors="replace"), str(repository)))


def _points_in(log: str, repository: str) -> Iterator[Point]:
    """Of waits that follow each other the first one: nothing has happened between them."""
    numbers: Counter[str] = Counter()
    begun = waits = False
    for line in log.splitlines():
        call = line.partition("(")[0]
        numbers[call] += 1
        ours = repository in line
        if call in STORAGE:
            changes = call != "openat" or any(flag in line for flag in _CREATES)
            begun = begun or (ours and changes)
            if ours and changes:
                waits = False
                yield Point(call, numbers[call])
        elif begun and (call in SPAWN or (call in WAIT and not waits)):
            waits = call in WAIT
            yield Point(call, numbers[call])


def trial(scene: Scene, template: Path, folder: Path, strace: Path, *points: Where) -> Trial:
    """Kills the command at the first point, its recovery at each further one, then recovers, and judges everything."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    repository = shutil.copytree(template, folder / "repository", symlinks=True)
    before = own_files(repository)
    found = Trial(repository)
    words = scene.command
    finished: dict[str, int] = {}
    for point in points:
        if isinstance(point, Moment):
            found.note(run(repository, words, killed_after=point.seconds))
        else:
            found.note(run(repository, words, [str(strace), "-qq", "-o", "/dev/null", *point.injection]))
        words = scene.on
        finished = durable_ends(repository) | finished  # as often as it had run when it was first known to have ended
    go_on(found, scene)
    judge(found, scene, before, finished)
    if scene.once:
        judge_once(found)
    return found
