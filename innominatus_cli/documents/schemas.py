"""Where the JSON Schemas are, and reading them: lazily, each once. They are generated (see `step_types.schemas`)."""

import json
import os
from functools import cache
from typing import Any, TypeAlias

Schema: TypeAlias = dict[str, Any]

KIND_FILES = {
    "PlatformWorkflow": "workflow",
    "ProductWorkflow": "workflow",
    "Workflow": "workflow",
    "GoldenPath": "golden-path",
    "WorkflowPolicies": "workflow-policies",
    "AdminConfig": "admin-config",
    "Workload": "score",
    "Provider": "provider",
    "StepType": "step-type",
    "WorkflowTest": "workflow-test",
    "RemediationWorkflow": "remediation-workflow",
    "ActionType": "action-type",
}
"""The stem of the schema's file by the kind of document."""
OTHER_NAMES = {"policies": "workflow-policies", "admin-config.yaml": "admin-config", "workload": "score"}
"""The stem of the schema's file by what people call it too."""
_SUFFIX = ".schema.json"


@cache
def schemas_folder() -> str:
    """The folder `schemas` of a checkout, or `_schemas` of an installed package."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    installed = os.path.join(package, "_schemas")
    return installed if os.path.isdir(installed) else os.path.join(os.path.dirname(package), "schemas")


@cache
def schema_of_kind(kind: str) -> Schema | None:
    """The schema of a kind of document; None for a kind without one."""
    stem = KIND_FILES.get(kind)
    return None if stem is None else _read(os.path.join(schemas_folder(), f"{stem}.schema.json"))


@cache
def step_type_names() -> tuple[str, ...]:
    """The names of all built-in step types, sorted."""
    files = os.listdir(os.path.join(schemas_folder(), "step-types"))
    return tuple(sorted(name.removesuffix(_SUFFIX) for name in files if name.endswith(_SUFFIX)))


@cache
def schema_of_step_type(name: str) -> Schema | None:
    """The schema of the inputs of a built-in step type; None where there is none of this name."""
    if name not in step_type_names():
        return None
    return _read(os.path.join(schemas_folder(), "step-types", f"{name}.schema.json"))


def schema_files() -> list[str]:
    """The names of all schemas, sorted: those of documents, of what we write (`plan.v1`), and `step-types/<name>`."""
    files = [name.removesuffix(_SUFFIX) for name in os.listdir(schemas_folder()) if name.endswith(_SUFFIX)]
    return sorted((*files, *(f"step-types/{name}" for name in step_type_names())))


def schema_names() -> list[str]:
    """What `schema_named` takes: the files, kinds of documents, and the newest version of what has versions."""
    files = schema_files()
    return sorted({*KIND_FILES, *OTHER_NAMES, *files, *(name.partition(".v")[0] for name in files)})


def schema_named(name: str) -> Schema | None:
    """The schema of a kind (`ProductWorkflow`), a file (`plan.v1`, or `plan` for the newest) or a step type.

    Case does not count. None where there is none of this name.
    """
    wanted = {known.lower(): known for known in schema_names()}.get(name.lower())
    if wanted is None:
        return None
    stem = KIND_FILES.get(wanted) or OTHER_NAMES.get(wanted) or wanted
    files = schema_files()
    if stem not in files:
        stem = max((file for file in files if file.startswith(f"{stem}.v")), key=_version)
    return _read(os.path.join(schemas_folder(), f"{stem}{_SUFFIX}"))


def _version(file: str) -> int:
    return int(file.rpartition(".v")[2])


def _read(path: str) -> Schema:
    with open(path, encoding="utf-8") as file:
        loaded: Schema = json.load(file)
    return loaded
