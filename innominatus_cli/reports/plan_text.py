"""A plan for people and as data: phases and tiers in order, each step with what it needs and why it is there."""

import json
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from innominatus_cli.documents.plan import AbsentWorkflow, Plan, PlannedStep, PlannedWorkflow
from innominatus_cli.documents.vocabulary import PHASES, Tier
from innominatus_cli.operations.planning import PlanReport
from innominatus_cli.planning.request import PlanOutcome
from innominatus_cli.reports.table import table_lines
from innominatus_cli.reports.terminal import one_line


def plan_document(outcome: PlanOutcome, report: PlanReport | None = None) -> dict[str, Any]:
    """The plan as data, with its digest and the workflows that it leaves out. The outcome has a plan."""
    plan = _plan(outcome)
    document: dict[str, Any] = {
        "schema": "innominatus.dev/plan-report/v1",
        "digest": plan.digest,
        "plan": plan.as_json(),
        "absent": [absent.as_json() for absent in outcome.absent],
    }
    if report is not None and report.compared_with is not None:
        document["compared_with"] = report.compared_with
        document["differences"] = [
            {"part": one.part, "name": one.name, "change": one.change, "was": one.was, "now": one.now}
            for one in report.differences
        ]
    return document


def plan_text(outcome: PlanOutcome, report: PlanReport | None = None, *, wide: bool = False) -> str:
    """The plan for people; `wide` adds absent workflows, inputs and sources. The outcome has a plan."""
    plan = _plan(outcome)
    lines = [*_resolution(plan), "", *_steps(plan)]
    if wide:
        lines += [*_absent(outcome.absent), *_inputs(plan), *_sources(plan)]
    lines += _summary(plan, len(outcome.absent), wide=wide)
    if report is not None:
        lines += _comparison(report)
    return "".join(f"{line}\n" for line in lines)


def _plan(outcome: PlanOutcome) -> Plan:
    if outcome.plan is None:
        raise AssertionError("there is no plan to show")
    return outcome.plan


def _resolution(plan: Plan) -> Iterator[str]:
    yield "🔄 Resolving Multi-Tier Workflows..."
    yield "📊 Workflow Resolution Results:"
    for phase in PHASES:
        workflows = [workflow for workflow in plan.workflows if workflow.phase is phase]
        if workflows:
            yield f"  {phase} Phase ({len(workflows)} workflows):"
        for workflow in workflows:
            steps = steps_of(plan, workflow)
            yield f"    🔧 {one_line(_label(plan, workflow))} ({len(steps)} steps)"
            for number, step in enumerate(steps, 1):
                yield f"       Step {number}: {one_line(step.name)} ({one_line(step.type)})"


def steps_of(plan: Plan, workflow: PlannedWorkflow) -> list[PlannedStep]:
    """The steps of a workflow, in execution order."""
    return [step for step in plan.steps if step.kind == "step" and step.workflow_id == workflow.id]


def _label(plan: Plan, workflow: PlannedWorkflow) -> str:
    """`platform-<name>`, `product-<product>-<name>`, `application-<application>-<name>`."""
    whose = {Tier.PLATFORM: None, Tier.PRODUCT: workflow.product, Tier.APPLICATION: plan.application.name}
    return "-".join(part for part in (workflow.tier.value, whose[workflow.tier], workflow.name) if part)


def _steps(plan: Plan) -> list[str]:
    """Every step below the phase and tier that its id begins with; barriers are the headings."""
    lines: list[str] = []
    for (phase, tier), steps in groupby(plan.steps, key=lambda step: (step.phase, step.tier)):
        prefix = f"{phase}/{tier}/"
        rows = [_row(step, prefix) for step in steps if step.kind == "step"]
        lines += [f"{phase}/{tier}", *(f"  {line}" for line in table_lines(("Step", "Type", "Needs", "Why"), rows)), ""]
    return lines


def _row(step: PlannedStep, prefix: str) -> tuple[str, str, list[str], str]:
    """A need is told by its name inside the workflow, by the rest of its id inside the tier, else by its id."""
    needs = [need.removeprefix(f"{step.workflow_id}/").removeprefix(prefix) for need in step.needs]
    written = step.provenance
    why = f"{written.path}:{written.line} ({written.trigger})" if written else ""
    return step.id.removeprefix(prefix), step.type, needs, why


def _absent(absent: tuple[AbsentWorkflow, ...]) -> list[str]:
    lines = []
    for tier, workflows in groupby(absent, key=lambda workflow: workflow.tier):
        lines.append(f"Not in this plan ({tier}):")
        lines += [f"  {one_line(one.identity)}: {one_line(one.reason)} ({one_line(one.path)})" for one in workflows]
    return [*lines, ""] if lines else []


def _inputs(plan: Plan) -> list[str]:
    rows = [(one.name, _shown(one.value), one.evidence) for one in plan.inputs]
    return [*table_lines(("Input", "Value", "Evidence"), rows), ""]


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _sources(plan: Plan) -> list[str]:
    rows = [(source.path, source.role, source.object_id) for source in plan.sources]
    return [*table_lines(("Source", "Role", "Object"), rows), ""]


def _summary(plan: Plan, absent: int, *, wide: bool) -> list[str]:
    steps = sum(step.kind == "step" for step in plan.steps)
    product = f", product {plan.application.product}" if plan.application.product else ""
    about = f"{plan.application.name}{product}, environment {plan.environment}"
    lines = [
        f"{plan.operation}: {one_line(about)}",
        f"{len(plan.workflows)} workflows, {steps} steps; digest {plan.digest}",
    ]
    if absent and not wide:
        lines.append(f"{absent} workflows are not in this plan; --explain says why.")
    return lines


def _comparison(report: PlanReport) -> list[str]:
    if report.compared_with is None:
        return []
    if not report.differences:
        return [f"The same plan as in {report.compared_with}."]
    lines = [f"Differs from the plan in {report.compared_with}:"]
    for one in report.differences:
        values = f": {one_line(one.was)} → {one_line(one.now)}" if one.was and one.now else ""
        lines.append(f"  {one.part} {one_line(one.name)} {one.change}{values}")
    return lines
