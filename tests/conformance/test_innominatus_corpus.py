"""`validate` over the original's own files says of each what its index says."""

import json
from pathlib import Path
from typing import Any

import pytest

from innominatus_cli.findings.finding import Finding, Severity
from innominatus_cli.operations.validation import Validation, validate

OURS_TO_PASS = {
    "platform-workflow",
    "product-workflow",
    "workflow-policies",
    "goldenpaths-empty",
}
"""Categories whose files have no error of text or shape (block 1xxx)."""


@pytest.fixture(scope="module")
def original(corpus: Path) -> Path:
    return corpus / "innominatus"


@pytest.fixture(scope="module")
def index(original: Path) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads((original / "index.json").read_text(encoding="utf-8"))
    return entries


@pytest.fixture(scope="module")
def whole(original: Path) -> Validation:
    return validate(["."], str(original))


def _of(found: Validation, path: str, severity: Severity | None = Severity.ERROR) -> list[Finding]:
    return [one for one in found.findings if one.place.path == path and severity in {None, one.severity}]


def _at(found: Validation, path: str) -> set[tuple[str, int]]:
    return {(one.code.number, one.place.line) for one in _of(found, path)}


def test_the_folder_has_errors(whole: Validation) -> None:
    assert whole.exit_status(strict=False) == 1


def test_every_file_of_ours_is_checked_and_no_other(whole: Validation, index: list[dict[str, Any]]) -> None:
    ours = {entry["file"] for entry in index if entry["category"] not in {"not-ours", "ansible-playbook"}}
    assert set(whole.kinds) == ours


def test_every_file_is_of_the_kind_that_its_category_says(whole: Validation, index: list[dict[str, Any]]) -> None:
    kinds = {
        "platform-workflow": {"PlatformWorkflow"},
        "product-workflow": {"ProductWorkflow"},
        "workflow-policies": {"WorkflowPolicies"},
        "admin-config": {"AdminConfig"},
        "workflow-spec": {"Workflow"},
        "workflow-flat": {"Workflow"},
        "workflow-multidoc": {"Workflow", "Workload"},
        "provider": {"Provider"},
        "platform-manifest": {"Provider"},
        "goldenpaths": {"GoldenPath"},
        "goldenpaths-empty": set(),
        "score": {"Workload"},
    }
    wrong = {
        entry["file"]: found
        for entry in index
        if entry["category"] in kinds and (found := set(whole.kinds[entry["file"]])) != kinds[entry["category"]]
    }
    assert wrong == {}


def test_a_file_of_another_tool_is_a_finding_when_somebody_names_it(
    original: Path, index: list[dict[str, Any]]
) -> None:
    others = [entry["file"] for entry in index if entry["category"] in {"not-ours", "ansible-playbook"}]
    found = validate(others, str(original))
    assert {path: {one.code.number for one in _of(found, path)} for path in others} == {
        path: {"ORC-1030"} for path in others
    }
    assert all(one.place.line for one in found.findings)


def test_the_shipped_multi_tier_files_load(whole: Validation, index: list[dict[str, Any]]) -> None:
    shipped = [entry["file"] for entry in index if entry["category"] in OURS_TO_PASS]
    structural = {path: [str(one.place) for one in _of(whole, path) if one.code.number < "ORC-2"] for path in shipped}
    assert structural == {path: [] for path in shipped}


def test_the_old_data_pipeline_is_refused_for_its_step_type_alone(whole: Validation) -> None:
    found = _of(whole, "workflows/archive/products/analytics/data-pipeline.yaml")
    assert [(one.code.number, one.place.line, one.place.column) for one in found] == [("ORC-4004", 27, 13)]
    assert "database-schema" in found[0].message
    assert found[0].related[0].place.path == "admin-config.yaml"


def test_a_single_file_is_judged_by_the_admin_config_above_it(original: Path) -> None:
    found = validate([str(original / "workflows/archive/products/analytics/data-pipeline.yaml")])
    assert [one.code.number for one in found.findings if one.severity is Severity.ERROR] == ["ORC-4004"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (
            "admin-config.yaml",
            {("ORC-2026", 61), ("ORC-2026", 62), ("ORC-2050", 99), ("ORC-2050", 104), ("ORC-2050", 107)},
        ),
        (
            "tests/e2e/admin-config.yaml",
            {("ORC-2050", 79), ("ORC-2050", 84), ("ORC-2050", 87), ("ORC-2076", 24)},
        ),
        ("workflows/archive/dummy.yaml", {("ORC-2002", 3)}),
        (
            "workflows/archive/undeploy-app.yaml",
            {("ORC-2002", 33), ("ORC-2002", 38), ("ORC-2002", 58), ("ORC-1034", 52)},
        ),
        ("providers/test-team/provider.yaml", {("ORC-2070", 18)}),
        ("providers/database-team/provider.yaml", {("ORC-2070", 54)}),
        ("providers/database-team/workflows/provision-postgres-mock.yaml", set()),
        ("providers/database-team/workflows/delete-postgres-mock.yaml", set()),
        ("examples/dev-team-app.yaml", {("ORC-2082", 19), ("ORC-2082", 20), ("ORC-2082", 21)}),
        ("examples/score-spec-with-product-metadata.yaml", set()),
        ("examples/score-spec-with-vault.yaml", set()),
        (
            "examples/archive/spec.yaml",
            {("ORC-1033", 132), ("ORC-1033", 133), ("ORC-1033", 139), ("ORC-1033", 140), ("ORC-2082", 203)},
        ),
        (
            "examples/archive/example-tfe-workflow.yaml",
            {("ORC-4004", 23), ("ORC-2002", 28), ("ORC-2002", 34), ("ORC-2002", 39)},
        ),
        ("examples/archive/resource-interpolation-workflow.yaml", {("ORC-1034", 112)}),
        (
            "examples/goldenpaths.yaml",
            {("ORC-2043", line) for line in (3, 25, 43, 51, 75, 97, 123)},
        ),
        ("examples/platform.yaml", set()),
        ("goldenpaths.yaml", set()),
    ],
)
def test_what_is_wrong_is_found_at_its_line(whole: Validation, path: str, expected: set[tuple[str, int]]) -> None:
    assert _at(whole, path) == expected


def test_no_secret_of_the_admin_config_is_shown(whole: Validation) -> None:
    assert not [one for one in whole.findings if "admin123" in one.message or "admin123" in one.help]


def test_an_empty_list_of_golden_paths_is_only_remarked_on(whole: Validation) -> None:
    found = _of(whole, "goldenpaths.yaml", None)
    assert {one.severity for one in found} <= {Severity.INFO}
