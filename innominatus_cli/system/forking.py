"""Work in several processes: copies of this one, which run nothing but what is asked of them and give plain data back.

Blocks of work are numbered; whoever is done takes the next number out of a pipe, so that nobody waits for a slow one.
What a copy that ended badly did not bring is done here: nothing is lost, and what is wrong with it shows here.
"""

import marshal
import os
import signal
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

T = TypeVar("T")
_NUMBER = 4
_MOST_BLOCKS = 8_000
"""Numbers that fit into a pipe that nobody reads yet."""
_CHUNK = 1024 * 1024
_LENGTH = 8


class Work(Generic[T]):
    """What is to be done, and how its outcomes travel as plain data (what `marshal` takes)."""

    def __init__(
        self,
        do: Callable[[int], T],
        pack: Callable[[T], Any],
        unpack: Callable[[Any], T],
        alone: Callable[[], object] = lambda: None,
    ) -> None:
        """`alone` is what only this process does, before it takes blocks of its own."""
        self.do = do
        self.pack = pack
        self.unpack = unpack
        self.alone = alone


def usable_processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def can_fork() -> bool:
    """Whether copies of this process are safe: where there is such a thing, and nobody else runs in it."""
    import threading  # noqa: PLC0415 - a check of few files does not ask

    return hasattr(os, "fork") and os.name == "posix" and threading.active_count() == 1


def in_processes(work: Work[T], blocks: int, processes: int) -> list[T]:
    """The outcomes of all blocks, in their order. What `work.do` raises here is raised; a copy's end is made up for.

    `blocks` are at most 8,000; `processes` counts this one. There are no more than blocks, and than the system allows.
    """
    if not 0 <= blocks <= _MOST_BLOCKS:
        raise ValueError(f"{blocks} blocks are more than {_MOST_BLOCKS}")
    numbers = _numbers(blocks)
    copies: list[_Copy] = []
    done: dict[int, T] = {}
    try:
        for _ in range(min(processes, blocks) - 1):
            try:
                copies.append(_copy(work, numbers, copies))
            except OSError:  # it has no more processes or descriptors: those that are there do the work
                break
        work.alone()
        for number in _taken(numbers):
            done[number] = work.do(number)
            for copy in copies:  # so that who unpacks takes fewer blocks
                done |= {brought: work.unpack(plain) for brought, plain in copy.brought()}
        while copies:
            copy = copies[-1]
            os.set_blocking(copy.reading, True)
            done |= {brought: work.unpack(plain) for brought, plain in copy.brought()}
            copies.pop()
            os.close(copy.reading)
            os.waitpid(copy.process, 0)
    finally:
        os.close(numbers)
        for copy in copies:
            os.close(copy.reading)
            os.kill(copy.process, signal.SIGKILL)
            os.waitpid(copy.process, 0)
    return [done[number] if number in done else work.do(number) for number in range(blocks)]


def _numbers(blocks: int) -> int:
    """A pipe with the numbers of all blocks; the descriptor to read them from."""
    reading, writing = os.pipe()
    os.write(writing, b"".join(number.to_bytes(_NUMBER, "big") for number in range(blocks)))
    os.close(writing)
    return reading


def _taken(numbers: int) -> Iterator[int]:
    """Takes numbers until there are none; each is taken once, by whoever reads it."""
    while taken := os.read(numbers, _NUMBER):
        yield int.from_bytes(taken, "big")


class _Copy:
    """A copy: its process id, the descriptor to read its outcomes from, and what of one has been read so far."""

    def __init__(self, process: int, reading: int) -> None:
        self.process = process
        self.reading = reading
        self._part = bytearray()

    def brought(self) -> Iterator[tuple[int, Any]]:
        """The outcomes that are there, with their numbers; where the descriptor blocks, all that come.

        Of one that a copy began to bring when it ended, there is nothing.
        """
        part = self._part
        try:
            while chunk := os.read(self.reading, _CHUNK):
                part += chunk
                while len(part) >= (end := _LENGTH + int.from_bytes(part[:_LENGTH], "big")) > _LENGTH:
                    yield marshal.loads(bytes(part[_LENGTH:end]))  # noqa: S302 - our own copy's, over a pipe of ours
                    del part[:end]
        except BlockingIOError:
            return


def _copy(work: Work[T], numbers: int, others: list[_Copy]) -> _Copy:
    """Starts a copy. Raises OSError."""
    reading, writing = os.pipe()
    try:
        child = os.fork()
    except OSError:
        os.close(reading)
        os.close(writing)
        raise
    if child:
        os.close(writing)
        os.set_blocking(reading, False)
        return _Copy(child, reading)
    status = 1
    try:
        for descriptor in (reading, *[other.reading for other in others]):
            os.close(descriptor)
        for number in _taken(numbers):
            _bring(writing, marshal.dumps((number, work.pack(work.do(number)))))
        status = 0
    finally:
        os._exit(status)  # neither the caller's code nor its buffers are this copy's


def _bring(writing: int, data: bytes) -> None:
    """Writes an outcome behind its length."""
    view = memoryview(len(data).to_bytes(_LENGTH, "big") + data)
    while view:
        view = view[os.write(writing, view) :]
