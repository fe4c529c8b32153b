"""Safe edits of a document's own text: what a fix takes out, at the places of nodes.

Each function answers None where the text around it is not as simple as it must be: a comment that would be lost, a
value that goes over lines in the middle of others.
"""

from innominatus_cli.checks.places import lines_of
from innominatus_cli.documents.nodes import Document, MappingNode, Node, SequenceNode
from innominatus_cli.findings.finding import Edit


def without_item(document: Document, sequence: SequenceNode, index: int) -> Edit | None:
    """Takes an item, not the first one, out of a list."""
    item, before = sequence.items[index], sequence.items[index - 1]
    if index == 0 or item.line != item.end_line or not document.text or document.others:
        return None
    lines = lines_of(document.text)
    line = lines[item.line - 1]
    if line[: item.column - 1].strip() == "-" and not line[item.end_column - 1 :].strip():
        return _without_lines(lines, item.line, item.line)
    return _without_neighbour(lines, before, item, item)


def without_key(document: Document, mapping: MappingNode, key: str) -> Edit | None:
    """Takes a key, not the first one, out of a mapping, with its value."""
    keys = list(mapping.values)
    node, value = mapping.key_nodes.get(key), mapping.values[key]
    if node is None or keys[0] == key or not document.text or document.others:
        return None
    lines = lines_of(document.text)
    region = lines[node.line - 1 : value.end_line]
    if not lines[node.line - 1][: node.column - 1].strip() and not lines[value.end_line - 1][value.end_column - 1 :]:
        return None if any("#" in line for line in region) else _without_lines(lines, node.line, value.end_line)
    return _without_neighbour(lines, mapping.values[keys[keys.index(key) - 1]], node, value)


def _without_lines(lines: list[str], first: int, last: int) -> Edit:
    if last < len(lines):
        return Edit(first, 1, last + 1, 1, "")
    return Edit(first - 1, len(lines[first - 2]) + 1, last, len(lines[last - 1]) + 1, "")


def _without_neighbour(lines: list[str], before: Node, start: Node, end: Node) -> Edit | None:
    """From the end of what stands before, up to `end`: both are in one pair of brackets, on one line."""
    if before.end_line != start.line or start.line != end.end_line:
        return None
    between = lines[start.line - 1][before.end_column - 1 : start.column - 1]
    if between.strip() != ",":
        return None
    return Edit(before.end_line, before.end_column, end.end_line, end.end_column, "")
