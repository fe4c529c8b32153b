"""Did you mean: the nearest known names, by edit distance with transpositions (optimal string alignment)."""

from collections.abc import Iterable
from functools import lru_cache
from itertools import islice

_LONGEST = 64
_MOST_KNOWN = 1_000
"""Comparing with more takes longer than all else, and only a hostile file has so many."""


def distance(left: str, right: str, limit: int | None = None) -> int:
    """The number of insertions, deletions, substitutions and swaps of neighbours that turn `left` into `right`.

    Anything above `limit` where it is more than that.
    """
    before_last: list[int] = []
    last = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        row = [i]
        for j, b in enumerate(right, 1):
            best = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                best = min(best, before_last[j - 2] + 1)
            row.append(best)
        if limit is not None and min(row) > limit and min(last) > limit:
            return limit + 1
        before_last, last = last, row
    return last[-1]


def near_names(name: str, known: Iterable[str], limit: int = 3) -> list[str]:
    """The known names near `name`, nearest first, at most `limit`; empty where nothing is near.

    Case is ignored; of more than a thousand names none is near. A name is near when its distance is at most a third of
    the longer name's length, or one is a prefix of the other with three characters or more.
    """
    wanted = name.lower()[:_LONGEST]
    found: list[tuple[int, str]] = []
    candidates = set(islice(known, _MOST_KNOWN + 1))
    if len(candidates) > _MOST_KNOWN:
        return []
    for candidate in sorted(candidates):
        other = candidate.lower()[:_LONGEST]
        allowed = max(1, max(len(wanted), len(other)) // 3)
        prefix = min(len(wanted), len(other)) > 2 and (other.startswith(wanted) or wanted.startswith(other))  # noqa: PLR2004
        if not prefix and abs(len(wanted) - len(other)) > allowed:
            continue  # the distance is at least the difference in length
        if not prefix and _differing(wanted, other) > allowed:
            continue
        gap = distance(wanted, other, None if prefix else allowed)
        if prefix or gap <= allowed:
            found.append((gap, candidate))
    return [candidate for _, candidate in sorted(found)[:limit]]


def _differing(left: str, right: str) -> int:
    """How many characters one name has and the other has not, at least: the distance is not less."""
    one, two = _characters(left), _characters(right)
    return max((one & ~two).bit_count(), (two & ~one).bit_count())


@lru_cache(maxsize=4_096)
def _characters(name: str) -> int:
    """A bit for each character that is in a name; some share one."""
    found = 0
    for character in name:
        found |= 1 << (ord(character) & 63)
    return found


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A sentence `did you mean 'x' or 'y'?`, or an empty string where nothing is near."""
    near = near_names(name, known)
    if not near:
        return ""
    quoted = [f"'{candidate}'" for candidate in near]
    return f"did you mean {' or '.join(quoted)}?"
