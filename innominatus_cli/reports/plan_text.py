"""A plan for people and as data: phases and tiers in order, each step with what it needs and why it is there."""

import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, Final

from innominatus_cli.documents.plan import AbsentWorkflow, Plan, PlannedStep
from innominatus_cli.documents.vocabulary import PHASES, TIERS, Operation
from innominatus_cli.documents.words import counted
from innominatus_cli.operations.planning import PlanReport
from innominatus_cli.operations.resources.changes import ResourceChange
from innominatus_cli.planning.drafts import Draft
from innominatus_cli.planning.request import PlanOutcome
from innominatus_cli.planning.rollback_means import coverage_of, means_of
from innominatus_cli.reports.carried_rollback import carried_document, carried_lines, coverage_text
from innominatus_cli.reports.loops import steps_in_words, value_of_cell
from innominatus_cli.reports.plan_policies import policies_document, policy_lines
from innominatus_cli.reports.table import table_lines
from innominatus_cli.reports.terminal import one_line

_MARKS: Final = {"create": "+", "update": "~", "unchanged": "=", "delete": "-", "release": "<", "orphaned": "!"}


def plan_document(outcome: PlanOutcome, report: PlanReport | None = None) -> dict[str, Any]:
    """The plan as data, with its digest and the workflows that it leaves out. The outcome has a plan."""
    plan = _plan(outcome)
    document: dict[str, Any] = {
        "schema": "innominatus.dev/plan-report/v1",
        "digest": plan.digest,
        "plan": plan.as_json(),
        "absent": [absent.as_json() for absent in outcome.absent],
        "rollback": carried_document(plan),
    }
    if report is not None and report.compared_with is not None:
        document["compared_with"] = report.compared_with
        document["differences"] = [
            {"part": one.part, "name": one.name, "change": one.change, "was": one.was, "now": one.now}
            for one in report.differences
        ]
    if report is not None and report.resources:
        document["resources"] = [one.document for one in report.resources]
    if report is not None and report.judged is not None:
        document["policies"] = policies_document(report.judged)
        if report.policies_from is not None:
            document["verdict"] = report.judged.judgement.verdict.as_json()
    return document


def plan_text(outcome: PlanOutcome, report: PlanReport | None = None, *, wide: bool = False) -> str:
    """The plan for people; `wide` adds absent workflows, inputs and sources. The outcome has a plan."""
    plan = _plan(outcome)
    lines = [*_resolution(outcome), "", *_steps(plan)]
    if wide:
        lines += [*carried_lines(plan), *_absent(outcome.absent), *_inputs(plan), *_sources(plan)]
    lines += _summary(plan, len(outcome.absent), wide=wide)
    if report is not None:
        lines += resource_lines(report.resources, wide=wide)
        lines += _comparison(report)
        lines += policy_lines(report.judged) if report.judged is not None else []
    return "".join(f"{line}\n" for line in lines)


def _plan(outcome: PlanOutcome) -> Plan:
    if outcome.plan is None:
        raise AssertionError("there is no plan to show")
    return outcome.plan


def resolution_text(outcome: PlanOutcome) -> str:
    """Phases, workflows and steps as the original printed them; also where errors stand in the way of a plan."""
    return "".join(f"{line}\n" for line in _resolution(outcome))


def _resolution(outcome: PlanOutcome) -> Iterator[str]:
    """The original's words to the letter, its `1 workflows` included: scripts look for them."""
    yield "🔄 Resolving Multi-Tier Workflows..."
    yield "📊 Workflow Resolution Results:"
    for phase in PHASES:
        workflows = sorted(
            (draft for draft in outcome.resolved if draft.phase is phase), key=lambda one: _rank(outcome, one)
        )
        if workflows:
            yield f"  {phase} Phase ({len(workflows)} workflows):"
        for workflow in workflows:
            steps = _named_steps(outcome, workflow)
            yield f"    🔧 {one_line(workflow.label)} ({len(steps)} steps)"
            for number, (name, kind) in enumerate(steps, 1):
                yield f"       Step {number}: {one_line(name)} ({one_line(kind)})"


def _rank(outcome: PlanOutcome, draft: Draft) -> tuple[int, int]:
    """The plan's order; without a plan by tier, and as chosen."""
    ids = [workflow.id for workflow in outcome.plan.workflows] if outcome.plan else []
    return (ids.index(draft.id) if draft.id in ids else len(ids), TIERS.index(draft.tier))


def _named_steps(outcome: PlanOutcome, draft: Draft) -> list[tuple[str, str]]:
    if outcome.plan is not None:
        return [(step.name, step.type) for step in steps_of(outcome.plan, draft.id)]
    return [(part.definition.name, part.definition.type) for part in draft.steps]


def steps_of(plan: Plan, workflow_id: str) -> list[PlannedStep]:
    """The steps of a workflow, in execution order."""
    return [step for step in plan.steps if step.kind == "step" and step.workflow_id == workflow_id]


def _steps(plan: Plan) -> list[str]:
    """Every step below the phase and tier that its id begins with; barriers are the headings."""
    lines: list[str] = []
    for (phase, tier), steps in groupby(plan.steps, key=lambda step: (step.phase, step.tier)):
        prefix = f"{phase}/{tier}/"
        rows = [_row(step, prefix) for step in steps if step.kind == "step" or step.group is not None]
        lines += [f"{phase}/{tier}", *(f"  {line}" for line in table_lines(("Step", "Type", "Needs", "Why"), rows)), ""]
    return lines


def _row(step: PlannedStep, prefix: str) -> tuple[str, str, list[str], str]:
    """A step, or behind its steps a loop or sub-workflow.

    A need is told by its name inside the workflow, by the rest of its id inside the tier, else by its id.

    The `-` that stands in an id where there is no product is left out.
    """
    needs = [need.removeprefix(f"{step.workflow_id}/").removeprefix(prefix).removeprefix("-/") for need in step.needs]
    written = step.provenance
    instead = f", replaces {written.override_of}" if written and written.override_of else ""
    why = f"{written.path}:{written.line} ({written.trigger}{instead})" if written else ""
    value = value_of_cell(step.cell)
    why += f" for {value}" if value and why else ""
    return step.id.removeprefix(prefix).removeprefix("-/"), _kind(step), [] if step.group else needs, why


def _kind(step: PlannedStep) -> str:
    """A step's type; of a loop how long it is, of a sub-workflow which one it is."""
    loop = step.expansion or (step.group if step.group and step.group.kind == "loop" else None)
    most = f", {loop.max_parallel} at once" if loop is not None and loop.max_parallel is not None else ""
    if step.expansion is not None:
        return f"{step.type}, up to {step.expansion.max_items} times{most}"
    if step.group is None:
        return step.type
    if step.group.kind == "loop":
        return f"loop of {step.group.size}{most}"
    return f"workflow {step.group.workflow}"


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


def resource_lines(changes: Iterable[ResourceChange], *, wide: bool = False) -> list[str]:
    """What happens to each resource, and what of it differs from how it was made.

    `wide` adds which operation of a provider that is, where there is one to choose.
    """
    several = [*changes]
    rows = [
        (_MARKS[one.change], one.resource, one.type, one.change, ", ".join(change.text for change in one.differences))
        for one in several
    ]
    if not rows:
        return []
    told = [f"  {one.resource}: '{one.operation}' runs, because {one.because}" for one in several if one.because]
    table = table_lines(("", "Resource", "Type", "Change", "What"), rows)
    return ["Resources:", *(f"  {line}" for line in table), *map(one_line, told if wide else ()), ""]


def _summary(plan: Plan, absent: int, *, wide: bool) -> list[str]:
    product = f", product {plan.application.product}" if plan.application.product else ""
    about = f"{plan.application.name}{product}, environment {plan.environment}"
    lines = [
        f"{plan.operation}: {one_line(about)}",
        f"{counted(len(plan.workflows), 'workflow')}, {steps_in_words(plan)}; digest {plan.digest}",
    ]
    if plan.rolls_back is None and plan.operation is not Operation.UNDEPLOY:
        lines.append(coverage_text(coverage_of(means_of(plan))))
    if absent and not wide:
        is_ = "is" if absent == 1 else "are"
        lines.append(f"{counted(absent, 'workflow')} {is_} not in this plan; --explain says why.")
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
