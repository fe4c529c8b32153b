"""A program that has the terminal: it reads and writes what we would, and is told what the keyboard says."""

import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Final

_PASSED_ON: Final = (signal.SIGTERM, signal.SIGHUP)
_KEYBOARD: Final = (signal.SIGINT, signal.SIGQUIT)
_KILLED: Final = 128


def run_in_foreground(argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> int:
    """Runs a program with our own stdin, stdout and stderr to its end. Returns its exit status, 128+n for signal n.

    The keyboard's signals reach it by itself, for it is of our process group; others are passed on. Raises OSError
    where it cannot be started.
    """
    child: subprocess.Popen[bytes] | None = None
    early: list[int] = []

    def pass_on(number: int, _frame: FrameType | None) -> None:
        if child is None:
            early.append(number)
        else:
            child.send_signal(number)

    def leave_it(_number: int, _frame: FrameType | None) -> None:
        """The program has it from the keyboard. Not ignored: the program would ignore it as well."""

    handlers = {**dict.fromkeys(_PASSED_ON, pass_on), **dict.fromkeys(_KEYBOARD, leave_it)}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        child = subprocess.Popen(tuple(argv), cwd=cwd, env=dict(env))  # noqa: S603 - an argv, never a shell
        for number in early:
            child.send_signal(number)
        status = child.wait()
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
        if child is not None and child.poll() is None:
            child.kill()
            child.wait()
    return status if status >= 0 else _KILLED - status
