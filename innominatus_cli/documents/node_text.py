"""A node as the text of a file of its own: what is unquoted stays as it is written, strings are in double quotes."""

import json

from innominatus_cli.documents.nodes import MappingNode, Node, ScalarNode, SequenceNode


def text_of_node(node: Node) -> str:
    """The YAML text of a node, with a line for each value. It reads as the same node."""
    lines: list[str] = []
    _write(node, "", lines)
    return "".join(f"{line}\n" for line in lines)


def _write(node: Node, indent: str, lines: list[str]) -> None:
    if isinstance(node, MappingNode) and node.values:
        for key, value in node.values.items():
            _entry(f"{indent}{_quoted(key)}:", value, f"{indent}  ", lines)
    elif isinstance(node, SequenceNode) and node.items:
        for item in node.items:
            _entry(f"{indent}-", item, f"{indent}  ", lines)
    else:
        lines.append(f"{indent}{_inline(node)}")


def _entry(head: str, value: Node, indent: str, lines: list[str]) -> None:
    if (isinstance(value, MappingNode) and value.values) or (isinstance(value, SequenceNode) and value.items):
        lines.append(head)
        _write(value, indent, lines)
    else:
        lines.append(f"{head} {_inline(value)}")


def _inline(node: Node) -> str:
    if not isinstance(node, ScalarNode):
        return "{}" if isinstance(node, MappingNode) else "[]"
    if isinstance(node.value, str):
        return _quoted(node.value)
    return json.dumps(node.value) if node.value is None or isinstance(node.value, bool) else node.text


def _quoted(text: str) -> str:
    """Double quotes, with an escape for all that a reader might refuse or cannot see."""
    return "".join(char if char.isprintable() else _escaped(char) for char in json.dumps(text, ensure_ascii=False))


def _escaped(char: str) -> str:
    return f"\\U{ord(char):08x}"
