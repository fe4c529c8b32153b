"""Tests of typed parameters."""

from typing import Any

import pytest

from innominatus_cli.documents.golden_path import GoldenPathParameter
from innominatus_cli.findings.finding import Place
from innominatus_cli.planning.parameters import (
    Parameter,
    ParameterValues,
    parameter_of,
    resolve_parameters,
    split_parameters,
)


def definitions(**written: dict[str, Any]) -> dict[str, Parameter]:
    return {
        name: parameter_of(name, GoldenPathParameter.model_validate(fields), Place("gp.yaml", 3, 5), "golden path 'x'")
        for name, fields in written.items()
    }


def resolved(given: list[tuple[str, str]], **written: dict[str, Any]) -> ParameterValues:
    return resolve_parameters(definitions(**written), given, Place("--param"), "golden path 'x'")


@pytest.mark.parametrize(
    ("fields", "text", "value"),
    [
        ({"type": "int", "min": 1, "max": 10}, "10", 10),
        ({"type": "integer"}, "-3", -3),
        ({"type": "bool"}, "Yes", True),
        ({"type": "boolean"}, "off", False),
        ({"type": "duration"}, "1h30m", "1h30m"),
        ({"type": "enum", "allowed_values": ["a", "b"]}, "b", "b"),
        ({"type": "string", "pattern": r"^\d+[hmd]$"}, "12h", "12h"),
        ({}, "a=b", "a=b"),
    ],
)
def test_a_value_that_fits_has_its_type(fields: dict[str, Any], text: str, value: object) -> None:
    found = resolved([("p", text)], p=fields)
    assert found.values == {"p": value}
    assert found.findings == []


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"type": "int"}, "1.5"),
        ({"type": "int"}, "9007199254740992"),
        ({"type": "int", "min": 1}, "0"),
        ({"type": "int", "max": 5}, "6"),
        ({"type": "bool"}, "maybe"),
        ({"type": "duration"}, "soon"),
        ({"type": "enum", "allowed_values": ["a"]}, "b"),
        ({"type": "enum"}, "a"),
        ({"pattern": "^a$"}, "b"),
        ({"pattern": "("}, "b"),
        ({"allowed_values": ["a"]}, "b"),
    ],
)
def test_a_value_that_does_not_fit_is_a_finding(fields: dict[str, Any], text: str) -> None:
    (finding,) = resolved([("p", text)], p=fields).findings
    assert finding.code.number == "ORC-3013"
    assert finding.place == Place("gp.yaml", 3, 5)


def test_all_errors_come_at_once_and_unknown_names_have_near_ones() -> None:
    found = resolved([("tll", "2h"), ("n", "x")], ttl={"type": "duration"}, n={"type": "int"}, need={"required": True})
    assert [(one.code.number, one.place.path) for one in found.findings] == [
        ("ORC-3011", "--param"),
        ("ORC-3013", "gp.yaml"),
        ("ORC-3012", "gp.yaml"),
    ]
    assert found.findings[0].help == "Did you mean 'ttl'?"


def test_a_default_is_typed_and_checked_and_satisfies_required() -> None:
    found = resolved(
        [], n={"type": "int", "default": "3", "required": True}, m={"type": "int", "default": 99, "max": 5}
    )
    assert found.values["n"] == 3
    assert found.given == []
    (finding,) = found.findings
    assert "default of parameter 'm'" in finding.message


def test_a_secret_takes_a_reference_only_and_its_value_is_never_told() -> None:
    assert resolved([("p", "${secrets.token}")], p={"secret": True}).values == {"p": {"$ref": "secrets.token"}}
    found = resolved([("p", "hunter2")], p={"secret": True})
    assert found.values == {"p": None}
    assert [one.code.number for one in found.findings] == ["ORC-3014"]
    assert "hunter2" not in str(found.findings)


def test_a_parameter_given_twice_is_a_finding() -> None:
    assert "twice" in resolved([("p", "1"), ("p", "2")], p={}).findings[0].message


def test_only_the_first_equals_sign_splits() -> None:
    assert split_parameters(["a=b=c", "x", "=y", "z="]) == ((("a", "b=c"), ("z", "")), ["x", "=y"])
