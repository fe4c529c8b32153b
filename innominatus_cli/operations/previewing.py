"""`preview`: a plan, and what its steps' tools would change."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from innominatus_cli.operations.history import open_ledger
from innominatus_cli.operations.planning import PlanReport, PlanWish, plan_for
from innominatus_cli.operations.tool_reports import ToolReport, asked_of
from innominatus_cli.planning.known_conditions import may_run

if TYPE_CHECKING:
    from innominatus_cli.documents.run_record import StepResult


def preview(wish: PlanWish, watch: Callable[[str], object] = lambda step: step) -> tuple[PlanReport, ToolReport | None]:
    """The plan, and what its steps' tools say they would change; None without a plan, or with one that policies refuse.

    Inputs that refer to outputs of other steps have the values of the last deployment, where there was one. Steps
    that no run of the plan starts are not asked.
    """
    report = plan_for(wish)
    plan = report.outcome.plan
    if plan is None or (report.judged is not None and report.judged.refused):
        return report, None
    ledger = open_ledger(None)
    results: list[StepResult] = []
    for stored in reversed(ledger.store.records(plan.application.name, plan.environment)):
        if stored.record.status == "succeeded" and stored.record.operation == plan.operation.value:
            results = list(stored.record.steps)
            break
    return report, asked_of(ledger, plan, "preview", results, None, watch, may_run(plan))
