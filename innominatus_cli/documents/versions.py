"""Versions (semver.org 2.0.0) and ranges of them, as node-semver documents its ranges.

`1`, `1.x`, `~1.2`, `^1.2`, `>=1.2 <2`, `1.2 - 1.4`, `1 || 2`. A pre-release is in a range only where the range names a
pre-release of the same three numbers.
"""

import operator
import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

_IDENTIFIERS = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_NUMBER = r"(?:0|[1-9][0-9]{0,14})"
_VERSION = re.compile(rf"({_NUMBER})\.({_NUMBER})\.({_NUMBER})(?:-({_IDENTIFIERS}))?(?:\+{_IDENTIFIERS})?\Z")
_X = rf"(?:{_NUMBER}|[xX*])"
_PARTIAL = (
    rf"[vV=]*\s*(?P<major>{_X})(?:\.(?P<minor>{_X})(?:\.(?P<patch>{_X})"
    rf"(?:-(?P<pre>{_IDENTIFIERS}))?(?:\+{_IDENTIFIERS})?)?)?"
)
_COMPARATOR = re.compile(rf"(?P<operator>\^|~>?|>=|<=|>|<|=)?\s*{_PARTIAL}(?=\s|\Z)")
_HYPHEN = re.compile(r"\s*(\S+)\s+-\s+(\S+)\s*\Z")
_LONGEST = 256
"""Of a range: nobody writes longer ones by hand."""

Numbers: TypeAlias = "tuple[int, int, int]"


class Version(NamedTuple):
    """A version without its build metadata, which never counts."""

    numbers: Numbers
    pre: tuple[str, ...] = ()
    """The identifiers of a pre-release; empty for a release."""

    @property
    def order(self) -> tuple[Numbers, bool, tuple[tuple[bool, int, str], ...]]:
        """What versions are sorted by (semver.org, 11): a pre-release stands before its release."""
        return self.numbers, not self.pre, tuple(map(_identifier_order, self.pre))

    def __str__(self) -> str:
        text = ".".join(map(str, self.numbers))
        return f"{text}-{'.'.join(self.pre)}" if self.pre else text


def _identifier_order(identifier: str) -> tuple[bool, int, str]:
    return (False, int(identifier), "") if identifier.isdecimal() else (True, 0, identifier)


def parse_version(text: str) -> Version | None:
    """The version that a text is; None for a text that is none, as `1.2` or `01.2.3`."""
    found = _VERSION.match(text) if len(text) <= _LONGEST else None
    if found is None:
        return None
    major, minor, patch, pre = found.groups()
    identifiers = tuple(pre.split(".")) if pre else ()
    if any(one.isdecimal() and len(one) > 1 and one.startswith("0") for one in identifiers):
        return None
    return Version((int(major), int(minor), int(patch)), identifiers)


class _Bound(NamedTuple):
    operator: str
    """`<`, `<=`, `>`, `>=` or `=`."""
    version: Version


_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
}


class Range(NamedTuple):
    """A range: alternatives, each of bounds that all hold."""

    alternatives: tuple[tuple[_Bound, ...], ...]

    def admits(self, version: Version) -> bool:
        """Whether the version is in the range."""
        return any(_all_hold(bounds, version) for bounds in self.alternatives)


def _all_hold(bounds: tuple[_Bound, ...], version: Version) -> bool:
    if not all(_TESTS[bound.operator](version.order, bound.version.order) for bound in bounds):
        return False
    return not version.pre or any(bound.version.pre and bound.version.numbers == version.numbers for bound in bounds)


@lru_cache(maxsize=256)
def parse_range(text: str) -> Range | None:
    """The range that a text is; None for a text that is none. Empty text and `*` are every release."""
    if len(text) > _LONGEST:
        return None
    alternatives = []
    for part in text.split("||"):
        bounds = _bounds(part)
        if bounds is None:
            return None
        alternatives.append(bounds)
    return Range(tuple(alternatives))


def _bounds(text: str) -> tuple[_Bound, ...] | None:
    hyphen = _HYPHEN.match(text)
    if hyphen:
        low, high = (_COMPARATOR.fullmatch(one) for one in hyphen.groups())
        if low is None or high is None or low["operator"] or high["operator"]:
            return None
        return (*_at_least(low), *_at_most(high))
    found: list[_Bound] = []
    at = 0
    stripped = text.strip()
    while at < len(stripped):
        one = _COMPARATOR.match(stripped, at)
        if one is None:
            return None
        found += _of_comparator(one)
        at = one.end()
        while at < len(stripped) and stripped[at].isspace():
            at += 1
    return tuple(found) or (_Bound(">=", Version((0, 0, 0))),)


def _parts(found: re.Match[str]) -> list[int]:
    """The numbers that are written, up to the first `x`."""
    parts: list[int] = []
    for name in ("major", "minor", "patch"):
        text = found[name]
        if text is None or not text.isdecimal():
            break
        parts.append(int(text))
    return parts


def _floor(found: re.Match[str]) -> Version:
    parts = _parts(found)
    full = len(parts) == 3  # noqa: PLR2004 - major, minor, patch
    numbers = (*parts, 0, 0, 0)[:3]
    return Version(numbers, tuple(found["pre"].split(".")) if found["pre"] and full else ())  # type: ignore[arg-type]


def _ceiling(parts: list[int], at: int) -> Version:
    """The first version behind all that agree in the numbers up to `at`; `-0` stands before all its pre-releases."""
    numbers = (*parts[:at], parts[at] + 1, 0, 0, 0)[:3]
    return Version(numbers, ("0",))  # type: ignore[arg-type]


def _at_least(found: re.Match[str]) -> Iterator[_Bound]:
    yield _Bound(">=", _floor(found))


def _at_most(found: re.Match[str]) -> Iterator[_Bound]:
    parts = _parts(found)
    if len(parts) == 3:  # noqa: PLR2004 - major, minor, patch
        yield _Bound("<=", _floor(found))
    elif parts:
        yield _Bound("<", _ceiling(parts, len(parts) - 1))


def _of_comparator(found: re.Match[str]) -> Iterator[_Bound]:
    parts, operator = _parts(found), found["operator"] or ""
    full = len(parts) == 3  # noqa: PLR2004 - major, minor, patch
    floor = _floor(found)
    if not parts:
        yield _Bound(
            "<" if operator in {"<", ">"} else ">=", Version((0, 0, 0), ("0",) if operator in {"<", ">"} else ())
        )
    elif operator == "^":
        yield _Bound(">=", floor)
        leading = next((index for index, number in enumerate(parts) if number), len(parts) - 1)
        yield _Bound("<", _ceiling(parts, leading))
    elif operator in {"~", "~>"}:
        yield _Bound(">=", floor)
        yield _Bound("<", _ceiling(parts, min(1, len(parts) - 1)))
    elif full:
        yield _Bound(operator or "=", floor)
    elif operator in {"", "="}:
        yield _Bound(">=", floor)
        yield _Bound("<", _ceiling(parts, len(parts) - 1))
    elif operator == ">":
        yield _Bound(">=", Version(_ceiling(parts, len(parts) - 1).numbers))
    elif operator == "<=":
        yield _Bound("<", _ceiling(parts, len(parts) - 1))
    elif operator == "<":
        yield _Bound("<", Version(floor.numbers, ("0",)))
    else:
        yield _Bound(operator, floor)


def best_of(versions: Sequence[str], wanted: str) -> int | None:
    """The index of the version that is meant: the newest one in the range `wanted`, the newest of all for none.

    A release comes before any pre-release. What is no version is meant only by its very text, or where there is nothing
    else. None where none is meant.
    """
    if wanted and wanted in versions:
        return versions.index(wanted)
    parsed = [(index, version) for index, text in enumerate(versions) if (version := parse_version(text))]
    if wanted:
        allowed = parse_range(wanted)
        parsed = [one for one in parsed if allowed is not None and allowed.admits(one[1])]
    if parsed:
        return max(parsed, key=lambda one: (not one[1].pre, one[1].order))[0]
    return None if wanted or not versions else len(versions) - 1
