"""A plan as a tree: phases, tiers, workflows and steps, each with why it is there."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final, NamedTuple

from innominatus_cli.documents.plan import AbsentWorkflow, Gate, PlannedStep, PlannedWorkflow
from innominatus_cli.documents.vocabulary import When
from innominatus_cli.documents.words import counted
from innominatus_cli.planning.request import PlanOutcome
from innominatus_cli.reports.condition_text import condition_texts
from innominatus_cli.reports.terminal import one_line, painted

_BRANCH: Final = ("├─ ", "│  ")
_LAST: Final = ("└─ ", "   ")


class _Node(NamedTuple):
    """A line of the tree, what is said behind it, and what hangs below."""

    text: str
    remark: str = ""
    colour: str = ""
    below: tuple["_Node", ...] = ()


def plan_tree(outcome: PlanOutcome, *, wide: bool = False, colour: bool = False) -> str:
    """The tree, with `wide` also of the workflows that are absent. The outcome has a plan."""
    plan = outcome.plan
    if plan is None:
        raise AssertionError("there is no plan to show")
    product = f", product {plan.application.product}" if plan.application.product else ""
    head = f"{plan.operation}: {plan.application.name}{product}, environment {plan.environment}"
    steps: dict[str | None, list[PlannedStep]] = {}
    for step in plan.steps:
        if step.kind == "step":
            steps.setdefault(step.workflow_id, []).append(step)
    nodes = [_phase(phase, workflows, steps) for phase, workflows in groupby(plan.workflows, key=lambda one: one.phase)]
    if wide and outcome.absent:
        nodes.append(_Node("not in this plan", "", "dim", tuple(map(_absent, outcome.absent))))
    count = sum(map(len, steps.values()))
    foot = f"{counted(len(plan.workflows), 'workflow')}, {counted(count, 'step')}; digest {plan.digest}"
    lines = [painted(one_line(head), "bold", on=colour), *_lines(nodes, "", colour=colour), foot]
    if outcome.absent and not wide:
        is_ = "is" if len(outcome.absent) == 1 else "are"
        lines.append(f"{counted(len(outcome.absent), 'workflow')} {is_} not in this plan; --explain says why.")
    return "".join(f"{line}\n" for line in lines)


def _lines(nodes: Sequence[_Node], before: str, *, colour: bool) -> Iterator[str]:
    for number, node in enumerate(nodes, 1):
        mark, below = _LAST if number == len(nodes) else _BRANCH
        text = painted(one_line(node.text), node.colour, on=colour) if node.colour else one_line(node.text)
        remark = f"  {painted(one_line(node.remark), 'dim', on=colour)}" if node.remark else ""
        yield f"{before}{mark}{text}{remark}"
        yield from _lines(node.below, before + below, colour=colour)


def _phase(
    phase: str, workflows: Iterable[PlannedWorkflow], steps: Mapping[str | None, Sequence[PlannedStep]]
) -> _Node:
    below = tuple(
        _Node(tier, "", "cyan", tuple(_workflow(one, steps.get(one.id, ())) for one in found))
        for tier, found in groupby(workflows, key=lambda workflow: workflow.tier)
    )
    return _Node(phase, "", "bold", below)


def _workflow(workflow: PlannedWorkflow, steps: Sequence[PlannedStep]) -> _Node:
    needs = [f"after {need.rpartition('/')[2]}" for need in workflow.needs]
    override = [f"overrides {workflow.override_of}"] if workflow.override_of else []
    gate = [_gate(workflow.gate)] if workflow.gate else []
    remark = "; ".join([f"{workflow.path}:{workflow.line} ({workflow.trigger})", *override, *needs, *gate])
    return _Node(workflow.identity, remark, "green", tuple(_step(step, workflow) for step in steps))


def _step(step: PlannedStep, workflow: PlannedWorkflow) -> _Node:
    """Needs within the workflow are told; those on what ran before follow from the place in the tree."""
    inside = f"{workflow.id}/"
    needs = [need.removeprefix(inside) for need in step.needs if need.startswith(inside)]
    written = step.provenance
    where = (
        [f"{written.path}:{written.line}" if written.path != workflow.path else f"line {written.line}"]
        if written
        else []
    )
    said = [
        *where,
        *([f"after {', '.join(needs)}"] if needs else []),
        *(["finally"] if step.cleanup else []),
        *([str(step.conditions.when)] if step.conditions.when is not When.ON_SUCCESS else []),
        *condition_texts(step.conditions),
        *([_gate(step.gate)] if step.gate else []),
    ]
    return _Node(f"{step.id.removeprefix(inside)} ({step.type})", "; ".join(said))


def _gate(gate: Gate) -> str:
    return f"approval by {', '.join(gate.teams) or 'anybody else'}"


def _absent(absent: AbsentWorkflow) -> _Node:
    return _Node(absent.identity, f"{absent.path}: {absent.reason}", "dim")
