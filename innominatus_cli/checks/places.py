"""Places inside a scalar: where in a file a part of a text stands."""

from functools import lru_cache

from innominatus_cli.documents.nodes import Document, MappingNode, Node, ScalarNode, SequenceNode
from innominatus_cli.findings.finding import Place

_MOST = 200
"""Of the same words in one text, so many are told apart: counting takes time for each."""


def place_within(document: Document, node: ScalarNode, offset: int, written: str) -> Place:
    """The place of `written`, which begins at `offset` of the node's value; the node's place where it cannot be told.

    A scalar's value is not its source text (indentation, quotes, folding), so that the place is found by counting.
    """
    whole = document.place(node)
    text = document.text_of(node)
    if not written or "\n" in written or not isinstance(node.value, str) or not text:
        return whole
    nth = node.value.count(written, 0, offset)
    if nth > _MOST:
        return whole
    lines = lines_of(text)
    for number in range(whole.line, min(whole.end_line, len(lines)) + 1):
        line = lines[number - 1]
        start = whole.column - 1 if number == whole.line else 0
        end = whole.end_column - 1 if number == whole.end_line else len(line)
        here = line.count(written, start, end)
        if nth < here:
            for _ in range(nth + 1):
                start = line.index(written, start) + len(written)
            return Place(whole.path, number, start - len(written) + 1, number, start + 1, whole.pointer)
        nth -= here
    return whole


@lru_cache(maxsize=4)
def lines_of(text: str) -> list[str]:
    """The lines of a file as places count them."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")


def texts_in(node: Node | None) -> list[ScalarNode]:
    """All strings in a node, in the order of the file; keys are left alone."""
    found: list[ScalarNode] = []
    stack = [] if node is None else [node]
    while stack:
        here = stack.pop()
        if isinstance(here, ScalarNode):
            if here.value.__class__ is str:
                found.append(here)
        elif isinstance(here, MappingNode):
            stack.extend(reversed(here.values.values()))
        elif isinstance(here, SequenceNode):
            stack.extend(reversed(here.items))
    return found
