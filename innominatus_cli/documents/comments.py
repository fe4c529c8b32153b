"""Comments of a YAML text: the parser drops them, and what looks like one may be text.

Whether a `#` begins a comment is told by the parser's events: no comment is inside of a scalar.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple, cast

from yaml.events import (
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from innominatus_cli.documents.libyaml import CParser, MarkedYAMLError, YAMLError
from innominatus_cli.documents.quick_reader import MAX_DEPTH

if TYPE_CHECKING:
    from collections.abc import Callable

    from innominatus_cli.documents.event_reader import Event

_class_of = cast("Callable[[object], type[object]]", type)
_STARTS = frozenset({MappingStartEvent, SequenceStartEvent})
_ENDS = frozenset({MappingEndEvent, SequenceEndEvent})
_BLOCK = frozenset({"|", ">"})
_EMPTY = re.compile(r"[ \t]*(?:#.*)?\Z")
_BEFORE_CONTENT = re.compile(r"(?:%.*|---|[ \t]*)(?:[ \t]*#.*)?\Z")
_Position = tuple[int, int]
"""Line and column, counted from 0."""


class Comment(NamedTuple):
    """A comment, from its `#` to the end of its line; lines and columns count from 1, columns in code points.

    `text` is what stands behind the `#`. It speaks of the lines from `first` to `last`: of its own, or, where nothing
    else stands there, of the next line with content; and of all lines of a text that begins there. `at_top` tells
    that it stands above all content of the file.
    """

    line: int
    column: int
    text: str
    first: int
    last: int
    at_top: bool


def comments_with(marker: str, text: str) -> Iterator[Comment]:
    """The comments that begin with `marker` (white space aside), in the order of the file.

    `text` is a whole file's, without its byte order mark. Behind the place where it stops being YAML there are none.
    """
    pattern = re.compile(rf"(?:^|(?<=[ \t]))#[ \t]*(?={re.escape(marker)})")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    candidates = [(number, match.start()) for number, line in enumerate(lines) for match in pattern.finditer(line)]
    if not candidates:
        return
    scalars = _Scalars(text)
    following = _following_content(lines)
    content = next((number for number, line in enumerate(lines) if not _BEFORE_CONTENT.match(line)), len(lines))
    for number, column in candidates:
        if scalars.hold((number, column)):
            continue
        target = number
        if not lines[number][:column].strip():
            target = following[number] if following[number] < len(lines) else number
        last = scalars.last_line(target)
        said = lines[number][column + 1 :].strip()
        yield Comment(number + 1, column + 1, said, target + 1, last + 1, number < content)


def _following_content(lines: list[str]) -> list[int]:
    """For each line the next one behind it with more than a comment; the number of lines where there is none."""
    found = [len(lines)] * len(lines)
    for number in range(len(lines) - 2, -1, -1):
        found[number] = found[number + 1] if _EMPTY.match(lines[number + 1]) else number + 1
    return found


class _Scalars:
    """Where the texts of a file are."""

    def __init__(self, text: str) -> None:
        self._starts: list[_Position] = []
        self._ends: list[_Position] = []
        self._last_lines: dict[int, int] = {}
        self._unread: _Position | None = None
        """From here on the file is no YAML, or too deep."""
        try:
            self._read(cast("Callable[[], Event]", CParser(text.encode()).get_event))
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            self._unread = (mark.line, mark.column) if mark else (0, 0)
        except (YAMLError, ValueError):
            self._unread = (0, 0)

    def hold(self, position: _Position) -> bool:
        """Whether a position is inside of a text, or nobody can tell."""
        if self._unread is not None and position >= self._unread:
            return True
        before = bisect_right(self._starts, position) - 1
        return before >= 0 and position < self._ends[before]

    def last_line(self, line: int) -> int:
        """The last line of the texts that begin in a line; the line itself where none goes on."""
        return self._last_lines.get(line, line)

    def _read(self, next_event: "Callable[[], Event]") -> None:
        depth = 0
        while (kind := _class_of(event := next_event())) is not StreamEndEvent:
            if kind is ScalarEvent:
                self._add(event)
            elif kind in _STARTS:
                depth += 1
                if depth > MAX_DEPTH:
                    self._unread = (event.start_mark.line, event.start_mark.column)
                    return
            elif kind in _ENDS:
                depth -= 1

    def _add(self, event: "Event") -> None:
        start, end = event.start_mark, event.end_mark
        # Behind the mark of a block (`|2`) there may be a comment: its text begins in the next line.
        self._starts.append((start.line + 1, 0) if event.style in _BLOCK else (start.line, start.column))
        self._ends.append((end.line, end.column))
        last = end.line if end.column else end.line - 1
        if last > start.line:
            self._last_lines[start.line] = max(last, self._last_lines.get(start.line, 0))
