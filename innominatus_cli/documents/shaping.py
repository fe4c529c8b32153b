"""How a document is brought to its canonical shape: keys move with their places, and each move is told."""

from collections.abc import Iterable

from innominatus_cli.documents.nodes import Document, MappingNode, Node, ScalarNode, SequenceNode
from innominatus_cli.findings.catalogue import document as codes
from innominatus_cli.findings.finding import Code, Finding, Related


class Shaping:
    """The shaping of one document; nodes are changed in place, and belong to this document alone."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.findings: list[Finding] = []

    def report(self, code: Code, message: str, node: Node, remedy: str = "", *related: Related) -> None:
        """Adds a finding at a node, as long as the node stands where it was written."""
        self.findings.append(Finding(code, message, self.document.place(node), remedy, related))

    def move(self, source: MappingNode, key: str, target: MappingNode, new_key: str, code: Code, message: str) -> None:
        """Moves a key's value, or says that both spellings stand there and leaves the target's."""
        key_node = source.key(key)
        if new_key in target.values:
            related = Related(f"'{new_key}' stands here", self.document.place(target.key(new_key)))
            twice = f"'{key}' means the same as '{new_key}', which is there too"
            self.report(codes.SPELLED_TWICE, twice, key_node, f"Remove one of '{key}' and '{new_key}'.", related)
        else:
            self.report(code, message, key_node)
            target.values[new_key] = source.values[key]
            if isinstance(key_node, ScalarNode):
                target.key_nodes[new_key] = key_node
        remove(source, key)

    def rename(self, mapping: MappingNode, spellings: dict[str, str]) -> None:
        """Gives keys in older spellings their new names."""
        for key in [key for key in mapping.values if key in spellings]:
            new_key = spellings[key]
            self.move(mapping, key, mapping, new_key, codes.OLD_SPELLING, f"'{key}' is read as '{new_key}'")

    def drop_empty(self, mapping: MappingNode, needed: Iterable[str] = ()) -> None:
        """Removes keys without a value (`env:` and nothing behind it), but for those that are needed."""
        kept = set(needed)
        for key in [key for key, value in mapping.values.items() if is_null(value) and key not in kept]:
            self.report(
                codes.OLD_SPELLING, f"'{key}' has no value and is left out", mapping.key(key), "Remove the key."
            )
            remove(mapping, key)

    def inner(self, mapping: MappingNode, key: str, like: Node | None = None) -> MappingNode | None:
        """The mapping under `key`, made (at the place of `like`) where it is absent; None for something else."""
        value = mapping.values.get(key)
        if value is None or is_null(value):
            place = mapping if like is None else like
            value = mapping.values[key] = MappingNode(
                line=place.line, column=place.column, end_line=place.end_line, end_column=place.end_column
            )
        return value if isinstance(value, MappingNode) else None


def remove(mapping: MappingNode, key: str) -> None:
    """Removes a key with its node."""
    del mapping.values[key]
    mapping.key_nodes.pop(key, None)


def is_null(node: Node) -> bool:
    """Whether a node is an unquoted nothing."""
    return isinstance(node, ScalarNode) and node.value is None


def text_node(text: str, like: Node) -> ScalarNode:
    """A text at another node's place."""
    return ScalarNode(
        text,
        plain_style=False,
        line=like.line,
        column=like.column,
        end_line=like.end_line,
        end_column=like.end_column,
    )


def list_node(items: list[Node], like: Node) -> SequenceNode:
    """A list at another node's place."""
    return SequenceNode(items, like.line, like.column, like.end_line, like.end_column)


def put(mapping: MappingNode, key: str, value: Node, key_node: Node | None = None) -> None:
    """Sets a key, with the node that stands for it in the text."""
    mapping.values[key] = value
    if isinstance(key_node, ScalarNode):
        mapping.key_nodes[key] = key_node
