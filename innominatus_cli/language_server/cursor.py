"""Where in a YAML document a position is, told from the lines alone: a text that is being typed is seldom YAML.

Block style only, as people write these documents; inside of `{…}` and `[…]` over several lines nothing is known.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

ITEM = "-"
"""The part of a path that stands for an item of a list."""

_LINE = re.compile(r"(?P<indent> *)(?P<dashes>(?:- +)*)(?P<rest>.*)")
_KEY = re.compile(r"""(?P<key>"[^"]*"|'[^']*'|[^\s#'"\[\]{},][^#]*?)\s*:(?:\s+(?P<value>.*))?$""")
_KIND = re.compile(r"kind:\s*['\"]?([A-Za-z]+)")
_SCORE = re.compile(r"apiVersion:\s*['\"]?score\.")
_BLOCK = re.compile(r"[|>][-+0-9]*\s*(?:#.*)?$")


class Level(NamedTuple):
    """A mapping around the position: the path of keys to it, the line that was found first, and its keys' column."""

    path: tuple[str, ...]
    line: int
    column: int


class Cursor(NamedTuple):
    """What stands at a position. Lines and columns count from 0, in code points.

    `path` leads to the mapping (or list) that holds the position; `key` is the key of its line, empty where none is
    written yet; `in_value` tells a position behind the key's colon; `in_text` one inside of a block scalar; `before`
    is the value (or key) up to the position, which begins at column `start`.
    """

    path: tuple[str, ...]
    key: str
    in_value: bool
    in_text: bool
    before: str
    start: int
    levels: tuple[Level, ...]


class _Line(NamedTuple):
    column: int
    dash: int
    """The column of the first dash, -1 without one."""
    items: int
    key: str
    value: str
    value_column: int


def _read(line: str) -> _Line | None:
    """A line's parts; None for an empty one, a comment or a document's end."""
    text = line.rstrip()
    if not text.strip() or text.lstrip().startswith("#") or text.startswith(("---", "...")):
        return None
    found = _LINE.match(text if not text.rstrip().endswith("-") else f"{text} ")
    if found is None:
        return None
    dashes, rest = found["dashes"], found["rest"]
    column = len(found["indent"]) + len(dashes)
    dash = len(found["indent"]) if dashes else -1
    match = _KEY.match(rest)
    if match is None:
        return _Line(column, dash, dashes.count("-"), "", rest, column)
    value = match["value"] or ""
    return _Line(
        column,
        dash,
        dashes.count("-"),
        match["key"].strip("\"'"),
        value,
        column + (match.start("value") if match["value"] else len(rest) + 1),
    )


def cursor_at(lines: Sequence[str], line: int, column: int) -> Cursor:
    """The cursor for a position of a text."""
    text = lines[line] if line < len(lines) else ""
    own = _read(text[:column])
    if own is None:
        own = _Line(column if not text[:column].strip() else len(text) - len(text.lstrip()), -1, 0, "", "", column)
    levels, block = _levels(lines, line, own)
    path = levels[0].path if levels else ()
    if block:
        return Cursor(path, block, in_value=True, in_text=True, before=text[:column], start=0, levels=levels)
    in_value = bool(own.key)
    before = text[own.value_column if in_value else own.column : column]
    start = own.value_column if in_value else own.column
    key = own.key or _key_of(text)
    return Cursor(path, key, in_value, in_text=False, before=before, start=min(start, column), levels=levels)


def _key_of(text: str) -> str:
    whole = _read(text)
    return "" if whole is None else whole.key


def _levels(lines: Sequence[str], line: int, own: _Line) -> tuple[tuple[Level, ...], str]:
    """The mappings around a line, the innermost first, and the key whose block scalar it is in, if it is in one."""
    parts: list[str] = []
    marks: list[tuple[int, int, int]] = [(0, line, own.column)]
    """For each level, innermost first: how many parts were known below it, a line of it, and its column."""
    limit = own.column
    item_at = -1
    if own.dash >= 0:
        parts += [ITEM] * own.items
        limit = item_at = own.dash
    block = ""
    for number in range(min(line, len(lines)) - 1, -1, -1):
        if lines[number].startswith(("---", "...")):
            break
        here = _read(lines[number])
        if here is None:
            continue
        if here.key and (here.column < limit or (here.column == limit and item_at == limit and here.dash < 0)):
            if _BLOCK.match(here.value):
                block, parts, marks = here.key, [], [(0, number, here.column)]
            else:
                parts.append(here.key)
                marks.append((len(parts), number, here.column))
            limit, item_at = here.column, -1
        elif here.column > limit or (here.column == limit and here.dash < 0):
            continue
        if here.dash >= 0 and here.column == limit and item_at < 0:
            parts += [ITEM] * here.items
            limit = item_at = here.dash
    whole = tuple(reversed(parts))
    return tuple(Level(whole[: len(whole) - known], number, column) for known, number, column in marks), block


def siblings(lines: Sequence[str], level: Level) -> dict[str, str]:
    """The keys of a level's mapping and what is written behind them, above and below the level's line."""
    found: dict[str, str] = {}
    first = _read(lines[level.line]) if level.line < len(lines) else None
    steps = [range(level.line + 1, len(lines))]
    if first is None or first.dash < 0 or first.column != level.column:
        steps.insert(0, range(level.line - 1, -1, -1))
    if first is not None and first.key and first.column == level.column:
        found[first.key] = first.value
    for numbers in steps:
        downwards = numbers.step > 0
        for number in numbers:
            here = _read(lines[number])
            if lines[number].startswith(("---", "...")) or (here is not None and _leaves(here, level, downwards)):
                break
            if here is None or here.column != level.column or not here.key:
                continue
            found.setdefault(here.key, here.value)
            if here.dash >= 0 and not downwards:
                break
    return found


def _leaves(here: _Line, level: Level, downwards: bool) -> bool:
    """Whether a line is outside of the level's mapping."""
    if here.dash >= 0 and downwards:
        return here.dash < level.column
    return here.column < level.column


def kind_written(lines: Sequence[str], line: int) -> str:
    """The kind that the document around a line says it is of; empty where it does not say."""
    start = max((number for number in range(min(line, len(lines))) if lines[number].startswith("---")), default=0)
    for text in lines[start:]:
        if (found := _KIND.match(text)) is not None:
            return found.group(1)
        if _SCORE.match(text):
            return "Workload"
    return ""
