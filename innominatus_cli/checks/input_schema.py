"""The schema of a step type's inputs: which keywords it may have, where it leads, and whether defaults fit it."""

from collections.abc import Iterator, Mapping
from typing import Any

from innominatus_cli.checks.facts import Facts
from innominatus_cli.checks.order import cycles
from innominatus_cli.documents.nodes import Document, MappingNode, Node, ScalarNode, SequenceNode
from innominatus_cli.documents.words import a
from innominatus_cli.findings.catalogue import definitions as codes
from innominatus_cli.findings.finding import Finding
from innominatus_cli.findings.near_names import did_you_mean

_TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")
_FORMS = {
    "$defs": "schemas",
    "$ref": "string",
    "additionalProperties": "schema",
    "anyOf": "list of schemas",
    "const": "",
    "default": "",
    "description": "string",
    "enum": "list",
    "examples": "list",
    "items": "schema",
    "maxItems": "integer",
    "maxLength": "integer",
    "maximum": "number",
    "minItems": "integer",
    "minLength": "integer",
    "minProperties": "integer",
    "minimum": "number",
    "oneOf": "list of schemas",
    "pattern": "string",
    "properties": "schemas",
    "propertyNames": "schema",
    "required": "list",
    "title": "string",
    "type": "",
}
"""Every keyword that inputs may be described with, and the form of its value; "" where another rule says it."""
_RANGES = (("minimum", "maximum"), ("minLength", "maxLength"), ("minItems", "maxItems"))
_REFERENCE = "#/$defs/"
_MOST_TRIES = 1_000


def inputs_of(document: Document) -> MappingNode:
    """The schema of a StepType document's inputs; empty where it has none."""
    return document.mapping.mapping("spec").mapping("inputs")


def _schemas(root: MappingNode) -> Iterator[MappingNode]:
    """A schema and all schemas in it, in the order of the file."""
    waiting: list[MappingNode] = [root]
    while waiting:
        schema = waiting.pop()
        yield schema
        inner: list[Node] = []
        for keyword, value in schema.values.items():
            form = _FORMS.get(keyword)
            if form == "schema":
                inner.append(value)
            elif form == "schemas" and isinstance(value, MappingNode):
                inner += value.values.values()
            elif form == "list of schemas" and isinstance(value, SequenceNode):
                inner += value.items
        waiting += [node for node in reversed(inner) if isinstance(node, MappingNode)]


def check_schema(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2171: `inputs` is a JSON Schema of the keywords that are known, each with a value of its form."""
    root = inputs_of(document)
    kind = root.text("type")
    if kind not in {None, "object"}:
        message = f"the inputs of a step are a mapping, and their schema is of type '{kind}'"
        yield Finding(codes.BAD_INPUT_SCHEMA, message, document.place(root.get("type")), "Write `type: object`.")
    for schema in _schemas(root):
        for keyword, value in schema.values.items():
            if keyword not in _FORMS and not keyword.startswith("x-"):
                message = f"'{keyword}' is no keyword that is known in a schema of inputs"
                near = did_you_mean(keyword, _FORMS)
                if schema is root and isinstance(value, MappingNode):
                    near = near or "Inputs are described under `properties`."
                yield Finding(codes.BAD_INPUT_SCHEMA, message, document.place(schema.key(keyword)), near)
            elif problem := _problem_of(keyword, value):
                yield Finding(codes.BAD_INPUT_SCHEMA, f"'{keyword}' {problem}", document.place(value))
        yield from _check_ranges(document, schema)
        yield from _check_required(document, schema)


def _problem_of(keyword: str, value: Node) -> str:
    """What is wrong with a keyword's value, as the end of a sentence; empty where nothing is."""
    form = _FORMS.get(keyword, "")
    if keyword == "type":
        return _problem_of_type(value)
    if keyword == "pattern" and isinstance(value, ScalarNode) and isinstance(value.value, str):
        return _problem_of_pattern(value.value)
    if form in {"list", "list of schemas", "schemas"} and isinstance(value, SequenceNode | MappingNode):
        return _problem_of_parts(keyword, form, value)
    return "" if _has_form(form, value) else _wrong_form(form, value)


def _problem_of_parts(keyword: str, form: str, value: SequenceNode | MappingNode) -> str:
    if isinstance(value, MappingNode) is not (form == "schemas"):
        return _wrong_form(form, value)
    parts = list(value.values.values()) if isinstance(value, MappingNode) else value.items
    if isinstance(value, SequenceNode) and not parts and keyword != "required":
        return "is an empty list, so that no value is good"
    wrong = next((one for one in parts if form != "list" and not isinstance(one, MappingNode)), None)
    return f"holds {a(wrong.type_name)} where a schema is expected" if wrong is not None else ""


def _wrong_form(form: str, value: Node) -> str:
    if form == "integer" and isinstance(value, ScalarNode):
        return f"must be an integer from 0, not {value.text}"
    return f"must be {'a mapping of schemas' if form == 'schemas' else a(form)}, not {a(value.type_name)}"


def _has_form(form: str, value: Node) -> bool:
    plain = value.value if isinstance(value, ScalarNode) else None
    is_number = isinstance(plain, int | float) and not isinstance(plain, bool)
    match form:
        case "":
            return True
        case "schema":
            return isinstance(value, MappingNode) or isinstance(plain, bool)
        case "string":
            return isinstance(plain, str)
        case "number":
            return is_number
        case "integer":
            return is_number and isinstance(plain, int) and plain >= 0
        case _:
            return False


def _problem_of_type(value: Node) -> str:
    names = value.items if isinstance(value, SequenceNode) else [value]
    for name in names:
        text = name.text if isinstance(name, ScalarNode) else name.type_name
        if text not in _TYPES:
            return f"is '{text}', which is not one of {', '.join(_TYPES)}"
    return "" if names else "is an empty list"


def _problem_of_pattern(pattern: str) -> str:
    from innominatus_cli.expressions.patterns import PatternError, compile_pattern  # noqa: PLC0415 - few have one

    try:
        compile_pattern(pattern)
    except PatternError as problem:
        return f"cannot be used: {problem}"
    return ""


def _check_ranges(document: Document, schema: MappingNode) -> Iterator[Finding]:
    for least, most in _RANGES:
        low, high = schema.get(least), schema.get(most)
        numbers = [node.value for node in (low, high) if isinstance(node, ScalarNode) and _has_form("number", node)]
        if len(numbers) == 2 and float(numbers[0] or 0) > float(numbers[1] or 0):  # noqa: PLR2004 - both limits
            message = f"'{least}' {numbers[0]} is over '{most}' {numbers[1]}, so that no value is good"
            yield Finding(codes.BAD_INPUT_SCHEMA, message, document.place(low))


def _check_required(document: Document, schema: MappingNode) -> Iterator[Finding]:
    known = schema.mapping("properties").values
    for name in schema.sequence("required"):
        if not isinstance(name, ScalarNode) or not isinstance(name.value, str):
            message = f"'required' holds {a(name.type_name)} where a name is expected"
            yield Finding(codes.BAD_INPUT_SCHEMA, message, document.place(name))
        elif "properties" in schema.values and name.value not in known:
            message = f"'{name.value}' is required, and is not among the properties"
            hint = did_you_mean(name.value, known)
            yield Finding(codes.BAD_INPUT_SCHEMA, message, document.place(name), hint)


def check_schema_references(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2172: a `$ref` leads to an entry of `$defs`, never away, and never only back to itself."""
    root = inputs_of(document)
    definitions = root.mapping("$defs")
    for schema in _schemas(root):
        node = schema.get("$ref")
        if not isinstance(node, ScalarNode) or not isinstance(node.value, str):
            continue
        name = node.value.removeprefix(_REFERENCE)
        if not node.value.startswith(_REFERENCE) or "/" in name:
            message = f"'{node.value}' leads out of the schema"
            yield Finding(codes.SCHEMA_LEAVES_FILE, message, document.place(node))
        elif name not in definitions.values:
            message = f"there is no '{name}' under '$defs'"
            hint = did_you_mean(name, definitions.values)
            yield Finding(codes.SCHEMA_LEAVES_FILE, message, document.place(node), hint)
    targets = {name: _stands_for(definitions.mapping(name)) for name in definitions.values}
    circles = list(cycles(targets))
    for cycle in circles:
        message = f"definitions stand for each other: {' → '.join([*cycle, cycle[0]])}"
        place = document.place(definitions.mapping(cycle[0]).get("$ref") or definitions.get(cycle[0]))
        yield Finding(codes.SCHEMA_LEAVES_FILE, message, place)
    if not circles:
        tries = _Tries(targets)
        for name in definitions.values:
            if tries.of(name) > _MOST_TRIES and all(tries.of(target) <= _MOST_TRIES for target in targets[name]):
                message = f"'{name}' holds one value against more than {_MOST_TRIES:,} alternatives"
                yield Finding(codes.BAD_INPUT_SCHEMA, message, document.place(definitions.get(name)))


def _stands_for(schema: MappingNode) -> list[str]:
    """The definitions that the value of a schema is held against, each as often as it is."""
    found = [reference.removeprefix(_REFERENCE)] if (reference := schema.text("$ref")) else []
    for keyword in ("anyOf", "oneOf"):
        for part in schema.sequence(keyword):
            found += _stands_for(part) if isinstance(part, MappingNode) else []
    return found


class _Tries:
    """How many definitions a value is held against because of one, which do not stand for each other in a circle."""

    def __init__(self, targets: Mapping[str, list[str]]) -> None:
        self._targets = targets
        self._known: dict[str, int] = {}

    def of(self, name: str) -> int:
        """The number, by the definition's name; without recursion, for there may be many."""
        waiting = [name]
        while waiting:
            last = waiting[-1]
            open_ones = [one for one in self._targets.get(last, ()) if one not in self._known]
            if open_ones and last not in self._known:
                waiting += open_ones
            else:
                waiting.pop()
                self._known[last] = 1 + sum(self._known[one] for one in self._targets.get(last, ()))
        return self._known[name]


def check_defaults(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2171: the default of an input is one of its values."""
    root = inputs_of(document)
    rules = (check_schema, check_schema_references)
    if any(True for rule in rules for _ in rule(document, facts)):
        return
    from innominatus_cli.documents.foreign_schemas import check_node  # noqa: PLC0415 - few documents come so far

    definitions = root.mapping("$defs")
    shared = {name: as_plain_schema(definitions.mapping(name)) for name in definitions.values}
    for schema in _schemas(root):
        default = schema.get("default")
        if default is not None:
            for wrong in check_node(document, default, {**as_plain_schema(schema), "$defs": shared})[:1]:
                message = f"the default does not fit its own schema: {wrong.message}"
                yield Finding(codes.BAD_INPUT_SCHEMA, message, document.place(default))


def as_plain_schema(schema: MappingNode, *, patterns: bool = False) -> dict[str, Any]:
    """The schema as plain data for the structural check, whose patterns must be our own unless they are asked for."""
    plain: dict[str, Any] = {}
    for keyword, value in schema.values.items():
        form = _FORMS.get(keyword)
        if form == "schema" and isinstance(value, MappingNode):
            plain[keyword] = as_plain_schema(value, patterns=patterns)
        elif form == "schemas" and isinstance(value, MappingNode):
            plain[keyword] = {name: as_plain_schema(value.mapping(name), patterns=patterns) for name in value.values}
        elif form == "list of schemas" and isinstance(value, SequenceNode):
            plain[keyword] = [
                as_plain_schema(one, patterns=patterns) for one in value.items if isinstance(one, MappingNode)
            ]
        elif patterns or keyword != "pattern":
            plain[keyword] = value.plain()
    return plain


RULES = (check_schema, check_schema_references, check_defaults)
