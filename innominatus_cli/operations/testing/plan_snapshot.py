"""A plan as a text that people review: what will happen, and nothing that changes for other reasons.

No digests, places, object ids, descriptions or tool versions, and nothing that a step type has of itself: defaults of
inputs, its own outputs. References are as they are written. The same plan gives the same bytes on every machine.
"""

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any, Final

from pydantic_core import to_jsonable_python

from innominatus_cli.documents.canonical import canonical_json, digest_of_bytes
from innominatus_cli.documents.durations import duration_text
from innominatus_cli.documents.plan import Plan, PlannedStep, PlannedWorkflow
from innominatus_cli.documents.vocabulary import When
from innominatus_cli.documents.yaml_writer import document_text
from innominatus_cli.expressions.values import JINJA, JSON_TEXT, LITERAL, REF, SCRIPT, TEMPLATE
from innominatus_cli.step_types.catalogue import step_type

Data = dict[str, Any]
_LARGE: Final = 400
"""Bytes of an input that is written out once, and named where it stands again."""


def snapshot_text(name: str, plan: Plan) -> str:
    """The snapshot of the plan of a test."""
    application = plan.application
    data: Data = {
        "application": application.name,
        "product": application.product,
        "operation": plan.operation.value,
        "environment": plan.environment,
        "goldenPath": plan.golden_path,
        "parameters": plan.parameters,
    }
    shown = _Inputs()
    workflows = {workflow.id: _workflow(plan, workflow, shown) for workflow in plan.workflows}
    head = f"# The plan of the test {name}. `innominatus-ctl test --update` writes it.\n"
    return head + document_text(_without_empty(data) | {"workflows": workflows})


class _Inputs:
    """Inputs as they are shown; a large one that has been shown is named."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def of(self, step: PlannedStep) -> Data:
        """The inputs of a step that are not its type's defaults."""
        defaults = _defaults(step.type)
        return {
            name: self._shown(f"{step.name}.{name}", value)
            for name, value in step.inputs.items()
            if name not in defaults or value != defaults[name]
        }

    def _shown(self, name: str, value: object) -> object:
        written = as_written(value)
        data = canonical_json(written)
        if len(data) < _LARGE or not isinstance(written, dict | list):
            return written
        earlier = self._known.setdefault(digest_of_bytes(data), name)
        return written if earlier == name else f"(the same as {earlier})"


def _workflow(plan: Plan, workflow: PlannedWorkflow, shown: _Inputs) -> Data:
    timeout = workflow.timeout_seconds
    data = {
        "trigger": workflow.trigger,
        "after": [need.removeprefix(f"{workflow.phase}/{workflow.tier}/") for need in workflow.needs],
        "overrides": workflow.override_of,
        "timeout": None if timeout is None else duration_text(timeout),
        "failFast": workflow.fail_fast,
        "rollbackOnFailure": workflow.rollback_on_failure,
        "variables": as_written(workflow.variables),
        "outputs": as_written(workflow.outputs),
        "steps": {
            step.name: _step(step, shown) if step.kind == "step" else _group(step)
            for step in plan.steps
            if (step.kind == "step" or step.group is not None) and step.workflow_id == workflow.id
        },
    }
    return _without_empty(data)


def _group(node: PlannedStep) -> Data:
    """The end of a loop or of a sub-workflow, with what it is called with and gives."""
    group, conditions = node.group, node.conditions
    written = {} if group is None else as_written(group.as_json())
    data = {
        "endOf": written.pop("kind", None),
        "after": [need.removeprefix(f"{node.workflow_id}/") for need in node.needs],
        "if": conditions.if_text,
        "unless": conditions.unless_text,
        **written,
    }
    return _without_empty(data)


def _step(step: PlannedStep, shown: _Inputs) -> Data:
    conditions, retry = step.conditions, step.retry
    data = {
        "type": step.type,
        "after": [need.removeprefix(f"{step.workflow_id}/") for need in step.needs],
        "finally": step.cleanup,
        "when": None if conditions.when is When.ON_SUCCESS else conditions.when.value,
        "if": conditions.if_text,
        "unless": conditions.unless_text,
        "loop": None if step.expansion is None else as_written(step.expansion.as_json()),
        "round": None if step.cell is None else as_written(step.cell.as_json()),
        "approval": None if step.gate is None else step.gate.as_json(),
        "lock": step.lock,
        "timeout": duration_text(step.timeout_seconds) if step.timeout_written else None,
        "retry": None if retry is None else retry.as_json(),
        "continueOnError": step.continue_on_error,
        "rollback": as_written(step.rollback),
        "command": None if step.program is None else step.program.command,
        "inputs": shown.of(step),
        "env": as_written(step.env),
        "secrets": step.secrets,
        "outputs": [name for name in step.declared_outputs if name not in _outputs(step.type)],
        "secretOutputs": step.secret_outputs,
        "outputFile": step.output_file,
        "setVariables": as_written(step.set_variables),
    }
    return _without_empty(data)


@cache
def _defaults(name: str) -> Data:
    """The inputs that a step of this type has where nobody gives them; what is a default by environment is none."""
    known = step_type(name)
    if known is None:
        return {}
    fields = {info.alias or key: info for key, info in known.inputs.model_fields.items() if not info.is_required()}
    return {key: to_jsonable_python(info.get_default(call_default_factory=True)) for key, info in fields.items()}


def _outputs(name: str) -> Collection[str]:
    known = step_type(name)
    return () if known is None else known.outputs


def as_written(value: Any) -> Any:  # noqa: ANN401 - JSON data
    """A value of a plan in which references stand as people write them: `${steps.a.outputs.b}`."""
    if isinstance(value, Mapping):
        if len(value) == 1:
            ((mark, inner),) = value.items()
            if mark in {REF, JSON_TEXT}:
                return f"${{{inner}}}"
            if mark in {TEMPLATE, SCRIPT} and isinstance(inner, list):
                return "".join(str(as_written(part)) for part in inner)
            if mark == JINJA:
                return _template(inner)
            if mark == LITERAL:
                return inner
        return {str(key): as_written(item) for key, item in value.items()}
    return [as_written(item) for item in value] if isinstance(value, list) else value


def _template(template: Mapping[str, Any]) -> str:
    """The text of a template; names in it that begin with `v` stand for the values that it reads, told behind it."""
    parts = [part if isinstance(part, str) else f"{{{{ {next(iter(part.values()))} }}}}" for part in template["parts"]]
    names = [f"{name}: {as_written(value)}" for name, value in template["values"].items()]
    return f"{''.join(parts)} ({', '.join(names)})" if names else "".join(parts)


def _without_empty(data: Data) -> Data:
    return {
        key: value for key, value in data.items() if value is not None and value is not False and value not in ([], {})
    }
