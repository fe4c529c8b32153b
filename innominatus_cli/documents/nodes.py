"""A YAML document as values that know their places.

Checks read nodes, because a finding needs the exact place; planning reads the pydantic models made from them, because
a plan needs types (docs/adr/0004). Nothing here imports pydantic: one file is checked in less time than that import.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypedDict

from innominatus_cli.findings.finding import Place

_MANY_PLACES = 4
LINES_OF_A_SOURCE = 1 << 24
"""More lines than any source has. A node from the n-th other source of a document has its lines from n times this on,
so that a node made at the place of another one is in the same source (as in Go's `token.FileSet`)."""

Plain: TypeAlias = "str | int | float | bool | list[Plain] | dict[str, Plain] | None"


class Node:
    """What all nodes share: where they start and (exclusively) end, in lines and code points counted from 1."""

    __slots__ = ("column", "end_column", "end_line", "line")

    def __init__(self, line: int = 0, column: int = 0, end_line: int = 0, end_column: int = 0) -> None:
        self.line = line
        self.column = column
        self.end_line = end_line
        self.end_column = end_column

    @property
    def type_name(self) -> str:
        """The word for this node's type in a message: string, integer, number, boolean, null, list or mapping."""
        raise NotImplementedError

    def plain(self) -> Plain:
        """This node as plain Python data, without places."""
        raise NotImplementedError

    def empty(self) -> "MappingNode":
        """An empty mapping at this node's place."""
        return _empty(self)


class ScalarNode(Node):
    """One value of the YAML 1.2 core schema; `text` is as written, `plain_style` tells an unquoted one."""

    __slots__ = ("plain_style", "text", "value")

    def __init__(
        self,
        value: str | float | bool | None,
        text: str | None = None,
        *,
        plain_style: bool = True,
        line: int = 0,
        column: int = 0,
        end_line: int = 0,
        end_column: int = 0,
    ) -> None:
        self.line = line  # not by Node's: this is called for every value that a check meets
        self.column = column
        self.end_line = end_line
        self.end_column = end_column
        self.value = value
        self.text = str(value) if text is None else text
        self.plain_style = plain_style

    @property
    def type_name(self) -> str:
        """The word for this scalar's type."""
        match self.value:
            case None:
                return "null"
            case bool():
                return "boolean"
            case int():
                return "integer"
            case float():
                return "number"
            case _:
                return "string"

    def plain(self) -> Plain:
        """The typed value."""
        return self.value


class SequenceNode(Node):
    """A list of nodes."""

    __slots__ = ("items",)

    def __init__(
        self, items: list[Node], line: int = 0, column: int = 0, end_line: int = 0, end_column: int = 0
    ) -> None:
        super().__init__(line, column, end_line, end_column)
        self.items = items

    @property
    def type_name(self) -> str:
        """The word for a list."""
        return "list"

    def plain(self) -> Plain:
        """A list of plain values."""
        return [item.plain() for item in self.items]


class MappingNode(Node):
    """A mapping in file order; every key is a string and has a node of its own, so that a finding can point at it."""

    __slots__ = ("key_nodes", "late_keys", "values")

    def __init__(
        self,
        values: dict[str, Node] | None = None,
        key_nodes: dict[str, ScalarNode] | None = None,
        line: int = 0,
        column: int = 0,
        end_line: int = 0,
        end_column: int = 0,
    ) -> None:
        self.line = line
        self.column = column
        self.end_line = end_line
        self.end_column = end_column
        self.values: dict[str, Node] = {} if values is None else values
        self.key_nodes: dict[str, ScalarNode] = {} if key_nodes is None else key_nodes

    late_keys: "tuple[Callable[[Any], dict[str, ScalarNode]], object]"
    """In a mapping that was made without `key_nodes`: what makes them, and of what. Most are never asked for."""

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> object:
            """The nodes of the keys, where they are still to be made; everything else is always there."""
            if name != "key_nodes":
                raise AttributeError(name)
            make, of = self.late_keys
            self.key_nodes = made = make(of)
            return made

    @property
    def type_name(self) -> str:
        """The word for a mapping."""
        return "mapping"

    def plain(self) -> Plain:
        """A dict of plain values, in file order."""
        return {key: value.plain() for key, value in self.values.items()}

    def get(self, key: str) -> Node | None:
        """The value of `key`, or None where it is absent."""
        return self.values.get(key)

    def key(self, key: str) -> Node:
        """The node of the key itself; this mapping where the key was made by normalisation or is absent."""
        return self.key_nodes.get(key, self)

    def mapping(self, key: str) -> "MappingNode":
        """The mapping under `key`; an empty one (at this node's place) where it is absent or something else."""
        value = self.values.get(key)
        return value if isinstance(value, MappingNode) else _empty(self)

    def sequence(self, key: str) -> list[Node]:
        """The items of the list under `key`; none where it is absent or something else."""
        value = self.values.get(key)
        return value.items if isinstance(value, SequenceNode) else []

    def text(self, key: str) -> str | None:
        """The string under `key`; None where it is absent or no string."""
        value = self.values.get(key)
        if isinstance(value, ScalarNode) and isinstance(value.value, str):
            return value.value
        return None

    def mappings(self, key: str) -> Iterator["MappingNode"]:
        """The items of the list under `key` that are mappings."""
        value = self.values.get(key)
        items = value.items if isinstance(value, SequenceNode) else ()
        return iter([item for item in items if isinstance(item, MappingNode)])


def _empty(node: Node) -> MappingNode:
    empty = MappingNode.__new__(MappingNode)  # half of what calling the class takes
    empty.line, empty.column, empty.end_line, empty.end_column = node.line, node.column, node.end_line, node.end_column
    empty.values, empty.key_nodes = {}, {}
    return empty


class Source(NamedTuple):
    """A text that some nodes of a document came from instead of its own file."""

    path: str
    text: str


class Document:
    """One YAML document of a file: its root node and where it came from.

    `kind` is the document's kind as the product knows it (`ProductWorkflow`, `Workload`, `AdminConfig`, …), decided by
    `documents.kinds`; `index` counts the documents of a file from 0; `text` is the whole file's text, empty where the
    document is not all of it: then each node has its text from `text_of`. `keys` are the keys of all mappings as they
    were written, None where nobody has gathered them; `may_hold_nulls` tells whether a value in the file may be none.
    `others` are the sources that `documents.score_overrides` took values from.
    """

    __slots__ = (
        "_again",
        "_asked",
        "_own_text",
        "_pointers",
        "details",
        "index",
        "keys",
        "kind",
        "mapping",
        "may_hold_nulls",
        "others",
        "path",
        "root",
        "said",
        "text",
    )

    def __init__(
        self,
        path: str,
        root: Node,
        *,
        kind: str = "",
        index: int = 0,
        text: str = "",
        keys: set[str] | None = None,
        may_hold_nulls: bool = True,
    ) -> None:
        self._asked = 0
        self._pointers: dict[int, tuple[Node, str]] = {}
        self.path = path
        self.root = root
        self.mapping = root if isinstance(root, MappingNode) else MappingNode(line=1, column=1)
        """The root as a mapping; an empty one where the root is something else."""
        self.kind = kind
        self.index = index
        self.text = self._own_text = text
        self.keys = keys
        self.may_hold_nulls = may_hold_nulls
        self.others: list[Source] = []
        self.said: object = None
        """What `checks.said` keeps of the document for other documents."""
        self.details: object = None
        """What `checks.details` keeps of it for rules over it."""
        self._again: Callable[[], Document] | None = None

    def forget(self, again: "Callable[[], Document]") -> None:
        """Lets nodes and text go, which take most of a document's memory; `again` reads them where somebody asks."""
        if self._again is None:
            self._again = again
            self._asked, self._pointers, self.keys = 0, {}, None
            del self.root, self.mapping, self.text, self._own_text

    @classmethod
    def absent(cls, path: str, kind: str, index: int, again: "Callable[[], Document]") -> "Document":
        """A document that somebody else has read; `again` reads it where somebody asks for its nodes or its text."""
        document = cls.__new__(cls)  # there are many: neither nodes nor a text are made to be let go
        document.path, document.kind, document.index, document.keys = path, kind, index, None
        document.may_hold_nulls, document.others, document.said, document.details = True, [], None, None
        document._asked, document._pointers, document._again = 0, {}, again  # noqa: SLF001 - one of this class
        return document

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> object:
            """What was let go; everything else is always there."""
            if name not in {"root", "mapping", "text", "_own_text"} or self._again is None:
                raise AttributeError(name)
            document, self._again = self._again(), None
            self.root, self.mapping = document.root, document.mapping
            self.text, self._own_text = document.text, document._own_text  # noqa: SLF001 - another of this class
            return getattr(self, name)

    @property
    def all_text(self) -> str:
        """The texts of all sources of the document, the file's own first: for what asks whether a word is there."""
        return "\n".join((self._own_text, *(source.text for source in self.others))) if self.others else self.text

    def place(self, node: Node | None = None) -> Place:
        """The place of `node` (the root when None), with its JSON pointer where the node is part of this document."""
        node = self.root if node is None else node
        pointer = self._pointer(node) or ""
        if node.line < LINES_OF_A_SOURCE:
            return Place(self.path, node.line, node.column, node.end_line, node.end_column, pointer)
        number, line = divmod(node.line, LINES_OF_A_SOURCE)
        end_line = node.end_line - number * LINES_OF_A_SOURCE
        return Place(self.others[number - 1].path, line, node.column, end_line, node.end_column, pointer)

    def start_of(self, node: Node) -> tuple[str, int, int]:
        """The path, line and column where a node begins: its place without its pointer, which has to be looked for."""
        number, line = divmod(node.line, LINES_OF_A_SOURCE)
        return self.others[number - 1].path if number else self.path, line, node.column

    def text_of(self, node: Node | None = None) -> str:
        """The whole text that a node came from; the file's own where it is None."""
        number = 0 if node is None else node.line // LINES_OF_A_SOURCE
        return self.others[number - 1].text if number else self._own_text

    def add_source(self, path: str, text: str) -> int:
        """Takes another source up; what it gives is to be added to the lines of all nodes from there."""
        self.others.append(Source(path, text))
        self.text = ""
        return len(self.others) * LINES_OF_A_SOURCE

    def _pointer(self, node: Node) -> str | None:
        """The way to a node: searched for, until so many were asked for that all are worth being noted.

        A document must not change behind that; `documents.shaping` asks when it has done its work.
        """
        if node is self.root:
            return ""
        self._asked += 1
        if self._asked < _MANY_PLACES:
            return _pointer_to(self.root, node)
        if self._asked == _MANY_PLACES:
            self._pointers = {id(found): (found, pointer) for found, pointer in pointers(self.root)}
        known = self._pointers.get(id(node))
        return known[1] if known is not None and known[0] is node else None


def escape_pointer(part: str) -> str:
    """One part of an RFC 6901 JSON pointer."""
    return part.replace("~", "~0").replace("/", "~1")


def _pointer_to(root: Node, wanted: Node) -> str | None:
    return next((pointer for node, pointer in pointers(root) if node is wanted), None)


def pointers(root: Node) -> Iterator[tuple[Node, str]]:
    """Every node of a tree, keys included, with its pointer; those near the root first, which most places are of."""
    waiting: deque[tuple[Node, str]] = deque([(root, "")])
    while waiting:
        node, pointer = waiting.popleft()
        yield node, pointer
        if isinstance(node, MappingNode):
            for key, value in node.values.items():
                here = f"{pointer}/{escape_pointer(key)}"
                if key in node.key_nodes:
                    yield node.key_nodes[key], here
                waiting.append((value, here))
        elif isinstance(node, SequenceNode):
            waiting.extend((item, f"{pointer}/{i}") for i, item in enumerate(node.items))


class _Where(TypedDict):
    line: int
    column: int
    end_line: int
    end_column: int


def node_of(value: object, like: Node) -> Node:
    """Plain data as nodes, all at the place of `like`: for values that normalisation makes."""
    where = _Where(line=like.line, column=like.column, end_line=like.end_line, end_column=like.end_column)
    if isinstance(value, Mapping):
        return MappingNode({str(k): node_of(v, like) for k, v in value.items()}, {}, **where)
    if isinstance(value, list | tuple):
        return SequenceNode([node_of(v, like) for v in value], **where)
    if value is None or isinstance(value, str | int | float | bool):
        return ScalarNode(value, plain_style=not isinstance(value, str), **where)
    raise AssertionError(f"no node for {type(value).__name__}")
