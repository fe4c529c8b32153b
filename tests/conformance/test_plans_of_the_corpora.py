"""Planning never raises, whatever Score file it is given; what the Score corpus calls valid has a plan."""

import json
from pathlib import Path

from innominatus_cli.documents.repository import Repository
from innominatus_cli.documents.snapshot import WorkingTreeSnapshot
from innominatus_cli.documents.vocabulary import Operation
from innominatus_cli.findings.catalogue.structure import NOTHING_MAKES_RESOURCE
from innominatus_cli.findings.finding import has_errors
from innominatus_cli.planning.planner import plan_application
from innominatus_cli.planning.request import Facts, PlanOutcome, PlanRequest

REFUSED = {
    "examples/archive/resource-interpolation-workflow.yaml": "ORC-1034",
}
"""Workflows of the original that cannot be planned as they are, and why; all of them in workflows/archive aside, which
name files and step types that are not in the corpus."""


def outcomes(folder: Path) -> dict[str, PlanOutcome]:
    repository = Repository(WorkingTreeSnapshot(folder))
    found = {}
    for path in repository.snapshot.paths("", (".yaml", ".yml")):
        request = PlanRequest(environment="development", score_path=path)
        found[path] = plan_application(repository, request, Facts())
    return found


def test_every_file_of_the_corpora_has_a_plan_or_findings_that_say_why_not(corpus: Path) -> None:
    for name in ("score/valid", "score/invalid", "innominatus"):
        for path, outcome in outcomes(corpus / name).items():
            assert (outcome.plan is None) == has_errors(outcome.findings), path


def test_valid_workloads_have_a_plan_that_is_the_same_twice(corpus: Path) -> None:
    first, again = outcomes(corpus / "score" / "valid"), outcomes(corpus / "score" / "valid")
    planned = {path: outcome.plan.digest for path, outcome in first.items() if outcome.plan}
    assert planned == {path: outcome.plan.digest for path, outcome in again.items() if outcome.plan}
    refused = {
        path: outcome.findings
        for path, outcome in first.items()
        if outcome.plan is None and not any(one.code is NOTHING_MAKES_RESOURCE for one in outcome.findings)
    }
    assert len(planned) > len(refused), refused


def test_every_workflow_of_the_original_has_a_plan_or_a_stated_reason(corpus: Path) -> None:
    folder = corpus / "innominatus"
    repository = Repository(WorkingTreeSnapshot(folder))
    index = json.loads((folder / "index.json").read_text())
    files = [
        entry["file"]
        for entry in index
        if entry["category"].startswith("workflow-") and "archive/policies" not in entry["file"]
    ]
    reasons = {}
    for path in files:
        workflow = repository.workflow(path)
        needed = [one.name for one in workflow.model.spec.parameters if one.required] if workflow else []
        parameters = tuple((name, "given") for name in needed)
        request = PlanRequest(environment="development", operation=Operation.TASK, task=path, parameters=parameters)
        outcome = plan_application(repository, request, Facts())
        assert (outcome.plan is None) == has_errors(outcome.findings), path
        if outcome.plan is None:
            assert all(one.message and one.place.path for one in outcome.findings)
            reasons[path] = {one.code.number for one in outcome.findings}
    providers = {path: codes for path, codes in reasons.items() if not path.startswith("workflows/archive/")}
    assert providers.keys() == REFUSED.keys(), providers
    assert all(code in providers[path] for path, code in REFUSED.items()), providers
