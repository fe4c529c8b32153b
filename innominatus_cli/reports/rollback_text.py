"""What a rollback would do, and what came of it: for people and as data."""

from collections.abc import Sequence
from typing import Any, Final

from innominatus_cli.documents.plan import PlannedStep
from innominatus_cli.operations.running import RunReport
from innominatus_cli.reports.run_text import refusal_line, run_document, run_lines
from innominatus_cli.reports.table import table_lines

ROLLBACK_SCHEMA: Final = "innominatus.dev/rollback-report/v1"
_HOW: Final = {"itself": "undo", "step": "compensation", "files": "files as before"}


def rollback_lines(report: RunReport, *, colour: bool = False) -> list[str]:
    """What came of one rollback, or for a dry run what it would do."""
    if report.record is not None:
        lines = run_lines(report, colour=colour)
        back = report.record.rolls_back
        return [*lines[:1], f"  of      {back}", *lines[1:]] if back else lines
    plan = report.outcome.plan
    if plan is None:
        return []
    if not plan.steps:
        return [f"Nothing is left to take back of run {plan.rolls_back}."]
    rows = [(step.name, step.type, _how(step), _undone(step)) for step in plan.steps]
    title = f"Rollback of {plan.rolls_back}: {plan.application.name} in {plan.environment}"
    refused = [refusal_line(report.exit_status)] if report.exit_status else []
    return [title, *(f"  {line}" for line in table_lines(("Step", "Type", "How", "Takes back"), rows)), *refused]


def rollback_document(reports: Sequence[RunReport]) -> dict[str, Any]:
    """All rollbacks of a command as data."""
    return {"schema": ROLLBACK_SCHEMA, "rollbacks": [_one(report) for report in reports]}


def _one(report: RunReport) -> dict[str, Any]:
    plan = report.outcome.plan
    return {
        **run_document(report),
        "rolls_back": plan.rolls_back if plan else None,
        "digest": plan.digest if plan else None,
        "plan": plan.as_json() if plan else None,
        "findings": [
            {"code": one.code.number, "severity": one.severity.value, "message": one.message}
            for one in report.everything()
        ],
    }


def _how(step: PlannedStep) -> str:
    return _HOW[step.undoes.how] if step.undoes else ""


def _undone(step: PlannedStep) -> str:
    return step.undoes.step if step.undoes else ""
