"""Finds the marked values of given inputs: paths, names in tables, secrets, workloads.

Planning uses it to resolve paths and names, `plan` to list the files that a step reads. It walks the JSON Schema of
the inputs model beside the data, so that a marker is written once, on the field.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from innominatus_cli.step_types.contract import StepInputs


@dataclass(frozen=True, slots=True)
class Marked:
    """One marked value of some inputs."""

    at: tuple[str | int, ...]
    """Keys and indexes that lead to it."""
    marker: Literal["path", "table", "secret", "workload"]
    value: str
    table: str = ""
    """The table of admin-config.yaml, for the marker `table`."""
    later: bool = False
    """Whether a path may also be one that only the run knows."""


_MARKERS: tuple[tuple[str, Literal["path", "table", "secret", "workload"]], ...] = (
    ("x-path", "path"),
    ("x-table", "table"),
    ("x-secret", "secret"),
    ("x-workload", "workload"),
)
_LATER = "x-later"


def marked_values(model: type[StepInputs], inputs: Mapping[str, Any]) -> Iterator[Marked]:
    """Every marked string of `inputs` (YAML keys of the model, no aliases), in the order of the model's fields.

    A string that two markers speak of is found twice, as in a secret's name, which is one of a table as well. Values
    that are no strings (entries that planning has put there, references) are passed over.
    """
    yield from _walk(_schema(model), inputs, ())


@cache
def keys_with_paths(model: type[StepInputs]) -> frozenset[str] | None:
    """The top-level inputs that a path may stand in, however deep; None where any of them may hold one."""
    schema = _schema(model)
    if "anyOf" in schema:
        return None
    return frozenset(key for key, part in schema.get("properties", {}).items() if _has_path(part))


@cache
def keys_with_workload(model: type[StepInputs]) -> frozenset[str]:
    """The top-level inputs that are a Score workload."""
    properties = _schema(model).get("properties", {})
    return frozenset(key for key, part in properties.items() if _is_workload(part))


def _is_workload(schema: Mapping[str, Any]) -> bool:
    return "x-workload" in schema or any(map(_is_workload, schema.get("anyOf", ())))


def _has_path(schema: Mapping[str, Any]) -> bool:
    below = [*schema.get("properties", {}).values(), *schema.get("anyOf", ())]
    below += [schema["items"]] if "items" in schema else []
    return "x-path" in schema or any(map(_has_path, below))


@cache
def _schema(model: type[StepInputs]) -> Mapping[str, Any]:
    """The parts of the model's schema that have a marker in them, references replaced by what they name."""
    schema = model.model_json_schema(by_alias=True)
    return _marked_part(schema, schema.get("$defs", {}), frozenset()) or {}


def _marked_part(schema: Mapping[str, Any], shared: Mapping[str, Any], above: frozenset[str]) -> dict[str, Any] | None:
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    if name in above:
        return None
    if name:
        schema = {**shared[name], **schema}
        above |= {name}
    found: dict[str, Any] = {key: schema[key] for key in (*dict(_MARKERS), _LATER) if key in schema}
    properties = {
        key: inner
        for key, part in schema.get("properties", {}).items()
        if (inner := _marked_part(part, shared, above)) is not None
    }
    items = _marked_part(schema["items"], shared, above) if isinstance(schema.get("items"), dict) else None
    either = [inner for part in schema.get("anyOf", ()) if (inner := _marked_part(part, shared, above)) is not None]
    found.update((key, part) for key, part in (("properties", properties), ("items", items), ("anyOf", either)) if part)
    return found or None


def _walk(schema: Mapping[str, Any], value: object, at: tuple[str | int, ...]) -> Iterator[Marked]:
    if isinstance(value, str):
        yield from _of_text(schema, value, at)
    else:
        for key, part, inner in _parts(schema, value):
            yield from _walk(part, inner, (*at, key))
    if "anyOf" in schema:
        yield from dict.fromkeys(found for part in schema["anyOf"] for found in _walk(part, value, at))


def _of_text(schema: Mapping[str, Any], value: str, at: tuple[str | int, ...]) -> Iterator[Marked]:
    for key, marker in _MARKERS:
        if key in schema:
            table = schema[key] if marker == "table" else ""
            yield Marked(at, marker, value, table, later=marker == "path" and _LATER in schema)


def _parts(schema: Mapping[str, Any], value: object) -> Iterator[tuple[str | int, Mapping[str, Any], object]]:
    if value.__class__ is dict or isinstance(value, Mapping):
        for key, part in schema.get("properties", {}).items():
            if key in value:
                yield key, part, value[key]
    elif isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            yield index, schema["items"], item
