"""How a document is brought to its canonical shape: keys move with their places, and each move is told."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from innominatus_cli.documents.nodes import Document, MappingNode, Node, ScalarNode, SequenceNode
from innominatus_cli.findings.catalogue import document as codes
from innominatus_cli.findings.finding import Code, Finding, Place, Related

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from innominatus_cli.documents.file_fixes import FileFixes
    from innominatus_cli.findings.finding import Fix

    Mend: TypeAlias = Callable[[FileFixes], Fix | None]
    """How a finding could be mended; asked only where somebody wants fixes, when the shaping is done."""


class Shaping:
    """The shaping of one document; nodes are changed in place, and belong to this document alone."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._may_drop = document.may_hold_nulls or bool(document.others)
        self._changes: list[tuple[Code, str, Node, str, tuple[tuple[str, Node], ...], Node | None, Mend | None]] = []

    def findings(self, fixes: "FileFixes | None" = None) -> list[Finding]:
        """What was told, at places of the shaped document; asked for once, when the shaping is done.

        With `fixes` (of the document's own text) those that can be mended safely carry their fix.
        """
        return [
            Finding(
                code,
                message,
                self._place(node, inside),
                remedy,
                tuple(Related(words, self.document.place(other)) for words, other in related),
                fix=None if fixes is None or mend is None else mend(fixes),
            )
            for code, message, node, remedy, related, inside, mend in self._changes
        ]

    def report(
        self,
        code: Code,
        message: str,
        node: Node,
        remedy: str = "",
        *related: tuple[str, Node],
        inside: Node | None = None,
        mend: "Mend | None" = None,
    ) -> None:
        """Tells something about a node; `related` are words and the other nodes that they are about.

        `inside` is what the node stood in, for one that the shaped document does not have any more.
        """
        self._changes.append((code, message, node, remedy, related, inside, mend))

    def _place(self, node: Node, inside: Node | None) -> Place:
        place = self.document.place(node)
        if place.pointer or inside is None:
            return place
        return place._replace(pointer=self.document.place(inside).pointer)

    def move(
        self,
        source: MappingNode,
        key: str,
        target: MappingNode,
        new_key: str,
        code: Code,
        message: str,
        mend: "Mend | None" = None,
    ) -> None:
        """Moves a key's value, or says that both spellings stand there and leaves the target's."""
        key_node = source.key(key)
        if new_key in target.values:
            related = (f"'{new_key}' stands here", target.key(new_key))
            twice = f"'{key}' means the same as '{new_key}', which is there too"
            self.report(
                codes.SPELLED_TWICE, twice, key_node, f"Remove one of '{key}' and '{new_key}'.", related, inside=source
            )
        else:
            self.report(code, message, key_node, mend=mend)
            target.values[new_key] = source.values[key]
            if isinstance(key_node, ScalarNode):
                target.key_nodes[new_key] = key_node
        remove(source, key)

    def rename(self, mapping: MappingNode, spellings: dict[str, str]) -> None:
        """Gives keys in older spellings their new names."""
        if spellings.keys().isdisjoint(mapping.values):
            return
        for key in [key for key in mapping.values if key in spellings]:
            new_key, node = spellings[key], mapping.key(key)
            message = f"'{key}' is read as '{new_key}'"
            self.move(mapping, key, mapping, new_key, codes.OLD_SPELLING, message, renaming(node, new_key))

    def drop_empty(self, mapping: MappingNode, needed: Collection[str] = ()) -> None:
        """Removes keys without a value (`env:` and nothing behind it), but for those that are needed."""
        if not self._may_drop:
            return
        for value in mapping.values.values():
            if value.__class__ is ScalarNode and is_null(value):
                break
        else:
            return  # nearly always
        empty = [key for key, value in mapping.values.items() if is_null(value) and key not in needed]
        for key in empty:
            message = f"'{key}' has no value and is left out"
            mend = dropping(mapping.key(key), f"Remove '{key}'")
            self.report(codes.OLD_SPELLING, message, mapping.key(key), "Remove the key.", inside=mapping, mend=mend)
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


def renaming(key: Node, new: str) -> "Mend":
    """The mend that writes another key."""
    return lambda fixes: fixes.rename(key, new)


def rewriting(scalar: Node, text: str) -> "Mend":
    """The mend that writes another text."""
    return lambda fixes: fixes.replace(scalar, text)


def dropping(key: Node, title: str) -> "Mend":
    """The mend that leaves an entry out."""
    return lambda fixes: fixes.drop(key, title)


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
