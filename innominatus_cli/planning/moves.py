"""Which workflows and steps of a new plan are those of an old one under another id: they moved, and are not others."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from innominatus_cli.documents.plan import Plan, PlannedStep, PlannedWorkflow

WHERE = ("id", "phase", "tier", "workflow_id", "needs", "provenance")
"""Of a step, what says where it stands and not what it does."""
ItemT = TypeVar("ItemT", PlannedStep, PlannedWorkflow)


def moved_workflows(old: Plan, new: Plan) -> dict[str, str]:
    """Old ids of workflows that have another id now, by the new one: another phase, or another name in the same file.

    One that could have been several is none.
    """
    ids = [{one.id for one in plan.workflows} for plan in (old, new)]
    gone = [(one, _names(old, one)) for one in old.workflows if one.id not in ids[1]]
    come = [(one, _names(new, one)) for one in new.workflows if one.id not in ids[0]]
    keys: tuple[Callable[[PlannedWorkflow, tuple[str, ...]], object], ...] = (
        lambda one, _: (one.identity, one.tier),
        lambda one, names: (one.path, one.tier, one.phase, names),
    )
    found: dict[str, str] = {}
    for key in keys:
        for now, names in come:
            same = [
                was.id for was, before in gone if was.id not in found.values() and key(was, before) == key(now, names)
            ]
            rivals = [
                other for other, others in come if other.id not in found and key(other, others) == key(now, names)
            ]
            if now.id not in found and len(same) == len(rivals) == 1:
                found[now.id] = same[0]
    return found


def _names(plan: Plan, workflow: PlannedWorkflow) -> tuple[str, ...]:
    return tuple(step.name for step in plan.steps if step.kind == "step" and step.workflow_id == workflow.id)


def moved_steps(
    old: Mapping[str, PlannedStep], new: Mapping[str, PlannedStep], workflows: Mapping[str, str]
) -> dict[str, str]:
    """Old ids of steps that have another id now, by the new one: with their workflow, or as they are, elsewhere."""
    found: dict[str, str] = {}
    gone = {name: one for name, one in old.items() if name not in new}
    come = {name: one for name, one in new.items() if name not in old}
    for now in come.values():
        before = f"{workflows.get(now.workflow_id or '')}/{now.name}"
        if before in gone:
            found[now.id] = before
            del gone[before]
    if not gone or len(come) == len(found):
        return found
    waiting: dict[str, list[str]] = {}
    for was in gone.values():
        waiting.setdefault(_what_it_does(was), []).append(was.id)
    for now in come.values():
        same = waiting.get(_what_it_does(now), []) if now.id not in found else []
        if len(same) == 1:
            found[now.id] = same.pop()
    return found


def _what_it_does(step: PlannedStep) -> str:
    return repr({key: value for key, value in step.as_json().items() if key not in WHERE})


def pairs(old: Iterable[ItemT], new: Iterable[ItemT], moved: Mapping[str, str]) -> Iterator[tuple[Any, Any]]:
    """Items of two plans side by side: first those that are gone, then those of the new plan, in its order."""
    before, after = {one.id: one for one in old}, {one.id: one for one in new}
    taken = {*moved.values()}
    yield from ((one, None) for name, one in before.items() if name not in after and name not in taken)
    yield from ((before.get(moved.get(name, name)), one) for name, one in after.items())
