"""Overrides of a Score file: an overrides file and single properties, put into the raw document before it is read.

Rules (score-compose and score-k8s, `--overrides-file` and `--override-property`): mappings merge, everything else
replaces, a property without a value (or `null`) deletes. Unlike there, `null` in the file deletes too, a list index
that does not exist is a finding and no crash, and every value keeps the place where somebody wrote it: the document
takes the file and the arguments up as sources.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from innominatus_cli.documents.nodes import Document, MappingNode, Node, Plain, ScalarNode, SequenceNode
from innominatus_cli.documents.override_paths import PathKey, PropertyOverride, PropertyProblem, parse_property
from innominatus_cli.documents.shaping import is_null, put, remove
from innominatus_cli.documents.words import a, counted, short
from innominatus_cli.documents.yaml_reader import read_yaml
from innominatus_cli.findings.catalogue import score as codes
from innominatus_cli.findings.catalogue.document import EMPTY
from innominatus_cli.findings.finding import Code, Finding, Place, Severity, has_errors
from innominatus_cli.findings.near_names import did_you_mean

ARGUMENT = "--override-property"
"""The path of places in arguments. Line 1 is the first argument's first line, and so on through all of them."""
IMAGE = "--image"
"""The path of places in the option that gives images."""
_MANY = 20
"""Nobody reads more hints than these, and looking for near names takes longer than all else."""
_MOST_TOLD = 200
_INDEX = re.compile(r"-?[0-9]{1,9}\Z", re.ASCII)


class Overrides(NamedTuple):
    """What is to be changed in a Score file.

    `file` is the path that places have, `data` its bytes or why there are none. Properties are
    `PATH=VALUE` texts; they count after the file, in their order. The overlay of an environment counts first.
    """

    file: str | None = None
    data: bytes | Finding = b""
    properties: tuple[str, ...] = ()
    overlay: str | None = None
    """The path of the environment's own overrides file."""
    overlay_data: bytes | Finding = b""
    containers: tuple[str, ...] = ()
    """Containers that properties give an image: the workload has to have them."""

    @property
    def files(self) -> tuple[str, ...]:
        """The paths of the files, in the order in which they count."""
        return tuple(path for path in (self.overlay, self.file) if path is not None)


class GivenProperty(NamedTuple):
    """A property as a plan notes it; None stands for a deletion."""

    path: str
    value: Plain


def apply_overrides(document: Document, overrides: Overrides) -> list[Finding]:
    """Changes the nodes of a raw document. Returns what is wrong; with an error some overrides are not done."""
    found: list[Finding] = []
    if overrides.overlay is not None:
        name = _name_in(document.root)
        found += _merge_file(document, overrides.overlay, overrides.overlay_data)
        found += _renamed(document, name)
    if overrides.file is not None:
        found += _merge_file(document, overrides.file, overrides.data)
    found += _without_container(document, overrides.containers)
    if overrides.properties and not has_errors(found):
        found += _Properties(document, overrides.properties).apply()
    return found


def _name_in(root: Node) -> ScalarNode | None:
    """What a document calls the application; None where it calls it nothing."""
    name = root.mapping("metadata").values.get("name") if isinstance(root, MappingNode) else None
    return name if isinstance(name, ScalarNode) and not is_null(name) else None


def _renamed(document: Document, before: ScalarNode | None) -> list[Finding]:
    """What is wrong where the application had the name `before`, and an overlay gave it another one."""
    now = _name_in(document.root)
    if before is None or now is None or now.value == before.value:
        return []
    message = f"the Score file calls the application '{short(before.text)}', and the overlay '{short(now.text)}'"
    return [Finding(codes.OVERLAY_RENAMES, message, document.place(now))]


def _without_container(document: Document, names: Sequence[str]) -> list[Finding]:
    """What is wrong with the names of containers that are given an image."""
    root = document.root
    known = root.mapping("containers").values if isinstance(root, MappingNode) else {}
    return [
        Finding(
            codes.NO_SUCH_CONTAINER, f"the workload has no container '{short(name)}'", Place(IMAGE), _hint(name, known)
        )
        for name in dict.fromkeys(names)
        if name not in known
    ]


def _hint(name: str, known: Iterable[str]) -> str:
    """A hint to the name that was meant; all names where none is near."""
    return did_you_mean(name, known) or f"It has {', '.join(sorted(known)[:_MANY]) or 'none'}."


def given_properties(properties: Sequence[str]) -> list[GivenProperty]:
    """The properties that are well formed, for the inputs of a plan."""
    found = []
    for text in properties:
        parsed = parse_property(text)
        if isinstance(parsed, PropertyOverride):
            node, _ = _value_of(parsed)
            found.append(GivenProperty(parsed.path, None if node is None else node.plain()))
    return found


def _merge_file(document: Document, path: str, data: bytes | Finding) -> list[Finding]:
    if isinstance(data, Finding):
        return [data]
    documents, found = read_yaml(path, data)
    found = [one._replace(severity_override=Severity.INFO) if one.code is EMPTY else one for one in found]
    if has_errors(found) or not documents:
        return found
    others = [one for one in documents if not isinstance(one.root, MappingNode)] or documents[1:]
    if others:
        what = f"is a {others[0].root.type_name}" if others != documents[1:] else "is a second document"
        return [*found, Finding(codes.BAD_OVERRIDES_FILE, f"a mapping is expected, and this {what}", others[0].place())]
    root = documents[0].mapping
    _move(root, document.add_source(path, documents[0].text))
    if isinstance(document.root, MappingNode):
        for node, mapping in _merge(document.root, root)[:_MOST_TOLD]:
            near = did_you_mean(node.text, mapping.values) if len(found) < _MANY else ""
            found.append(_nothing_deleted(document, node, near))
    return found


def _merge(base: MappingNode, over: MappingNode) -> list[tuple[ScalarNode, MappingNode]]:
    """Puts `over` into `base`; returns keys that were to be deleted, each with the mapping that does not have it.

    The reader has seen to it that neither is too deep for recursion.
    """
    absent: list[tuple[ScalarNode, MappingNode]] = []
    for key, value in over.values.items():
        there = base.values.get(key)
        if is_null(value):
            if there is None:
                absent.append((over.key_nodes[key], base))
            else:
                remove(base, key)
        elif isinstance(there, MappingNode) and isinstance(value, MappingNode):
            absent += _merge(there, value)
        else:
            put(base, key, _without_nulls(value), base.key_nodes.get(key, over.key_nodes[key]))
    return absent


def _without_nulls(node: Node) -> Node:
    """The node; a mapping without the keys that are null, for they delete what is not there (RFC 7396)."""
    if isinstance(node, MappingNode):
        for key, value in list(node.values.items()):
            if is_null(value):
                remove(node, key)
            else:
                _without_nulls(value)
    return node


def _nothing_deleted(document: Document, key: ScalarNode, near: str) -> Finding:
    message = f"there is no '{short(key.text)}' to delete"
    return Finding(codes.NOTHING_TO_DELETE, message, document.place(key), near)


def _move(root: Node, lines: int, columns: int = 0) -> None:
    """Moves all nodes of a tree by lines, and those of the first line by columns. Aliases share the nodes of keys."""
    waiting = [root]
    moved: set[int] = set()
    while waiting:
        node = waiting.pop()
        if id(node) in moved:
            continue
        moved.add(id(node))
        if isinstance(node, MappingNode):
            waiting += [*node.key_nodes.values(), *node.values.values()]
        elif isinstance(node, SequenceNode):
            waiting += node.items
        node.column += columns if node.line == 1 else 0
        node.end_column += columns if node.end_line == 1 else 0
        node.line += lines
        node.end_line += lines


def _value_of(override: PropertyOverride) -> tuple[Node | None, list[Finding]]:
    """The value's node with places inside the value, None for a deletion; and what is wrong with its text."""
    data = override.value.encode("utf-8", "surrogateescape")
    documents, found = read_yaml(ARGUMENT, data)
    found = [one for one in found if one.code is not EMPTY]
    if len(documents) > 1:
        found.append(Finding(codes.BAD_PROPERTY, "the value holds a second document", documents[1].place()))
    return (documents[0].root if documents else None), found


class _Properties:
    """The properties of one document; all arguments together are one source, a line for each of their lines."""

    def __init__(self, document: Document, properties: Sequence[str]) -> None:
        self._document = document
        self._properties = properties
        self._found: list[Finding] = []
        self._source = document.add_source(ARGUMENT, "\n".join(properties))
        self._text = ""
        self._line = 1
        """Of the argument that is looked at, in the source."""

    def apply(self) -> list[Finding]:
        """Puts them into the document, in their order; what is wrong with one keeps no other from being looked at."""
        for text in self._properties:
            self._text = text
            parsed = parse_property(text)
            if isinstance(parsed, PropertyProblem):
                self._report(codes.BAD_PROPERTY, parsed.message, parsed.start, parsed.end)
            else:
                self._put(parsed)
            self._line += text.count("\n") + 1
        return self._found

    def _put(self, override: PropertyOverride) -> None:
        value, found = _value_of(override)
        line, column = self._position(override.value_start)
        self._found += [one._replace(place=_moved(one.place, line - 1, column - 1), fix=None) for one in found]
        if has_errors(found):
            return
        if value is not None:
            _move(value, self._source + line - 1, column - 1)
        target = self._target(override.keys, make=value is not None)
        if isinstance(target, MappingNode):
            self._set_key(target, override.keys[-1], value)
        elif isinstance(target, SequenceNode):
            self._set_item(target, override.keys[-1], value)

    def _target(self, keys: Sequence[PathKey], *, make: bool) -> Node | None:
        """What the last key belongs to; None, and a finding, where the path leads nowhere."""
        node: Node = self._document.root
        for key in keys[:-1]:
            if isinstance(node, MappingNode):
                there = node.values.get(key.text)
                if there is None or is_null(there):
                    if not make:
                        self._nothing_deleted(key, node)
                        return None
                    there = self._key_node(key).empty()
                    put(node, key.text, there, self._key_node(key))
                node = there
            elif isinstance(node, SequenceNode):
                index = self._index(node, key, "enter")
                if index is None:
                    return None
                node = node.items[index]
            if isinstance(node, ScalarNode):
                inner = keys[keys.index(key) + 1]
                message = f"nothing can be inside '{short(key.text)}', which is {a(node.type_name)}"
                self._report(codes.PROPERTY_LEADS_NOWHERE, message, inner.start, inner.end)
                return None
        return node

    def _set_key(self, target: MappingNode, key: PathKey, value: Node | None) -> None:
        if value is not None:
            put(target, key.text, value, target.key_nodes.get(key.text, self._key_node(key)))
        elif key.text in target.values:
            remove(target, key.text)
        else:
            self._nothing_deleted(key, target)

    def _set_item(self, target: SequenceNode, key: PathKey, value: Node | None) -> None:
        if key.text == "-1" and value is not None:
            target.items.append(value)
            return
        index = self._index(target, key, "remove" if value is None else "replace")
        if index is None:
            return
        if value is None:
            del target.items[index]
        else:
            target.items[index] = value

    def _index(self, target: SequenceNode, key: PathKey, what: str) -> int | None:
        """The index that a key is, of an item that is there; None, and a finding, where it is none."""
        size = len(target.items)
        if not _INDEX.match(key.text):
            message = f"'{short(key.text)}' is no index of a list"
        elif not 0 <= int(key.text) < size:
            message = f"there is no item {key.text} to {what}: the list has {counted(size, 'item')}"
        else:
            return int(key.text)
        self._report(codes.PROPERTY_LEADS_NOWHERE, message, key.start, key.end)
        return None

    def _nothing_deleted(self, key: PathKey, target: MappingNode) -> None:
        near = did_you_mean(key.text, target.values) if len(self._found) < _MANY else ""
        self._found.append(_nothing_deleted(self._document, self._key_node(key), near))

    def _key_node(self, key: PathKey) -> ScalarNode:
        return self._node(key.start, key.end, key.text)

    def _node(self, start: int, end: int, text: str = "") -> ScalarNode:
        (line, column), (end_line, end_column) = self._position(start), self._position(end)
        return ScalarNode(
            text,
            plain_style=False,
            line=self._source + line,
            column=column,
            end_line=self._source + end_line,
            end_column=end_column,
        )

    def _position(self, offset: int) -> tuple[int, int]:
        """Line and column, in the source, of an offset in the argument."""
        before = self._text[:offset]
        return self._line + before.count("\n"), offset - before.rfind("\n")

    def _report(self, code: Code, message: str, start: int, end: int) -> None:
        self._found.append(Finding(code, message, self._document.place(self._node(start, end))))


def _moved(place: Place, lines: int, columns: int) -> Place:
    """A place inside a value as one in the source."""
    return place._replace(
        line=place.line + lines,
        column=place.column + (columns if place.line == 1 else 0),
        end_line=place.end_line + lines if place.end_line else 0,
        end_column=place.end_column + (columns if place.end_line == 1 else 0),
    )
