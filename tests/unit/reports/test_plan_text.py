"""Tests of a plan's text and of its comparison with another plan."""

from innominatus_cli.documents.plan import Application, Plan, PlanInput, Source
from innominatus_cli.documents.vocabulary import Operation
from innominatus_cli.operations.planning import PlanReport
from innominatus_cli.planning.comparison import differences
from innominatus_cli.planning.request import PlanOutcome
from innominatus_cli.reports.plan_text import plan_document, plan_text


def plan(*, first: bool = True, object_id: str = "a" * 40, name: str = "shop") -> Plan:
    return Plan(
        operation=Operation.DEPLOY,
        application=Application(name=name),
        environment="development",
        sources=[Source(path="score.yaml", object_id=object_id, role="document")],
        inputs=[PlanInput(name="first_deployment", value=first, evidence="record x" if not first else "no record")],
        workflows=[],
        steps=[],
    )


def test_the_same_plan_has_no_differences() -> None:
    assert differences(plan(), plan()) == []


def test_a_changed_fact_is_named_with_both_values() -> None:
    outcome = PlanOutcome(plan(first=False))
    report = PlanReport(outcome, "record.json", tuple(differences(plan(), plan(first=False))))
    text = plan_text(outcome, report)
    assert "Differs from the plan in record.json:" in text
    assert "input first_deployment changed: true (no record) → false (record x)" in text


def test_a_changed_source_is_named() -> None:
    (found,) = differences(plan(), plan(object_id="b" * 40))
    assert (found.part, found.name, found.change) == ("source", "score.yaml", "changed")


def test_what_has_no_name_of_its_own_is_told_as_the_plan() -> None:
    (found,) = differences(plan(), plan(name="other"))
    assert found.part == "plan"


def test_the_same_plan_as_before_says_so() -> None:
    outcome = PlanOutcome(plan())
    assert "The same plan as in record.json." in plan_text(outcome, PlanReport(outcome, "record.json"))


def test_the_document_holds_plan_digest_and_differences() -> None:
    outcome = PlanOutcome(plan())
    document = plan_document(outcome, PlanReport(outcome, "record.json"))
    assert document["digest"] == plan().digest
    assert document["differences"] == []
    assert document["plan"]["schema"] == "innominatus.dev/plan/v1"


def test_names_cannot_write_to_the_terminal() -> None:
    assert "\x1b" not in plan_text(PlanOutcome(plan(name="a\x1b[31m")))
