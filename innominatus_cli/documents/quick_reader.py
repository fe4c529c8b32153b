"""YAML text to nodes in one go, for the files that nothing is wrong or special with.

`read_quickly` gives what `yaml_reader` would, or None where that has to look: PyYAML's C composer builds the tree, and
a tree with anything that may need a finding is left to the reader of events, which knows what to say. The composer
recurses, so that its text is looked at first: no tree of it can be deeper than a few hundred levels.
"""

import re
from typing import TYPE_CHECKING, cast

from innominatus_cli.documents.libyaml import CParser, RawMapping, RawScalar, RawSequence, YAMLError
from innominatus_cli.documents.nodes import Document, MappingNode, Node, ScalarNode, SequenceNode
from innominatus_cli.documents.scalars import NUMBER_STARTS, UNUSUAL_WORDS, NotQuickly, certain_value
from innominatus_cli.documents.yaml_text import INVISIBLE

if TYPE_CHECKING:
    from typing import TypeAlias

    RawNode: TypeAlias = RawScalar | RawMapping | RawSequence

MAX_DEPTH = 64
_MAX_LENGTH = 50_000
"""Characters of a text that cannot hold too many nodes: each takes one at least, and the limit is 100,000."""
_MAX_DOCUMENTS = 100
_MAX_BRACKETS = 200
_DEEP = "[ \t?:-]{120}"
"""What begins a line with very deep blocks: each level of a block takes a column, or half of one."""
_DEEP_LINE, _DEEP_LINE_OF_ANY_END = f"\n{_DEEP}", f"[\r\n]{_DEEP}"
_TOKENS = r"(?:^|[\s\[{,:?])(?:&[^\s&]|\*[\w-]|!)"
"""Where an anchor, an alias or a tag may begin. An alias of another form has no anchor, which is an error anyway."""
_new = ScalarNode.__new__


class _Composer(CParser):
    """PyYAML's composer, without its tags: what a scalar is worth is decided here."""

    def resolve(self, _kind: object, _value: object, _implicit: object) -> None:
        """Tags are not asked for."""

    def descend_resolver(self, _parent: object, _index: object) -> None:
        """There is nothing to resolve by the way to a node."""

    def ascend_resolver(self) -> None:
        """See `descend_resolver`."""


def read_quickly(path: str, text: str) -> list[Document] | None:
    """All documents of a text; None where it needs another look, and where it holds none."""
    if not may_be_composed(text):
        return None
    documents = []
    index = 0
    try:
        composer = _Composer(text.encode())
        while composer.check_node():
            if index == _MAX_DOCUMENTS:
                return None
            keys: set[str] = set()
            root = _node(cast("RawNode", composer.get_node()), 1, keys)
            if root.__class__ is not ScalarNode or root.value is not None or not root.plain_style:
                documents.append(Document(path, root, index=index, text=text, keys=keys))
            index += 1
    except (NotQuickly, YAMLError, ValueError):
        return None
    return documents or None


def may_be_composed(text: str) -> bool:
    """Whether the composer may have the text: it is no deep tree, and has neither anchors nor tags."""
    return (
        len(text) < _MAX_LENGTH
        and text.count("[") + text.count("{") < _MAX_BRACKETS
        and not re.search(_DEEP_LINE_OF_ANY_END if "\r" in text else _DEEP_LINE, text)
        and not re.match(_DEEP, text)
        and not (("&" in text or "*" in text or "!" in text) and re.search(_TOKENS, text))
        and (text.isascii() or not re.search(INVISIBLE, text))
    )


def _node(raw: "RawNode", depth: int, keys: set[str]) -> Node:
    """The node for one of PyYAML's; the keys of all its mappings are added to `keys`. Raises NotQuickly."""
    if isinstance(raw, RawScalar):
        return _scalar(raw)
    if depth >= MAX_DEPTH:
        raise NotQuickly
    node: MappingNode | SequenceNode
    last: Node | None = None
    if type(raw) is RawMapping:
        values: dict[str, Node] = {}
        raw_keys = []
        for raw_key, raw_value in raw.value:
            key = raw_key.value
            if type(raw_key) is not RawScalar or key in values or not _is_plain_text(key, raw_key.style):
                raise NotQuickly
            raw_keys.append(raw_key)
            is_scalar = type(raw_value) is RawScalar
            values[key] = last = _scalar(raw_value) if is_scalar else _node(raw_value, depth + 1, keys)
        keys.update(values)
        node = MappingNode.__new__(MappingNode)
        node.values = values
        node.late_keys = _key_nodes, raw_keys
    else:
        items = [_node(item, depth + 1, keys) for item in raw.value]
        last = items[-1] if items else None
        node = SequenceNode(items)
    start, end = raw.start_mark, raw.end_mark
    node.line = start.line + 1
    node.column = start.column + 1
    if last is None or raw.flow_style:
        node.end_line, node.end_column = end.line + 1, end.column + 1
    else:
        node.end_line, node.end_column = last.end_line, last.end_column
    return node


def _is_plain_text(key: str, style: str | None) -> bool:
    """Whether a key is a text, and no merge."""
    if style != "":
        return "\0" not in key
    if key in UNUSUAL_WORDS or key[0] in NUMBER_STARTS:
        return isinstance(certain_value(key), str)
    return key != "<<"


def _key_nodes(keys: list[RawScalar]) -> dict[str, ScalarNode]:
    return {key.value: _scalar(key) for key in keys}


def _scalar(raw: RawScalar) -> ScalarNode:
    start, end = raw.start_mark, raw.end_mark
    text = raw.value
    node = _new(ScalarNode)  # half of what calling the class takes
    node.line = start.line + 1
    node.column = start.column + 1
    node.end_line = end.line + 1
    node.end_column = end.column + 1
    node.text = text
    if raw.style == "":
        node.plain_style = True
        if text in UNUSUAL_WORDS or text[0] in NUMBER_STARTS:
            if not text and not start.column:
                raise NotQuickly  # it may stand behind the last line
            node.value = certain_value(text)
        else:
            node.value = text
    else:
        node.plain_style = False
        node.value = text
        if "\0" in text:
            raise NotQuickly
    return node
