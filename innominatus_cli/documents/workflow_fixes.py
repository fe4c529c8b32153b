"""Fixes of workflows and golden paths in an older shape: everything under `spec`, calls, lists of parameters."""

from collections.abc import Sequence

from innominatus_cli.documents.edits import LineEdits, UnsafeEdit, shifted
from innominatus_cli.documents.layout import Chunk, Entry, Part
from innominatus_cli.documents.moving_fixes import MovingFixes
from innominatus_cli.documents.nodes import Node
from innominatus_cli.documents.text_fixes import as_yaml, entry_of
from innominatus_cli.findings.finding import Edit, Fix

API_VERSION = "workflow.dev/v1"
_CALL = {"provider": "", "workflow": "workflow", "parameters": "parameters", "variables": "parameters"}


def canonical_top(
    fixes: MovingFixes, root: Node, keys: Sequence[Node], spec: Node | None, name: str | None
) -> Fix | None:
    """Moves keys of a workflow's root under `spec`, and adds what it lacks of apiVersion, kind and metadata.

    `spec` is the node of that key, None where there is none. `name` is the name that the workflow is given, None where
    it has one.
    """

    def edits() -> Sequence[Edit]:
        owner = fixes.owner_of(root, keys)
        if owner.flow:
            raise UnsafeEdit
        fixes.agree(owner, "spec", spec)
        lines = fixes.lines()
        _add_top(fixes, lines, owner, name)
        fixes.move_lines(lines, owner, [fixes.entry(key) for key in keys], "spec")
        return lines.edits()

    return fixes.safely("Write the workflow with apiVersion, kind, metadata and spec", edits)


def _add_top(fixes: MovingFixes, lines: LineEdits, owner: Part, name: str | None) -> None:
    chunks = fixes.layout.chunks(owner)
    pad, at = " " * (chunks[0].column - 1), chunks[0].start
    for key, written in (("apiVersion", API_VERSION), ("kind", "Workflow")):
        there = entry_of(owner, key)
        if there is None:
            lines.insert(at, [f"{pad}{key}: {written}"])
        else:
            at = fixes.layout.chunk(there).end
    if name is None:
        return
    inner = f"{pad}{' ' * fixes.layout.step}name: {as_yaml(name)}"
    metadata = entry_of(owner, "metadata")
    if metadata is None:
        lines.insert(at, [f"{pad}metadata:", inner])
        return
    value = metadata.value
    if value.flow and value.kind == "mapping" and value.line == value.end_line and not value.anchored:
        line, comma = lines.line(value.line), ", " if value.entries else ""
        lines.put(value.line, f"{line[: value.column]}name: {as_yaml(name)}{comma}{line[value.column :].lstrip()}")
        return
    top, _, column = fixes.inside(fixes.layout.chunk(metadata))
    lines.insert(top, [f"{' ' * (column - 1)}name: {as_yaml(name)}"])


def call_of_step(fixes: MovingFixes, step: Node, keys: Sequence[Node]) -> Fix | None:
    """Moves what a step of type `workflow` says in its `config` to the step's own `workflow` and `parameters`."""

    def edits() -> Sequence[Edit]:
        entries = [fixes.entry(key) for key in keys]
        role = entries[0].owner.role if entries else None
        if role is None or role.key is None or any(entry.owner is not role.value for entry in entries):
            raise UnsafeEdit
        if (role.owner.line, role.owner.column) != (step.line, step.column) or role.value.anchored:
            raise UnsafeEdit
        if role.owner.flow:
            pieces = [", ".join(_call_in_brackets(fixes, entries))]
            left = [fixes.in_brackets(one) for one in role.value.entries if one not in entries]
            pieces += [f"config: {{{', '.join(left)}}}"] if left else []
            fixes.layout.source(role.value)
            start, end = role.key, role.value
            return [Edit(start.line, start.column, end.end_line, end.end_column, ", ".join(pieces))]
        lines = fixes.lines()
        with_dash = fixes.dashed(lines, role.owner)
        if role.value.flow:
            _take_call_out_of_brackets(fixes, lines, role, entries)
        else:
            _take_call_out(fixes, lines, role, entries)
        with_dash()
        return lines.edits()

    return fixes.safely("Move the call out of 'config'", edits)


def _call_in_brackets(fixes: MovingFixes, entries: list[Entry]) -> list[str]:
    """What a call says, as entries of a step."""
    said = {entry.key.text: entry.value for entry in entries if entry.key is not None}
    found = []
    for key, value in said.items():
        if key == "workflow" and "provider" in said:
            found.append(f"workflow: {_full_name(said['provider'], value)}")
        elif key != "provider":
            found.append(f"{_CALL[key]}: {fixes.value_in_brackets(value)}")
    return found


def _full_name(provider: Part, workflow: Part) -> str:
    if provider.kind != "scalar" or workflow.kind != "scalar" or provider.anchored or workflow.anchored:
        raise UnsafeEdit
    return as_yaml(f"{provider.text}/{workflow.text}")


def _take_call_out_of_brackets(fixes: MovingFixes, lines: LineEdits, role: Entry, entries: list[Entry]) -> None:
    """Puts what a `config` in brackets says of a call on lines of the step."""
    chunk = fixes.layout.chunk(role)
    if role.value.line != role.value.end_line or role.value.line != chunk.start:
        raise UnsafeEdit
    left = [fixes.in_brackets(one) for one in role.value.entries if one not in entries]
    new = [*_call_in_brackets(fixes, entries), *([f"config: {{{', '.join(left)}}}"] if left else [])]
    new[0] += spaced(fixes.remark(chunk))
    pad = " " * (chunk.column - 1)
    lines.put(chunk.start, pad + new[0])
    lines.insert(chunk.start + 1, [pad + one for one in new[1:]])


def _take_call_out(fixes: MovingFixes, lines: LineEdits, role: Entry, entries: list[Entry]) -> None:
    """Puts the lines of the call behind `config`, or in its place where nothing is left in it."""
    layout = fixes.layout
    whole, inner = layout.chunk(role), layout.chunks(role.value)
    by = whole.column - inner[0].column
    provider = entry_of(role.value, "provider")
    moved = [chunk for chunk in inner if chunk.entry in entries and chunk.entry is not provider]
    above: list[str] = []
    if provider is not None and provider in entries:
        led = layout.chunk(provider)
        fixes.cut(lines, led)
        above = shifted(lines.take(led.attached, led.start), by)
    for chunk in moved:
        _rename_line(lines, chunk, provider if provider in entries else None)
    taken = [*above, *(line for chunk in moved for line in fixes.taken(lines, chunk, by))]
    if any(chunk.entry not in entries for chunk in inner):
        lines.insert(inner[-1].end, taken)
        return
    remark = fixes.remark_of(layout.behind(role.key or role.value)).strip()
    lines.take(whole.start, whole.start + 1)
    lines.insert(whole.start, [*([" " * (whole.column - 1) + remark] if remark else []), *taken])


def _rename_line(lines: LineEdits, chunk: Chunk, provider: Entry | None) -> None:
    """Gives the line of a key of a call its new name; a workflow's name is led by its provider's."""
    key, value = chunk.entry.key, chunk.entry.value
    if key is None:
        raise UnsafeEdit
    line = lines.line(chunk.start)
    if key.text == "workflow" and provider is not None:
        if value.line != chunk.start:
            raise UnsafeEdit
        line = f"{line[: value.column - 1]}{_full_name(provider.value, value)}{line[value.end_column - 1 :]}"
    start, end = key.column - 1, key.end_column - 1
    lines.put(chunk.start, f"{line[:start]}{_CALL[key.text]}{line[end:]}")


def parameters_as_list(fixes: MovingFixes, key: Node) -> Fix | None:
    """Writes parameters by name as a list of mappings with a `name`."""

    def edits() -> Sequence[Edit]:
        entry = fixes.entry(key)
        if entry.value.kind != "mapping" or entry.value.anchored:
            raise UnsafeEdit
        lines = fixes.lines()
        for chunk in fixes.layout.chunks(entry.value):
            as_item(fixes, lines, chunk)
        return lines.edits()

    return fixes.safely("Write the parameters as a list", edits)


def as_item(fixes: MovingFixes, lines: LineEdits, chunk: Chunk) -> None:
    """Writes an entry `name: {…}` as an item `- name: name`; a value that is no mapping becomes its `default`."""
    key, value = chunk.entry.key, chunk.entry.value
    if (
        key is None
        or value.anchored
        or key.line != key.end_line
        or (value.kind == "mapping" and has_key(value, "name"))
    ):
        raise UnsafeEdit
    pad, name = " " * (chunk.column - 1), as_yaml(key.text)
    behind = lines.line(chunk.start)[key.end_column - 1 :].lstrip()[1:].rstrip()
    if value.kind == "mapping" and value.is_block:
        inner = fixes.layout.chunks(value)[0].column
        by = chunk.column + 2 - inner
        lines.put(chunk.start, f"{pad}- name: {name}{spaced(behind)}")
        lines.shift(chunk.start + 1, chunk.end, by)
    elif value.kind == "mapping":
        if value.line != value.end_line or value.line != chunk.start:
            raise UnsafeEdit
        opened = behind.lstrip().removeprefix("{").lstrip()
        comma = ", " if value.entries else ""
        lines.put(chunk.start, f"{pad}- {{name: {name}{comma}{opened}")
    elif value.kind == "scalar" and not value.text and not value.style:
        lines.put(chunk.start, f"{pad}- name: {name}{spaced(behind)}")
    else:
        if value.kind == "alias":
            raise UnsafeEdit
        lines.put(chunk.start, f"{pad}- name: {name}")
        rest = shifted([lines.line(number) for number in range(chunk.start + 1, chunk.end)], 2)
        for number in range(chunk.start + 1, chunk.end):
            lines.put(number, rest[number - chunk.start - 1])
        lines.insert(chunk.start + 1, [f"{pad}  default:{spaced(behind)}"])


def typed_parameters(fixes: MovingFixes, keys: Sequence[Node]) -> Fix | None:
    """Writes `required_params` and `optional_params` of a golden path as entries of `parameters`."""

    def edits() -> Sequence[Edit]:
        entries = [fixes.entry(key) for key in keys]
        owner = entries[0].owner
        if owner.flow or any(entry.owner is not owner for entry in entries):
            raise UnsafeEdit
        layout = fixes.layout
        lines = fixes.lines()
        there = entry_of(owner, "parameters")
        chunks = [layout.chunk(entry) for entry in entries]
        column = chunks[0].column + layout.step
        known: set[str] = set()
        at = chunks[0].start
        if there is not None:
            _, at, column = fixes.inside(layout.chunk(there))
            known = {entry.key.text for entry in there.value.entries if entry.key is not None}
        with_dash = fixes.dashed(lines, owner)
        found: list[str] = []
        for chunk in chunks:
            found += _typed(fixes, lines, chunk, " " * (column - 1), known)
        lines.insert(at, found if there is not None else [f"{' ' * (chunks[0].column - 1)}parameters:", *found])
        with_dash()
        return lines.edits()

    return fixes.safely("Write them as `parameters`", edits)


def _typed(fixes: MovingFixes, lines: LineEdits, chunk: Chunk, pad: str, known: set[str]) -> list[str]:
    """The lines of a deprecated list or mapping as typed parameters, with all comments; its own lines are taken out."""
    value, key = chunk.entry.value, chunk.entry.key
    if value.anchored or value.kind not in {"sequence", "mapping"} or key is None:
        raise UnsafeEdit
    if not fixes.layout.knots.isdisjoint(range(chunk.start, chunk.end)):
        raise UnsafeEdit
    found = [] if value.flow else [fixes.remark_of(fixes.layout.behind(key))]
    done = chunk.start + 1
    for entry in value.entries:
        remark = ""
        if not value.flow:
            inner = fixes.layout.chunk(entry)
            if inner.content_end != inner.start + 1:
                raise UnsafeEdit
            found += fixes.layout.comments(done, inner.start)
            remark, done = fixes.remark(inner), inner.content_end
        name = (entry.value if entry.key is None else entry.key).text
        if name not in known:
            found.append(f"{as_yaml(name)}: {_definition(fixes, entry)}{spaced(remark)}")
        else:
            found.append(remark)
        known.add(name)
    if value.flow:
        if value.line != value.end_line or chunk.start != value.line:
            raise UnsafeEdit
        found.append(fixes.remark(chunk))
    found += fixes.layout.comments(done, chunk.end)
    lines.take(chunk.start, chunk.end)
    return [f"{pad}{line.strip()}" for line in found if line]


def _definition(fixes: MovingFixes, entry: Entry) -> str:
    if entry.key is None:
        if entry.value.kind != "scalar":
            raise UnsafeEdit
        return "{type: string, required: true}"
    if entry.value.kind == "mapping":
        raise UnsafeEdit
    source = fixes.value_in_brackets(entry.value)
    return f"{{default: {source}}}" if source else "{}"


def has_key(value: Part, key: str) -> bool:
    """Whether a mapping has this key, or one that an alias brings in."""
    return entry_of(value, key) is not None or entry_of(value, "<<") is not None


def spaced(behind: str) -> str:
    """What stands behind something with the blanks before it, or with one where there are none."""
    return behind if not behind or behind.startswith(" ") else f" {behind}"
