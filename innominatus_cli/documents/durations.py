"""Durations as people write them, in seconds: one grammar for every document. Needs nothing that is slow to import."""

import re
from functools import lru_cache

DURATION_PATTERN = r"^(?:[0-9]{1,8}[wdhms]){1,5}$"
_LONGEST = 45
"""Characters of the longest text that has the pattern."""
_SECOND = 1_000
_MINUTE = 60_000
_UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}


def seconds_of(text: str | int) -> int:
    """Seconds of `90`, `90s`, `5m`, `1h30m`, `7d`, `2w`. Raises ValueError for anything else."""
    if isinstance(text, int) and not isinstance(text, bool):
        if text < 0:
            raise ValueError("a duration cannot be negative")
        return text
    seconds = _parsed(text) if isinstance(text, str) and len(text) <= _LONGEST else None
    if seconds is None:
        raise ValueError("a duration is a number of seconds, or like 90s, 5m, 1h30m, 7d")
    return seconds


@lru_cache(maxsize=256)
def _parsed(text: str) -> int | None:
    if not re.fullmatch(DURATION_PATTERN[1:-1], text, re.ASCII):
        return None
    return sum(int(amount) * _UNITS[unit] for amount, unit in re.findall(r"([0-9]+)([wdhms])", text))


def duration_text(seconds: int) -> str:
    """Seconds as people write them: `90` gives `1m30s`."""
    parts = []
    for unit in "dhms":
        amount, seconds = divmod(seconds, _UNITS[unit])
        if amount:
            parts.append(f"{amount}{unit}")
    return "".join(parts) or "0s"


def took_text(milliseconds: int | None) -> str:
    """How long something took, for people: `450ms`, `2.3s`, `2m5s`, `1h30m`; empty where nobody knows."""
    if milliseconds is None:
        return ""
    if milliseconds < _SECOND:
        return f"{milliseconds}ms"
    if milliseconds < _MINUTE:
        return f"{milliseconds / _SECOND:.1f}s"
    return duration_text(round(milliseconds / _SECOND))
