"""Golden paths, workflows and tasks of several versions: which one is meant, and what is said of deprecated ones."""

from collections.abc import Callable
from typing import TypeAlias

import pytest

from innominatus_cli.documents.plan import Plan
from innominatus_cli.documents.vocabulary import Operation
from innominatus_cli.planning.request import PlanOutcome

Planner: TypeAlias = Callable[..., PlanOutcome]


def golden_path(version: str, more: str = "") -> str:
    return (
        f"apiVersion: workflow.dev/v1\nkind: GoldenPath\nmetadata: {{name: ship, version: {version}, "
        f"description: d, owner: o{more}}}\nspec: {{operation: deploy, workflow: ../flow-{version}.yaml}}\n"
    )


def flow(version: str) -> str:
    return (
        f"apiVersion: workflow.dev/v1\nkind: Workflow\nmetadata: {{name: flow-{version}}}\n"
        f"spec: {{steps: [{{name: s, type: script, config: {{script: 'echo {version}'}}}}]}}\n"
    )


VERSIONS = ("1.0.0", "1.2.0", "1.10.0", "2.0.0-rc.1")
FILES = {
    "admin-config.yaml": "{}\n",
    **{f"workflows/golden-paths/ship-{version}.yaml": golden_path(version) for version in VERSIONS},
    **{f"workflows/flow-{version}.yaml": flow(version) for version in VERSIONS},
}


def made(outcome: PlanOutcome) -> Plan:
    assert outcome.plan is not None, [f"{f.place} {f.code.number} {f.message}" for f in outcome.findings]
    return outcome.plan


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [
        ("ship", "1.10.0"),
        ("ship@1", "1.10.0"),
        ("ship@1.x", "1.10.0"),
        ("ship@^1.2", "1.10.0"),
        ("ship@~1.2", "1.2.0"),
        ("ship@<1.2", "1.0.0"),
        ("ship@1.0.0", "1.0.0"),
        ("ship@2.0.0-rc.1", "2.0.0-rc.1"),
        ("ship@>=2.0.0-0", "2.0.0-rc.1"),
    ],
)
def test_the_newest_version_in_the_range_is_planned(plan: Planner, wanted: str, meant: str) -> None:
    found = made(plan(FILES, golden_path=wanted))
    assert [workflow.name for workflow in found.workflows] == [f"flow-{meant}"]


@pytest.mark.parametrize(
    ("wanted", "code", "said"),
    [
        ("ship@^3", "ORC-3124", "There is 1.0.0, 1.10.0, 1.2.0, 2.0.0-rc.1."),
        ("ship@2", "ORC-3124", "There is"),
        ("ship@latest", "ORC-2201", "Write a range"),
        ("shp@^1", "ORC-3010", "Did you mean 'ship'?"),
    ],
)
def test_a_version_that_is_not_there_is_refused_with_those_that_are(
    plan: Planner, wanted: str, code: str, said: str
) -> None:
    outcome = plan(FILES, golden_path=wanted)
    assert outcome.plan is None
    (finding,) = (one for one in outcome.findings if one.severity == "error")
    assert finding.code.number == code
    assert said in finding.help


def test_two_golden_paths_of_one_version_are_refused(plan: Planner) -> None:
    outcome = plan({**FILES, "workflows/golden-paths/again.yaml": golden_path("1.10.0")}, golden_path="ship")
    assert "ORC-2008" in {finding.code.number for finding in outcome.findings}


def test_the_default_golden_path_may_be_a_range(plan: Planner) -> None:
    outcome = plan({**FILES, "admin-config.yaml": "defaultGoldenPath: ship@~1.2\n"})
    assert [workflow.name for workflow in made(outcome).workflows] == ["flow-1.2.0"]


def test_a_deprecated_golden_path_works_and_says_what_to_use(plan: Planner) -> None:
    more = ", deprecated: {since: 2026-10-01, message: too slow, replacement: ship@^1.2}"
    files = {**FILES, "workflows/golden-paths/ship-1.0.0.yaml": golden_path("1.0.0", more)}
    outcome = plan(files, golden_path="ship@1.0.0")
    made(outcome)
    (finding,) = (one for one in outcome.findings if one.code.number == "ORC-3125")
    assert finding.message == "golden path 'ship@1.0.0' is deprecated since 2026-10-01: too slow"
    assert finding.help == "Use 'ship@^1.2'."
    assert "ORC-3125" not in {one.code.number for one in plan(files, golden_path="ship").findings}


def tier_workflow(version: str, more: str = "") -> str:
    return (
        "apiVersion: workflow.dev/v1\nkind: PlatformWorkflow\nmetadata: {name: scan, phase: pre-deployment, "
        f"description: d, owner: o, version: {version}{more}}}\nspec: {{triggers: [all_deployments], steps: "
        f"[{{name: s, type: script, config: {{script: 'echo {version}'}}}}]}}\n"
    )


def test_of_several_versions_of_a_workflow_the_newest_is_in_a_deployment(plan: Planner) -> None:
    files = {
        "admin-config.yaml": "{}\n",
        "workflows/platform/scan.yaml": tier_workflow("1.9.0", ", deprecated: {message: old}"),
        "workflows/platform/scan-2.yaml": tier_workflow("1.10.0"),
    }
    outcome = plan(files)
    found = made(outcome)
    assert found.step("pre-deployment/platform/-/scan/s").inputs["script"] == "echo 1.10.0"
    absent = {one.identity: one.reason for one in outcome.absent}
    assert absent["scan@1.9.0"] == "version 1.10.0 is in use"
    assert "ORC-3125" not in {one.code.number for one in outcome.findings}


def test_a_task_runs_the_version_that_is_asked_for(plan: Planner) -> None:
    files = {
        "admin-config.yaml": "{}\n",
        "workflows/platform/scan.yaml": tier_workflow("1.9.0", ", deprecated: {message: old}"),
        "workflows/platform/scan-2.yaml": tier_workflow("1.10.0"),
    }
    outcome = plan(files, task="scan@1.9.0", score_path=None, operation=Operation.TASK)
    (step,) = (step for step in made(outcome).steps if step.kind == "step")
    assert step.inputs["script"] == "echo 1.9.0"
    assert "ORC-3125" in {one.code.number for one in outcome.findings}


def test_two_workflows_of_one_version_are_still_two(plan: Planner) -> None:
    files = {
        "admin-config.yaml": "{}\n",
        "workflows/platform/scan.yaml": tier_workflow("1.9.0"),
        "workflows/platform/scan-2.yaml": tier_workflow("1.9.0"),
    }
    assert "ORC-3023" in {one.code.number for one in plan(files).findings}
