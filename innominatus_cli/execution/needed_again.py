"""Which steps of an earlier run must run again because of what no record holds of them: secret and large outputs.

An output that is withheld from records is gone with its process. Where a step that is still to run refers to one,
directly or by variables, loops, sub-workflows, workflow outputs or resources, whoever gave it runs again.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from innominatus_cli.documents.plan import Plan, PlannedStep
from innominatus_cli.documents.run_record import StepResult
from innominatus_cli.documents.vocabulary import When
from innominatus_cli.expressions.references import split_path
from innominatus_cli.expressions.values import references_in

_PROVISIONING: Final = "resource-provisioning"
_Path: TypeAlias = tuple[str, ...]


def needed_again(plan: Plan, reused: Mapping[str, StepResult], members: Mapping[str, Collection[str]]) -> set[str]:
    """The ids of reused steps whose withheld values something needs that is still to run.

    `members` are, by the id of a loop over outputs, the ids of the steps that it became.
    """
    search = _Search(plan, reused, members)
    again: set[str] = set()
    waiting = [step for step in plan.steps if step.kind == "step" and step.id not in reused and not _is_manual(step)]
    while waiting:
        found: set[str] = set()
        for step in waiting:
            for path in _paths(step):
                found |= search.givers(path, step.workflow_id)
        waiting = [search.pattern(step) for step in found - again]
        again |= found
    return again


def _is_manual(step: PlannedStep) -> bool:
    return step.conditions.when is When.MANUAL


def _paths(step: PlannedStep) -> Iterator[_Path]:
    """What a step refers to; a condition is a tree of its own."""
    written = [step.inputs, step.env, step.set_variables]
    if step.probe is not None:
        written.append(step.probe.inputs)
    if step.expansion is not None:
        written.append(step.expansion.model_dump())
    for name in references_in(written):
        yield _split(name)
    for tree in (step.conditions.if_tree, step.conditions.unless_tree):
        yield from _in_tree(tree)


def _split(name: str) -> _Path:
    found = split_path(name)
    return found if isinstance(found, tuple) else ()


def _in_tree(tree: Any) -> Iterator[_Path]:  # noqa: ANN401 - JSON data
    if isinstance(tree, Mapping):
        named = tree.get("ref")
        if isinstance(named, str):
            yield _split(named)
        elif isinstance(named, list):
            yield tuple(map(str, named))
        for value in tree.values():
            yield from _in_tree(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _in_tree(value)


class _Search:
    def __init__(self, plan: Plan, reused: Mapping[str, StepResult], members: Mapping[str, Collection[str]]) -> None:
        self._plan = plan
        self._reused = reused
        self._members = members
        self._nodes = {(step.workflow_id, step.name): step for step in plan.steps}
        self._by_id = {step.id: step for step in plan.steps}
        self._patterns = {member: loop for loop, ids in members.items() for member in ids}
        self._known: dict[tuple[str | None, _Path], set[str]] = {}

    def pattern(self, step: str) -> PlannedStep:
        """The planned step that this one is, or that a loop made it of."""
        return self._by_id[self._patterns.get(step, step)]

    def givers(self, path: _Path, workflow: str | None) -> set[str]:
        """The reused steps without which this reference has no value."""
        key = (workflow, path)
        if key not in self._known:
            self._known[key] = set()
            self._known[key] = self._look(path, workflow)
        return self._known[key]

    def _of(self, value: object, workflow: str | None) -> set[str]:
        return {step for name in references_in(value) for step in self.givers(_split(name), workflow)}

    def _look(self, path: _Path, workflow: str | None) -> set[str]:
        match path:
            case ("steps", name, *rest):
                node = self._nodes.get((workflow, name))
                keys = rest[1:] if rest[:1] == ["outputs"] else rest
                output = keys[0] if keys else None
                return self._of_round(name, output, workflow) if node is None else self._of_node(node, output)
            case ("variables", name, *_) | ("workflow", "variables", name, *_) | ("workflow", name, *_):
                return self._of_variable(name, workflow)
            case ("parameters", call, name, *_):
                node = self._nodes.get((workflow, call))
                given = node.group.parameters if node is not None and node.group is not None else None
                return self._of((given or {}).get(name), workflow)
            case ("workflows", identity, *rest):
                keys = rest[1:] if rest[:1] == ["outputs"] and len(rest) > 1 else rest
                return self._of_workflow(identity, keys[0] if keys else None)
            case ("resources", resource, *rest):
                made = (
                    step for step in self._plan.steps
                    if step.type == _PROVISIONING and step.inputs.get("resource") == resource
                )  # fmt: skip
                return {one for step in made for one in self._of_node(step, rest[0] if rest else None)}
            case _:
                return set()

    def _of_round(self, name: str, output: str | None, workflow: str | None) -> set[str]:
        """One step of a loop over outputs, which stands in no plan: `name[0]`."""
        loop, _, index = name.rpartition("[")
        node = self._nodes.get((workflow, loop))
        step = "" if node is None else f"{node.id}[{index}"
        return {step} if node is not None and self._lacks(step, node, output) else set()

    def _of_node(self, node: PlannedStep, output: str | None) -> set[str]:
        if node.group is not None and node.group.kind == "workflow":
            outputs = node.group.outputs or {}
            return self._of(list(outputs.values()) if output is None else outputs.get(output), node.workflow_id)
        if node.group is not None:
            inside = (step for step in self._plan.steps if step.within == node.id)
            return {one for step in inside for one in self._of_node(step, output)}
        steps: Iterable[str] = (node.id, *self._members.get(node.id, ()))
        return {step for step in steps if self._lacks(step, node, output)}

    def _lacks(self, step: str, planned: PlannedStep, output: str | None) -> bool:
        result = self._reused.get(step)
        if result is None or result.status != "succeeded" or (planned.expansion is not None and step == planned.id):
            return False
        if output is None:
            return bool(result.withheld_outputs)
        gone = output in result.withheld_outputs or output not in planned.declared_outputs
        return output not in result.outputs and gone

    def _of_variable(self, name: str, workflow: str | None) -> set[str]:
        found: set[str] = set()
        for step in self._plan.steps:
            if step.workflow_id != workflow:
                continue
            call, _, own = name.partition("/")
            if own and step.name == call and step.group is not None:
                found |= self._of((step.group.variables or {}).get(own), workflow)
            result = self._reused.get(step.id)
            if result is not None and name in step.set_variables and name not in result.variables:
                found.add(step.id)
        for flow in self._plan.workflows:
            if flow.id == workflow:
                found |= self._of(flow.variables.get(name), workflow)
        return found

    def _of_workflow(self, identity: str, output: str | None) -> set[str]:
        found: set[str] = set()
        for flow in self._plan.workflows:
            if flow.identity == identity:
                values = list(flow.outputs.values()) if output is None else flow.outputs.get(output)
                found |= self._of(values, flow.id)
        return found
