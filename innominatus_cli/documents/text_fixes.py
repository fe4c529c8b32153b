"""Fixes made of a file's text: keys renamed, moved with their comments, left out; values put in quotes.

Every method answers None where the text is not of a form in which nothing else is sure to change: an anchor that would
stand behind its alias, a comment that had no place, brackets around what needs lines of its own.
"""

import json
import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from innominatus_cli.documents.edits import LineEdits, UnsafeEdit, shifted
from innominatus_cli.documents.layout import Chunk, Entry, Layout, Part, same
from innominatus_cli.documents.nodes import Node
from innominatus_cli.documents.scalars import other_reading, value_of
from innominatus_cli.findings.finding import Edit, Fix

_WORD = re.compile(r"[A-Za-z_/.][\w./-]*", re.ASCII)
_IN_BRACKETS = re.compile(r"[,\[\]{}]")
_APOSTROPHE = "'"
T = TypeVar("T")


class TextFixes:
    """Fixes of one file. Nodes are those that the reader made of the same text: their places name parts of it."""

    def __init__(self, text: str) -> None:
        self.layout = Layout(text)

    def safely(self, title: str, edits: Callable[[], Sequence[Edit]]) -> Fix | None:
        """The fix that is made of the edits; None where they are unsafe or change nothing."""
        try:
            made = tuple(edits())
        except UnsafeEdit:
            return None
        return Fix(title, made) if made else None

    def lines(self) -> LineEdits:
        """No changes of lines yet."""
        return LineEdits(self.layout.lines, ends_in_text=self.layout.ends_in_text)

    def rename(self, key: Node, new: str) -> Fix | None:
        """Writes another key, in the quotes that the old one has."""
        return self.safely(f"Write '{new}'", lambda: [self.renamed(self.entry(key), new)])

    def replace(self, scalar: Node, text: str) -> Fix | None:
        """Writes another text, in the quotes that the old one has."""
        return self.safely(f"Write '{text}'", lambda: [self.rewritten(self.value_at(scalar), text)])

    def quote(self, key: Node) -> Fix | None:
        """Puts a key between quotes."""
        return self.safely("Put the key between quotes", lambda: [self._quoted_key(self.entry(key))])

    def drop(self, key: Node, title: str) -> Fix | None:
        """Leaves an entry of a mapping out; a comment behind it stays. What has one entry only becomes `{}`."""
        return self.safely(title, lambda: self.without(self.entry(key)))

    def drop_twin(self, key: Node, first: Node) -> Fix | None:
        """Leaves an entry out that is written like another one."""

        def edits() -> Sequence[Edit]:
            entry, twin = self.entry(key), self.entry(first)
            if entry.owner is not twin.owner or entry is twin or not same(entry.value, twin.value):
                raise UnsafeEdit
            return self.without(entry)

        return self.safely("Remove the second one, which says the same", edits)

    def drop_item(self, item: Node) -> Fix | None:
        """Leaves an item of a list out."""
        return self.safely("Remove the second one", lambda: self.without(self.item(item)))

    def entry(self, key: Node) -> Entry:
        """The entry of a mapping whose key stands at a node's place."""
        return _found(self.layout.keys.get((key.line, key.column)))

    def item(self, node: Node) -> Entry:
        """The item of a list that stands at a node's place."""
        return _found(self.layout.items.get((node.line, node.column)))

    def value_at(self, node: Node) -> Part:
        """The value of a mapping's entry that stands at a node's place."""
        wanted = (node.line, node.column)
        found = (one.value for one in self.layout.keys.values() if (one.value.line, one.value.column) == wanted)
        return _found(next(found, None))

    def renamed(self, entry: Entry, new: str) -> Edit:
        """The edit that renames an entry's key."""
        if entry.key is None:
            raise UnsafeEdit
        return self.rewritten(entry.key, new)

    def rewritten(self, part: Part, text: str) -> Edit:
        """The edit that puts a text in place of a scalar, in the quotes that it has."""
        if part.kind != "scalar" or part.anchored or part.line != part.end_line or "\\" in text or '"' in text:
            raise UnsafeEdit
        written = (
            f"{part.style}{text.replace(_APOSTROPHE, _APOSTROPHE * 2)}{part.style}" if part.style else as_yaml(text)
        )
        return span(part, written)

    def _quoted_key(self, entry: Entry) -> Edit:
        key = entry.key
        if key is None or key.kind != "scalar" or key.anchored or key.style or not key.text:
            raise UnsafeEdit
        return span(key, json.dumps(key.text, ensure_ascii=False))

    def without(self, entry: Entry) -> Sequence[Edit]:
        """The edits that leave an entry out."""
        if len(entry.owner.entries) == 1:
            return self._emptied(entry)
        if entry.owner.flow:
            return self.without_in_brackets(entry.owner, [entry])
        lines = self.lines()
        with_dash = self.dashed(lines, entry.owner)
        self.cut(lines, self.layout.chunk(entry))
        with_dash()
        return lines.edits()

    def _emptied(self, entry: Entry) -> Sequence[Edit]:
        """The edits that leave the only entry of a mapping out."""
        role, chunk = entry.owner.role, self.layout.chunk(entry)
        if (
            role is None
            or role.key is None
            or entry.owner.anchored
            or entry.key is None
            or chunk.start == role.key.line
        ):
            raise UnsafeEdit
        before, colon, behind = self._around_colon(role)
        lines = self.lines()
        self.cut(lines, chunk)
        lines.put(role.key.end_line, f"{before}{colon} {{}}{behind}")
        return lines.edits()

    def _around_colon(self, entry: Entry) -> tuple[str, str, str]:
        """The text up to a key's end, the colon with the blanks before it, and what stands behind."""
        if entry.key is None:
            raise UnsafeEdit
        line, end = self.layout.line(entry.key.end_line), entry.key.end_column - 1
        found = re.match(r"[ ]*:", line[end:])
        if found is None:
            raise UnsafeEdit
        return line[:end], found.group(), line[end + found.end() :]

    def cut(self, lines: LineEdits, chunk: Chunk) -> None:
        """Takes the content of an entry out; comments behind and below it stay, as lines at its own indentation.

        Deeper ones would belong to a literal text that stands above.
        """
        remark = self.remark(chunk)
        region = [self.layout.line(number) for number in range(chunk.start, chunk.content_end)]
        if self.layout.keeps_blank_lines or self.has_knots(chunk) or sum("#" in line for line in region) > bool(remark):
            raise UnsafeEdit
        comments = [remark.strip(), *self.layout.comments(chunk.content_end, chunk.end)]
        lines.take(chunk.start, chunk.end)
        lines.insert(chunk.start, [" " * (chunk.column - 1) + one for one in comments if one])

    def remark(self, chunk: Chunk) -> str:
        """The comment behind an entry's content on its last line, with the blanks before it; empty without one."""
        value = chunk.entry.value
        while value.is_block:
            value = value.entries[-1].value
        if value.style in {"|", ">"}:
            return ""
        last = value if value.end_line == chunk.content_end - 1 else None
        return self.remark_of(self.layout.behind(last)) if last else ""

    def remark_of(self, behind: str) -> str:
        """The comment in what stands behind something on its line. Raises UnsafeEdit where something else does."""
        found = behind.rstrip()
        if found.lstrip().startswith(":"):
            found = found.lstrip()[1:]
        if found.strip() and not found.lstrip().startswith("#"):
            raise UnsafeEdit
        return found if found.strip() else ""

    def without_in_brackets(self, owner: Part, entries: Sequence[Entry]) -> list[Edit]:
        """The edits that leave some, but not all, entries of a mapping or list in brackets out, each on one line."""
        edits: list[Edit] = []
        kept: Entry | None = None
        run: list[Entry] = []
        for entry in [*owner.entries, None]:
            if entry in entries and entry is not None:
                run.append(entry)
                continue
            if run and entry is not None:
                start, end = first_of(run[0]), first_of(entry)
                edits.append(Edit(start.line, start.column, end.line, end.column, ""))
            elif run:
                before, last = _found(kept).value, run[-1].value
                edits.append(Edit(before.end_line, before.end_column, last.end_line, last.end_column, ""))
            kept, run = entry, []
        if any(edit.line != edit.end_line for edit in edits) or any(one.value.anchored for one in entries):
            raise UnsafeEdit
        return edits

    def has_knots(self, chunk: Chunk) -> bool:
        """Whether an anchor, an alias or a tag is among the lines of an entry."""
        return not self.layout.knots.isdisjoint(range(chunk.attached, chunk.end))

    def taken(self, lines: LineEdits, chunk: Chunk, by: int) -> list[str]:
        """The lines of an entry with its comments, taken out and indented.

        Raises UnsafeEdit where an anchor would move, or a blank line could come to stand behind a text that keeps them.
        """
        if self.has_knots(chunk) or self.layout.keeps_blank_lines:
            raise UnsafeEdit
        return shifted(lines.take(chunk.attached, chunk.end), by)

    def dashed(self, lines: LineEdits, owner: Part) -> Callable[[], None]:
        """Lets the first key of a mapping, behind its dash, stand on a line of its own while lines move.

        What is returned puts the dash in front of the key that is the first one then.
        """
        chunks = self.layout.chunks(owner)
        first = chunks[0]
        line = self.layout.line(first.start)
        prefix = line[: first.column - 1]
        if not prefix.strip():
            return lambda: None
        lines.put(first.start, " " * len(prefix) + line[len(prefix) :])

        def put_back() -> None:
            if not lines.put_in_front(first.start, chunks[-1].end, prefix):
                raise UnsafeEdit

        return put_back

    def in_brackets(self, entry: Entry) -> str:
        """An entry of a mapping as it can stand in brackets."""
        if entry.key is None or entry.key.anchored or entry.value.anchored:
            raise UnsafeEdit
        return f"{self.layout.source(entry.key)}: {self.value_in_brackets(entry.value)}"

    def value_in_brackets(self, value: Part) -> str:
        """A value as it can stand in brackets: scalars of one line, and what is in brackets itself."""
        if value.is_block or value.anchored:
            raise UnsafeEdit
        source = self.layout.source(value)
        if value.kind == "scalar" and not value.style and _IN_BRACKETS.search(source):
            return json.dumps(value.text, ensure_ascii=False)
        return source


def entry_of(owner: Part, key: str) -> Entry | None:
    """The entry of a mapping with this key, where it is written there."""
    return next((one for one in owner.entries if one.key is not None and one.key.text == key), None)


def span(part: Part, text: str) -> Edit:
    """The edit that puts a text in place of a part."""
    return Edit(part.line, part.column, part.end_line, part.end_column, text)


def as_yaml(text: str) -> str:
    """A text as a scalar: plain where every reader takes it for text, else in double quotes."""
    plain = _WORD.fullmatch(text) and isinstance(value_of(text), str) and not other_reading(text)
    return text if plain else json.dumps(text, ensure_ascii=False)


def first_of(entry: Entry) -> Part:
    """What an entry begins with: its key, or its value in a list."""
    return entry.value if entry.key is None else entry.key


def place_of(where: "Node | Part") -> tuple[int, int]:
    """Line and column of a node or part."""
    return where.line, where.column


def _found(thing: T | None) -> T:
    if thing is None:
        raise UnsafeEdit
    return thing
