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
    before = {number: signal.getsignal(number) for number in (*_PASSED_ON, *_KEYBOARD)}
    child = subprocess.Popen(tuple(argv), cwd=cwd, env=dict(env))  # noqa: S603 - an argv, never a shell

    def pass_on(number: int, _frame: FrameType | None) -> None:
        child.send_signal(number)

    try:
        for number in _PASSED_ON:
            signal.signal(number, pass_on)
        for number in _KEYBOARD:
            signal.signal(number, signal.SIG_IGN)
        status = child.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if child.poll() is None:
            child.kill()
            child.wait()
    return status if status >= 0 else _KILLED - status
