"""`new step-type`: a step type of the repository, a schema for inputs and a command."""

import shlex
from typing import Any, Final

from innominatus_cli.documents.schemas import step_type_names
from innominatus_cli.operations.creation.files import Creation, new_document
from innominatus_cli.operations.creation.questions import (
    Answer,
    Asked,
    Kind,
    Question,
    doing,
    name,
    name_problem,
    owner,
    version,
)

_API: Final = "workflow.dev/v1"


def _step_type_problem(asked: Asked, value: str) -> str:
    if value in step_type_names():
        return f"there is a built-in step type '{value}'"
    known = asked.surroundings.own_step_types.get(value)
    if known is not None and known.path != _path(asked, value):
        return f"there is a step type '{value}' in {known.path}"
    return name_problem(asked, value)


def _path(asked: Asked, called: str) -> str:
    return f"{asked.surroundings.workflows_root}/step-types/{called}.yaml"


def _input_problem(_asked: Asked, value: str) -> str:
    usable = value.isascii() and value.isidentifier()
    return "" if usable else f"'{value}' must be letters, digits and '_', starting with a letter"


def _default_command(asked: Asked) -> Answer:
    inputs = " ".join(f"${{inputs.{name}}}" for name in asked.texts("input"))
    return (f"printf 'OUTPUT_result=%s\\n' '{inputs or 'done'}'",)


def _command_problem(asked: Asked, value: str) -> str:
    try:
        words = shlex.split(value)
    except ValueError as problem:
        return f"this is no command: {str(problem)[:1].lower()}{str(problem)[1:]}"
    del asked
    return "" if words and words[0] else "a program must be named"


def _make_step_type(asked: Asked) -> Creation:
    called = asked.text("name")
    path = _path(asked, called)
    inputs = asked.texts("input")
    schema: dict[str, Any] = {"type": "object", "additionalProperties": False}
    if inputs:
        schema |= {
            "required": list(inputs),
            "properties": {key: {"type": "string", "description": f"The {key}"} for key in inputs},
        }
    data = {
        "apiVersion": _API,
        "kind": "StepType",
        "metadata": {
            "name": called,
            "version": asked.text("version"),
            "description": asked.text("description"),
            "owner": asked.text("owner"),
        },
        "spec": {
            "inputs": schema,
            "command": shlex.split(asked.text("command")),
            "outputs": {"from": "stdout", "names": {"result": "What the command found out"}},
            "timeout": "5m",
        },
    }
    rule = asked.surroundings.policies.allowed_step_types
    remarks = []
    if rule is not None and called not in rule.value:
        place = f"{rule.place.path}:{rule.place.line}"
        remarks.append(f"Steps may be of this type when `- {called}` stands in allowedStepTypes at {place}.")
    command = f"innominatus-ctl validate {path}"
    return Creation((new_document(path, "StepType", data),), remarks=tuple(remarks), commands=(command,))


STEP_TYPE: Final = Kind(
    "step-type",
    "A step type of the repository: inputs, and the command that a step runs.",
    r"""Write a step type of the repository: a schema for inputs, and the command that a step runs.

    An input reaches the command as `${inputs.NAME}` in an argument, which is never split.

    \b
    Examples:
      innominatus-ctl new step-type
      innominatus-ctl new step-type greet --input name --command "echo '\${inputs.name}'"
    """,
    (
        name("Its name, which steps write under `type`", "greet", _step_type_problem),
        Question(
            "input",
            "The names of its inputs, each a text",
            lambda _asked: ("message",),
            _input_problem,
            several=True,
            at=("/spec/inputs",),
            optional=True,
        ),
        Question(
            "command",
            "The command; an input is ${inputs.NAME}",
            _default_command,
            _command_problem,
            at=("/spec/command", "/spec/inputs"),
        ),
        doing("What a step of this type does, in one sentence", "Does"),
        owner(),
        version(),
    ),
    _make_step_type,
)
