"""Quantities of compute resources, exactly: `250m`, `1.5Gi`, `2E`. No floats, and nothing rounded but where it says so.

Source: Kubernetes' `resource.Quantity` (suffixes, rounding up) and the patterns of Score's specification, which know no
`k`, no exponent and no sign; `k` is read too, for the params of resources.
"""

from functools import lru_cache
from typing import NamedTuple

_LONGEST = 64
"""Characters of a text that is read; what is longer is no amount of anything."""
_LETTERS = "KMGTPE"
_MILLI = 1000


class Quantity(NamedTuple):
    """A fraction, in bytes or cores; the denominator is positive. Not in lowest terms."""

    numerator: int
    denominator: int = 1

    def exceeds(self, other: "Quantity") -> bool:
        """Whether this is more than the other one."""
        return self.numerator * other.denominator > other.numerator * self.denominator

    def units(self, parts: int = 1) -> int:
        """Whole units, or whole parts of one (1000: milli), rounded up as Kubernetes rounds."""
        return -(-self.numerator * parts // self.denominator)


def quantity(text: str) -> Quantity | None:
    """The amount that a text is, None where it is none: digits, at most one point, and a suffix (`m`, `k`, `Mi`, …)."""
    return _parsed(text) if len(text) <= _LONGEST and text.isascii() else None


@lru_cache(maxsize=256)
def _parsed(text: str) -> Quantity | None:
    number = text.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    factor = _factor(text[len(number) :])
    whole, point, fraction = number.partition(".")
    if factor is None or not whole.isdigit() or (point and not fraction.isdigit()):
        return None
    digits = int(whole + fraction)
    return Quantity(digits * factor.numerator, 10 ** len(fraction) * factor.denominator)


def memory_bytes(text: str) -> int | None:
    """Whole bytes of an amount of memory, rounded up; None where the text is no amount."""
    found = quantity(text)
    return None if found is None else found.units()


def milli_cpus(text: str) -> int | None:
    """Thousandths of a core of an amount of CPU, rounded up; None where the text is no amount."""
    found = quantity(text)
    return None if found is None else found.units(_MILLI)


def _factor(suffix: str) -> Quantity | None:
    if suffix in {"", "m"}:
        return Quantity(1, _MILLI if suffix else 1)
    letter, binary = suffix[0], suffix[1:]
    if binary not in {"", "i"} or (letter not in _LETTERS and suffix != "k"):
        return None
    return Quantity((1024 if binary else 1000) ** (_LETTERS.index(letter.upper()) + 1))
