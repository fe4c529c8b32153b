"""YAML 1.2 text to nodes with places and findings, from the events of PyYAML's C parser.

Limits are kept on events, before anything is built: depth 64, 1,000 aliases, 100 merges, 100,000 nodes with aliases
written out, 1,000 documents. There is no limit of its own for one scalar (scripts, here-documents): the file's holds.
Each use of an alias becomes a copy, so that every node has exactly one pointer.
"""

import re
from functools import cached_property
from typing import TYPE_CHECKING, cast

from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from innominatus_cli.documents.libyaml import CParser, MarkedYAMLError, YAMLError
from innominatus_cli.documents.nodes import Document, MappingNode, Node, ScalarNode, SequenceNode
from innominatus_cli.documents.quick_reader import MAX_DEPTH
from innominatus_cli.documents.scalars import other_reading, value_of
from innominatus_cli.documents.words import a, in_plain_words, short
from innominatus_cli.documents.yaml_text import INVISIBLE, line_count, name_of, place_at
from innominatus_cli.findings.catalogue import document as codes
from innominatus_cli.findings.finding import Code, Finding, Place, Related

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    class Mark(Protocol):
        """A position, counted from 0; columns in code points."""

        line: int
        column: int

    class Event(Protocol):
        """The attributes of PyYAML's events, each of which is there on the events that have it."""

        start_mark: Mark
        end_mark: Mark
        anchor: str
        tag: str | None
        value: str
        style: str | None
        flow_style: bool


class_of = cast("Callable[[object], type[object]]", type)
MAX_ALIASES = 1_000
MAX_MERGES = 100
MAX_NODES = 100_000
MAX_DOCUMENTS = 1_000
_LARGEST = 2**53 - 1
_PARSERS_OWN_DEPTH = "maximum nesting depth"
"""What libyaml says since 0.2.6, where it looks ahead for a key through a thousand brackets."""

_OTHER_READINGS = {
    "boolean": "true or false",
    "number": "a number",
    "date": "a date",
    "time": "a number of seconds",
    "octal": "an octal number",
    "text": "text",
}


def read_events(path: str, text: str, findings: list[Finding]) -> tuple[list[Document], list[Finding]]:
    """All documents of a text, in order; its findings behind the given ones, those at its end in its last line.

    After a finding that stops the reading (syntax, a limit) the documents before it are returned.
    """
    composer = _Composer(path, text, findings)
    try:
        documents = composer.documents()
    except _Stop:
        documents = composer.complete
    except MarkedYAMLError as error:
        documents = composer.complete
        findings.append(_syntax_finding(path, error))
    except (YAMLError, ValueError) as error:
        documents = composer.complete
        findings.append(Finding(codes.YAML_SYNTAX, f"the parser could not read the file: {error}", Place(path, 1, 1)))
    if not documents and not findings:
        findings.append(Finding(codes.EMPTY, "the file holds no document", Place(path, 1, 1)))
    return documents, _inside(findings, text)


class _Stop(Exception):  # noqa: N818 - ends the reading of one file, inside this module
    """A limit was passed; its finding is already among the findings."""


def _syntax_finding(path: str, error: MarkedYAMLError) -> Finding:
    mark = error.problem_mark or error.context_mark
    place = Place(path, mark.line + 1, mark.column + 1) if mark else Place(path, 1, 1)
    if error.problem and _PARSERS_OWN_DEPTH in error.problem:
        return Finding(codes.TOO_DEEP, f"the document is nested more than {MAX_DEPTH} levels deep", place)
    message, remedy = in_plain_words(error.problem or error.context or "it is not YAML")
    related: tuple[Related, ...] = ()
    if error.context and error.context_mark and error.context_mark.line != place.line - 1:
        start = error.context_mark
        related = (Related(f"{error.context} that starts here", Place(path, start.line + 1, start.column + 1)),)
    return Finding(codes.YAML_SYNTAX, message, place, remedy, related)


def _inside(findings: list[Finding], text: str) -> list[Finding]:
    """The findings, those at the end of the text in its last line: the parser has them on a line behind it."""
    if not findings:
        return findings
    lines = line_count(text)
    end = place_at("", text, len(text))
    return [
        finding if finding.place.line <= lines else finding._replace(place=end._replace(path=finding.place.path))
        for finding in findings
    ]


class _Composer:
    """Builds the nodes of one file."""

    def __init__(self, path: str, text: str, findings: list[Finding]) -> None:
        self.path = path
        self.text = text
        self.findings = findings
        self.complete: list[Document] = []
        self.next_event = cast("Callable[[], Event]", CParser(text.encode()).get_event)
        self.anchors: dict[str, Node | None] = {}
        self.nodes = 0
        self.aliases = 0
        self.merges = 0
        self.check_keys = not text.isascii() and re.search(INVISIBLE, text) is not None

    @cached_property
    def end(self) -> Place:
        """The place behind the last character."""
        return place_at(self.path, self.text, len(self.text))

    def documents(self) -> list[Document]:
        """All documents; empty ones are left out, but keep their number."""
        index = 0
        while class_of(event := self.next_event()) is not StreamEndEvent:
            if class_of(event) is DocumentStartEvent:
                if index == MAX_DOCUMENTS:
                    raise self.stop(
                        codes.TOO_MANY_NODES, f"the file holds more than {MAX_DOCUMENTS:,} documents", event
                    )
                self.anchors = {}
                root = self.node(self.next_event(), 1)
                if not (isinstance(root, ScalarNode) and root.value is None and root.plain_style):
                    self.complete.append(Document(self.path, root, index=index, text=self.text))
                index += 1
        return self.complete

    def report(self, code: Code, message: str, node: "Node | Event", remedy: str = "", *related: Related) -> None:
        """Adds a finding at a node or event."""
        self.findings.append(Finding(code, message, self.place(node), remedy, related))

    def place(self, node: "Node | Event") -> Place:
        if isinstance(node, Node):
            return Place(self.path, node.line, node.column, node.end_line, node.end_column)
        start, end = node.start_mark, node.end_mark
        return Place(self.path, start.line + 1, start.column + 1, end.line + 1, end.column + 1)

    def stop(self, code: Code, message: str, event: "Event") -> _Stop:
        self.report(code, message, event)
        return _Stop()

    def node(self, event: "Event", depth: int) -> Node:
        """The node that starts with `event`; takes its events up to its end."""
        kind = class_of(event)
        if kind is AliasEvent:
            return self.alias(event, depth)
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise self.stop(codes.TOO_MANY_NODES, f"the file holds more than {MAX_NODES:,} values", event)
        if depth > MAX_DEPTH:
            raise self.stop(codes.TOO_DEEP, f"the document is nested more than {MAX_DEPTH} levels deep", event)
        if event.tag is not None:
            self.report(codes.TAG, f"the tag '{event.tag}' is not allowed", event)
        anchor = event.anchor
        if anchor is not None:
            self.anchors[anchor] = None
        node: Node
        if kind is ScalarEvent:
            node = self.scalar(event)
        elif kind is MappingStartEvent:
            node = self.mapping(event, depth)
        else:
            node = self.sequence(event, depth)
        if anchor is not None:
            self.anchors[anchor] = node
        return node

    def scalar(self, event: "Event") -> ScalarNode:
        text = event.value
        plain = event.style is None or event.style == ""
        start, end = event.start_mark, event.end_mark
        node = ScalarNode(
            value_of(text) if plain else text,
            text,
            plain_style=plain,
            line=start.line + 1,
            column=start.column + 1,
            end_line=end.line + 1,
            end_column=end.column + 1,
        )
        if not text and not start.column and start.line >= self.end.line:  # libyaml ends the last line first
            node.line = node.end_line = self.end.line
            node.column = node.end_column = self.end.column
        if plain:
            self.check_number(node)
        elif "\0" in text:
            self.report(codes.NUL, "the text holds a NUL character", node)
        return node

    def check_number(self, node: ScalarNode) -> None:
        """Refuses numbers that JSON cannot hold; the node's value becomes one that it can."""
        value = node.value
        if isinstance(value, float) and (value != value or value in {float("inf"), float("-inf")}):  # noqa: PLR0124
            self.report(codes.NOT_FINITE, f"{short(node.text)} is not a finite number", node)
            node.value = node.text
        elif isinstance(value, int) and abs(value) > _LARGEST:
            self.report(codes.INTEGER_TOO_LARGE, f"{short(node.text)} is beyond ±(2^53-1)", node)
            node.value = _LARGEST if value > 0 else -_LARGEST

    def warn_if_ambiguous(self, node: ScalarNode) -> None:
        """A warning where YAML 1.1 reads a plain scalar differently; keys are text in any case."""
        if node.plain_style and (other := other_reading(node.text)):
            ours = "text" if isinstance(node.value, str) else f"the number {node.value}"
            message = f"'{short(node.text)}' is {ours} here and {_OTHER_READINGS[other]} to YAML 1.1 tools"
            self.report(codes.AMBIGUOUS_SCALAR, message, node, f'write "{short(node.text)}" if text is meant')
            from innominatus_cli.documents.mending import quoted  # noqa: PLC0415 - few values are ambiguous

            self.findings[-1] = self.findings[-1]._replace(fix=quoted(node))

    def value(self, event: "Event", depth: int) -> Node:
        """A node that is no key."""
        found = len(self.findings)
        node = self.node(event, depth)
        if class_of(event) is ScalarEvent and isinstance(node, ScalarNode) and len(self.findings) == found:
            self.warn_if_ambiguous(node)
        return node

    def sequence(self, event: "Event", depth: int) -> SequenceNode:
        items: list[Node] = []
        while class_of(inner := self.next_event()) is not SequenceEndEvent:
            items.append(self.value(inner, depth + 1))
        start = event.start_mark
        return SequenceNode(items, start.line + 1, start.column + 1, *_end(event, inner, items[-1] if items else None))

    def mapping(self, event: "Event", depth: int) -> MappingNode:
        values: dict[str, Node] = {}
        key_nodes: dict[str, ScalarNode] = {}
        merged: list[MappingNode] = []
        merge_key: ScalarNode | None = None
        last: Node | None = None
        while class_of(inner := self.next_event()) is not MappingEndEvent:
            key_node = self.key(inner, depth + 1)
            last = value = self.value(self.next_event(), depth + 1)
            if key_node is None:
                continue
            if key_node.plain_style and key_node.text == "<<":
                if merge_key is not None:
                    self.duplicate(key_node, merge_key)
                merge_key = key_node
                merged += self.mappings_to_merge(value)
                continue
            key = key_node.text
            if key in values:
                self.duplicate(key_node, key_nodes[key])
                continue
            values[key] = value
            key_nodes[key] = key_node
        for mapping in merged:
            for key, value in mapping.values.items():
                if key not in values:
                    values[key] = value
                    key_nodes[key] = mapping.key_nodes[key]
        start = event.start_mark
        return MappingNode(values, key_nodes, start.line + 1, start.column + 1, *_end(event, inner, last))

    def key(self, event: "Event", depth: int) -> ScalarNode | None:
        """A key's node; None where it is a list or mapping."""
        node = self.node(event, depth)
        if not isinstance(node, ScalarNode):
            self.report(codes.KEY_NOT_TEXT, f"{a(node.type_name)} cannot be a key", node)
            return None
        if not isinstance(node.value, str):
            message = f"the key '{short(node.text)}' is no text but {a(node.type_name)}"
            self.report(codes.KEY_NOT_TEXT, message, node, f'write "{short(node.text)}"')
        elif self.check_keys and (found := re.search(INVISIBLE, node.text)):
            message = f"the key holds the invisible character {name_of(found.group())}"
            self.report(codes.HIDDEN_CHARACTER, message, node)
        return node

    def duplicate(self, key: ScalarNode, first: ScalarNode) -> None:
        message = f"the key '{short(key.text)}' is already defined at line {first.line}"
        self.report(codes.DUPLICATE_KEY, message, key, "", Related("first defined here", self.place(first)))

    def mappings_to_merge(self, value: Node) -> list[MappingNode]:
        candidates = value.items if isinstance(value, SequenceNode) else [value]
        mappings = [item for item in candidates if isinstance(item, MappingNode)]
        self.merges += len(mappings)
        if self.merges > MAX_MERGES:
            self.report(codes.TOO_MANY_ALIASES, f"the file merges more than {MAX_MERGES} mappings", value)
            raise _Stop
        for item in candidates:
            if not isinstance(item, MappingNode):
                self.report(codes.MERGE, f"{a(item.type_name)} cannot be merged into a mapping", item)
        return mappings

    def alias(self, event: "Event", depth: int) -> Node:
        self.aliases += 1
        if self.aliases > MAX_ALIASES:
            raise self.stop(codes.TOO_MANY_ALIASES, f"the file uses more than {MAX_ALIASES:,} aliases", event)
        name = event.anchor
        node = self.anchors.get(name)
        if node is not None:
            return self.copy(node, event, depth)
        message = f"'*{name}' stands inside of what it names" if name in self.anchors else f"nothing is named '&{name}'"
        self.report(codes.ALIAS, message, event)
        start, end = event.start_mark, event.end_mark
        return ScalarNode(
            None,
            "",
            line=start.line + 1,
            column=start.column + 1,
            end_line=end.line + 1,
            end_column=end.column + 1,
        )

    def copy(self, node: Node, event: "Event", depth: int) -> Node:
        """A copy of an anchored node, counted as if it were written out; places stay those of the anchor."""
        self.nodes += 1
        if self.nodes > MAX_NODES:
            message = f"the file holds more than {MAX_NODES:,} values when its aliases are written out"
            raise self.stop(codes.TOO_MANY_NODES, message, event)
        if depth > MAX_DEPTH:
            message = f"the document is nested more than {MAX_DEPTH} levels deep when its aliases are written out"
            raise self.stop(codes.TOO_DEEP, message, event)
        where = (node.line, node.column, node.end_line, node.end_column)
        if isinstance(node, MappingNode):
            values = {key: self.copy(value, event, depth + 1) for key, value in node.values.items()}
            return MappingNode(values, dict(node.key_nodes), *where)
        if isinstance(node, SequenceNode):
            return SequenceNode([self.copy(item, event, depth + 1) for item in node.items], *where)
        if not isinstance(node, ScalarNode):
            raise AssertionError("there are three sorts of nodes")  # noqa: TRY004 - a bug of ours
        return ScalarNode(
            node.value,
            node.text,
            plain_style=node.plain_style,
            line=node.line,
            column=node.column,
            end_line=node.end_line,
            end_column=node.end_column,
        )


def _end(start: "Event", end: "Event", last: Node | None) -> tuple[int, int]:
    """Where a list or mapping ends: at its bracket, or with its last value."""
    mark = end.end_mark
    if last is None or start.flow_style:
        return mark.line + 1, mark.column + 1
    return last.end_line, last.end_column
