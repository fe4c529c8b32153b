"""What references stand for while a run goes on: outputs, variables, resources, secrets and the run itself."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from innominatus_cli.documents.plan import Cell, Group, Plan, PlannedStep, PlannedWorkflow
from innominatus_cli.expressions.inner_values import value_inside
from innominatus_cli.expressions.references import path_text, split_path
from innominatus_cli.expressions.values import Absent, NoValue, references_in, resolve, text_of
from innominatus_cli.findings.finding import Code

_PROVISIONING = "resource-provisioning"

Secrets = Callable[[str], str | None]
"""The value of a secret by name; None where it has none. May raise UnusableSecret."""


class UnusableSecret(NoValue):
    """A secret cannot be given to a step, for a reason that has a code of its own."""

    def __init__(self, code: Code, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.remedy = remedy


def no_secrets(name: str) -> None:  # noqa: ARG001 - the shape of `Secrets`
    """A store that holds nothing."""
    return


class RunValues:
    """Values of one run, filled as steps end."""

    def __init__(self, plan: Plan, run: Mapping[str, str], secrets: Secrets = no_secrets) -> None:
        self.run = run
        self.secrets = secrets
        self._plan = plan
        self._secret: _Tainted = set()
        self._tainted = _tainted_names(plan)
        self.outputs: dict[tuple[str | None, str], Mapping[str, Any]] = {}
        """By workflow id and step name; only of steps that succeeded, or that `continueOnError` let pass."""
        self.statuses: dict[tuple[str | None, str], str] = {}
        self.variables: dict[str, dict[str, Any]] = {flow.id: dict(flow.variables) for flow in plan.workflows}
        self.resources: dict[str, Mapping[str, Any]] = {}
        self.workflow_outputs: dict[str, dict[str, Any]] = {}
        """By identity."""
        self.calls: dict[tuple[str | None, str], PlannedStep] = {}
        """Sub-workflows, by workflow id and the name of the step that calls."""
        for step in plan.steps:
            if step.group is not None and step.group.kind == "workflow":
                self.calls[step.workflow_id, step.name] = step
                own = self.variables.setdefault(step.workflow_id or "", {})
                own.update({f"{step.name}/{name}": value for name, value in (step.group.variables or {}).items()})

    def step_ended(
        self,
        step: PlannedStep,
        status: str,
        outputs: Mapping[str, Any],
        variables: Mapping[str, str],
        secret: Collection[str] = (),
    ) -> None:
        """Takes over what a step gave; `secret` are names of outputs that are secrets though the plan does not know."""
        key = (step.workflow_id, step.name)
        if secret:
            self._secret.update((*key, name) for name in secret)
            self._tainted = _tainted_names(self._plan, self._secret)
        self.statuses[key] = "failed" if status in {"timed_out", "interrupted"} else status
        self.outputs[key] = outputs
        if variables and step.workflow_id:
            self.variables.setdefault(step.workflow_id, {}).update(variables)
        if step.type == _PROVISIONING and isinstance(step.inputs.get("resource"), str):
            self.resources[step.inputs["resource"]] = outputs

    def group_ended(self, node: PlannedStep, members: Sequence[PlannedStep]) -> None:
        """A loop or a sub-workflow has ended: works out its status and its outputs from those of its members.

        A loop has of each output the list of what its members gave, nothing (null) of one that gave none.
        """
        key = (node.workflow_id, node.name)
        statuses = [
            "succeeded" if status == "failed" and member.continue_on_error else status
            for member in members
            if (status := self.statuses.get((member.workflow_id, member.name))) is not None
        ]
        self.statuses[key] = _status_of(statuses)
        if node.group is not None and node.group.kind == "workflow":
            self.outputs[key] = {} if self.statuses[key] == "skipped" else self._outputs_of_call(node)
            return
        outputs = [self.outputs.get((member.workflow_id, member.name), {}) for member in members]
        declared = (node.group.declared_outputs if node.group else node.declared_outputs) or ()
        names = dict.fromkeys([*declared, *(name for one in outputs for name in sorted(one))])
        self.outputs[key] = {name: [one.get(name) for one in outputs] for name in names}

    def _outputs_of_call(self, node: PlannedStep) -> dict[str, Any]:
        view = StepView(self, node.workflow_id, cell=node.cell)
        found: dict[str, Any] = {}
        for name, value in (node.group.outputs if node.group and node.group.outputs else {}).items():
            try:
                found[name] = resolve(value, view.value)
            except NoValue:
                continue
        return found

    def is_secret(self, workflow: str | None, value: object, own: str = "", secret: Collection[str] = ()) -> bool:
        """Whether a value of this workflow (of its step `own`) names a secret, directly or by what was made of one.

        `secret` are names of outputs of the step that are secrets, beside those that are known to be.
        """
        more = {(workflow, own, name) for name in secret}
        return _is_tainted(value, workflow, own, self._tainted | more if more else self._tainted)

    def public_outputs(self) -> dict[str, dict[str, Any]]:
        """The outputs of all workflows, by identity, without those that hold something secret."""
        secret = {
            (flow.identity, name)
            for flow in self._plan.workflows
            for name, value in flow.outputs.items()
            if self.is_secret(flow.id, value)
        }
        return {
            identity: {name: value for name, value in outputs.items() if (identity, name) not in secret}
            for identity, outputs in self.workflow_outputs.items()
        }

    def workflow_ended(self, workflow: PlannedWorkflow) -> None:
        """Works out the outputs of a workflow; one that has no value is left out."""
        view = StepView(self, workflow.id)
        found: dict[str, Any] = {}
        for name, value in workflow.outputs.items():
            try:
                found[name] = resolve(value, view.value)
            except NoValue:
                continue
        self.workflow_outputs.setdefault(workflow.identity, {}).update(found)


class StepView:
    """The values as one step sees them: steps and variables are those of its own workflow."""

    __slots__ = ("_cell", "_depth", "_failed", "_own", "_values", "_workflow")

    def __init__(
        self,
        values: RunValues,
        workflow: str | None,
        *,
        failed: bool = False,
        own: tuple[str, Mapping[str, Any]] | None = None,
        cell: Cell | None = None,
    ) -> None:
        """`cell` is the round of the loop that the step is there for."""
        self._cell = cell
        self._values = values
        self._workflow = workflow
        self._failed = failed
        self._own = own
        self._depth = 0

    def with_outputs(self, step: str, outputs: Mapping[str, Any]) -> "StepView":
        """The same, when the step itself has just given these outputs."""
        return StepView(self._values, self._workflow, failed=self._failed, own=(step, outputs), cell=self._cell)

    def is_secret(self, value: object, own: str, secret: Collection[str] = ()) -> bool:
        """Whether this value of the step `own`, whose outputs `secret` are secrets, names a secret."""
        return self._values.is_secret(self._workflow, value, own, secret)

    def failed(self) -> bool:
        """Whether anything that the step stands behind has failed."""
        return self._failed

    def status(self, step: str) -> str | None:
        """`succeeded`, `failed` or `skipped`; None where it has not ended."""
        return self._values.statuses.get((self._workflow, step))

    def value(self, path: tuple[str, ...]) -> object:
        """The value of a canonical path. Raises NoValue with a sentence."""
        head, rest = path[0], path[1:]
        match head:
            case "steps" if len(rest) > 1:
                found = self._step(path, rest)
            case "outputs" if self._own is not None:
                found = _inside(self._own[1], rest, path)
            case "variables" | "workflow" if rest:
                found = self._variable(path, rest[1:] if rest[0] == "variables" and len(rest) > 1 else rest)
            case "secrets" if rest:
                found = self._secret(".".join(rest), path)
            case "item" | "matrix" if self._cell is not None:
                found = self._round(self._cell, path)
            case "parameters" if len(rest) > 1:
                found = self._parameter(path, rest)
            case "workflows" | "resources" | "run":
                found = self._of_the_run(head, rest, path)
            case _:
                raise NoValue(f"'${{{path_text(path)}}}' has no value while a run goes on")
        return found

    def _round(self, cell: Cell, path: tuple[str, ...]) -> object:
        """A value of the loop: `item`, `item.index`, `matrix.<key>`, and what stands in them."""
        value = resolve(cell.item if path[0] == "item" else cell.matrix, self.value)
        if path == ("item", "index") and not (isinstance(value, Mapping) and "index" in value):
            return cell.index
        return _inside(value, path[1:], path)

    def _parameter(self, path: tuple[str, ...], rest: tuple[str, ...]) -> object:
        """A parameter of a sub-workflow, as the caller sees it: `parameters.<call>.<name>`."""
        call = self._values.calls.get((self._workflow, rest[0]))
        parameters = call.group.parameters if call is not None and call.group is not None else None
        if call is None or parameters is None or rest[1] not in parameters:
            raise NoValue(f"'${{{path_text(path)}}}' has no value while a run goes on")
        view = StepView(self._values, self._workflow, cell=call.cell)
        return _inside(resolve(parameters[rest[1]], view.value), rest[2:], path)

    def _of_the_run(self, head: str, rest: tuple[str, ...], path: tuple[str, ...]) -> object:
        if head == "run":
            return _inside(self._values.run, rest, path)
        if head == "resources":
            return _inside(self._values.resources, rest, path)
        keys = rest[2:] if len(rest) > 1 and rest[1] == "outputs" else rest[1:]
        return _inside(self._values.workflow_outputs, (*rest[:1], *keys), path)

    def _step(self, path: tuple[str, ...], rest: tuple[str, ...]) -> object:
        name, keys = rest[0], rest[1:]
        if self._own is not None and name == self._own[0]:
            outputs: Mapping[str, Any] | None = self._own[1]
        else:
            outputs = self._values.outputs.get((self._workflow, name))
        if outputs is None:
            raise Absent(f"'${{{path_text(path)}}}': step '{name}' has not run")
        if keys[0] == "outputs" and "outputs" not in outputs:
            keys = keys[1:]
        if not keys:
            return dict(outputs)
        return _inside(outputs, keys, path)

    def _variable(self, path: tuple[str, ...], rest: tuple[str, ...]) -> object:
        variables = self._values.variables.get(self._workflow or "", {})
        self._depth += 1
        try:
            if self._depth > len(variables) + 1:
                raise NoValue(f"'${{{path_text(path)}}}' is defined by itself")
            return _inside({rest[0]: resolve(variables[rest[0]], self.value)}, rest, path)
        except KeyError as missing:
            raise NoValue(f"'${{{path_text(path)}}}' has not been set") from missing
        finally:
            self._depth -= 1

    def _secret(self, name: str, path: tuple[str, ...]) -> str:
        value = self._values.secrets(name)
        if value is None:
            raise NoValue(f"'${{{path_text(path)}}}': the secret has no value in its store")
        return value


_Tainted = set[tuple[str | None, str, str]]


def _tainted_names(plan: Plan, more: Collection[tuple[str | None, str, str]] = ()) -> _Tainted:
    """Outputs and variables that hold something secret: workflow id, step (or `variables`), name.

    `more` are outputs that are known to be secrets although no step says so.
    """
    found: _Tainted = {(step.workflow_id, step.name, name) for step in plan.steps for name in step.secret_outputs}
    found.update(more)
    for flow in plan.workflows:
        found.update(
            (flow.id, "variables", name)
            for name, value in flow.variables.items()
            if _is_tainted(value, flow.id, "", found)
        )
    for step in plan.steps:
        if step.group is not None and step.group.kind == "workflow":
            found |= _tainted_by_call(step, step.group, found)
    for step in plan.steps:
        found.update(
            (step.workflow_id, "variables", name)
            for name, value in step.set_variables.items()
            if _is_tainted(value, step.workflow_id, step.name, found)
        )
    for step in plan.steps:
        if step.group is not None:
            found |= _tainted_outputs(step, step.group, found)
        elif step.type == _PROVISIONING:
            found |= _tainted_resource(step, found)
    return found


def _tainted_resource(step: PlannedStep, tainted: _Tainted) -> _Tainted:
    """Outputs of a resource that hold something secret: its own, and those that it takes over from a workflow."""
    taken = step.inputs.get("outputs")
    names = {name for workflow, own, name in tainted if (workflow, own) == (step.workflow_id, step.name)}
    for name, value in (taken if isinstance(taken, Mapping) else {}).items():
        if _is_tainted(value, step.workflow_id, "", tainted):
            names.add(name)
    own = {(step.workflow_id, step.name, name) for name in names}
    return own | {(None, f"resources.{step.inputs.get('resource')}", name) for name in names}


def _tainted_by_call(node: PlannedStep, group: Group, tainted: _Tainted) -> _Tainted:
    """Parameters and variables of a sub-workflow that hold something secret."""
    found: _Tainted = set()
    for prefix, where, values in (
        ("", f"parameters.{node.name}", group.parameters),
        ("/", "variables", group.variables),
    ):
        for name, value in (values or {}).items():
            if _is_tainted(value, node.workflow_id, "", tainted | found):
                found.add((node.workflow_id, where, f"{node.name}/{name}" if prefix else name))
    return found


def _tainted_outputs(node: PlannedStep, group: Group, tainted: _Tainted) -> _Tainted:
    """Outputs of a loop or a sub-workflow that hold something secret."""
    if group.kind == "workflow":
        names = [
            name for name, value in (group.outputs or {}).items() if _is_tainted(value, node.workflow_id, "", tainted)
        ]
    else:
        rounds = {f"{node.name}[{index}]" for index in range(group.size or 0)}
        names = [name for workflow, step, name in tainted if workflow == node.workflow_id and step in rounds]
    return {(node.workflow_id, node.name, name) for name in names}


def _is_tainted(value: object, workflow: str | None, own: str, tainted: _Tainted) -> bool:
    for reference in references_in(value):
        path = split_path(reference)
        match path:
            case ("secrets", *_):
                return True
            case ("steps", step, "outputs", name, *_) | ("steps", step, name, *_):
                key = (workflow, step, name)
            case ("variables", name, *_) | ("workflow", "variables", name, *_) | ("workflow", name, *_):
                key = (workflow, "variables", name)
            case ("outputs", name, *_):
                key = (workflow, own, name)
            case ("resources", resource, name, *_):
                key = (None, f"resources.{resource}", name)
            case ("parameters", call, name, *_):
                key = (workflow, f"parameters.{call}", name)
            case _:
                continue
        if key in tainted:
            return True
    return False


def _status_of(statuses: Sequence[str]) -> str:
    """The status of a loop or sub-workflow by those of its members."""
    if "failed" in statuses:
        return "failed"
    return "succeeded" if any(status != "skipped" for status in statuses) else "skipped"


def environment_text(name: str, value: object, view: StepView) -> str:
    """The value of `name` in `env` as text. Raises NoValue."""
    data = resolve(value, view.value)
    found = text_of(data)
    if found is None:
        if data is None:
            raise NoValue(f"'{name}' in `env` is nothing (`null`), where text is needed")
        kind = "a list" if isinstance(data, list) else "a mapping"
        how = "take one value of it, or make text of it with a filter: `| join(',')` or `| tojson` in `{{ }}`"
        raise NoValue(f"'{name}' in `env` is {kind}, where text is needed: {how}")
    return found


def _inside(data: object, keys: tuple[str, ...], path: tuple[str, ...]) -> object:
    try:
        return value_inside(data, keys)
    except KeyError as absent:
        raise Absent(f"'${{{path_text(path)}}}': there is no '{absent.args[0]}'") from absent
