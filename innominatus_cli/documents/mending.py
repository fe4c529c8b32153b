"""Fixes that a document's shape alone allows: a word misspelt, and a value that needs quotes."""

from innominatus_cli.documents.nodes import LINES_OF_A_SOURCE, Node, ScalarNode
from innominatus_cli.documents.scalars import other_reading, value_of
from innominatus_cli.findings.finding import Edit, Fix


def respelt(node: Node, near: list[str]) -> Fix | None:
    """Puts the one near name in the place of a misspelt word; None where there are several, or none."""
    if len(near) != 1 or not isinstance(node, ScalarNode) or node.line != node.end_line:
        return None
    if not 0 < node.line < LINES_OF_A_SOURCE:  # not of the document's own file
        return None
    text = as_yaml(near[0]) if node.plain_style else _in_quotes(near[0])  # `{"key":1}` needs the quotes that it has
    return Fix(f"Write '{near[0]}'", (_edit(node, text),))


def quoted(node: ScalarNode) -> Fix | None:
    """Puts a plain text between quotes, so that every reader takes it for text; None for what is no text to us."""
    if not isinstance(node.value, str) or node.line != node.end_line or not node.plain_style:
        return None
    return Fix("Put it between quotes", (_edit(node, f'"{node.text}"'),))


def as_yaml(text: str) -> str:
    """A word as YAML, in quotes where it would be no text without them."""
    is_word = text.replace("-", "").replace("_", "").isalnum() and text.isascii() and text[0] not in "-0123456789"
    is_text = is_word and isinstance(value_of(text), str) and not other_reading(text)
    return text if is_text else _in_quotes(text)


def _in_quotes(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _edit(node: ScalarNode, text: str) -> Edit:
    return Edit(node.line, node.column, node.end_line, node.end_column, text)
