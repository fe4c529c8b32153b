"""Whether a node fits a schema without a single finding, told fast: most do, and the others are for `structure`.

A schema is compiled once to a function of nodes. Where telling would take more than a look (aliases of keys, fractions
that are whole) the answer is no, which is never wrong: `structure` walks the same schema and finds nothing.
"""

import re
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any, TypeAlias

from innominatus_cli.documents.nodes import MappingNode, Node, ScalarNode, SequenceNode
from innominatus_cli.documents.scalars import NUMBER_STARTS, is_text_upstream
from innominatus_cli.documents.schemas import Schema

Accepts: TypeAlias = Callable[[Node], bool]

_CLASSES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}
_WORTH_COMPILING = 5
"""Compiling a schema takes as long as `structure` takes for so many documents."""
_SAYS_NOTHING = frozenset(("type", "title", "description"))
"""Keywords that ask nothing of a value beyond its type."""
_seen: Counter[int] = Counter()
_compiled: dict[tuple[int, bool], tuple[Schema, Accepts]] = {}


def accepts(schema: Schema, node: Node, *, as_score_reads: bool, is_long: bool = False) -> bool:
    """Whether `structure` certainly finds nothing in a node, once enough nodes were asked for, or in a long one.

    Schemas are told apart by identity, and kept. `as_score_reads`: an unquoted value that Score's own tools take for a
    number or a date is no text.
    """
    known = _compiled.get((id(schema), as_score_reads))
    if known is not None:
        return known[1](node)
    _seen[id(schema)] += 1
    is_worth_it = is_long or _seen[id(schema)] >= _WORTH_COMPILING
    return is_worth_it and accepts_at_once(schema, node, as_score_reads=as_score_reads)


def accepts_at_once(schema: Schema, node: Node, *, as_score_reads: bool) -> bool:
    """The same, for the first node too."""
    function = _Compiler(schema, as_score_reads=as_score_reads).function(schema)
    _compiled[id(schema), as_score_reads] = schema, function
    return function(node)


def _everything(_node: Node) -> bool:
    return True


class _Compiler:
    """Makes functions of the parts of one schema."""

    def __init__(self, root: Schema, *, as_score_reads: bool) -> None:
        self.definitions: dict[str, Schema] = root.get("$defs", {})
        self.as_score_reads = as_score_reads
        self.functions: dict[str, Accepts] = {}

    def function(self, schema: Schema) -> Accepts:
        """The function of a schema."""
        parts = schema.get("anyOf") or schema.get("oneOf")
        match schema.get("type"):
            case _ if "$ref" in schema:
                made = self.named(schema["$ref"].rpartition("/")[2])
            case "object":
                made = self.mapping(schema)
            case None if parts is not None:
                made = self.either(parts)
            case None if not {"enum", "const", "properties", "items", "required"} & schema.keys():
                made = _everything
            case _ if parts is not None:
                made = _nothing
            case "array":
                made = self.sequence(schema)
            case _:
                made = self.scalar(schema)
        return made

    def named(self, name: str) -> Accepts:
        """The function of a definition; inside of itself one that looks for it when it is called."""
        functions = self.functions
        if name not in functions:
            functions[name] = lambda node: functions[name](node)  # noqa: PLW0108 - another one by then
            functions[name] = self.function(self.definitions[name])
        return functions[name]

    def resolved(self, schema: Schema) -> Schema:
        while (reference := schema.get("$ref")) is not None:
            schema = self.definitions[reference.rpartition("/")[2]]
        return schema

    def types_of(self, schema: Schema) -> set[str]:
        expected = self.resolved(schema).get("type", [])
        return {expected} if isinstance(expected, str) else set(expected)

    def either(self, parts: list[Schema]) -> Accepts:
        """Any alternative for a scalar; for lists and mappings the first that takes them, as `structure` has it."""
        of_scalars = [self.function(part) for part in parts if not self.types_of(part) <= {"object", "array"}]
        of_mapping = next((self.function(part) for part in parts if "object" in self.types_of(part)), None)
        of_sequence = next((self.function(part) for part in parts if "array" in self.types_of(part)), None)
        if not all(self.types_of(part) for part in parts):
            return _nothing

        def check(node: Node) -> bool:
            if node.__class__ is ScalarNode:
                for accept in of_scalars:  # noqa: SIM110 - `any` makes a generator
                    if accept(node):
                        return True
                return False
            accept_all = of_mapping if node.__class__ is MappingNode else of_sequence
            return accept_all is not None and accept_all(node)

        return check

    def scalar(self, schema: Schema) -> Accepts:
        expected = schema.get("type", [])
        types = [expected] if isinstance(expected, str) else expected
        classes = tuple(one for name in types for one in _CLASSES.get(name, ()))
        allowed = schema.get("enum", [schema["const"]] if "const" in schema else None)
        if allowed is not None:
            return self.word(allowed, classes)
        if str in classes:
            return self.text(schema, classes)
        return self.number(schema, classes)

    def number(self, schema: Schema, classes: tuple[type, ...]) -> Accepts:
        low, high = schema.get("minimum"), schema.get("maximum")
        if not classes or (bool in classes and (low is not None or high is not None)):
            return _nothing

        def check(node: Node) -> bool:
            if node.__class__ is not ScalarNode:
                return False
            value: Any = node.value
            return value.__class__ in classes and (low is None or value >= low) and (high is None or value <= high)

        return check

    def word(self, allowed: list[Any], classes: tuple[type, ...]) -> Accepts:
        """One of some words; those of other types are looked at by `structure`."""
        words = frozenset(one for one in allowed if isinstance(one, str))
        if classes and str not in classes:
            return _nothing
        is_text = self.text({})

        def check(node: Node) -> bool:
            return node.__class__ is ScalarNode and node.value in words and is_text(node)

        return check

    def text(self, schema: Schema, classes: tuple[type, ...] = (str,)) -> Accepts:
        """A text, or a value of another class that is accepted as it is."""
        others = frozenset(classes) - {str}
        limits = schema.keys() & {"minLength", "maxLength", "pattern", "minimum", "maximum"}
        if others and limits:
            return _nothing
        is_good = self.limited(schema) if limits else None
        as_score_reads = self.as_score_reads

        def check(node: Node) -> bool:
            if node.__class__ is not ScalarNode:
                return False
            value: Any = node.value
            if value.__class__ is not str:
                return value.__class__ in others
            if as_score_reads and node.plain_style and value[:1] in NUMBER_STARTS and not is_text_upstream(node.text):
                return False
            return is_good is None or is_good(value)

        return check

    def is_any_text(self, schema: Schema) -> bool:
        """Whether a schema takes every text."""
        schema = self.resolved(schema)
        types = schema.get("type", ())
        is_text = types == "string" or (isinstance(types, list) and "string" in types)
        return is_text and all(key in _SAYS_NOTHING or key.startswith("x-") for key in schema)

    def limited(self, schema: Schema) -> Callable[[str], bool]:
        """Whether a text has a good length and form."""
        least, most = schema.get("minLength", 0), schema.get("maxLength", sys.maxsize)
        written = schema.get("pattern")
        if written is None:
            return lambda text: least <= len(text) <= most
        search = re.compile(at_the_very_end(written), re.ASCII).search
        return lambda text: search(text) is not None and least <= len(text) <= most

    def sequence(self, schema: Schema) -> Accepts:
        least, most = schema.get("minItems", 0), schema.get("maxItems")
        accept = self.function(schema.get("items", {}))

        def check(node: Node) -> bool:
            if node.__class__ is not SequenceNode:
                return False
            items = node.items
            if len(items) < least or (most is not None and len(items) > most):
                return False
            for item in items:  # noqa: SIM110 - `all` makes a generator
                if not accept(item):
                    return False
            return True

        return check

    def mapping(self, schema: Schema) -> Accepts:
        known = {key: self.function(part) for key, part in schema.get("properties", {}).items()}
        required = frozenset(schema.get("required", ()))
        least = schema.get("minProperties", 0)
        additional: Schema | bool = schema.get("additionalProperties", True)
        others = self.function(additional) if isinstance(additional, dict) else _everything if additional else None
        accept_key = self.limited(schema["propertyNames"]) if "propertyNames" in schema and others is not None else None
        choice = self.choice(schema)
        aliases = schema.get("x-aliases", {})
        texts = frozenset(key for key, part in schema.get("properties", {}).items() if self.is_any_text(part))
        as_score_reads = self.as_score_reads

        def check(node: Node) -> bool:
            if node.__class__ is not MappingNode:
                return False
            values = node.values
            if not required <= values.keys() or len(values) < least or (choice is not None and not choice(node)):
                return False
            for key, value in values.items():
                if (  # most values; a call would take as long again
                    key in texts
                    and value.__class__ is ScalarNode
                    and value.value.__class__ is str
                    and (not as_score_reads or not value.plain_style or value.text[:1] not in NUMBER_STARTS)
                ):
                    continue
                accept = known.get(key)
                if accept is None:
                    if others is None or key in aliases or (accept_key is not None and not accept_key(key)):
                        return False
                    accept = others
                if not accept(value):
                    return False
            return True

        return check

    def choice(self, schema: Schema) -> Accepts | None:
        """Alternatives of a mapping that only ask for one key each: at least one of them, or exactly one."""
        parts = schema.get("anyOf") or schema.get("oneOf")
        if parts is None:
            return None
        if any(set(part) != {"required"} for part in parts):
            return _nothing
        keys = frozenset(part["required"][0] for part in parts)
        exactly_one = "oneOf" in schema

        def check(node: Node) -> bool:
            given = len(keys.intersection(node.values)) if node.__class__ is MappingNode else 0
            return given == 1 if exactly_one else given > 0

        return check


def _nothing(_node: Node) -> bool:
    return False


def at_the_very_end(pattern: str) -> str:
    """A pattern of our own schemas for Python, where `$` would match before a last line end too."""
    ends = pattern.endswith("$") and not pattern.endswith("\\$")
    return pattern[:-1] + r"\Z" if ends else pattern
