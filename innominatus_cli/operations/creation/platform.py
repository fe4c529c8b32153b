"""`new golden-path`, `new step-type` and `new provider`: what a platform team offers."""

import shlex
from typing import Any, Final

from innominatus_cli.documents.schemas import step_type_names
from innominatus_cli.documents.vocabulary import Operation
from innominatus_cli.operations.creation.files import Creation, NewFile, new_document
from innominatus_cli.operations.creation.first_steps import Setting, first_step
from innominatus_cli.operations.creation.questions import (
    Answer,
    Asked,
    Kind,
    Question,
    as_words,
    description,
    name,
    name_problem,
    owner,
    version,
)

_API: Final = "workflow.dev/v1"
_CATEGORIES: Final = {"deploy": "deployment", "undeploy": "cleanup", "task": "operations"}


def _about(text: str, verb: str) -> Question:
    return description(text, lambda asked: f"{verb} {as_words(asked.text('name'))}")


def _needs_workflow(asked: Asked) -> bool:
    return asked.text("operation") != "undeploy"


def _workflow_files(asked: Asked) -> list[str]:
    return [
        path
        for path in asked.surroundings.repository.snapshot.paths(asked.surroundings.workflows_root, (".yaml", ".yml"))
        if any(
            document.kind == "Workflow" and document.mapping.mapping("metadata").text("name")
            for document in asked.surroundings.repository.loaded(path).documents
        )
    ]


def _no_workflow_file(asked: Asked, value: str) -> str:
    known = _workflow_files(asked)
    if asked.surroundings.repository.snapshot.is_file(value) or value in known:
        return ""
    return f"there is no file '{value}'" + (f": there is {', '.join(known)}" if known else "")


def _default_workflow(asked: Asked) -> Answer:
    return tuple(_workflow_files(asked)[:1]) if asked.text("operation") == "task" else ()


def _make_golden_path(asked: Asked) -> Creation:
    called, operation = asked.text("name"), asked.text("operation")
    category = _CATEGORIES.get(operation, "operations")
    path = f"{asked.surroundings.workflows_root}/golden-paths/{called}.yaml"
    spec: dict[str, Any] = {"operation": operation}
    files: list[NewFile] = []
    workflow = asked.text("workflow")
    if operation == "task" and not workflow:
        task = new_document(f"{asked.surroundings.workflows_root}/reusable/{called}.yaml", "Workflow", _task(asked))
        files.append(task)
        workflow = task.path
    if workflow:
        spec["workflow"] = workflow
    metadata = {
        "name": called,
        "version": asked.text("version"),
        "description": asked.text("description"),
        "owner": asked.text("owner"),
        "category": category,
        "tags": [category],
    }
    data = {"apiVersion": _API, "kind": "GoldenPath", "metadata": metadata, "spec": spec}
    environment = asked.surroundings.environments[0]
    commands = (
        f"innominatus-ctl validate {path}",
        f"innominatus-ctl run {called} {asked.surroundings.application_of('')} --env {environment} --dry-run",
    )
    return Creation((new_document(path, "GoldenPath", data), *files), commands=commands)


def _task(asked: Asked) -> dict[str, Any]:
    """A workflow for a golden path of the operation `task`, where there is none yet."""
    known = asked.surroundings.step_types
    kind = "script" if "script" in known else known[0]
    first = first_step(kind, Setting(asked.text("name"), f"./{asked.text('name')}", asked.surroundings))
    step = {"name": kind, "type": kind, "timeout": "5m", **first.fields, "config": first.config}
    metadata = {
        "name": asked.text("name"),
        "description": asked.text("description"),
        "owner": asked.text("owner"),
    }
    return {"apiVersion": _API, "kind": "Workflow", "metadata": metadata, "spec": {"steps": [step]}}


GOLDEN_PATH: Final = Kind(
    "golden-path",
    "A golden path: what people run by name.",
    r"""Write a golden path: what people run by name, with a workflow of its own where it is a task.

    \b
    Examples:
      innominatus-ctl new golden-path
      innominatus-ctl new golden-path deploy-preview --operation deploy
      innominatus-ctl new golden-path rotate-keys --operation task --owner security-team
    """,
    (
        name("Its name, which people run", "deploy-preview", name_problem),
        Question(
            "operation",
            "What a run of it does",
            lambda _asked: (Operation.DEPLOY.value,),
            choices=lambda _asked: tuple(Operation),
            shown="|".join(Operation),
        ),
        Question(
            "workflow",
            "The file of a workflow that it runs in place of the generated one; a task without gets a first one",
            _default_workflow,
            _no_workflow_file,
            applies=_needs_workflow,
            at=("/spec/workflow",),
            optional=True,
        ),
        _about("What it does, in one sentence", "Runs"),
        owner(),
        version(),
    ),
    _make_golden_path,
)


def _step_type_problem(asked: Asked, value: str) -> str:
    if value in step_type_names():
        return f"there is a built-in step type '{value}'"
    if value in asked.surroundings.own_step_types:
        return f"there is a step type '{value}' in {asked.surroundings.own_step_types[value].path}"
    return name_problem(asked, value)


def _input_problem(_asked: Asked, value: str) -> str:
    usable = value.isascii() and value.isidentifier()
    return "" if usable else f"'{value}' must be letters, digits and '_', starting with a letter"


def _default_command(asked: Asked) -> Answer:
    inputs = asked.texts("input")
    text = f" '${{inputs.{inputs[0]}}}'" if inputs else " done"
    return (f"printf 'OUTPUT_result=%s\\n'{text}",)


def _command_problem(asked: Asked, value: str) -> str:
    try:
        words = shlex.split(value)
    except ValueError as problem:
        return f"this is no command: {str(problem)[:1].lower()}{str(problem)[1:]}"
    del asked
    return "" if words and words[0] else "a program must be named"


def _make_step_type(asked: Asked) -> Creation:
    called = asked.text("name")
    path = f"{asked.surroundings.workflows_root}/step-types/{called}.yaml"
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
    remarks = ["Nothing runs step types of a repository yet: `validate` knows them, a deployment with one is refused."]
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
            at=("/spec/command",),
        ),
        _about("What a step of this type does, in one sentence", "Does"),
        owner(),
        version(),
    ),
    _make_step_type,
)


def _make_provider(asked: Asked) -> Creation:
    called, resource = asked.text("name"), asked.text("resource-type")
    folder = f"{asked.surroundings.workflows_root}/providers/{called}"
    workflow = f"provision-{resource}"
    data = {
        "apiVersion": _API,
        "kind": "Provider",
        "metadata": {
            "name": called,
            "version": asked.text("version"),
            "description": asked.text("description"),
            "owner": asked.text("owner"),
        },
        "capabilities": {
            "resourceTypeCapabilities": [{"type": resource, "operations": {"create": {"workflow": workflow}}}]
        },
        "workflows": [
            {
                "name": workflow,
                "file": f"./{workflow}.yaml",
                "version": asked.text("version"),
                "category": "provisioner",
                "operation": "create",
            }
        ],
    }
    known = asked.surroundings.step_types
    kind = "script" if "script" in known else known[0]
    first = first_step(kind, Setting(workflow, f"./{workflow}", asked.surroundings))
    step = {"name": "create", "type": kind, "timeout": "10m", **first.fields, "config": first.config}
    metadata = {
        "name": workflow,
        "description": f"Makes one resource of the type {resource}",
        "owner": asked.text("owner"),
    }
    body = {"apiVersion": _API, "kind": "Workflow", "metadata": metadata, "spec": {"steps": [step]}}
    entry = f"- {{name: {called}, type: filesystem, path: {folder}, enabled: true}}"
    remarks = (
        "Nothing runs workflows of providers yet; `validate` holds them against each other.",
        f"The platform team switches it on with the entry `{entry}` under `providers` in admin-config.yaml.",
    )
    files = (
        new_document(f"{folder}/provider.yaml", "Provider", data),
        new_document(f"{folder}/{workflow}.yaml", "Workflow", body),
    )
    return Creation(files, remarks=remarks, commands=(f"innominatus-ctl validate {folder}",))


PROVIDER: Final = Kind(
    "provider",
    "A provider: workflows that make a type of resource.",
    r"""Write a provider: a folder with the workflow that makes a type of resource.

    \b
    Examples:
      innominatus-ctl new provider
      innominatus-ctl new provider databases --resource-type postgres --owner database-team
    """,
    (
        name("Its name, and its folder's", "databases", name_problem),
        Question(
            "resource-type",
            "The type of resource that it makes, as Score files name it",
            lambda _asked: ("postgres",),
            name_problem,
            at=("/capabilities",),
            required=True,
        ),
        _about("What it provides, in one sentence", "Provides"),
        owner(),
        version(),
    ),
    _make_provider,
)
