"""The door to time, randomness and ids."""

import os
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIME = 10
"""Letters of a ULID that hold its time."""


class Clock(Protocol):
    """What time it is, and ids that sort by time."""

    def now(self) -> datetime:
        """The wall clock, UTC."""

    def monotonic(self) -> float:
        """Seconds that never go back; for durations and timeouts."""

    def sleep(self, seconds: float) -> None:
        """Waits."""

    def new_id(self) -> str:
        """A ULID: 26 characters, sorting by time."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The wall clock, UTC."""
        return datetime.now(UTC)

    monotonic = staticmethod(time.monotonic)
    """Seconds that never go back."""

    def sleep(self, seconds: float) -> None:
        """Waits."""
        time.sleep(seconds)

    def new_id(self) -> str:
        """A ULID of now and 80 random bits."""
        return ulid(int(time.time() * 1000), os.urandom(10))


def later(moment: datetime, seconds: float) -> datetime:
    """So many seconds after a moment; the end of the calendar where that is beyond it."""
    try:
        return moment + timedelta(seconds=seconds)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def earlier(moment: datetime, seconds: float) -> datetime:
    """So many seconds before a moment; 1970 where that is before all that clocks of computers count."""
    try:
        return max(moment - timedelta(seconds=seconds), _EPOCH)
    except OverflowError:
        return _EPOCH


def ulid(milliseconds: int, randomness: bytes) -> str:
    """The ULID of a time (milliseconds since 1970) and ten random bytes."""
    number = (milliseconds << 80) | int.from_bytes(randomness)
    return "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))


def ulid_milliseconds(text: str) -> int:
    """The time of a ULID, in milliseconds since 1970. Raises ValueError for what is none."""
    milliseconds = 0
    for letter in text[:_TIME]:
        milliseconds = milliseconds * len(_CROCKFORD) + _CROCKFORD.index(letter)
    return milliseconds


def timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds: `2026-11-20T20:03:25.123Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[: -len("+00:00")] + "Z"
