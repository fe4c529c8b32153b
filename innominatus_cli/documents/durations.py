"""Durations as people write them, in seconds: one grammar for every document. Needs nothing that is slow to import."""

import re

DURATION_PATTERN = r"^(?:[0-9]+[wdhms])+$"
_UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}


def seconds_of(text: str | int) -> int:
    """Seconds of `90`, `90s`, `5m`, `1h30m`, `7d`, `2w`. Raises ValueError for anything else."""
    if isinstance(text, int) and not isinstance(text, bool):
        if text < 0:
            raise ValueError("a duration cannot be negative")
        return text
    if not isinstance(text, str) or not re.fullmatch(DURATION_PATTERN[1:-1], text, re.ASCII):
        raise ValueError("a duration is a number of seconds, or like 90s, 5m, 1h30m, 7d")
    return sum(int(amount) * _UNITS[unit] for amount, unit in re.findall(r"([0-9]+)([wdhms])", text))


def duration_text(seconds: int) -> str:
    """Seconds as people write them: `90` gives `1m30s`."""
    parts = []
    for unit in "dhms":
        amount, seconds = divmod(seconds, _UNITS[unit])
        if amount:
            parts.append(f"{amount}{unit}")
    return "".join(parts) or "0s"
