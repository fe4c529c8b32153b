"""The inputs of a step when it starts: every reference has its value now, so the last of them are checked."""

import json
from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from innominatus_cli.documents.plan import PlannedProgram, PlannedStep
from innominatus_cli.execution.secrecy import holds_value
from innominatus_cli.execution.setting import RunSetting
from innominatus_cli.execution.step_ends import finding_of
from innominatus_cli.execution.values import StepView
from innominatus_cli.expressions.references import path_text
from innominatus_cli.expressions.secret_marks import key_for, mark_of, secret_name
from innominatus_cli.expressions.values import REF, Absent, resolve, text_of
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.finding import Finding
from innominatus_cli.step_types.contract import StepInputs
from innominatus_cli.step_types.markers import keys_with_workload
from innominatus_cli.step_types.own import NoInput, OwnInputs, filled, wrong_inputs
from innominatus_cli.step_types.wrong_inputs import in_words, place_in_words


def inputs_of(
    setting: RunSetting, step: PlannedStep, view: StepView, sealed: dict[str, str] | None = None
) -> StepInputs | Finding:
    """The inputs, by the model of the step's type; a finding where they are wrong. Raises NoValue.

    A workload among them is written down, so that it gets marks in the place of secrets (`expressions.secret_marks`);
    their values are put into `sealed`, by the key that the mark names.
    """
    if step.undoes is not None and step.undoes.how == "files":
        return StepInputs()
    if step.program is not None:
        return _own_inputs(step, step.program, view)
    known = setting.step_type(step.type)
    if known is None:
        return finding_of(step, codes.STEP_TYPE_UNKNOWN, f"nothing here knows the step type '{step.type}'")
    try:
        return known.inputs.model_validate(_resolved(setting, step, view, {} if sealed is None else sealed))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = place_in_words(first["loc"])
        return finding_of(step, codes.INPUTS_WRONG_NOW, f"'{where}': {in_words(first['msg'])}")


def _resolved(setting: RunSetting, step: PlannedStep, view: StepView, sealed: dict[str, str]) -> Any:  # noqa: ANN401 - JSON data
    known = setting.step_type(step.type)
    written = keys_with_workload(known.inputs) & step.inputs.keys() if known is not None else frozenset[str]()
    if not written:
        return resolve(step.inputs, view.value)
    lookup = _sealing(setting, step, view, sealed)
    return {key: resolve(value, lookup if key in written else view.value) for key, value in step.inputs.items()}


def _sealing(
    setting: RunSetting, step: PlannedStep, view: StepView, sealed: dict[str, str]
) -> Callable[[tuple[str, ...]], object]:
    """Looks values up; a secret one goes into `sealed`, and its mark is what is found."""
    name = secret_name(setting.plan.application.name)

    def lookup(path: tuple[str, ...]) -> object:
        try:
            value = view.value(path)
        except Absent:
            if setting.reads_records and path[0] == "resources":
                return mark_of(name, key_for(path))
            raise
        if not view.is_secret({REF: path_text(path)}, step.name) and not holds_value(setting.redactor, value):
            return value
        key = key_for(path)
        text = text_of(value)
        sealed[key] = json.dumps(value, ensure_ascii=False, separators=(",", ":")) if text is None else text
        return mark_of(name, key)

    return lookup


def _own_inputs(step: PlannedStep, program: PlannedProgram, view: StepView) -> StepInputs | Finding:
    """The command of a step of the repository's own type; inputs that were not known before are checked now."""
    values = resolve(step.inputs, view.value)
    for wrong in wrong_inputs(program.inputs_schema, values) if program.inputs_schema is not None else ():
        name = place_in_words((*wrong.at, *filter(None, (wrong.key,))))
        return finding_of(step, codes.INPUTS_WRONG_NOW, f"'{name}': {wrong.message}")
    try:
        return OwnInputs(command=[filled(argument, values) for argument in program.command])
    except NoInput as missing:
        return finding_of(step, codes.INPUTS_WRONG_NOW, f"'{missing}' has no value")


def without_driver(step: PlannedStep) -> Finding:
    """The finding for a step whose type nothing here does the work of."""
    return finding_of(step, codes.STEP_TYPE_UNKNOWN, f"nothing here knows the step type '{step.type}'")
