"""Fixes that move entries of a mapping, with their comments, into a mapping below it."""

from collections.abc import Sequence

from innominatus_cli.documents.edits import LineEdits, UnsafeEdit
from innominatus_cli.documents.layout import Chunk, Entry, Part
from innominatus_cli.documents.nodes import Node
from innominatus_cli.documents.text_fixes import TextFixes, entry_of, first_of, place_of
from innominatus_cli.findings.finding import Edit, Fix


class MovingFixes(TextFixes):
    """The fixes of any YAML, and those that move entries."""

    def move_in(self, container: Node, keys: Sequence[Node], target: str, there: Node | None) -> Fix | None:
        """Moves entries of a mapping into the mapping under its key `target`, which is made where it is absent.

        `there` is the node of that key, None where there is none: it may be spelled otherwise, or merged in.
        """
        names = sorted({entry.key.text for key in keys if (entry := self.layout.keys.get(place_of(key))) and entry.key})
        title = f"Move {_listed(names)} into '{target}'"
        return self.safely(title, lambda: self._moved_in(self.owner_of(container, keys), keys, target, there))

    def agree(self, owner: Part, key: str, node: Node | None) -> None:
        """Raises UnsafeEdit where a key that a mapping has (at a node) is not written in it with this name."""
        written = entry_of(owner, key)
        if (written is None) != (node is None) or (node is not None and self.entry(node) is not written):
            raise UnsafeEdit

    def owner_of(self, container: Node, keys: Sequence[Node]) -> Part:
        """The mapping at a node's place that has all the keys, of which there is one at least, written in it."""
        if not keys:
            raise UnsafeEdit
        owner = self.entry(keys[0]).owner
        if place_of(owner) != place_of(container) or any(self.entry(key).owner is not owner for key in keys):
            raise UnsafeEdit
        return owner

    def _moved_in(self, owner: Part, keys: Sequence[Node], target: str, there: Node | None) -> Sequence[Edit]:
        entries = [self.entry(key) for key in keys]
        self.agree(owner, target, there)
        if owner.flow:
            return self._moved_in_brackets(owner, entries, target)
        lines = self.lines()
        with_dash = self.dashed(lines, owner)
        self.move_lines(lines, owner, entries, target)
        with_dash()
        return lines.edits()

    def move_lines(self, lines: LineEdits, owner: Part, entries: Sequence[Entry], target: str) -> None:
        """Moves entries of a block mapping under its key `target`."""
        chunks = self.layout.chunks(owner)
        moved = [chunk for chunk in chunks if chunk.entry in entries]
        there = entry_of(owner, target)
        if there is None:
            self._under_new_key(lines, chunks, moved, target)
        elif there.value.kind == "mapping" and there.value.flow:
            self._into_brackets(lines, chunks, there, moved)
        else:
            self._under_key(lines, chunks, moved, there)

    def _under_new_key(self, lines: LineEdits, chunks: list[Chunk], moved: list[Chunk], target: str) -> None:
        """Puts a key above the first of the entries, indents those that follow it, and fetches the others."""
        step, first = self.layout.step, chunks.index(moved[0])
        lines.insert(moved[0].attached, [f"{' ' * (moved[0].column - 1)}{target}:"])
        run = 1
        while run < len(moved) and chunks[first + run] is moved[run]:
            run += 1
        lines.shift(moved[0].attached, moved[run - 1].end, step)
        self._reorder(chunks[first + run :], moved[run:])
        for chunk in runs_of(chunks, moved[run:]):
            gap = self.close_gap(lines, chunk)
            lines.insert(moved[run - 1].end, [*gap, *self.taken(lines, chunk, step)])

    def _reorder(self, passed: Sequence[Chunk], moved: Sequence[Chunk]) -> None:
        """Nothing that is passed by what moves may hold an anchor, or an alias."""
        if moved and any(self.has_knots(chunk) for chunk in passed):
            raise UnsafeEdit

    def _under_key(self, lines: LineEdits, chunks: list[Chunk], moved: list[Chunk], there: Entry) -> None:
        """Moves entries to the start of a mapping that stands behind them, or to the end of one before them."""
        at = next(index for index, chunk in enumerate(chunks) if chunk.entry is there)
        top, bottom, column = self.inside(chunks[at])
        by = column - chunks[at].column
        for chunk in runs_of(chunks, moved):
            index = next(number for number, one in enumerate(chunks) if one.entry is chunk.entry)
            self._reorder(chunks[min(index, at) : max(index, at) + 1], [chunk] if chunk.attached != bottom else [])
            if chunk.attached == bottom:
                lines.shift(chunk.attached, chunk.end, by)
                bottom = chunk.end
            elif index < at:
                gap = self.close_gap(lines, chunk)
                lines.insert(top, [*self.taken(lines, chunk, by), *gap])
            else:
                gap = self.close_gap(lines, chunk)
                lines.insert(bottom, [*gap, *self.taken(lines, chunk, by)])

    def close_gap(self, lines: LineEdits, chunk: Chunk) -> list[str]:
        """Takes the blank lines above an entry out that goes away, where there are some behind it too."""
        first = chunk.attached
        while first > chunk.loose and not self.layout.line(first - 1).strip():
            first -= 1
        behind = self.layout.line(chunk.end) if chunk.end <= len(self.layout.lines) else ""
        return [] if behind.strip() and not behind.startswith(("---", "...")) else lines.take(first, chunk.attached)

    def inside(self, chunk: Chunk) -> tuple[int, int, int]:
        """Where lines go at the start and at the end of an entry's block mapping, and the column of its keys."""
        entry, value = chunk.entry, chunk.entry.value
        if value.anchored or entry.key is None:
            raise UnsafeEdit
        if value.is_block and value.kind == "mapping":
            inner = self.layout.chunks(value)
            return entry.key.end_line + 1, inner[-1].end, inner[0].column
        if value.kind == "scalar" and not value.style and not value.text:
            return chunk.start + 1, chunk.start + 1, chunk.column + self.layout.step
        raise UnsafeEdit

    def _into_brackets(self, lines: LineEdits, chunks: list[Chunk], there: Entry, moved: list[Chunk]) -> None:
        """Moves entries into a mapping in brackets, which is opened where they cannot stand in brackets."""
        end = there.value.end_line
        if there.value.anchored:
            raise UnsafeEdit
        try:
            pieces = [self._alone(chunk) for chunk in moved]
        except UnsafeEdit:
            self._open_brackets(lines, chunks, there, moved)
            return
        for chunk in moved:
            self.taken(lines, chunk, 0)
        line, column = lines.line(end), there.value.end_column - 1
        before, behind = line[: column - 1], line[column - 1 :]
        if before.rstrip()[-1:] == ",":
            raise UnsafeEdit
        text = f"{before.rstrip() if before.strip() else before}, " if there.value.entries else before
        lines.put(end, f"{text}{', '.join(pieces)}{behind}")

    def _alone(self, chunk: Chunk) -> str:
        """An entry of one line without comments, as it can stand in brackets."""
        if self.remark(chunk) or chunk.attached != chunk.start or chunk.end != chunk.start + 1:
            raise UnsafeEdit
        return self.in_brackets(chunk.entry)

    def _open_brackets(self, lines: LineEdits, chunks: list[Chunk], there: Entry, moved: list[Chunk]) -> None:
        """Writes a mapping in brackets on lines of its own, with entries that move into it."""
        at = next(chunk for chunk in chunks if chunk.entry is there)
        key = there.key
        if key is None or there.value.line != there.value.end_line or there.value.line != at.start:
            raise UnsafeEdit
        step = self.layout.step
        inner = [f"{' ' * (at.column - 1 + step)}{self.in_brackets(entry)}" for entry in there.value.entries]
        index = chunks.index(at)
        for chunk in runs_of(chunks, moved):
            number = next(number for number, one in enumerate(chunks) if one.entry is chunk.entry)
            self._reorder(chunks[min(index, number) : max(index, number) + 1], [chunk])
            own = self.taken(lines, chunk, step)
            inner = [*own, *inner] if number < index else [*inner, *own]
        lines.put(at.start, f"{lines.line(at.start)[: key.end_column - 1]}:{self.remark(at)}")
        lines.insert(at.start + 1, inner)

    def _moved_in_brackets(self, owner: Part, entries: Sequence[Entry], target: str) -> Sequence[Edit]:
        there = entry_of(owner, target)
        pieces = ", ".join(self.in_brackets(entry) for entry in entries)
        if there is None:
            first, end = first_of(entries[0]), entries[0].value
            edit = Edit(first.line, first.column, end.end_line, end.end_column, f"{target}: {{{pieces}}}")
            return [edit, *self.without_in_brackets(owner, entries[1:])]
        value = there.value
        if value.kind != "mapping" or value.anchored or value.line != value.end_line:
            raise UnsafeEdit
        last = value.entries[-1].value if value.entries else None
        at = (value.end_line, value.end_column - 1) if last is None else (last.end_line, last.end_column)
        insertion = Edit(*at, *at, f", {pieces}" if last else pieces)
        return [insertion, *self.without_in_brackets(owner, entries)]


def runs_of(chunks: Sequence[Chunk], wanted: Sequence[Chunk]) -> list[Chunk]:
    """The wanted chunks, those that follow each other as one, with what stands between them."""
    runs: list[Chunk] = []
    before: Chunk | None = None
    for chunk in chunks:
        if chunk in wanted:
            if before is not None and before in wanted:
                runs[-1] = runs[-1]._replace(content_end=chunk.content_end, end=chunk.end)
            else:
                runs.append(chunk)
        before = chunk
    return runs


def _listed(names: Sequence[str]) -> str:
    quoted = [f"'{name}'" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}" if quoted else "the keys"
