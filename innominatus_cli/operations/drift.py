"""`drift` and `preview`: what tools say of what is deployed, and of what a run would change."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from innominatus_cli.documents.admin_config import AdminConfigDocument
from innominatus_cli.documents.plan import Plan
from innominatus_cli.documents.run_record import StepResult
from innominatus_cli.findings.catalogue.ledger import PLAN_NOT_KEPT
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.operations.deployed_diff import last_deployment
from innominatus_cli.operations.history import OpenLedger, open_ledger
from innominatus_cli.operations.planning import PlanReport, PlanWish, plan_for
from innominatus_cli.operations.step_parts import Answer, AskedPart, answers


@dataclass(frozen=True, slots=True)
class ToolReport:
    """What the tools of the steps said."""

    application: str
    environment: str
    run: str | None
    """The deployment that was looked at; None of a preview."""
    answers: tuple[Answer, ...]
    unasked: int
    """Steps whose type cannot say."""

    @property
    def found(self) -> int:
        """How many changes or differences there are."""
        return sum(len(answer.found) for answer in self.answers)

    @property
    def problems(self) -> int:
        """How many steps could not be asked."""
        return sum(1 for answer in self.answers if answer.problem)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """One row a change, a difference, or a step that could not be asked."""
        rows: list[dict[str, Any]] = []
        for answer in self.answers:
            at = {"step": answer.step.id, "type": answer.step.type}
            rows += [{**at, **found, "problem": ""} for found in answer.found]
            if answer.problem:
                rows.append({**at, "object": "", "problem": answer.problem})
        return rows


def drift_of(
    application: str,
    environment: str | None = None,
    directory: Path | None = None,
    watch: Callable[[str], object] = lambda step: step,
) -> ToolReport:
    """How what the last deployment made differs from what it is now, as the tools of its steps say.

    `watch` is told the id of each step before it is asked. Raises CannotContinue where nothing is deployed, where the
    ledger lacks the plan, and where there is no repository.
    """
    ledger = open_ledger(directory)
    last = last_deployment(ledger.store, application, environment)
    plan = ledger.store.plan(last.record.plan) if last.record.plan else None
    if plan is None:
        message = f"the plan of run {last.record.run} is not in the ledger"
        raise CannotContinue(Finding(PLAN_NOT_KEPT, message, Place(last.path)))
    done = {result.step for result in last.record.steps if result.status == "succeeded"}
    steps = [step for step in plan.steps if step.id in done or step.kind == "barrier"]
    asked = plan.model_copy(update={"steps": steps})
    return _asked(ledger, asked, "drift", list(last.record.steps), last.record.run, watch)


def preview(wish: PlanWish, watch: Callable[[str], object] = lambda step: step) -> tuple[PlanReport, ToolReport | None]:
    """The plan, and what its steps' tools say they would change; None where there is no plan.

    Inputs that refer to outputs of other steps have the values of the last deployment, where there was one.
    """
    report = plan_for(wish)
    plan = report.outcome.plan
    if plan is None:
        return report, None
    ledger = open_ledger(None)
    results: list[StepResult] = []
    for stored in reversed(ledger.store.records(plan.application.name, plan.environment)):
        if stored.record.status == "succeeded" and stored.record.operation == plan.operation.value:
            results = list(stored.record.steps)
            break
    return report, _asked(ledger, plan, "preview", results, None, watch)


def _asked(
    ledger: OpenLedger,
    plan: Plan,
    part: AskedPart,
    results: list[StepResult],
    run: str | None,
    watch: Callable[[str], object],
) -> ToolReport:
    admin = ledger.repository.admin_config()
    config = admin.model if admin else AdminConfigDocument()
    found: list[Answer] = []
    for answer in answers(ledger.store.git, config, plan, part, results):
        watch(answer.step.id)
        found.append(answer)
    unasked = sum(1 for step in plan.steps if step.kind == "step") - len(found)
    return ToolReport(plan.application.name, plan.environment, run, tuple(found), unasked)
