"""The structural check by schemas that others wrote: of step types and inputs of a repository's own."""

from collections.abc import Callable
from typing import Final, Literal, TypeAlias

from innominatus_cli.documents.nodes import Document, MappingNode, Node, ScalarNode
from innominatus_cli.documents.schemas import Schema
from innominatus_cli.documents.structure import Walk, quoted
from innominatus_cli.findings.catalogue import document as codes
from innominatus_cli.findings.finding import Finding

Reading: TypeAlias = Literal["fixed", "text", "later"]
"""What a text in a config is: a value, text in which references stand, or whatever a reference names."""
Matches: TypeAlias = Callable[[str, str], bool]
"""Whether a pattern is found in a text."""

_MOST_TRIES: Final = 50_000
"""Values that are held against a schema of other people, alternatives in alternatives included."""


def check_node(document: Document, node: Node, schema: Schema) -> list[Finding]:
    """What is wrong with a node of the document by a schema (of the keywords that ours are made of)."""
    walk = _BoundedWalk(document, schema)
    try:
        walk.value(node, schema, "")
    except _TooManyTriesError:
        message = "the value fits in too many ways into its schema to be checked"
        return [Finding(codes.NO_ALTERNATIVE, message, document.place(node))]
    return walk.findings


def check_own_config(
    document: Document, step: MappingNode, schema: Schema, reading: Callable[[str], Reading], matches: Matches
) -> list[Finding]:
    """What is wrong with the `config` of a step by a schema that is not ours, whose patterns `matches` searches.

    A value that is decided later is taken for good, as `reading` tells of its text.
    """
    walk = _OwnWalk(document, schema, reading, matches)
    config = step.get("config")
    try:
        if config is None:
            walk.mapping(step.empty(), schema, "config", at=step)
        else:
            walk.value(config, schema, "config")
    except _TooManyTriesError:
        message = "'config' fits in too many ways into the schema of its step type to be checked"
        return [Finding(codes.NO_ALTERNATIVE, message, document.place(config or step))]
    return walk.findings


class _TooManyTriesError(Exception):
    """Checking takes too long."""


class _BoundedWalk(Walk):
    """The walk by a schema of other people, in which alternatives may hold themselves."""

    def __init__(self, document: Document, root: Schema) -> None:
        super().__init__(document, root)
        self.left = _MOST_TRIES

    def value(self, node: Node, schema: Schema, name: str) -> None:
        self.left -= 1
        if self.left < 0:
            raise _TooManyTriesError
        super().value(node, schema, name)


class _OwnWalk(_BoundedWalk):
    """The walk over values that may hold references, by a schema with patterns of other people."""

    def __init__(self, document: Document, root: Schema, reading: Callable[[str], Reading], matches: Matches) -> None:
        super().__init__(document, root)
        self.reading = reading
        self.matches = matches

    def value(self, node: Node, schema: Schema, name: str) -> None:
        reading = self.reading(node.value) if isinstance(node, ScalarNode) and isinstance(node.value, str) else "fixed"
        if reading == "fixed":
            super().value(node, schema, name)
        elif reading == "text":
            expected = self.types_of(schema)
            if expected and not self.has_type(node, expected):
                self.wrong_type(node, expected, name)

    def text(self, text: str, schema: Schema, name: str, node: Node, what: str = "") -> None:
        rest = {word: rule for word, rule in schema.items() if word != "pattern"}
        super().text(text, rest, name, node, what)
        pattern = schema.get("pattern")
        if pattern is not None and not self.matches(pattern, text):
            message = f"{what or quoted(name)} does not match the pattern '{pattern}' of the step type"
            self.report(codes.WRONG_FORM, message, node)
