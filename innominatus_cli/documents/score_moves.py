"""Fixes of Score files that move what a container or the top says to another part of the file."""

from collections.abc import Sequence

from innominatus_cli.documents.edits import LineEdits, UnsafeEdit
from innominatus_cli.documents.layout import Chunk, Entry, Part
from innominatus_cli.documents.moving_fixes import MovingFixes
from innominatus_cli.documents.nodes import Node
from innominatus_cli.documents.score_fixes import as_key, cut_key, item_as_entry
from innominatus_cli.documents.text_fixes import entry_of
from innominatus_cli.documents.workflow_fixes import has_key, spaced
from innominatus_cli.findings.finding import Edit, Fix


def service_ports(fixes: MovingFixes, key: Node, root: Node) -> Fix | None:
    """Moves `ports` of a container to the workload's `service`."""

    def edits() -> Sequence[Edit]:
        entry = fixes.entry(key)
        top = next((one for one in fixes.layout.roots if (one.line, one.column) == (root.line, root.column)), None)
        if top is None or entry.value.anchored or not entry.value.is_block or not _is_first_with_ports(entry.owner):
            raise UnsafeEdit
        layout, lines = fixes.layout, fixes.lines()
        whole = layout.chunk(entry)
        at, column, above, known = _place_of_ports(fixes, top, entry)
        for number, chunk in enumerate(layout.chunks(entry.value), 1):
            known.append(_port(fixes, lines, chunk, number, column))
        if len(known) != len(set(known)):
            raise UnsafeEdit
        taken = [line for chunk in layout.chunks(entry.value) for line in fixes.taken(lines, chunk, 0)]
        remarks = cut_key(fixes, lines, whole, column)
        lines.insert(at, [*above, *remarks, *taken])
        return lines.edits()

    return fixes.safely("Move the ports to `service`", edits)


def _is_first_with_ports(container: Part) -> bool:
    """Whether no container above has ports, which would come first in the service."""
    above = container.role.owner.entries if container.role is not None else []
    return next((one.value for one in above if has_key(one.value, "ports")), None) is container


def _place_of_ports(fixes: MovingFixes, top: Part, entry: Entry) -> tuple[int, int, list[str], list[str]]:
    """Where ports go: before which line and at which column, the lines above them, and the names that are there."""
    layout, step = fixes.layout, fixes.layout.step
    holder: Entry | None = entry
    while holder is not None and holder.owner is not top:
        holder = holder.owner.role
    if holder is None:
        raise UnsafeEdit
    service = entry_of(top, "service")
    outer = layout.chunks(top)[0].column
    if service is None:
        pad = " " * (outer - 1)
        return layout.chunk(holder).end, outer + 2 * step, [f"{pad}service:", f"{pad}{' ' * step}ports:"], []
    _, bottom, column = fixes.inside(layout.chunk(service))
    ports = entry_of(service.value, "ports")
    if ports is None:
        return bottom, column + step, [f"{' ' * (column - 1)}ports:"], []
    _, bottom, column = fixes.inside(layout.chunk(ports))
    if has_key(ports.value, "<<"):
        raise UnsafeEdit
    return bottom, column, [], [one.key.text for one in ports.value.entries if one.key is not None]


def _port(fixes: MovingFixes, lines: LineEdits, chunk: Chunk, number: int, column: int) -> str:
    """Writes a port of a container as an entry of the service's ports, at a column; answers its name."""
    value, pad = chunk.entry.value, " " * (column - 1)
    if chunk.entry.key is not None:
        name = chunk.entry.key.text
        lines.shift(chunk.attached, chunk.end, column - chunk.column)
        if value.kind == "scalar":
            key = as_key(name)
            lines.put(chunk.start, f"{pad}{key}: {{port: {_source(fixes, chunk)}}}{spaced(fixes.remark(chunk))}")
            return name
        if value.kind != "mapping" or has_key(value, "containerPort") or value.anchored:
            raise UnsafeEdit
        return name
    if value.kind == "scalar":
        name = f"port-{number}"
        lines.shift(chunk.attached, chunk.start, column - chunk.column)
        lines.put(chunk.start, f"{pad}{name}: {{port: {_source(fixes, chunk)}}}{spaced(fixes.remark(chunk))}")
        return name
    entry = entry_of(value, "name")
    name = f"port-{number}" if entry is None else entry.value.text
    port = entry_of(value, "containerPort")
    if port is not None and (
        has_key(value, "port") or port.key is None or value.flow or port.key.line != port.value.line
    ):
        raise UnsafeEdit
    if port is not None and port.key is not None:
        line = lines.line(port.key.line)
        lines.put(port.key.line, f"{line[: port.key.column - 1]}port{line[port.key.end_column - 1 :]}")
    item_as_entry(fixes, lines, chunk, entry, column, name)
    return name


def _source(fixes: MovingFixes, chunk: Chunk) -> str:
    if chunk.content_end != chunk.start + 1 or chunk.entry.value.anchored:
        raise UnsafeEdit
    return fixes.value_in_brackets(chunk.entry.value)


def variables_of_workflow(fixes: MovingFixes, key: Node, workflow: Node) -> Fix | None:
    """Moves `variables` at the top to the only workflow of a Score file."""

    def edits() -> Sequence[Edit]:
        entry = fixes.entry(key)
        body = fixes.value_at(workflow)
        layout = fixes.layout
        if not body.is_block or body.kind != "mapping" or body.anchored or not entry.value.is_block:
            raise UnsafeEdit
        lines = fixes.lines()
        with_dash = fixes.dashed(lines, entry.owner)
        whole = layout.chunk(entry)
        there = entry_of(body, "variables")
        if there is None:
            top, _, column = fixes.inside(layout.chunk(_role(body)))
            fixes.close_gap(lines, whole)
            lines.insert(top, fixes.taken(lines, whole, column - whole.column))
        else:
            names = {one.key.text for one in there.value.entries if one.key is not None}
            if any(one.key is None or one.key.text in names for one in entry.value.entries) or has_key(
                there.value, "<<"
            ):
                raise UnsafeEdit
            _, bottom, column = fixes.inside(layout.chunk(there))
            inner = layout.chunks(entry.value)
            moved = [line for chunk in inner for line in fixes.taken(lines, chunk, column - chunk.column)]
            remarks = cut_key(fixes, lines, whole, column)
            lines.insert(bottom, [*remarks, *moved])
        with_dash()
        return lines.edits()

    return fixes.safely("Move the variables to the workflow", edits)


def _role(value: Part) -> Entry:
    if value.role is None:
        raise UnsafeEdit
    return value.role
