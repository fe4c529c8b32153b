"""The inputs of step types that the repository brings, by their JSON Schema."""

from typing import Any

from innominatus_cli.step_types.own import wrong_inputs


def test_inputs_that_fit_in_too_many_ways_are_not_checked_for_ever() -> None:
    part = {"$ref": "#/$defs/a"}
    ways = [{"type": "object", "properties": {"x": part}, "required": [key]} for key in ("y", "z")]
    schema = {"properties": {"a": part}, "$defs": {"a": {"anyOf": [*ways, {"type": "string"}]}}}
    value: Any = 1
    for _ in range(40):
        value = {"x": value}
    (found,) = wrong_inputs(schema, {"a": value})
    assert "cannot be checked" in found.message
    assert wrong_inputs(schema, {"a": {"x": "text", "y": 1}}) == []
