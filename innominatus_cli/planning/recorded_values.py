"""A plan's values as the record of its run knows them: every reference settled, but secrets, which stay references."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from innominatus_cli.documents.plan import Cell, Plan, PlannedStep, PlannedWorkflow
from innominatus_cli.documents.run_record import StepResult
from innominatus_cli.expressions.inner_values import value_inside
from innominatus_cli.expressions.secret_marks import key_for, mark_of, secret_name
from innominatus_cli.expressions.values import (
    JINJA,
    LITERAL,
    SCRIPT,
    TEMPLATE,
    NoValue,
    as_literal,
    references_in,
    resolve,
)

_DEEPEST: Final = 64
_TEXTS: Final = (TEMPLATE, SCRIPT)


class _At(NamedTuple):
    """Where a value stands: what its references are seen from."""

    workflow: str | None
    cell: Cell | None = None
    own: str = ""
    """The name of the step, whose own outputs are `outputs.<name>`."""
    sealed: str = ""
    """The workload that the value is of; empty where it is of none."""


class RecordedValues:
    """What the steps of a run gave, by what references of its plan name.

    `steps` are those of the plan, those that loops became included; `results` are by step id; `facts` is what
    `${run.…}` named.
    """

    def __init__(
        self,
        plan: Plan,
        steps: Mapping[str, PlannedStep],
        results: Mapping[str, StepResult],
        facts: Mapping[str, str],
    ) -> None:
        self._steps = steps
        self._results = results
        self._facts = facts
        self._workflows = {workflow.id: workflow for workflow in plan.workflows}
        self._groups = {(one.workflow_id, one.name): one for one in plan.steps if one.group is not None}

    def settled(self, value: object, step: PlannedStep, sealed: str = "") -> Any:  # noqa: ANN401 - JSON data
        """A value of `step` in which only references to secrets are left. Raises NoValue with a sentence.

        With `sealed`, the name of a workload, outputs of resources that no record has are the marks that the run put in
        their place (`expressions.secret_marks`).
        """
        return self._settled(value, _At(step.workflow_id, step.cell, step.name, sealed), 0)

    def _settled(self, value: object, at: _At, depth: int) -> Any:  # noqa: ANN401
        if depth > _DEEPEST:
            raise NoValue("a value is defined by itself")
        names = references_in(value)
        secrets = {name for name in names if name.startswith("secrets.")}
        if not secrets:
            return as_literal(resolve(value, lambda path: self._value(path, at, depth)))
        if names == secrets:
            return value
        return self._partly(value, at, depth)

    def _partly(self, value: object, at: _At, depth: int) -> Any:  # noqa: ANN401
        """A value that names secrets and other things."""
        if isinstance(value, list | tuple):
            return [self._settled(item, at, depth) for item in value]
        if not isinstance(value, Mapping):
            return value
        mark = next(iter(value)) if len(value) == 1 else ""
        if mark == JINJA:
            raise NoValue("a template mixes a secret with what a step gave")
        if mark in _TEXTS:
            return {mark: [self._part(part, mark, at, depth) for part in value[mark]]}
        inside = value[LITERAL] if mark == LITERAL else value
        found = {key: self._settled(item, at, depth) for key, item in inside.items()}
        return {LITERAL: found} if mark == LITERAL else found

    def _part(self, part: object, mark: str, at: _At, depth: int) -> Any:  # noqa: ANN401
        if isinstance(part, str) or any(name.startswith("secrets.") for name in references_in(part)):
            return part
        return resolve({mark: [part]}, lambda path: self._value(path, at, depth))

    def _value(self, path: tuple[str, ...], at: _At, depth: int) -> object:
        """The value of a canonical path. Raises NoValue."""
        head, rest = path[0], path[1:]
        if not rest and head not in {"item", "matrix"}:
            raise _missing(path)
        match head:
            case "steps" | "outputs":
                named = rest if head == "steps" else (at.own, *rest)
                keys = named[2:] if named[1:2] == ("outputs",) else named[1:]
                found = self._outputs(at.workflow, named[0], keys, path, depth)
            case "resources":
                found, keys = self._resource(rest[0], path), rest[1:]
                if at.sealed and keys and keys[0] not in found:
                    return mark_of(secret_name(at.sealed), key_for(path))
            case "run":
                found, keys = self._facts, rest
            case "variables" | "workflow":
                named = rest[1:] if rest[0] == "variables" and len(rest) > 1 else rest
                found, keys = self._variable(at.workflow, named[0], path, depth), named[1:]
            case _:
                return self._of_plan(path, at, depth)
        return _inside(found, keys, path)

    def _of_plan(self, path: tuple[str, ...], at: _At, depth: int) -> object:
        """What the plan says itself: rounds of a loop, parameters of a sub-workflow, outputs of a workflow."""
        head, rest = path[0], path[1:]
        if head in {"item", "matrix"} and at.cell is not None:
            cell = at.cell
            if path == ("item", "index") and not (isinstance(cell.item, Mapping) and "index" in cell.item):
                return cell.index
            return _inside(
                _plain(self._settled(cell.item if head == "item" else cell.matrix, at, depth + 1)), rest, path
            )
        if head == "parameters" and len(rest) > 1:
            group = self._groups.get((at.workflow, rest[0]))
            given = (group.group.parameters if group is not None and group.group is not None else None) or {}
            if group is not None and rest[1] in given:
                inner = _At(at.workflow, group.cell)
                return _inside(_plain(self._settled(given[rest[1]], inner, depth + 1)), rest[2:], path)
        if head == "workflows" and len(rest) > 1:
            return self._of_workflow(rest[0], rest[2:] if rest[1] == "outputs" else rest[1:], path, depth)
        raise _missing(path)

    def _outputs(
        self, workflow: str | None, name: str, keys: tuple[str, ...], path: tuple[str, ...], depth: int
    ) -> object:
        group = self._groups.get((workflow, name))
        declared = group.group.outputs if group is not None and group.group is not None else None
        if group is not None and declared is not None:
            at = _At(workflow, group.cell)
            return {key: _plain(self._settled(value, at, depth + 1)) for key, value in declared.items()}
        result = self._results.get(f"{workflow}/{name}")
        if result is None:
            raise _missing(path)
        if set(keys[:1]) & set(result.withheld_outputs):
            raise NoValue(f"'${{{'.'.join(path)}}}' is secret or too large for the record")
        return result.outputs

    def _resource(self, name: str, path: tuple[str, ...]) -> Mapping[str, Any]:
        for step in self._steps.values():
            result = self._results.get(step.id)
            if result is not None and step.inputs.get("resource") == name and step.type == "resource-provisioning":
                return result.outputs
        raise _missing(path)

    def _variable(self, workflow: str | None, name: str, path: tuple[str, ...], depth: int) -> object:
        for step_id, result in reversed(list(self._results.items())):
            step = self._steps.get(step_id)
            if step is not None and step.workflow_id == workflow and name in result.variables:
                return result.variables[name]
        flow: PlannedWorkflow | None = self._workflows.get(workflow or "")
        if flow is None or name not in flow.variables:
            raise _missing(path)
        return _plain(self._settled(flow.variables[name], _At(workflow), depth + 1))

    def _of_workflow(self, identity: str, keys: tuple[str, ...], path: tuple[str, ...], depth: int) -> object:
        for flow in self._workflows.values():
            if flow.identity == identity and keys and keys[0] in flow.outputs:
                found = self._settled(flow.outputs[keys[0]], _At(flow.id), depth + 1)
                return _inside(_plain(found), keys[1:], path)
        raise _missing(path)


def _plain(value: object) -> object:
    """Settled data as it is outside of a plan. Raises NoValue for what names a secret."""
    return resolve(value, _refuse_secret)


def _refuse_secret(path: tuple[str, ...]) -> object:
    raise NoValue(f"'${{{'.'.join(path)}}}' is a secret inside of another value")


def _missing(path: tuple[str, ...]) -> NoValue:
    return NoValue(f"the record has no '${{{'.'.join(path)}}}'")


def _inside(data: object, keys: tuple[str, ...], path: tuple[str, ...]) -> object:
    try:
        return value_inside(data, keys)
    except KeyError as absent:
        raise _missing(path) from absent
