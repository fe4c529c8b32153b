"""`drift`: how what the last deployment made differs from what it is now, as tools say."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from innominatus_cli.documents.plan import PlannedStep
from innominatus_cli.findings.catalogue.ledger import PLAN_NOT_KEPT
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.operations.deployed_diff import last_deployment
from innominatus_cli.operations.history import OpenLedger, open_ledger
from innominatus_cli.operations.resources.reading import read_resource, reader_of
from innominatus_cli.operations.resources.recorded import is_of_a_resource, recorded_resources
from innominatus_cli.operations.step_parts import Answer
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
    report = asked_of(ledger, plan, "drift", list(last.record.steps), last.record.run, watch, done)
    return _with_resources(ledger, report, [step for step in plan.steps if step.id in done], watch)


def _with_resources(
    ledger: OpenLedger, report: ToolReport, steps: list[PlannedStep], watch: Callable[[str], object]
) -> ToolReport:
    """The report with what the workflows `read` of providers say of the resources that these steps made."""
    rows = {row.name: row for row in recorded_resources(ledger.store, report.application, report.environment)}
    found: list[Answer] = []
    for step in steps:
        row = rows.get(str(step.inputs.get("resource"))) if is_of_a_resource(step) else None
        reader = reader_of(ledger.repository, row) if row is not None and row.is_there else None
        if row is None or reader is None:
            continue
        read = read_resource(ledger, row, reader)
        watch(step.id)
        differs = [{"object": row.name, "what": f"its provider says that it is {read.word}"}] if read.is_gone else []
        for name, was, now in read.differences(row.result.outputs if row.result is not None else {}):
            differs.append({"object": row.name, "what": f"output {name}: {_shown(was)} → {_shown(now)}"})
        found.append(Answer(step, tuple(differs), read.problem))
    return replace(report, answers=(*report.answers, *found), unasked=report.unasked - len(found))


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
