"""Whole repositories with their expected plans. `pytest --snapshot-update` writes the expectations anew."""

import json
from pathlib import Path
from typing import Any

import pytest

from innominatus_cli.documents.repository import Repository
from innominatus_cli.documents.snapshot import WorkingTreeSnapshot
from innominatus_cli.planning.planner import plan_application
from innominatus_cli.planning.request import Facts, PlanOutcome, PlanRequest
from innominatus_cli.reports.plan_text import plan_text

REPOSITORIES = Path(__file__).resolve().parents[2] / "cases" / "repos"
PLANNED = ("expansion", "order", "resolution")


def planned(name: str) -> PlanOutcome:
    repository = Repository(WorkingTreeSnapshot(REPOSITORIES / name))
    return plan_application(repository, PlanRequest(environment="development", score_path="score.yaml"), Facts())


@pytest.mark.parametrize("name", PLANNED)
def test_a_repository_has_the_plan_that_is_expected(name: str, snapshot: Any) -> None:
    outcome = planned(name)
    assert outcome.plan is not None, outcome.findings
    snapshot.snapshot_dir = REPOSITORIES / name / "expected"
    snapshot.assert_match(json.dumps(outcome.plan.as_json(), indent=1, ensure_ascii=False) + "\n", "plan.json")
    snapshot.assert_match(plan_text(outcome, wide=True), "plan.txt")


def test_the_resolution_is_told_in_the_words_of_the_product(corpus: Path) -> None:
    expected = (corpus / "acceptance" / "expected" / "resolution.txt").read_text()
    assert expected.strip() in plan_text(planned("resolution"))
