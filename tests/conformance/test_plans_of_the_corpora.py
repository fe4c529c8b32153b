"""Planning never raises, whatever Score file it is given; what the Score corpus calls valid has a plan."""

from pathlib import Path

from innominatus_cli.documents.repository import Repository
from innominatus_cli.documents.snapshot import WorkingTreeSnapshot
from innominatus_cli.findings.finding import has_errors
from innominatus_cli.planning.planner import plan_application
from innominatus_cli.planning.request import Facts, PlanOutcome, PlanRequest


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
    refused = {path: outcome.findings for path, outcome in first.items() if outcome.plan is None}
    assert len(planned) > len(refused), refused
