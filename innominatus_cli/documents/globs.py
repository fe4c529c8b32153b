"""Globs over repository paths: `**` crosses folders, `*` and `?` do not, `[…]` is a set.

A pattern of a few wildcards is a regular expression. One of many is matched by following all its states at once, in a
time that grows with the path and the pattern only: both may come from a stranger.
"""

import re
from collections.abc import Callable, Iterable
from functools import cache

_PARTS = re.compile(r"(\*\*/|\*\*|\*|\?|\[!?[^\]]+\])")
_STARS = ("**/", "**", "*")
_FEW = 2
"""Stars in a pattern with which a regular expression cannot take long."""


def matches(path: str, glob: str) -> bool:
    """Whether a repository-relative path matches as a whole. A glob without `/` matches at the root only."""
    return matcher(glob)(path)


@cache
def matcher(glob: str) -> Callable[[str], bool]:
    """What tells of a path whether it matches a glob."""
    parts = _parts(glob)
    if sum(part in _STARS for part in parts) > _FEW:
        return lambda path: _follow(parts, path)
    match = _compiled(parts).match
    return lambda path: match(path) is not None


@cache
def _parts(glob: str) -> tuple[str, ...]:
    """The glob in wildcards, sets, and texts between them; stars in a row that mean no more than one are one."""
    parts: list[str] = []
    for part in filter(None, _PARTS.split(glob.removeprefix("./"))):
        before = parts[-1] if parts else ""
        if not (part in _STARS and before == part) and not (part == "*" and before == "**"):
            parts.append(part)
    return tuple(parts)


@cache
def _compiled(parts: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("".join(_translated(part) for part in parts) + r"\Z", re.DOTALL)


def _translated(part: str) -> str:
    match part:
        case "**/":
            return "(?:[^/]+/)*"
        case "**":
            return ".*"
        case "*":
            return "[^/]*"
        case "?":
            return "[^/]"
        case _ if _PARTS.fullmatch(part):
            inner = part[1:-1].replace("\\", "\\\\").replace("[", "\\[").replace("^", "\\^")
            return f"(?!/)[{'^' + inner[1:] if inner.startswith('!') else inner}]"
        case _:
            return re.escape(part)


def _follow(parts: Iterable[str], path: str) -> bool:
    """Whether a path matches, by the set of places in the pattern that can be reached with each character.

    A place is the number of a part and whether `**/` stands there in the middle of a folder's name.
    """
    steps = [step for part in parts for step in ((part,) if _PARTS.fullmatch(part) else part)]
    reached = _onwards({(0, False)}, steps)
    for character in path:
        after: set[tuple[int, bool]] = set()
        for place, inside in reached:
            if place == len(steps):
                continue
            match step := steps[place]:
                case "**/":
                    if character != "/" or inside:
                        after.add((place, character != "/"))
                case "**":
                    after.add((place, False))
                case "*":
                    if character != "/":
                        after.add((place, False))
                case _:
                    if character == step or ((len(step) > 1 or step == "?") and _one(step).match(character)):
                        after.add((place + 1, False))
        reached = _onwards(after, steps)
    return (len(steps), False) in reached


def _onwards(places: set[tuple[int, bool]], steps: list[str]) -> set[tuple[int, bool]]:
    """The places, and those behind stars that match nothing."""
    found = set(places)
    for place, inside in places:
        while not inside and place < len(steps) and steps[place] in _STARS:
            place += 1  # noqa: PLW2901 - a walk
            if (place, False) in found:
                break  # it is walked on from there
            found.add((place, False))
    return found


@cache
def _one(step: str) -> re.Pattern[str]:
    return re.compile(_translated(step), re.DOTALL)
