"""Signals as something to wait for: a pipe that a selector can watch, and the numbers that came."""

import os
import signal
import threading
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Final, Self

STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class SignalPipe:
    """Catches signals while it is entered, in the main thread; elsewhere it stays silent.

    A signal that the process was told to ignore (nohup) stays ignored.
    """

    def __init__(self, numbers: tuple[signal.Signals, ...] = STOP_SIGNALS) -> None:
        self._numbers = numbers
        self._seen: list[int] = []
        self._rang = False
        self._before: dict[int, object] = {}
        self._wakeup_before = -1
        self._read = self._write = -1

    @property
    def fd(self) -> int:
        """Readable when a signal came; -1 where signals cannot be caught."""
        return self._read

    def __enter__(self) -> Self:
        if threading.current_thread() is not threading.main_thread():
            return self
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)
        self._wakeup_before = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        for number in self._numbers:
            self.catch(number)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._read < 0:
            return
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # as it was given to us
        signal.set_wakeup_fd(self._wakeup_before)
        os.close(self._read)
        os.close(self._write)
        self._read = self._write = -1

    def catch(self, number: signal.Signals) -> bool:
        """Catches one more signal; False where that is not possible."""
        if self._read < 0:
            return False
        before = signal.getsignal(number)
        if before is not signal.SIG_IGN or number == signal.SIGCHLD:
            self._before.setdefault(number, before)
            signal.signal(number, self._note)
        return True

    def take(self) -> list[int]:
        """The stop signals that came since the last call, in order; empties the pipe."""
        if not self._rang:
            return []
        self._rang = False
        with suppress(BlockingIOError):
            os.read(self._read, 4096)
        taken, self._seen = self._seen, []
        return taken

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._rang = True
        if number != signal.SIGCHLD:
            self._seen.append(number)
