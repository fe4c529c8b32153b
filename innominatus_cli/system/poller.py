"""Which descriptors are ready: epoll where the kernel has it, else poll, behind three calls.

The module `selectors` does the same at several times the cost a descriptor, and a process has three of them.
"""

import math
import select
from collections.abc import Callable

Ready = Callable[[], None]


class Poller:
    """Calls back for descriptors that are ready. One that is closed must be `forgotten` first."""

    __slots__ = ("_epoll", "_poll", "_ready")

    def __init__(self) -> None:
        self._ready: dict[int, Ready] = {}
        self._epoll = select.epoll(flags=select.EPOLL_CLOEXEC) if hasattr(select, "epoll") else None
        self._poll = select.poll() if self._epoll is None else None

    def watch(self, fd: int, ready: Ready, *, writable: bool = False) -> None:
        """Calls `ready` whenever `fd` can be read (or written)."""
        self._ready[fd] = ready
        if self._epoll is not None:
            self._epoll.register(fd, select.EPOLLOUT if writable else select.EPOLLIN)
        elif self._poll is not None:
            self._poll.register(fd, select.POLLOUT if writable else select.POLLIN)

    def forget(self, fd: int) -> None:
        """Watches `fd` no more.

        Closing it is not enough for the kernel: a process that has just been started holds a copy of every descriptor
        until its exec is through, later than vfork returns. Until then the closed one would be ready all the time.
        """
        if self._ready.pop(fd, None) is None:
            return
        if self._epoll is not None:
            self._epoll.unregister(fd)
        elif self._poll is not None:
            self._poll.unregister(fd)

    def wait(self, timeout_seconds: float | None) -> None:
        """Waits until something is ready or the time is up (None: for ever), and calls back."""
        if self._epoll is not None:
            events = self._epoll.poll(timeout_seconds)
        elif self._poll is not None:
            events = self._poll.poll(None if timeout_seconds is None else math.ceil(timeout_seconds * 1000))
        else:
            return
        for fd, _ in events:
            ready = self._ready.get(fd)
            if ready is not None:
                ready()

    def close(self) -> None:
        """Lets go of the kernel's object."""
        if self._epoll is not None:
            self._epoll.close()
