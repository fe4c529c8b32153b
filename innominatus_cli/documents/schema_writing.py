"""JSON Schemas from the pydantic models: lean, closed, with the few keywords that `documents.structure` walks."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

BASE = "https://innominatus.dev/schemas/"
KEYWORDS = frozenset(
    (
        "$defs",
        "$id",
        "$ref",
        "$schema",
        "additionalProperties",
        "anyOf",
        "const",
        "description",
        "enum",
        "items",
        "maxItems",
        "maxLength",
        "maximum",
        "minItems",
        "minLength",
        "minProperties",
        "minimum",
        "oneOf",
        "pattern",
        "properties",
        "propertyNames",
        "required",
        "title",
        "type",
    )
)
"""What our schemas are made of, beside annotations `x-…`; each means what draft 2020-12 says."""

_LEFT_OVER = frozenset(("default", "examples", "format", "ge"))
"""What pydantic writes and our schemas do without; `ge` is a constraint that it could not place."""


def schema_for(model: type[BaseModel], file: str, title: str, *, written_by_people: bool = True) -> dict[str, Any]:
    """The schema of a model, for `schemas/<file>.schema.json`.

    In documents that people write a key is left out or has a value: null is no alternative for an optional one.
    """
    generated = model.model_json_schema(by_alias=True, schema_generator=GenerateJsonSchema)
    body = _lean(generated, drop_null=written_by_people)
    description = " ".join(str(body.pop("description", "")).split())
    body.pop("$schema", None)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{BASE}{file}.schema.json",
        "title": title,
        "description": description,
        **body,
    }


def _lean(schema: Mapping[str, Any], *, drop_null: bool) -> dict[str, Any]:
    """One schema without generated titles and defaults, its parts treated likewise."""
    lean: dict[str, Any] = {}
    for keyword, value in schema.items():
        match keyword:
            case "title":
                continue
            case "propertyNames" if "patternProperties" in schema:
                continue
            case "properties" | "$defs":
                lean[keyword] = {name: _lean(part, drop_null=drop_null) for name, part in value.items()}
            case "items" | "additionalProperties" | "propertyNames" if isinstance(value, dict):
                lean[keyword] = _lean(value, drop_null=drop_null)
            case "anyOf" | "oneOf":
                lean[keyword] = [_lean(part, drop_null=drop_null) for part in value]
            case "patternProperties":
                _close_keys(lean, schema, {k: _lean(part, drop_null=drop_null) for k, part in value.items()})
            case _ if keyword in KEYWORDS or keyword.startswith("x-"):
                lean[keyword] = value
            case _:
                if keyword not in _LEFT_OVER:
                    raise AssertionError(f"documents.structure does not know the keyword {keyword}")
    return _simple(_without_null(lean) if drop_null else lean)


def _close_keys(lean: dict[str, Any], schema: Mapping[str, Any], patterns: Mapping[str, Any]) -> None:
    """A map whose keys have a pattern: pydantic leaves other keys open in its schema, though its models refuse them."""
    if len(patterns) != 1:
        raise AssertionError("a map of a model has one pattern for its keys")
    ((pattern, values),) = patterns.items()
    lean["propertyNames"] = {**schema.get("propertyNames", {}), "pattern": pattern}
    lean["additionalProperties"] = values or True


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    alternatives = schema.get("anyOf")
    if not alternatives or {"type": "null"} not in alternatives:
        return schema
    rest = [part for part in alternatives if part != {"type": "null"}]
    others = {keyword: value for keyword, value in schema.items() if keyword != "anyOf"}
    return {**others, **rest[0]} if len(rest) == 1 else {**others, "anyOf": rest}


def _simple(schema: dict[str, Any]) -> dict[str, Any]:
    """Alternatives of alternatives become one list, and alternatives of nothing but types a list of types."""
    alternatives = schema.get("anyOf")
    if not alternatives:
        return schema
    flat: list[dict[str, Any]] = []
    for part in alternatives:
        flat.extend(part["anyOf"] if set(part) == {"anyOf"} else [part])
    others = {keyword: value for keyword, value in schema.items() if keyword != "anyOf"}
    if all(set(part) == {"type"} and isinstance(part["type"], str) for part in flat):
        types = [part["type"] for part in flat]
        return {**others, "type": [name for name in types if not (name == "integer" and "number" in types)]}
    return {**others, "anyOf": flat}
