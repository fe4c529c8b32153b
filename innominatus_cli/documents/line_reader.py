"""YAML text to nodes line by line, for the plainest files: block mappings and lists of scalars of one line each.

Most files are no more than that, and looking at their lines takes half of the time that composing them takes. What a
line may be is a small part of YAML that has one meaning only; at anything else the whole text is left to another
reader.
"""

import re
import string

from innominatus_cli.documents.nodes import Document, MappingNode, Node, ScalarNode, SequenceNode
from innominatus_cli.documents.scalars import NUMBER_STARTS, UNUSUAL_WORDS, NotQuickly, certain_value

_MAX_DEPTH = 32
_MAX_LENGTH = 50_000
"""Characters of a text that cannot hold too many nodes: each takes one at least, and the limit is 100,000."""
_KEY = r"[A-Za-z_][A-Za-z0-9_./-]{0,127}"
_PLAIN_STARTS = frozenset(f"{string.ascii_letters}{string.digits}_./$")
"""How an unquoted scalar may begin here; nothing in YAML but a scalar begins so."""
_ITEM = r"[A-Za-z0-9_./][A-Za-z0-9_./-]*"
_LIST_IN_A_LINE = rf"\[{_ITEM}(?:, {_ITEM})*\]"
_MOST_REMEMBERED = 20_000

_good_keys: set[str] = set()
"""Keys of the form above that every reader takes for a text. Repositories have few different ones."""
_new = ScalarNode.__new__


class _Open:
    """A mapping or list whose end was not seen yet; `at` is how far its lines are indented."""

    __slots__ = ("at", "items", "keys", "node", "values")

    def __init__(self, at: int, line: int, *, is_list: bool) -> None:
        self.at = at
        self.node: MappingNode | SequenceNode
        if is_list:
            sequence = self.node = SequenceNode.__new__(SequenceNode)
            self.items: list[Node] | None = []
            sequence.items = self.items
        else:
            mapping = self.node = MappingNode.__new__(MappingNode)
            self.items = None
            self.values: dict[str, Node] = {}
            self.keys: list[tuple[str, int, int]] = []
            """Each key with its line and column."""
            mapping.values = self.values
            mapping.late_keys = _key_nodes, self.keys
        self.node.line = line
        self.node.column = at + 1

    def close(self) -> None:
        """Lets it end where its last value does."""
        last = self.values[self.keys[-1][0]] if self.items is None else self.items[-1]
        self.node.end_line = last.end_line
        self.node.end_column = last.end_column


def read_lines(path: str, text: str) -> Document | None:
    """The one document of a text; None where a line is none of those that can be read here."""
    if not text.isascii() or len(text) > _MAX_LENGTH or "\t" in text or "\r" in text:
        return None
    try:
        return _read(path, text)
    except NotQuickly:
        return None


def _read(path: str, text: str) -> Document:  # noqa: C901, PLR0912 - in functions of their own parts would take twice as long
    around: list[_Open] = []
    """The open mappings and lists around the innermost one, which is `inner`."""
    inner: _Open | None = None
    waiting = ""
    """The key of the innermost mapping whose value begins on a line to come."""
    seen: set[str] = set()
    for number, line in enumerate(_lines_of(text), 1):
        content = line.lstrip(" ")
        if not content or (first := content[0]) == "#":
            continue
        at = len(line) - len(content)
        if content[-1] == " ":
            content = content.rstrip(" ")
        is_item = first == "-" and content[:2] == "- "
        if inner is None or waiting:
            inner, waiting = _begun(around, inner, waiting, _Open(at, number, is_list=is_item)), ""
        elif at != inner.at or is_item is (inner.items is None):
            inner = _continued(around, inner, at, is_item=is_item)
        if is_item:
            at += len(content)
            content = content[2:].lstrip(" ")
            at -= len(content)
        key, colon, value = content.partition(": ")
        if not colon and content[-1] == ":":
            key = waiting = content[:-1]
        if (items := inner.items) is not None:
            if not colon and not waiting:
                items.append(_scalar(content, number, at + 1))
                continue
            around.append(inner)
            inner = _Open(at, number, is_list=False)
            items.append(inner.node)
        if key in inner.values or (key not in _good_keys and not _is_good(key)):
            raise NotQuickly
        seen.add(key)
        inner.keys.append((key, number, at + 1))
        if colon:
            if value[0] == " ":
                value = value.lstrip(" ")
            inner.values[key] = _scalar(value, number, at + len(content) - len(value) + 1)
        elif not waiting:
            raise NotQuickly
    if inner is None or waiting:
        raise NotQuickly
    inner.close()
    while around:
        inner = around.pop()
        inner.close()
    return Document(path, inner.node, text=text, keys=seen)


def _lines_of(text: str) -> list[str]:
    lines = text.split("\n")
    if lines[0] == "---":
        lines[0] = ""
    return lines


def _begun(around: list[_Open], outer: _Open | None, key: str, inner: _Open) -> _Open:
    """What begins on a line as the value of the last key, or as the root. Raises NotQuickly."""
    if outer is not None:
        if inner.at < outer.at or (inner.at == outer.at and inner.items is None) or len(around) > _MAX_DEPTH:
            raise NotQuickly  # nothing stands behind the key
        around.append(outer)
        outer.values[key] = inner.node
    return inner


def _continued(around: list[_Open], inner: _Open, at: int, *, is_item: bool) -> _Open:
    """The mapping or list that goes on in a line; those inside of it have ended. Raises NotQuickly."""
    while at < inner.at or (at == inner.at and inner.items is not None and not is_item):
        if not around:
            raise NotQuickly
        inner.close()
        inner = around.pop()
    if at != inner.at or is_item is (inner.items is None):
        raise NotQuickly
    return inner


def _scalar(text: str, line: int, column: int) -> Node:
    """The node of what stands behind a key, or in a list. Raises NotQuickly."""
    first = text[0]
    node = _new(ScalarNode)
    node.line = node.end_line = line
    node.column = column
    if first in _PLAIN_STARTS:
        if " " in text or text[-1] == ":":
            text = _without_comment(text)
        node.plain_style = True
        node.text = text
        node.end_column = column + len(text)
        node.value = certain_value(text) if first in NUMBER_STARTS or text in UNUSUAL_WORDS else text
        return node
    if first == "[":
        return _list_in_a_line(text, line, column)
    inside = text[1:-1]
    if first not in {"'", '"'} or text != f"{first}{inside}{first}" or first in inside or "\\" in inside:
        raise NotQuickly
    node.plain_style = False
    node.value = node.text = inside
    node.end_column = column + len(text)
    return node


def _without_comment(text: str) -> str:
    """An unquoted scalar without a comment behind it. Raises NotQuickly where it is none."""
    if " #" in text:
        text = text[: text.index(" #")].rstrip(" ")
    if ": " in text or text[-1] == ":":
        raise NotQuickly
    return text


def _list_in_a_line(text: str, line: int, column: int) -> SequenceNode:
    """The list of plain words that stands in brackets. Raises NotQuickly."""
    if re.fullmatch(_LIST_IN_A_LINE, text) is None:
        raise NotQuickly
    items: list[Node] = []
    at = column + 1
    for item in text[1:-1].split(", "):
        items.append(_scalar(item, line, at))
        at += len(item) + 2
    return SequenceNode(items, line, column, line, column + len(text))


def _is_good(key: str) -> bool:
    """Whether a key has the form above; then it is remembered."""
    if re.fullmatch(_KEY, key) is None or key in UNUSUAL_WORDS:
        return False
    if len(_good_keys) < _MOST_REMEMBERED:
        _good_keys.add(key)
    return True


def _key_nodes(keys: list[tuple[str, int, int]]) -> dict[str, ScalarNode]:
    return {
        key: ScalarNode(key, line=line, column=column, end_line=line, end_column=column + len(key))
        for key, line, column in keys
    }
