"""Plans as trees and graphs."""

import json
from pathlib import Path
from typing import Any

import pytest

from innominatus_cli.documents.plan import StepConditions
from innominatus_cli.documents.repository import Repository
from innominatus_cli.documents.snapshot import WorkingTreeSnapshot
from innominatus_cli.planning.planner import plan_application
from innominatus_cli.planning.request import Facts, PlanOutcome, PlanRequest
from innominatus_cli.reports.condition_text import condition_texts
from innominatus_cli.reports.plan_graph import graph_text
from innominatus_cli.reports.plan_tree import plan_tree

REPOSITORY = Path(__file__).resolve().parents[2] / "cases" / "repos" / "order"


@pytest.fixture(scope="module")
def outcome() -> PlanOutcome:
    repository = Repository(WorkingTreeSnapshot(REPOSITORY))
    return plan_application(repository, PlanRequest(environment="development", score_path="score.yaml"), Facts())


@pytest.mark.parametrize("form", ["mermaid", "dot", "json"])
def test_the_graph_of_a_plan_is_as_expected(outcome: PlanOutcome, form: str, snapshot: Any) -> None:
    assert outcome.plan is not None
    snapshot.snapshot_dir = REPOSITORY / "expected"
    snapshot.assert_match(graph_text(outcome.plan, form), f"graph.{form}")


def test_the_tree_of_a_plan_is_as_expected(outcome: PlanOutcome, snapshot: Any) -> None:
    snapshot.snapshot_dir = REPOSITORY / "expected"
    snapshot.assert_match(plan_tree(outcome, wide=True), "tree.txt")


def test_the_tree_has_every_step_once_and_says_what_is_left_out(outcome: PlanOutcome) -> None:
    assert outcome.plan is not None
    text = plan_tree(outcome)
    assert text.count("\n") - text.count("├─ ") - text.count("└─ ") == 2 + bool(outcome.absent)
    for step in outcome.plan.steps:
        assert step.kind == "barrier" or f"─ {step.name} ({step.type})" in text


def test_only_a_coloured_tree_has_escapes(outcome: PlanOutcome) -> None:
    assert "\x1b" not in plan_tree(outcome)
    assert "\x1b[1m" in plan_tree(outcome, colour=True)


def test_an_edge_of_the_graph_leads_from_what_is_needed_to_what_needs_it(outcome: PlanOutcome) -> None:
    assert outcome.plan is not None
    edges = {(edge["from"], edge["to"]) for edge in json.loads(graph_text(outcome.plan, "json"))["edges"]}
    assert edges == {(need, step.id) for step in outcome.plan.steps for need in step.needs}


@pytest.mark.parametrize(
    ("conditions", "said"),
    [
        (StepConditions(), []),
        (StepConditions(if_text="a", if_tree={"ref": "a", "at": 0}), ["if: a"]),
        (StepConditions(if_text="a", if_tree={"value": True, "at": 0}), ["if: a → true"]),
        (StepConditions(if_text="a", if_tree={"value": "no", "at": 0}), ["if: a → true"]),
        (StepConditions(if_text="a", if_tree={"value": 0, "at": 0}), ["if: a → false, so it never runs"]),
        (StepConditions(unless_text="a", unless_tree={"value": False, "at": 0}), ["unless: a → false"]),
        (StepConditions(unless_text="a", unless_tree={"value": 1, "at": 0}), ["unless: a → true, so it never runs"]),
    ],
)
def test_a_condition_is_told_with_what_is_known_of_it(conditions: StepConditions, said: list[str]) -> None:
    assert list(condition_texts(conditions)) == said
