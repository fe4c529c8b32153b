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
    "RemediationWorkflow": "remediation-workflow",
    "ActionType": "action-type",
}
"""The stem of the schema's file by the kind of document."""


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
    suffix = ".schema.json"
    files = os.listdir(os.path.join(schemas_folder(), "step-types"))
    return tuple(sorted(name.removesuffix(suffix) for name in files if name.endswith(suffix)))


@cache
def schema_of_step_type(name: str) -> Schema | None:
    """The schema of the inputs of a built-in step type; None where there is none of this name."""
    if name not in step_type_names():
        return None
    return _read(os.path.join(schemas_folder(), "step-types", f"{name}.schema.json"))


def schema_names() -> list[str]:
    """The names of all schemas, as `schema_named` takes them: kinds, files, and step types below `step-types/`."""
    suffix = ".schema.json"
    files = [name.removesuffix(suffix) for name in os.listdir(schemas_folder()) if name.endswith(suffix)]
    return sorted({*KIND_FILES, *files, *(f"step-types/{name}" for name in step_type_names())})


def schema_named(name: str) -> Schema | None:
    """The schema of a kind (`ProductWorkflow`), a file (`run-record.v1`) or a step type (`step-types/script`)."""
    if name not in schema_names():
        return None
    return _read(os.path.join(schemas_folder(), f"{KIND_FILES.get(name, name)}.schema.json"))


def _read(path: str) -> Schema:
    with open(path, encoding="utf-8") as file:
        loaded: Schema = json.load(file)
    return loaded
