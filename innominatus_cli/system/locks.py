"""One run at a time for an application and environment: flock(2), which the kernel takes back however a process ends.

Steps inherit the descriptor, so that a step which outlives a killed run keeps the lock. The holder's facts stand beside
the lock as advice for people and for `execution.orphans`; they never decide who holds it.
"""

import errno
import fcntl
import json
import os
import socket
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from innominatus_cli.findings.catalogue.ledger import LOCK_UNUSABLE, LOCKED
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.system.files import write_file
from innominatus_cli.system.process_tree import boot_id, process_facts
from innominatus_cli.system.state_folder import StateFolder

_TAKEN: Final = frozenset({errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES})
_MOST: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock: a process (pid, start ticks, boot), its run, a person, a machine and since when (RFC 3339)."""

    pid: int
    start_ticks: int
    boot_id: str
    run: str
    who: str
    host: str
    since: str
    application: str = ""
    environment: str = ""

    @classmethod
    def of_this_process(cls, *, run: str, who: str, since: str) -> "Holder":
        """The facts of this process."""
        facts = process_facts(os.getpid())
        ticks = facts.start_ticks if facts else 0
        return cls(os.getpid(), ticks, boot_id(), run, who, socket.gethostname(), since)

    @property
    def lives(self) -> bool:
        """Whether that very process lives on this machine, as far as the kernel tells; False where nobody knows."""
        facts = process_facts(self.pid) if self.host == socket.gethostname() and self.boot_id == boot_id() else None
        return facts is not None and facts.alive and facts.start_ticks == self.start_ticks


class RunLock:
    """A lock that is held. `fd` is for children to inherit."""

    __slots__ = ("_path", "fd")

    def __init__(self, fd: int, path: Path) -> None:
        self.fd = fd
        self._path = path

    def tell(self, holder: Holder) -> None:
        """Writes who holds it. Raises CannotContinue (exit 73) where the disk refuses."""
        write_file(_holder_path(self._path), json.dumps(asdict(holder), sort_keys=True).encode() + b"\n", 0o600)

    def release(self) -> None:
        """Gives the lock back, and takes the holder's facts away; where these stay, they are those of nobody."""
        if self.fd >= 0:
            with suppress(OSError):
                _holder_path(self._path).unlink(missing_ok=True)
            os.close(self.fd)
            self.fd = -1


def try_lock(path: Path) -> RunLock | None:
    """The lock of this file, or None where another holds it. Raises CannotContinue (exit 73) where it is no lock."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise CannotContinue(_unusable(path, "opened", error)) from error
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(fd)
        if error.errno in _TAKEN:
            return None
        raise CannotContinue(_unusable(path, "locked", error)) from error
    return RunLock(fd, path)


def acquire(state: StateFolder, application: str, environment: str, holder: Holder) -> RunLock:
    """Takes the lock of an application and environment at once.

    Raises CannotContinue: exit 75 naming the holder where another run has it, exit 73 where the disk refuses.
    """
    path = state.lock_path(application, environment)
    try:
        state.ensure(path.parent)
    except OSError as error:
        raise CannotContinue(_unusable(path, "made", error)) from error
    lock = try_lock(path)
    if lock is None:
        message = f"'{application}' in '{environment}' is being run{_holder_text(read_holder(path))}"
        raise CannotContinue(Finding(LOCKED, message, Place(str(path))))
    try:
        lock.tell(replace(holder, application=application, environment=environment))
    except CannotContinue:
        lock.release()
        raise
    return lock


def read_holder(lock_path: Path) -> Holder | None:
    """The facts beside a lock; None where there are none, or what stands there is no such thing."""
    try:
        with _holder_path(lock_path).open("rb") as file:
            facts = json.loads(file.read(_MOST))
        holder = Holder(**facts)
    except (OSError, ValueError, TypeError):
        return None
    texts = (holder.boot_id, holder.run, holder.who, holder.host, holder.since, holder.application, holder.environment)
    numbers = (holder.pid, holder.start_ticks)
    if all(type(text) is str for text in texts) and all(type(number) is int for number in numbers):
        return holder
    return None


def held_locks(state: StateFolder) -> list[Path]:
    """The lock files that a run has left its facts beside: it runs now, or it was killed."""
    suffix = ".holder.json"
    return sorted(
        path.with_name(path.name.removesuffix(suffix) + ".lock") for path in (state.root / "locks").glob(f"*/*{suffix}")
    )


def _unusable(path: Path, done: str, error: OSError) -> Finding:
    return Finding(LOCK_UNUSABLE, f"the lock file cannot be {done}: {error.strerror}", Place(str(path)))


def _holder_path(lock_path: Path) -> Path:
    return lock_path.with_name(lock_path.name.removesuffix(".lock") + ".holder.json")


def _holder_text(holder: Holder | None) -> str:
    if holder is None:
        return ", by a process that left no word"
    return f" by {holder.who} (run {holder.run}, pid {holder.pid} on {holder.host}, since {holder.since})"
