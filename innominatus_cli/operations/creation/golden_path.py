"""`new golden-path`: what people run by name, with a first workflow where it is a task."""

from typing import Any, Final

from innominatus_cli.documents.vendored_names import is_vendored_name, vendored_path
from innominatus_cli.documents.vocabulary import Operation
from innominatus_cli.operations.creation.files import Creation, NewFile, new_document
from innominatus_cli.operations.creation.first_steps import reusable_workflow
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
_CATEGORIES: Final = {"deploy": "deployment", "undeploy": "cleanup", "task": "operations"}


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
    path = vendored_path(value) if is_vendored_name(value) else value
    if (path and asked.surroundings.repository.snapshot.is_file(path)) or value in known:
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
        files += reusable_workflow(
            asked, f"{asked.surroundings.workflows_root}/reusable", called, asked.text("description")
        )
        workflow = files[0].path
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
        doing("What it does, in one sentence", "Runs"),
        owner(),
        version(),
    ),
    _make_golden_path,
)
