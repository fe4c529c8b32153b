"""From a path of keys to the JSON Schema of what stands there."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from innominatus_cli.checks.facts import NO_FACTS, Facts
from innominatus_cli.checks.own_config import schema_of_type
from innominatus_cli.documents.schemas import Schema, schema_of_kind
from innominatus_cli.language_server.cursor import ITEM

_STEPS = ("steps", "finally")


def schemas_at(kind: str, path: Sequence[str], step_type: str = "", facts: Facts = NO_FACTS) -> list[Schema]:
    """The schemas that a value at the path may have, each resolved; `step_type` is that of the step around it."""
    root = schema_of_kind(kind)
    if root is None:
        return []
    for index, part in enumerate(path):
        if part == "config" and path[max(index - 2, 0) : index] and path[index - 1] == ITEM and _in_steps(path[:index]):
            inputs = schema_of_type(step_type, facts)
            return [] if inputs is None else list(_walked(inputs, path[index + 1 :]))
    return list(_walked(root, path))


def _in_steps(path: Sequence[str]) -> bool:
    return len(path) > 1 and path[-2] in _STEPS


def _walked(root: Schema, path: Sequence[str]) -> Iterator[Schema]:
    definitions = root.get("$defs", {})
    here = list(_alternatives(root, definitions))
    for part in path:
        below = [schema for one in here for schema in _below(one, part)]
        here = [schema for one in below for schema in _alternatives(one, definitions)]
    yield from here


def _alternatives(schema: Schema, definitions: Mapping[str, Schema]) -> Iterator[Schema]:
    """The schema without references, or each of its alternatives."""
    while (reference := schema.get("$ref")) is not None:
        schema = definitions[reference.rpartition("/")[2]]
    parts = schema.get("anyOf") or schema.get("oneOf")
    if parts and not all(set(part) == {"required"} for part in parts):
        for part in parts:
            yield from _alternatives(part, definitions)
    else:
        yield schema


def _below(schema: Schema, part: str) -> list[Schema]:
    if part == ITEM:
        return [schema["items"]] if isinstance(schema.get("items"), dict) else []
    properties = schema.get("properties", {})
    known = schema.get("x-aliases", {}).get(part, part)
    if known in properties:
        return [properties[known]]
    others = schema.get("additionalProperties")
    return [others] if isinstance(others, dict) else []


def words_of(schemas: Sequence[Schema]) -> list[str]:
    """The values that the schemas name."""
    words: list[str] = []
    for schema in schemas:
        words += [_written(one) for one in schema.get("enum", [])]
        words += [_written(schema["const"])] if "const" in schema else []
        words += ["true", "false"] if "boolean" in _types(schema) else []
    return list(dict.fromkeys(words))


def types_in_words(schema: Schema) -> str:
    """The types of a schema as its reader says them."""
    return " or ".join(_types(schema))


def _types(schema: Schema) -> list[str]:
    expected = schema.get("type", [])
    return [expected] if isinstance(expected, str) else list(expected)


def _written(value: Any) -> str:  # noqa: ANN401 - JSON data
    return str(value).lower() if isinstance(value, bool) else str(value)
