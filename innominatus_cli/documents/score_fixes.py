"""Fixes of Score files: deprecated lists become mappings, words of the house's dialect become Score's."""

import json
from collections.abc import Sequence

from innominatus_cli.documents.edits import LineEdits, UnsafeEdit
from innominatus_cli.documents.layout import Chunk, Entry, Part
from innominatus_cli.documents.moving_fixes import MovingFixes
from innominatus_cli.documents.nodes import Node
from innominatus_cli.documents.scalars import value_of
from innominatus_cli.documents.text_fixes import as_yaml, entry_of, span
from innominatus_cli.documents.workflow_fixes import has_key, spaced
from innominatus_cli.findings.finding import Edit, Fix

_LONGEST_KEY = 500
"""YAML's limit for a key on one line is 1,024 characters, and escapes take six each."""


def variables_of_env(fixes: MovingFixes, key: Node) -> Fix | None:
    """Writes `env` of a container as `variables`, each value as text; both of them become one."""

    def edits() -> Sequence[Edit]:
        entry = fixes.entry(key)
        there = entry_of(entry.owner, "variables")
        if entry.value.kind == "sequence":
            return _env_as_mapping(fixes, entry, there)
        quoted = [edit for one in entry.value.entries if (edit := _as_text(fixes, one.value)) is not None]
        if there is None:
            return [fixes.renamed(entry, "variables"), *quoted]
        return _merged(fixes, entry, there, quoted)

    return fixes.safely("Write it as `variables`", edits)


def params_of_properties(fixes: MovingFixes, key: Node) -> Fix | None:
    """Writes `properties` of a resource as `params`; both of them become one, where no key is in both."""

    def edits() -> Sequence[Edit]:
        entry = fixes.entry(key)
        there = entry_of(entry.owner, "params")
        return [fixes.renamed(entry, "params")] if there is None else _merged(fixes, entry, there)

    return fixes.safely("Write it as `params`", edits)


def _as_text(fixes: MovingFixes, value: Part) -> Edit | None:
    """The edit that quotes a number, a boolean; None for what is text, or nothing."""
    if value.kind == "alias" or value.anchored:
        raise UnsafeEdit
    if value.kind != "scalar" or value.style or isinstance(value_of(value.text), str | None):
        return None
    return span(value, f'"{fixes.layout.source(value)}"')


def _merged(fixes: MovingFixes, entry: Entry, there: Entry, quoted: Sequence[Edit] = ()) -> Sequence[Edit]:
    """Moves all entries of one mapping into its neighbour, and removes it; `quoted` are edits inside of lines."""
    names = {one.key.text for one in there.value.entries if one.key is not None}
    if any(one.key is None or one.key.text in names for one in entry.value.entries) or has_key(there.value, "<<"):
        raise UnsafeEdit
    if entry.value.kind != "mapping" or entry.value.anchored or not entry.value.is_block:
        raise UnsafeEdit
    layout = fixes.layout
    whole, inner = layout.chunk(entry), layout.chunks(entry.value)
    top, bottom, column = fixes.inside(layout.chunk(there))
    lines = fixes.lines()
    with_dash = fixes.dashed(lines, entry.owner)
    for edit in quoted:
        line = lines.line(edit.line)
        lines.put(edit.line, f"{line[: edit.column - 1]}{edit.text}{line[edit.end_column - 1 :]}")
    by = column - inner[0].column
    moved = [line for chunk in inner for line in fixes.taken(lines, chunk, by)]
    remarks = cut_key(fixes, lines, whole, column)
    lines.insert(top if whole.start < top else bottom, [*remarks, *moved])
    with_dash()
    return lines.edits()


def cut_key(fixes: MovingFixes, lines: LineEdits, whole: Chunk, column: int) -> list[str]:
    """Takes the line of a key out, whose value is gone already, and the comments above and on it, which are answered.

    They are given the indentation of `column`.
    """
    key = whole.entry.key
    if key is None:
        raise UnsafeEdit
    above = [line.strip() for line in lines.take(whole.attached, whole.start)]
    remark = fixes.remark_of(fixes.layout.behind(key)).strip()
    lines.take(whole.start, whole.start + 1)
    return [f"{' ' * (column - 1)}{one}" for one in (*above, remark) if one]


def _env_as_mapping(fixes: MovingFixes, entry: Entry, there: Entry | None) -> Sequence[Edit]:
    """Writes a list of `name` and `value` as a mapping."""
    if there is not None or entry.value.flow:
        raise UnsafeEdit
    lines = fixes.lines()
    column = _column_of_entries(fixes, entry)
    for item in fixes.layout.chunks(entry.value):
        _env_item(fixes, lines, item, column)
    key = fixes.renamed(entry, "variables")
    line = lines.line(key.line)
    lines.put(key.line, f"{line[: key.column - 1]}{key.text}{line[key.end_column - 1 :]}")
    return lines.edits()


def _env_item(fixes: MovingFixes, lines: LineEdits, item: Chunk, column: int) -> None:
    value = item.entry.value
    if value.kind != "mapping" or not {one.key.text for one in value.entries if one.key} <= {"name", "value"}:
        raise UnsafeEdit
    name, content = entry_of(value, "name"), entry_of(value, "value")
    if name is None or value.anchored or name.value.anchored or name.value.kind != "scalar":
        raise UnsafeEdit
    new = content.value if content is not None else None
    if new is not None and (
        new.anchored or new.line != new.end_line or new.kind != "scalar" or new.style in {"|", ">"}
    ):
        raise UnsafeEdit
    source = '""' if new is None else fixes.layout.source(new)
    if new is not None and _as_text(fixes, new) is not None:
        source = f'"{source}"'
    remarks = [] if value.flow else [fixes.remark(chunk) for chunk in fixes.layout.chunks(value)]
    behind = fixes.layout.behind(value).rstrip() if value.flow else next(filter(None, remarks), "")
    inner = [] if value.flow else fixes.layout.chunks(value)
    if len(list(filter(None, remarks))) > 1 or any(
        one.loose != one.start or one.end != one.content_end for one in inner
    ):
        raise UnsafeEdit
    if item.end != item.content_end or (value.flow and value.line != value.end_line):
        raise UnsafeEdit
    pad = " " * (column - 1)
    lines.shift(item.attached, item.start, column - item.column)
    lines.take(item.start, item.end)
    lines.above(item.start, [f"{pad}{as_key(name.value.text)}: {source}{spaced(behind)}".rstrip()])


def _column_of_entries(fixes: MovingFixes, entry: Entry) -> int:
    """The column of keys that take the place of a list's dashes."""
    dash, key = fixes.layout.chunks(entry.value)[0].column, fixes.layout.chunk(entry).column
    return dash if dash > key else key + fixes.layout.step


def entries_by_target(fixes: MovingFixes, key: Node) -> Fix | None:
    """Writes `files` or `volumes` as a mapping by `target`."""

    def edits() -> Sequence[Edit]:
        entry = fixes.entry(key)
        if entry.value.kind != "sequence" or entry.value.anchored:
            raise UnsafeEdit
        if entry.value.flow:
            return [_targets_in_brackets(fixes, entry.value)]
        lines = fixes.lines()
        column = _column_of_entries(fixes, entry)
        targets = set()
        for item in fixes.layout.chunks(entry.value):
            target = entry_of(item.entry.value, "target")
            if target is None or _is_older(item.entry.value) or target.value.text in targets:
                raise UnsafeEdit
            targets.add(target.value.text)
            item_as_entry(fixes, lines, item, target, column)
        return lines.edits()

    return fixes.safely("Write it as a mapping by `target`", edits)


def _targets_in_brackets(fixes: MovingFixes, value: Part) -> Edit:
    """The edit that writes a list in brackets as a mapping in braces."""
    fixes.layout.source(value)
    pieces: dict[str, str] = {}
    for item in value.entries:
        target = entry_of(item.value, "target")
        if target is None or target.value.kind != "scalar" or item.value.anchored or _is_older(item.value):
            raise UnsafeEdit
        others = ", ".join(fixes.in_brackets(one) for one in item.value.entries if one is not target)
        pieces[as_key(target.value.text)] = f"{{{others}}}"
    if len(pieces) != len(value.entries):
        raise UnsafeEdit
    return span(value, f"{{{', '.join(f'{key}: {others}' for key, others in pieces.items())}}}")


def _is_older(item: Part) -> bool:
    """Whether an item holds what only lists may: it is mended before the list."""
    content = entry_of(item, "content")
    return has_key(item, "read_only") or (content is not None and content.value.kind == "sequence")


def item_as_entry(
    fixes: MovingFixes, lines: LineEdits, item: Chunk, name: Entry | None, column: int, default: str = ""
) -> None:
    """Writes an item of a list, a mapping, as an entry by the text of its key `name` (or `default` without it).

    The entry starts at `column`; where the item's keys stand behind that already, they stay there.
    """
    value = item.entry.value
    if value.kind != "mapping" or value.anchored or (name is not None and name.value.kind != "scalar"):
        raise UnsafeEdit
    if not fixes.layout.knots.isdisjoint(range(item.start, item.start + 1)):
        raise UnsafeEdit
    key = as_key(default if name is None else name.value.text)
    if value.flow:
        _flow_item_as_entry(fixes, lines, item, name, f"{' ' * (column - 1)}{key}")
        return
    if not value.entries:
        raise UnsafeEdit
    inner = fixes.layout.chunks(value)
    stays = column < inner[0].column <= column + fixes.layout.step
    by = 0 if stays else column + fixes.layout.step - inner[0].column
    if inner[0].start != item.start:
        raise UnsafeEdit
    line, pad = lines.line(item.start), " " * (column - 1)
    lines.put(item.start, " " * (inner[0].column - 1) + line[inner[0].column - 1 :])
    lines.shift(item.attached, item.start, column - item.column)
    lines.shift(item.start, item.end, by)
    own = next((chunk for chunk in inner if chunk.entry is name), None)
    remarks, behind = [], ""
    if own is not None:
        behind = fixes.remark(own)
        if own.content_end != own.start + 1 or own.entry.value.anchored:
            raise UnsafeEdit
        remarks = [pad + one.strip() for one in lines.take(own.attached, own.start)]
        remarks += [pad + one for one in fixes.layout.comments(own.content_end, own.end)]
        lines.take(own.start, own.end)
    empty = " {}" if len(inner) == 1 and own is not None else ""
    lines.above(item.start, [*remarks, f"{pad}{key}:{empty}{spaced(behind)}"])


def _flow_item_as_entry(fixes: MovingFixes, lines: LineEdits, item: Chunk, name: Entry | None, key: str) -> None:
    value = item.entry.value
    if value.line != value.end_line or value.line != item.start or item.end != item.content_end:
        raise UnsafeEdit
    pieces = [fixes.in_brackets(entry) for entry in value.entries if entry is not name]
    lines.shift(item.attached, item.start, len(key) - len(key.lstrip()) + 1 - item.column)
    lines.put(item.start, f"{key}: {{{', '.join(pieces)}}}{spaced(fixes.layout.behind(value).rstrip())}")


def joined_content(fixes: MovingFixes, content: Node) -> Fix | None:
    """Writes a list of lines as one text."""

    def edits() -> Sequence[Edit]:
        value = fixes.value_at(content)
        entry = value.role
        if value.kind != "sequence" or value.anchored or entry is None or entry.key is None:
            raise UnsafeEdit
        if any(item.value.anchored or item.value.kind != "scalar" for item in value.entries):
            raise UnsafeEdit
        text = "\n".join(item.value.text for item in value.entries)
        in_quotes = json.dumps(text, ensure_ascii=not text.replace("\n", "").isprintable())
        if not value.flow:
            return _as_literal(fixes, entry, text, in_quotes)
        fixes.layout.source(value)
        return [span(value, in_quotes)]

    return fixes.safely("Write it as one text", edits)


def _as_literal(fixes: MovingFixes, entry: Entry, text: str, in_quotes: str) -> Sequence[Edit]:
    """The edits that write a list of lines as a literal text, or in quotes; its comments go above it."""
    layout, key = fixes.layout, entry.key
    whole, items = layout.chunk(entry), layout.chunks(entry.value)
    if key is None or not layout.knots.isdisjoint(range(whole.start, whole.end)):
        raise UnsafeEdit
    remarks = [fixes.remark_of(layout.behind(key)).strip(), *layout.comments(whole.start + 1, items[0].start)]
    for number, item in enumerate(items):
        following = items[number + 1].start if number + 1 < len(items) else whole.end
        remarks += [fixes.remark(item).strip(), *layout.comments(item.content_end, following)]
    can_be = text.replace("\n", "").replace("\t", "").isprintable() and not text.endswith("\n")
    is_literal = can_be and text.split("\n", 1)[0].strip() != "" and text[0] not in " \t"
    inner = " " * (whole.column - 1 + layout.step)
    lines = fixes.lines()
    with_dash = fixes.dashed(lines, entry.owner)
    lines.put(whole.start, f"{lines.line(whole.start)[: key.end_column - 1]}: {'|-' if is_literal else in_quotes}")
    lines.insert(whole.start, [" " * (whole.column - 1) + remark for remark in remarks if remark])
    lines.take(whole.start + 1, whole.end)
    if is_literal:
        lines.insert(whole.start + 1, [inner + line if line else line for line in text.split("\n")])
    with_dash()
    return lines.edits()


def as_key(text: str) -> str:
    """A text as a key. Raises UnsafeEdit for what is too long for one."""
    if len(text) > _LONGEST_KEY:
        raise UnsafeEdit
    return as_yaml(text)
