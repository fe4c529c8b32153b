"""YAML text to nodes line by line, for the plainest files: block mappings and lists, scalars of one line each.

Mappings and lists of words may stand in one line, too. Most files are no more than that, and looking at their lines
takes half of the time that composing them takes. What a line may be is a small part of YAML that has one meaning only;
at anything else the whole text is left to another reader.
"""

import re
import string
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from innominatus_cli.documents.nodes import Document, MappingNode, Node, ScalarNode, SequenceNode
from innominatus_cli.documents.scalars import NUMBER_STARTS, UNUSUAL_WORDS, NotQuickly, certain_value

_MAX_DEPTH = 32
_MAX_LENGTH = 50_000
"""Characters of a text that cannot hold too many nodes: each takes one at least."""
_MAX_NODES = 100_000
"""What the reader of events allows."""
_NODES_OF_A_LINE, _NODES_OF_A_COMMA = 6, 2
"""More than there can be of `- key: {key: value}`, and of what a comma adds to it."""
_KEY = r"[A-Za-z_][A-Za-z0-9_./*-]{0,127}"
_PLAIN_STARTS = frozenset(f"{string.ascii_letters}{string.digits}_./$^")
"""How an unquoted scalar may begin here; nothing in YAML but a scalar begins so."""
_ITEM = r"""(?:[A-Za-z0-9_./][A-Za-z0-9_./-]*|"[^"\\,]*"|'[^',]*')"""
_LIST_IN_A_LINE = rf"\[(?:{_ITEM}(?:, {_ITEM})*)?\]"
_MAPPING_IN_A_LINE = rf"\{{(?: ?{_KEY}: {_ITEM}(?:, {_KEY}: {_ITEM})* ?)?\}}"
_MOST_REMEMBERED = 20_000

_good_keys: set[str] = set()
"""Keys of the form above that every reader takes for a text. Repositories have few different ones."""
_new = ScalarNode.__new__
_new_mapping = MappingNode.__new__
_new_sequence = SequenceNode.__new__

_Key: TypeAlias = tuple[str, int, int]
_Open: TypeAlias = tuple[int, MappingNode | SequenceNode, list[Node] | None, dict[str, Node], list[_Key]]
"""A mapping or list whose end was not seen yet: how far its lines are indented, its node, the items of a list, the
values of a mapping, and each of its keys with line and column."""


def read_lines(path: str, text: str) -> Document | None:
    """The one document of a text; None where a line is none of those that can be read here."""
    if not text.isascii() or "\t" in text or "\r" in text or (len(text) > _MAX_LENGTH and _may_be_too_many(text)):
        return None
    try:
        return _read(path, text)
    except NotQuickly:
        return None


def _read(path: str, text: str) -> Document:  # noqa: C901, PLR0912, PLR0915 - in functions of their own parts would take twice as long
    around: list[_Open] = []
    """The open mappings and lists around the innermost one, which is `inner`."""
    inner: _Open | None = None
    indented, _, items, values, keys = _mapping(0, 0)
    """What `inner` is made of."""
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
            begun = _list(at, number) if is_item else _mapping(at, number)
            inner = _inside(around, inner, waiting, begun)
            indented, _, items, values, keys = inner
            waiting = ""
        elif at != indented or is_item is (items is None):
            inner = _continued(around, inner, at, is_item=is_item)
            indented, _, items, values, keys = inner
        if is_item:
            at += len(content)
            content = content[2:].lstrip(" ")
            at -= len(content)
        key, colon, value = content.partition(": ")
        if not colon and content[-1] == ":":
            key = waiting = content[:-1]
        if items is not None:
            if not colon and not waiting:
                items.append(_scalar(content, number, at + 1))
                continue
            around.append(inner)
            inner = _mapping(at, number)
            items.append(inner[1])
            indented, _, items, values, keys = inner
        if key in values or (key not in _good_keys and not _is_good(key)):
            raise NotQuickly
        seen.add(key)
        keys.append((key, number, at + 1))
        if colon:
            if value[0] == " ":
                value = value.lstrip(" ")
            values[key] = _scalar(value, number, at + len(content) - len(value) + 1)
        elif not waiting:
            raise NotQuickly
    if inner is None or waiting:
        raise NotQuickly
    _close(inner)
    while around:
        inner = around.pop()
        _close(inner)
    if " {" in text:
        seen.update(*_keys_in_lines(inner[1]))
    return Document(path, inner[1], text=text, keys=seen, may_hold_nulls=False)


def _may_be_too_many(text: str) -> bool:
    most = _NODES_OF_A_LINE * (text.count("\n") + 1) + _NODES_OF_A_COMMA * text.count(",")
    return most > _MAX_NODES


def _lines_of(text: str) -> list[str]:
    lines = text.split("\n")
    if lines[0] == "---":
        lines[0] = ""
    return lines


def _mapping(at: int, line: int) -> _Open:
    node = _new_mapping(MappingNode)
    node.line = line
    node.column = at + 1
    values: dict[str, Node] = {}
    keys: list[_Key] = []
    node.values = values
    node.late_keys = _key_nodes, keys
    return at, node, None, values, keys


def _list(at: int, line: int) -> _Open:
    node = _new_sequence(SequenceNode)
    node.line = line
    node.column = at + 1
    items: list[Node] = []
    node.items = items
    return at, node, items, {}, []


def _inside(around: list[_Open], outer: _Open | None, key: str, inner: _Open) -> _Open:
    """What begins on a line, as the value of the last key or as the root. Raises NotQuickly."""
    if outer is not None:
        if inner[0] < outer[0] or (inner[0] == outer[0] and inner[2] is None) or len(around) > _MAX_DEPTH:
            raise NotQuickly  # nothing stands behind the key
        around.append(outer)
        outer[3][key] = inner[1]
    return inner


def _continued(around: list[_Open], inner: _Open, at: int, *, is_item: bool) -> _Open:
    """The mapping or list that goes on in a line; those inside of it have ended. Raises NotQuickly."""
    while at < inner[0] or (at == inner[0] and inner[2] is not None and not is_item):
        if not around:
            raise NotQuickly
        _close(inner)
        inner = around.pop()
    if at != inner[0] or is_item is (inner[2] is None):
        raise NotQuickly
    return inner


def _close(ended: _Open) -> None:
    """Lets a mapping or list end where its last value does."""
    _, node, items, values, keys = ended
    last = values[keys[-1][0]] if items is None else items[-1]
    node.end_line = last.end_line
    node.end_column = last.end_column


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
        if first in NUMBER_STARTS or text in UNUSUAL_WORDS:
            node.value = certain_value(text)
            if node.value is None:
                raise NotQuickly  # so that nobody looks for values that are none in what is read here
        else:
            node.value = text
        return node
    if first == "[":
        return _list_in_a_line(text, line, column)
    if first == "{":
        return _mapping_in_a_line(text, line, column)
    if first == "-" and text[1:2].isalpha():  # an option of a command
        node.plain_style = True
        node.value = node.text = text = _without_comment(text)
        node.end_column = column + len(text)
        return node
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
    for item in text[1:-1].split(", ") if len(text) > len("[]") else ():
        items.append(_scalar(item, line, at))
        at += len(item) + 2
    return SequenceNode(items, line, column, line, column + len(text))


def _mapping_in_a_line(text: str, line: int, column: int) -> MappingNode:
    """The mapping of words to words that stands in braces. Raises NotQuickly."""
    if re.fullmatch(_MAPPING_IN_A_LINE, text) is None:
        raise NotQuickly
    values: dict[str, Node] = {}
    keys: list[_Key] = []
    at = column + 1
    if text[1] == " ":
        at += 1
    for entry in text[1:-1].strip(" ").split(", ") if len(text) > len("{}") else ():
        key, _, value = entry.partition(": ")
        if key in values or not _is_good(key):
            raise NotQuickly
        keys.append((key, line, at))
        values[key] = _scalar(value, line, at + len(key) + 2)
        at += len(entry) + 2
    node = _new_mapping(MappingNode)
    node.line = node.end_line = line
    node.column = column
    node.end_column = column + len(text)
    node.values = values
    node.late_keys = _key_nodes, keys
    return node


def _keys_in_lines(node: MappingNode | SequenceNode) -> Iterator[Iterable[str]]:
    """The keys of all mappings below a node; of those in one line nobody else keeps them."""
    if isinstance(node, MappingNode):
        yield node.values
    for inner in node.values.values() if isinstance(node, MappingNode) else node.items:
        if isinstance(inner, MappingNode | SequenceNode):
            yield from _keys_in_lines(inner)


def _is_good(key: str) -> bool:
    """Whether a key has the form above; then it is remembered."""
    if re.fullmatch(_KEY, key) is None or key in UNUSUAL_WORDS:
        return False
    if len(_good_keys) < _MOST_REMEMBERED:
        _good_keys.add(key)
    return True


def _key_nodes(keys: list[_Key]) -> dict[str, ScalarNode]:
    return {
        key: ScalarNode(key, line=line, column=column, end_line=line, end_column=column + len(key))
        for key, line, column in keys
    }
