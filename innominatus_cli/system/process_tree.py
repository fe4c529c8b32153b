"""What the kernel says of processes: who descends from whom, and which process a pid stands for now.

Linux tells through /proc; elsewhere the answers are empty and the supervisor relies on process groups. A pid is reused,
so a process is named by pid, start ticks and boot id together.
"""

import os
import signal
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PR_SET_CHILD_SUBREAPER: Final = 36
_START_FIELD: Final = 19
_NUMBER: Final = 64 * 1024
_TICKS_PER_SECOND: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class ProcessFacts:
    """One line of /proc/<pid>/stat (proc_pid_stat(5)); `start_ticks` are clock ticks since boot."""

    pid: int
    parent: int
    group: int
    session: int
    state: str
    start_ticks: int

    @property
    def alive(self) -> bool:
        """Whether it can still do something: no zombie."""
        return self.state not in {"Z", "X", "x"}


def process_facts(pid: int) -> ProcessFacts | None:
    """The facts of a process; None where there is no such process or no /proc."""
    try:
        fd = os.open(f"/proc/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        text = os.read(fd, 4096)
    except OSError:
        return None
    finally:
        os.close(fd)
    fields = text[text.rindex(b")") + 2 :].split()
    return ProcessFacts(
        pid,
        parent=int(fields[1]),
        group=int(fields[2]),
        session=int(fields[3]),
        state=fields[0].decode(),
        start_ticks=int(fields[_START_FIELD]),
    )


def all_processes() -> dict[int, ProcessFacts]:
    """Every process that /proc shows; none where there is no /proc."""
    try:
        names = os.listdir("/proc")  # noqa: PTH208 - a Path for every process is waste
    except OSError:
        return {}
    found = (process_facts(int(name)) for name in names if name.isdigit())
    return {facts.pid: facts for facts in found if facts is not None}


def with_descendants(roots: Iterable[int], table: dict[int, ProcessFacts]) -> set[int]:
    """The roots and all processes below them, those that still live."""
    children: dict[int, list[int]] = {}
    for facts in table.values():
        children.setdefault(facts.parent, []).append(facts.pid)
    found: set[int] = set()
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            waiting.extend(children.get(pid, ()))
    return {pid for pid in found if pid in table and table[pid].alive}


def environment_holds(pid: int, entry: bytes) -> bool:
    """Whether a process was started with this `NAME=value` in its environment; False where nobody may know."""
    try:
        return entry in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False


def ignores(pid: int, number: int) -> bool:
    """Whether a process ignores a signal, as a shell tells those in the background to; False where nobody knows."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    masks = (line.partition(":")[2].strip() for line in status.splitlines() if line.startswith("SigIgn:"))
    return any(int(mask, 16) >> (number - 1) & 1 for mask in masks)


def ticks_now() -> int:
    """Clock ticks since boot, as in a process' `start_ticks`; 0 where the system does not count so."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return 0 if clock is None else int(time.clock_gettime(clock) * _TICKS_PER_SECOND)


def boot_id() -> str:
    """What tells this boot of the machine from every other; empty where the system has no such thing."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def become_subreaper() -> bool:
    """Makes this process the parent of every orphan below it, prctl(2); False where the kernel cannot."""
    if sys.platform != "linux":
        return False
    import ctypes  # noqa: PLC0415 - costs a start several milliseconds, and only a run needs it

    libc = ctypes.CDLL(None, use_errno=True)
    return bool(libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)


class OwnChildren:
    """The direct children of this process, orphans that it inherited included, by one read of /proc."""

    __slots__ = ("_fd",)

    def __init__(self) -> None:
        pid = os.getpid()
        try:
            self._fd = os.open(f"/proc/{pid}/task/{pid}/children", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            self._fd = -1

    def pids(self) -> list[int]:
        """Their pids, zombies included; none where the kernel does not tell."""
        if self._fd < 0:
            return []
        return [int(pid) for pid in os.pread(self._fd, _NUMBER, 0).split()]

    def close(self) -> None:
        """Closes the file behind it."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def send_signal(facts: ProcessFacts, number: int) -> None:
    """Signals the very process that `facts` were read of, never one that got its pid since."""
    if not hasattr(os, "pidfd_open"):
        _kill(facts.pid, number)
        return
    try:
        fd = os.pidfd_open(facts.pid)
    except OSError:
        return
    try:
        now = process_facts(facts.pid)
        if now is not None and now.start_ticks == facts.start_ticks:
            signal.pidfd_send_signal(fd, number)
    except OSError:
        return
    finally:
        os.close(fd)


def _kill(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except OSError:
        return
