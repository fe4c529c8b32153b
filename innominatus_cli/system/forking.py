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
    copies: list[tuple[int, int]] = []
    try:
        for _ in range(min(processes, blocks) - 1):
            try:
                copies.append(_copy(work, numbers, [reading for _, reading in copies]))
            except OSError:  # it has no more processes or descriptors: those that are there do the work
                break
        work.alone()
        done = {number: work.do(number) for number in _taken(numbers)}
        while copies:
            child, reading = copies[-1]
            done |= {number: work.unpack(plain) for number, plain in _brought(reading)}
            copies.pop()
            os.close(reading)
            os.waitpid(child, 0)
    finally:
        os.close(numbers)
        for child, reading in copies:
            os.close(reading)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
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


def _copy(work: Work[T], numbers: int, others: list[int]) -> tuple[int, int]:
    """Starts a copy; its process id, and the descriptor to read its outcomes from."""
    reading, writing = os.pipe()
    try:
        child = os.fork()
    except OSError:
        os.close(reading)
        os.close(writing)
        raise
    if child:
        os.close(writing)
        return child, reading
    status = 1
    try:
        for descriptor in (reading, *others):
            os.close(descriptor)
        _bring(writing, marshal.dumps([(number, work.pack(work.do(number))) for number in _taken(numbers)]))
        status = 0
    finally:
        os._exit(status)  # neither the caller's code nor its buffers are this copy's


def _bring(writing: int, data: bytes) -> None:
    """Writes outcomes behind their length."""
    view = memoryview(len(data).to_bytes(8, "big") + data)
    while view:
        view = view[os.write(writing, view) :]


def _brought(reading: int) -> list[tuple[int, Any]]:
    """The outcomes of a copy; none of one that ended before it had brought all."""
    chunks = []
    while chunk := os.read(reading, _CHUNK):
        chunks.append(chunk)
    data = b"".join(chunks)
    if len(data) < 8 or len(data) != 8 + int.from_bytes(data[:8], "big"):  # noqa: PLR2004 - the length in front
        return []
    outcomes: list[tuple[int, Any]] = marshal.loads(data[8:])  # noqa: S302 - our own copy's, over a pipe of ours
    return outcomes
