"""How a process is started: with posix_spawn where it can do all that is asked, else with `subprocess`.

Both start by vfork. posix_spawn (Linux) costs half as much, but knows no working folder and closes nothing: it is taken
where the folder is our own, and every descriptor that we were given by our own parent is closed to children first.
"""

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from innominatus_cli.system.commands import CommandRequest

_STARTS: Final = 5
_TRY_AGAIN: Final = frozenset({errno.EAGAIN, errno.ETXTBSY})
_DEFAULT_SIGNALS: Final = (signal.SIGPIPE, signal.SIGXFSZ)
"""Python ignores them, and what is ignored stays so in a child."""


class Spawner:
    """Starts programs, each in a session of its own."""

    __slots__ = ("_here",)

    def __init__(self) -> None:
        self._here = ""
        if sys.platform == "linux" and hasattr(os, "posix_spawn") and _closed_to_children():
            try:
                self._here = os.getcwd()  # noqa: PTH109 - compared as text for every process
            except OSError:
                return

    def start(
        self, request: CommandRequest, program: str, streams: tuple[int, int, int], inherit: Sequence[int]
    ) -> "tuple[int, subprocess.Popen[bytes] | None]":
        """The pid of the new process, and its Popen where there is one. Raises OSError, ValueError, SubprocessError."""
        for attempt in range(_STARTS):
            try:
                if self._here and os.fspath(request.cwd) == self._here:
                    return _posix_spawn(request, program, streams, inherit), None
                popen = _popen(request, program, streams, inherit)
            except OSError as error:
                if error.errno not in _TRY_AGAIN or attempt == _STARTS - 1:
                    raise
                time.sleep(0.01 * 2**attempt)
            else:
                return popen.pid, popen
        raise AssertionError("unreachable: the last attempt returns or raises")


def _posix_spawn(request: CommandRequest, program: str, streams: tuple[int, int, int], inherit: Sequence[int]) -> int:
    for fd in inherit:
        os.set_inheritable(fd, True)
    return os.posix_spawn(
        program,
        request.argv,
        request.env,
        file_actions=[(os.POSIX_SPAWN_DUP2, fd, number) for number, fd in enumerate(streams)],
        setsid=True,
        setsigdef=_DEFAULT_SIGNALS,
    )


def _popen(
    request: CommandRequest, program: str, streams: tuple[int, int, int], inherit: Sequence[int]
) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603 - an argv tuple, never a shell
        request.argv,
        executable=program,
        stdin=streams[0],
        stdout=streams[1],
        stderr=streams[2],
        cwd=request.cwd,
        env=request.env,
        close_fds=True,
        pass_fds=inherit,
        start_new_session=True,
    )


def _closed_to_children() -> bool:
    """Closes to children what our own parent left open; what Python opens is so from the start (PEP 446)."""
    try:
        names = os.listdir("/proc/self/fd")  # noqa: PTH208 - only the names
    except OSError:
        return False
    for fd in map(int, names):
        with suppress(OSError):  # the descriptor of the listing itself
            if fd > 2 and os.get_inheritable(fd):  # noqa: PLR2004 - stdin, stdout and stderr
                os.set_inheritable(fd, False)
    return True
