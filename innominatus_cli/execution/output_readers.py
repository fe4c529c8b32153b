"""Which outputs of its steps a plan reads, declared or not: for who makes outputs up in the place of a step."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from innominatus_cli.documents.plan import Plan, PlannedStep
from innominatus_cli.expressions.references import split_path
from innominatus_cli.expressions.values import references_in

_ROUND: Final = re.compile(r"(?:\[[0-9]+\])+\Z")
"""What stands behind the name of a loop in those of its rounds."""
Outline = dict[str, Any]
"""Names of outputs, each with the outline of what is read inside of it; empty where it is read as a whole."""


def outputs_read(plan: Plan) -> dict[str, Outline]:
    """By the id of a step, the outputs that other steps, variables, conditions and outputs of workflows read."""
    steps = [step for step in plan.steps if step.kind == "step"]
    own = {(step.workflow_id, step.name): step.id for step in steps}
    rounds: dict[tuple[str | None, str], list[str]] = {}
    for step in steps:
        rounds.setdefault((step.workflow_id, _ROUND.sub("", step.name)), []).append(step.id)
    resources = {
        str(step.inputs["resource"]): step.id
        for step in steps
        if step.type == "resource-provisioning" and "resource" in step.inputs
    }
    found: dict[str, Outline] = {step.id: {} for step in steps}
    for workflow, reader, reference in _references(plan):
        match split_path(reference):
            case ("steps", name, "outputs", *keys) if keys:
                target = own.get((workflow, name))
            case ("steps", name, *keys) if keys:
                target = own.get((workflow, name))
            case ("outputs", *keys) if keys:
                name, target = reader, own.get((workflow, reader))
            case ("resources", name, *keys) if keys:
                target = resources.get(name)
            case _:
                continue
        if target is not None:
            _add(found[target], keys)
        else:  # a loop gives lists of what its rounds give
            for one in rounds.get((workflow, name), ()):
                _add(found[one], keys[:1])
    return found


def _add(outline: Outline, keys: list[str]) -> None:
    for key in keys:
        outline = outline.setdefault(key, {})


def _references(plan: Plan) -> Iterator[tuple[str | None, str, str]]:
    """The workflow, the step (empty outside of one) and the path of every reference."""
    for flow in plan.workflows:
        for value in (flow.variables, flow.outputs):
            for reference in references_in(value):
                yield flow.id, "", reference
    for step in plan.steps:
        if step.group is not None:
            for given in (step.group.parameters, step.group.variables, step.group.outputs):
                for reference in references_in(given):
                    yield step.workflow_id, "", reference
        for reference in _of_step(step):
            yield step.workflow_id, step.name, reference


def _of_step(step: PlannedStep) -> set[str]:
    found = set()
    loop = None if step.expansion is None else step.expansion.as_json()
    cell = None if step.cell is None else step.cell.as_json()
    for value in (step.inputs, step.env, step.set_variables, step.rollback, loop, cell):
        found |= references_in(value)
    for tree in (step.conditions.if_tree, step.conditions.unless_tree):
        found.update(_of_condition(tree))
    return found


def _of_condition(tree: object) -> Iterator[str]:
    if isinstance(tree, Mapping):
        if isinstance(tree.get("ref"), str):
            yield tree["ref"]
        for part in tree.get("args", ()):
            yield from _of_condition(part)
