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


_MARKERS: tuple[tuple[str, Literal["path", "table", "secret", "workload"]], ...] = (
    ("x-path", "path"),
    ("x-table", "table"),
    ("x-secret", "secret"),
    ("x-workload", "workload"),
)


def marked_values(model: type[StepInputs], inputs: Mapping[str, Any]) -> Iterator[Marked]:
    """Every marked string of `inputs` (YAML keys of the model, no aliases), in the order of the model's fields.

    A string that two markers speak of is found twice, as in a secret's name, which is one of a table as well. Values
    that are no strings (entries that planning has put there, references) are passed over.
    """
    schema = _schema(model)
    yield from _walk(schema, schema.get("$defs", {}), inputs, ())


@cache
def _schema(model: type[StepInputs]) -> dict[str, Any]:
    return model.model_json_schema(by_alias=True)


def _walk(
    schema: Mapping[str, Any], shared: Mapping[str, Any], value: object, at: tuple[str | int, ...]
) -> Iterator[Marked]:
    if "$ref" in schema:
        schema = {**shared[str(schema["$ref"]).rpartition("/")[2]], **schema}
    if isinstance(value, str):
        yield from _of_text(schema, value, at)
    for key, part, inner in _parts(schema, value):
        yield from _walk(part, shared, inner, (*at, key))
    found = (found for part in schema.get("anyOf", ()) for found in _walk(part, shared, value, at))
    yield from dict.fromkeys(found)


def _of_text(schema: Mapping[str, Any], value: str, at: tuple[str | int, ...]) -> Iterator[Marked]:
    for key, marker in _MARKERS:
        if key in schema:
            yield Marked(at, marker, value, schema[key] if marker == "table" else "")


def _parts(schema: Mapping[str, Any], value: object) -> Iterator[tuple[str | int, Mapping[str, Any], object]]:
    if isinstance(value, Mapping):
        for key, part in schema.get("properties", {}).items():
            if key in value:
                yield key, part, value[key]
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield index, schema.get("items", {}), item
