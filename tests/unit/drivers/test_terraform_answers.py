"""What Terraform says, read without it: drift, nested modules, many changes, errors as text."""

import json
from typing import Any

import pytest

from innominatus_cli.drivers.terraform.answers import (
    messages,
    outputs_in,
    plan_read,
    problem_in,
    problem_in_text,
    summary_of,
    undeclared,
    validation_problem,
)


def plan(**parts: Any) -> bytes:
    return json.dumps({"format_version": "1.2", **parts}).encode()


def change(address: str, *actions: str, **more: Any) -> dict[str, Any]:
    return {"address": address, "change": {"actions": list(actions), **more}}


def test_drift_is_told_by_the_names_of_attributes() -> None:
    drifted = [
        change("a.a", "update", before={"x": 1, "y": 2, "z": 3}, after={"x": 1, "y": "hidden", "z": 4}),
        change("b.b", "delete", before={"x": 1}, after=None),
        change("c.c", "update", before={"tags": {}}, after={"tags": {"by": "hand"}}),
        change("d.d", "no-op"),
    ]
    read = plan_read(plan(resource_drift=drifted))
    assert read is not None
    assert read.drift == (("a.a", "y, z differ"), ("b.b", "it is gone"), ("c.c", "tags differs"))


def test_counts_are_those_of_terraform_and_names_are_limited() -> None:
    changes = [
        *(change(f"x.y[{number}]", "create") for number in range(250)),
        change("r.r", "delete", "create"), change("d.d", "delete"), change("u.u", "update"), change("n.n", "no-op"),
    ]  # fmt: skip
    read = plan_read(plan(resource_changes=changes))
    assert read is not None
    summary = read.summary()
    assert {key: summary[key] for key in ("add", "change", "destroy")} == {"add": 251, "change": 1, "destroy": 2}
    assert len(summary["changes"]) == 200
    assert summary["not_listed"] == 53


@pytest.mark.parametrize(
    ("module", "empty"),
    [
        ({}, True),
        ({"resources": [{"mode": "data"}]}, True),
        ({"resources": [{"mode": "managed"}]}, False),
        ({"child_modules": [{"child_modules": [{"resources": [{"mode": "managed"}]}]}]}, False),
    ],
)
def test_a_state_without_resources_is_empty(module: dict[str, Any], empty: bool) -> None:
    read = plan_read(plan(prior_state={"values": {"root_module": module}}))
    assert read is not None
    assert read.is_empty_before is empty


@pytest.mark.parametrize("printed", [b"", b"garbage", b"[]", b"{}", b'{"format_version": "1"', b"[" * 100_000])
def test_what_is_no_plan_is_none(printed: bytes) -> None:
    assert plan_read(printed) is None


@pytest.mark.parametrize("printed", [b"", b"[]", b'{"a": 1}', b'{"a": {"sensitive": true}}'])
def test_what_are_no_outputs_is_none(printed: bytes) -> None:
    assert outputs_in(printed) is None


def test_outputs_keep_their_types_and_sensitive_ones_are_named() -> None:
    printed = b'{"a": {"sensitive": true, "value": {"b": [1]}}, "c": {"sensitive": false, "value": null}}'
    assert outputs_in(printed) == ({"a": {"b": [1]}, "c": None}, ("a",))
    assert outputs_in(b"{}") == ({}, ())


def test_lines_that_are_no_messages_are_passed_over() -> None:
    printed = (
        b'hello\n{"no": "type"}\n{broken\n{"type": "change_summary", "changes": {"operation": "apply", "add": 1}}\n'
    )
    said = messages(printed)
    assert summary_of(said, ("apply",)) == {"operation": "apply", "add": 1}
    assert summary_of(said, ("plan",)) is None


def error(summary: str, severity: str = "error", **more: Any) -> dict[str, Any]:
    return {"type": "diagnostic", "diagnostic": {"severity": severity, "summary": summary, **more}}


@pytest.mark.parametrize(
    ("summary", "code"),
    [
        ("Error acquiring the state lock", "ORC-5401"),
        ("Failed to install provider", "ORC-5402"),
        ("Invalid value", "ORC-5400"),
    ],
)
def test_an_error_has_the_code_of_its_summary(summary: str, code: str) -> None:
    found = problem_in([error(summary, range={"filename": "main.tf", "start": {"line": 7}}), error("other")])
    assert found is not None
    assert found.code.number == code
    assert found.text == f"{summary} (main.tf:7), and 1 more"


def test_of_an_error_nothing_but_its_summary_is_told() -> None:
    found = problem_in([error("x" * 300 + "\n", detail="the value is hush")])
    assert found is not None
    assert found.text == "x" * 240 + "…"
    assert problem_in([error("only a warning", "warning")]) is None


def test_errors_in_text_are_found_in_their_boxes() -> None:
    box = "╷\n│ Error: Failed to query available provider packages\n│ \n│ Could not retrieve …\n╵\n"
    found = problem_in_text(box.encode())
    assert found is not None
    assert found.code.number == "ORC-5402"
    assert problem_in_text(b"all is well") is None


def test_only_variables_of_our_own_file_are_undeclared() -> None:
    ours = 'named "aap" but a value was found in file "/x/innominatus.tfvars.json"'
    theirs = 'named "old" but a value was found in file "terraform.tfvars"'
    said = [
        error("Value for undeclared variable", "warning", detail=f"declare a variable {text}")
        for text in (ours, theirs)
    ]
    assert undeclared(said) == ["aap"]


def test_an_answer_that_says_neither_valid_nor_why_is_a_problem() -> None:
    assert validation_problem({"valid": True, "diagnostics": []}) is None
    found = validation_problem({})
    assert found is not None
    assert found.text == "the module is not valid"
