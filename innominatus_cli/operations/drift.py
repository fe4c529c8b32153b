"""`drift`: how what the last deployment made differs from what it is now, as tools say."""

from collections.abc import Callable
from pathlib import Path

from innominatus_cli.findings.catalogue.ledger import PLAN_NOT_KEPT
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.operations.deployed_diff import last_deployment
from innominatus_cli.operations.history import open_ledger
from innominatus_cli.operations.tool_reports import ToolReport, asked_of


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
    return asked_of(ledger, plan, "drift", list(last.record.steps), last.record.run, watch, done)
