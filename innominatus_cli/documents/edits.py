"""Edits of a text: applying them, telling which ones get in each other's way, and making them line by line."""

import re
from collections.abc import Iterable, Iterator, Sequence

from innominatus_cli.findings.finding import Edit, Fix

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
_ENDS = "\r\n"

Position = tuple[int, int]
"""A line and a column, counted from 1."""


def lines_of(text: str) -> list[str]:
    """The lines of a text with their ends, where YAML ends lines: at CR LF, CR or LF."""
    return _LINE.findall(text)


def apply(text: str, edits: Iterable[Edit]) -> str:
    """The text (without a byte order mark) with all edits, none of which may overlap another.

    Of edits at one position the insertions come first, in the order in which they are given.
    """
    starts = [0]
    for line in lines_of(text):
        starts.append(starts[-1] + len(line))

    def offset(line: int, column: int) -> int:
        return min(len(text), starts[line - 1] + column - 1 if line <= len(starts) else len(text))

    spans = [(offset(one.line, one.column), offset(one.end_line, one.end_column), one.text) for one in edits]
    spans.sort(key=lambda span: (span[0], span[1]))
    pieces: list[str] = []
    done = 0
    for start, end, replacement in spans:
        pieces += (text[done:start], replacement)
        done = max(done, end)
    return "".join((*pieces, text[done:]))


def hull(fix: Fix) -> tuple[Position, Position]:
    """Where a fix's first edit starts and its last one ends."""
    return (
        min((edit.line, edit.column) for edit in fix.edits),
        max((edit.end_line, edit.end_column) for edit in fix.edits),
    )


def apart(fixes: Iterable[Fix]) -> list[Fix]:
    """Fixes of which none reaches into another, in order; where two meet, the earlier or else the wider one is kept."""
    kept: list[Fix] = []
    last: tuple[Position, Position] | None = None
    for fix in sorted(dict.fromkeys(fixes), key=lambda one: (hull(one)[0], [-n for n in hull(one)[1]])):
        here = hull(fix)
        if last is not None and (here[0] < last[1] or here == last):
            continue
        kept.append(fix)
        last = here
    return kept


_LITERAL = re.compile(r"[|>][-+0-9]*[ \t]*(?:#[^\n]*)?\r?$", re.MULTILINE)


class UnsafeEdit(Exception):  # noqa: N818 - ends the making of one fix, inside this room
    """The text is not of a form in which the edit is sure to change nothing else."""


class LineEdits:
    """Changes of whole lines, gathered and then given as edits; lines count from 1 and have no ends.

    Lines keep their own ends, new ones have those of the file. A file without an end of its last line stays so; where
    it ends in a literal text (`ends_in_text`), that line must stay the last one, or UnsafeEdit is raised.
    """

    def __init__(self, lines: Sequence[str], *, ends_in_text: bool = False) -> None:
        self._lines = lines
        self._ends_in_text = ends_in_text
        self._instead: dict[int, list[str]] = {}
        self._before: dict[int, list[str]] = {}
        self._end = next((line[len(line.rstrip(_ENDS)) :] for line in lines if line[-1:] in _ENDS), "\n")

    def line(self, number: int) -> str:
        """A line as it is by now. It must not have been taken out."""
        return self._instead.get(number, [self.as_read(number)])[0]

    def put(self, number: int, text: str) -> None:
        """Puts another text in the place of a line."""
        self._instead[number] = [text]

    def take(self, first: int, end: int) -> list[str]:
        """Takes the lines `[first, end)` out, with what was inserted between them."""
        taken: list[str] = []
        for number in range(first, end):
            if number > first:
                taken += self._before.pop(number, ())
            taken += self._instead.get(number, [self.as_read(number)])
            self._instead[number] = []
        return taken

    def above(self, number: int, lines: Iterable[str]) -> None:
        """Puts lines above a line, with which they move from now on."""
        self._instead[number] = [*lines, *self._instead.get(number, [self.as_read(number)])]

    def insert(self, number: int, lines: Iterable[str]) -> None:
        """Inserts lines before a line (or behind the last one), behind what was inserted there already."""
        self._before.setdefault(number, []).extend(lines)

    def shift(self, first: int, end: int, by: int) -> None:
        """Indents the lines `[first, end)`, and what was inserted between them, by a number of spaces."""
        for number in range(first, end):
            current = self._instead.get(number, [self.as_read(number)])
            self._instead[number] = shifted(current, by)
            if number > first and number in self._before:
                self._before[number] = shifted(self._before[number], by)

    def put_in_front(self, first: int, end: int, prefix: str) -> bool:
        """Puts a prefix in place of the blanks in front of the first line of `[first, end)` that is no comment.

        False where there is none.
        """
        for number in range(first, end):
            for lines in (self._before.get(number, []), self._instead.setdefault(number, [self.as_read(number)])):
                for index, line in enumerate(lines):
                    if line.strip() and not line.lstrip().startswith("#"):
                        lines[index] = prefix + line[len(prefix) :]
                        return not line[: len(prefix)].strip()
        return False

    def as_read(self, number: int) -> str:
        """A line as it was read."""
        return self._lines[number - 1].rstrip(_ENDS)

    def edits(self) -> tuple[Edit, ...]:
        """The changes as edits, one for each run of lines that change."""
        return tuple(self._edit(first, end) for first, end in self._runs())

    def _runs(self) -> Iterator[tuple[int, int]]:
        """The runs `[first, end)` of changed lines; an empty one only inserts."""
        changed = {number for number, lines in self._instead.items() if lines != [self.as_read(number)]}
        start, end = 0, 0
        for number in sorted(changed | {number for number, lines in self._before.items() if lines}):
            if start and number > end:
                yield start, end
                start = 0
            if not start:
                start = end = number
            if number in changed:
                end = number + 1
        if start:
            yield start, end

    def _edit(self, first: int, end: int) -> Edit:
        pieces: list[str] = []
        for number in range(first, end + 1):
            pieces += (line + self._end for line in self._before.get(number, ()))
            if number < end:
                own = self._lines[number - 1]
                ending = own[len(own.rstrip(_ENDS)) :] or self._end
                pieces += (line + ending for line in self._instead.get(number, [own.rstrip(_ENDS)]))
        text = "".join(pieces)
        last = len(self._lines)
        if end <= last or not last or self._lines[-1][-1:] in _ENDS:
            return Edit(first, 1, end, 1, text)
        text = text.removesuffix("\r\n") if text.endswith("\r\n") else text[:-1]
        length = len(self._lines[-1])
        if self._ends_in_text and text.rpartition("\n")[2].strip() != self._lines[-1].strip():
            raise UnsafeEdit
        if _LITERAL.search(text) and text.rpartition("\n")[2].strip() != self._lines[-1].strip():
            raise UnsafeEdit  # a literal text that comes to stand last would lose its line end
        if first > last:  # behind a last line that has no end
            return Edit(last, length + 1, last, length + 1, self._end + text)
        if text or first == 1:
            return Edit(first, 1, last, length + 1, text)
        above = first - 1
        while above > 1 and not self.as_read(above).strip() and above not in self._instead:
            above -= 1  # no blank line comes to stand at the end, where it would be an end of the last line
        return Edit(above, len(self.as_read(above)) + 1, last, length + 1, "")


def shifted(lines: Iterable[str], by: int) -> list[str]:
    """Lines with `by` spaces more in front, or as many less as they have; empty lines stay empty."""
    if by >= 0:
        return [" " * by + line if line else line for line in lines]
    return [line[min(-by, len(line) - len(line.lstrip(" "))) :] for line in lines]
