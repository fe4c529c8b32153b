"""A YAML file as it is laid out: which lines and comments belong to each entry of a mapping or list.

Nodes know where values start and end; whoever moves text must know more: styles, the comments above an entry and at
its end, anchors. Only fixes need it, so that nothing here is imported by a plain check. Lines and columns count from 1.
"""

import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, cast

from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from innominatus_cli.documents.edits import UnsafeEdit, lines_of
from innominatus_cli.documents.event_reader import class_of
from innominatus_cli.documents.libyaml import CParser

if TYPE_CHECKING:
    from collections.abc import Callable

    from innominatus_cli.documents.event_reader import Event

_STEP = 2
_KINDS: dict[type[object], str] = {
    ScalarEvent: "scalar",
    AliasEvent: "alias",
    MappingStartEvent: "mapping",
    SequenceStartEvent: "sequence",
}
_BLOCK_STYLES = frozenset(("|", ">"))
_HEADER = re.compile(r"[|>]([1-9+-]*)")
"""The start of a literal or folded text with its indicators of indentation and chomping, in any order (8.1.1)."""


class Part:
    """One value or key of the text: a scalar, a mapping, a list, or an alias."""

    __slots__ = (
        "anchored",
        "column",
        "end_column",
        "end_line",
        "entries",
        "flow",
        "kind",
        "line",
        "role",
        "style",
        "text",
    )

    def __init__(self, kind: str, event: "Event") -> None:
        self.kind = kind
        """`scalar`, `mapping`, `sequence` or `alias`."""
        self.line, self.column = event.start_mark.line + 1, event.start_mark.column + 1
        self.end_line, self.end_column = event.end_mark.line + 1, event.end_mark.column + 1
        self.anchored = kind == "alias" or event.tag is not None or bool(event.anchor)
        """Whether an anchor, alias or tag stands in front of it, or in its place."""
        self.flow = kind in {"mapping", "sequence"} and event.flow_style
        """Whether it is written in brackets."""
        self.style = (event.style or "") if kind == "scalar" else ""
        self.text = event.value if kind == "scalar" else ""
        self.entries: list[Entry] = []
        self.role: Entry | None = None
        """The entry whose key or value it is; None for the root of a document."""

    @property
    def is_block(self) -> bool:
        """Whether it is a mapping or list without brackets that has entries."""
        return bool(self.entries) and not self.flow


class Entry:
    """A key with its value in a mapping, or an item of a list (which has no key)."""

    __slots__ = ("key", "owner", "value")

    def __init__(self, owner: Part, key: Part | None, value: Part) -> None:
        self.owner = owner
        self.key = key
        self.value = value


class Chunk(NamedTuple):
    """The lines of an entry of a block mapping or list; `[a, b)` are lines from `a` to before `b`.

    `[loose, attached)` stands before it but does not belong to it alone (blank lines, comments above a blank line),
    `[attached, start)` are the comments directly above it, `[start, end)` is the entry with the comments at its end.
    `column` is that of its key or dash, `content_end` the line behind its last line of content.
    """

    entry: Entry
    column: int
    loose: int
    attached: int
    start: int
    content_end: int
    end: int


class Layout:
    """The layout of a file that the parser can read. Raises what PyYAML raises where it cannot."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = lines_of(text)
        self.roots: list[Part] = []
        self.keys: dict[tuple[int, int], Entry] = {}
        """Entries of mappings by the place of their key."""
        self.items: dict[tuple[int, int], Entry] = {}
        """Items of lists by the place of their value."""
        self.knots: set[int] = set()
        """The lines on which an anchor, an alias or a tag stands."""
        self.keeps_blank_lines = False
        """Whether a text keeps the blank lines behind it (`|+`), so that none may come to stand there."""
        self._limits: dict[int, tuple[int, int]] = {}
        self._chunks: dict[int, list[Chunk]] = {}
        self._last_style = ""
        self._next = cast("Callable[[], Event]", CParser(text.encode()).get_event)
        self._read()

    @property
    def ends_in_text(self) -> bool:
        """Whether the file's last line has no end and is of a literal text, which would have a line end more then."""
        return self.text[-1:] not in {"", "\n", "\r"} and self._last_style in _BLOCK_STYLES

    def line(self, number: int) -> str:
        """A line without its end."""
        return self.lines[number - 1].rstrip("\r\n")

    def behind(self, part: Part) -> str:
        """What stands behind a part on its last line."""
        return self.line(part.end_line)[part.end_column - 1 :]

    def comments(self, first: int, end: int) -> list[str]:
        """The comments on the lines `[first, end)`, none of which is content of an entry."""
        return [line for number in range(first, end) if (line := self.line(number).strip())]

    def source(self, part: Part) -> str:
        """The text of a part that is on one line. Raises UnsafeEdit for others."""
        if part.line != part.end_line or part.style in _BLOCK_STYLES:
            raise UnsafeEdit
        return self.line(part.line)[part.column - 1 : part.end_column - 1]

    @cached_property
    def step(self) -> int:
        """By how much the file indents a mapping in a mapping; 2 where it has none."""
        counts: dict[int, int] = {}
        for entry in self.keys.values():
            if entry.key is not None and entry.value.kind == "mapping" and entry.value.is_block:
                by = _column(entry.value) - entry.key.column
                counts[by] = counts.get(by, 0) + 1
        return max(counts, key=lambda by: (by > 0, counts[by]), default=_STEP)

    def chunks(self, owner: Part) -> list[Chunk]:
        """The lines of each entry of a block mapping or list, in order. Raises UnsafeEdit for unusual forms."""
        if not owner.is_block:
            raise UnsafeEdit
        if id(owner) not in self._chunks:
            self._chunks[id(owner)] = list(self._chunks_of(owner))
        return self._chunks[id(owner)]

    def chunk(self, entry: Entry) -> Chunk:
        """The lines of one entry."""
        return next(chunk for chunk in self.chunks(entry.owner) if chunk.entry is entry)

    def _chunks_of(self, owner: Part) -> Iterator[Chunk]:
        starts = [self._start(entry) for entry in owner.entries]
        if len({column for _, column in starts}) != 1:
            raise UnsafeEdit
        column = starts[0][1]
        before = self._first_gap(owner, starts[0][0])
        limit = self._limit(owner)
        for index, entry in enumerate(owner.entries):
            start = starts[index][0]
            following = starts[index + 1][0] if index + 1 < len(starts) else limit
            content_end = self._content_end(entry, column) + 1
            end = self._own_end(content_end, following, column)
            yield Chunk(entry, column, before, self._attached(before, start), start, content_end, end)
            before = end

    def _start(self, entry: Entry) -> tuple[int, int]:
        """The line and column of an entry's key or dash."""
        part = entry.value if entry.key is None else entry.key
        before = self.line(part.line)[: part.column - 1]
        if entry.key is not None:
            if before.strip(" -") or part.anchored:
                raise UnsafeEdit
            return part.line, part.column
        line = part.line
        while not before.strip() and line > 1:  # the value stands below its dash
            line -= 1
            before = self.line(line).partition("#")[0].rstrip()
        dash = before.rfind("-")
        if before.strip(" -") or dash < 0:
            raise UnsafeEdit
        return line, dash + 1

    def _first_gap(self, owner: Part, start: int) -> int:
        """The first line between what holds a mapping or list and its first entry; for the root there is none."""
        if owner.role is None:
            return start
        holder = owner.role
        if holder.key is not None:
            return min(start, holder.key.end_line + 1)
        return min(start, self._start(holder)[0] + 1)

    def _limit(self, owner: Part) -> int:
        """The line behind the last one that can belong to a mapping or list."""
        role = owner.role
        if role is None:
            return self._limits[id(owner)][1]
        index = role.owner.entries.index(role)
        if index + 1 < len(role.owner.entries):
            return self._start(role.owner.entries[index + 1])[0]
        return self._limit(role.owner)

    def _attached(self, first: int, start: int) -> int:
        line = start
        while line > first and self.line(line - 1).lstrip().startswith("#"):
            line -= 1
        return line

    def _own_end(self, first: int, limit: int, column: int) -> int:
        """The line behind the comments at an entry's end: those that are indented deeper than it."""
        end = first
        for number in range(first, limit):
            line = self.line(number)
            bare = line.lstrip(" ")
            if not bare.strip():
                continue
            if not bare.startswith("#") or len(line) - len(bare) + 1 <= column:
                break
            end = number + 1
        return end

    def _content_end(self, entry: Entry, column: int) -> int:
        """The last line of an entry's content."""
        value = entry.value
        if value.is_block:
            last = value.entries[-1]
            return self._content_end(last, self._start(last)[1])
        if value.style in _BLOCK_STYLES:
            return self._block_scalar_end(value, column)
        key_line = value.line if entry.key is None else entry.key.end_line
        return max(value.end_line, key_line)

    def _indicators(self, value: Part) -> str:
        """The digit and the sign behind the `|` or `>` of a text."""
        found = _HEADER.search(self.line(value.line)[value.column - 1 :])
        return found.group(1) if found else ""

    def _block_scalar_end(self, value: Part, column: int) -> int:
        """The last line of a literal or folded text whose entry starts at `column`."""
        indicators = self._indicators(value)
        digit = indicators.strip("+-")
        indent = column - 1 + int(digit) if digit else 0
        end, blank_too = value.line, "+" in indicators
        for number in range(value.line + 1, len(self.lines) + 1):
            line = self.line(number)
            if not line.strip(" "):
                end = number if blank_too else end
                continue
            spaces = len(line) - len(line.lstrip(" "))
            indent = indent or max(spaces, column)
            if spaces < indent:
                break
            end = number
        return end

    def _read(self) -> None:
        first = 1
        while (kind := class_of(event := self._next())) is not StreamEndEvent:
            if kind is DocumentStartEvent:
                first = event.end_mark.line + 1
                self.roots.append(self._part(self._next()))
            elif kind is DocumentEndEvent:
                mark = event.start_mark
                self._limits[id(self.roots[-1])] = first, mark.line + 1 + (mark.column > 0)

    def _part(self, event: "Event") -> Part:
        part = Part(_KINDS[class_of(event)], event)
        if part.anchored:
            self.knots.add(part.line)
        self._last_style = part.style
        if part.style in _BLOCK_STYLES and "+" in self._indicators(part):
            self.keeps_blank_lines = True
        if part.kind == "mapping":
            self._mapping(part)
        elif part.kind == "sequence":
            self._sequence(part)
        return part

    def _mapping(self, part: Part) -> None:
        while (key := self._inner(part)) is not None:
            value = self._part(self._next())
            entry = Entry(part, key, value)
            key.role = value.role = entry
            part.entries.append(entry)
            self.keys[key.line, key.column] = entry

    def _sequence(self, part: Part) -> None:
        while (value := self._inner(part)) is not None:
            entry = Entry(part, None, value)
            value.role = entry
            part.entries.append(entry)
            self.items[value.line, value.column] = entry

    def _inner(self, part: Part) -> Part | None:
        """The next key or item; None at the end, whose place the part then has."""
        event = self._next()
        if class_of(event) in {MappingEndEvent, SequenceEndEvent}:
            if part.flow:
                part.end_line, part.end_column = event.end_mark.line + 1, event.end_mark.column + 1
            elif part.entries:
                last = part.entries[-1].value
                part.end_line, part.end_column = last.end_line, last.end_column
            return None
        return self._part(event)


def _column(part: Part) -> int:
    """The column of a block mapping's keys."""
    first = part.entries[0].key
    return part.column if first is None else first.column


def same(left: Part, right: Part) -> bool:
    """Whether two parts are written with the same values in the same order; never where there are anchors."""
    if left.kind != right.kind or left.anchored or right.anchored or len(left.entries) != len(right.entries):
        return False
    if left.kind == "scalar":
        return left.text == right.text and (left.style == "") == (right.style == "")
    pairs = zip(left.entries, right.entries, strict=True)
    return all(
        (one.key is None or (other.key is not None and same(one.key, other.key))) and same(one.value, other.value)
        for one, other in pairs
    )
