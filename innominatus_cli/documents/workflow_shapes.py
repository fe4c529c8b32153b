"""The four shapes of workflows, and the old spellings of steps, become one."""

import re
from typing import TYPE_CHECKING

from innominatus_cli.documents.nodes import MappingNode, Node, ScalarNode
from innominatus_cli.documents.schemas import schema_of_step_type
from innominatus_cli.documents.shaping import Shaping, is_null, list_node, put, remove, rewriting, text_node
from innominatus_cli.findings.catalogue.document import OLD_SHAPE, OLD_SPELLING

if TYPE_CHECKING:
    from innominatus_cli.documents.file_fixes import FileFixes
    from innominatus_cli.findings.finding import Fix

API_VERSION = "workflow.dev/v1"
_OLD_API_VERSIONS = frozenset(("innominatus.io/v1alpha1", "innominatus.io/v1", "orchestrator.innominatus.dev/v1"))
_SPEC_KEYS = (
    "triggers",
    "parameters",
    "variables",
    "outputs",
    "timeout",
    "failFast",
    "approval",
    "fail_fast",
    "rollbackOnFailure",
    "rollback_on_failure",
    "steps",
    "finally",
)
STEP_KEYS = frozenset(
    (
        "name",
        "type",
        "description",
        "config",
        "env",
        "if",
        "unless",
        "when",
        "dependsOn",
        "parallel",
        "parallelGroup",
        "forEach",
        "matrix",
        "maxItems",
        "maxParallel",
        "timeout",
        "retry",
        "continueOnError",
        "rollback",
        "idempotency",
        "probe",
        "outputs",
        "outputFile",
        "setVariables",
        "secretOutputs",
        "approval",
        "lock",
        "workflow",
        "parameters",
    )
)
"""What a step may have; a test holds it against the model."""
_SNAKE = re.compile(r"(?<!^)(?=[A-Z])")


def _snake(key: str) -> str:
    return _SNAKE.sub("_", key).lower()


_STEP_SPELLINGS = {_snake(key): key for key in sorted(STEP_KEYS) if _snake(key) != key} | {"with": "config"}
_METADATA_SPELLINGS = {"depends_on": "dependsOn"}
_SPEC_SPELLINGS = {"fail_fast": "failFast", "rollback_on_failure": "rollbackOnFailure"}
_PARAMETER_SPELLINGS = {"allowedValues": "allowed_values"}
_CONFIG_KEYS = frozenset(
    (
        "appName",
        "archiveReason",
        "branch",
        "cascadeDelete",
        "command",
        "commitMessage",
        "gitBranch",
        "manifestPath",
        "manifests",
        "namespace",
        "operation",
        "outputDir",
        "owner",
        "path",
        "playbook",
        "private",
        "project",
        "repo",
        "repoName",
        "repoURL",
        "resource",
        "script",
        "syncPolicy",
        "targetPath",
        "variables",
        "waitForSync",
        "workingDir",
        "working_dir",
        "workspace",
    )
)
"""Inputs of step types that the original took beside `config`."""


def shape_workflow(shaping: Shaping) -> None:
    """Brings a workflow's root to apiVersion, kind, metadata and spec, and its steps to their fields and `config`."""
    root = shaping.document.mapping
    _shape_top(shaping, root)
    shaping.rename(root.mapping("metadata"), _METADATA_SPELLINGS)
    shaping.drop_empty(root.mapping("metadata"), ("name",))
    spec = root.mapping("spec")
    shape_body(shaping, spec)
    if not (text := shaping.document.text) or ":-" in text or "{{ .parameters." in text:
        from innominatus_cli.documents.old_templates import shape_templates  # noqa: PLC0415 - few files have any

        shape_templates(shaping, spec)


def shape_body(shaping: Shaping, body: MappingNode) -> None:
    """Shapes what holds steps: the `spec` of a workflow, or a workflow inside a Score file."""
    shaping.rename(body, _SPEC_SPELLINGS)
    shaping.drop_empty(body, ("steps",))
    _shape_parameters(shaping, body)
    for key in ("steps", "finally"):
        for step in body.mappings(key):
            shape_step(shaping, step)


def shape_step(shaping: Shaping, step: MappingNode) -> None:
    """Moves a step type's own inputs into `config`, and gives fields their names."""
    shaping.rename(step, _STEP_SPELLINGS)
    inputs = [] if step.values.keys() <= STEP_KEYS else _inputs_beside_config(step)
    if inputs and (config := shaping.inner(step, "config", step.key(inputs[0]))) is not None:
        moved = [step.key(key) for key in inputs if key not in config.values]
        there = step.key_nodes.get("config")
        for key in inputs:
            message = f"'{key}' of a step is read as '{key}' in its `config`"
            shaping.move(
                step, key, config, key, OLD_SPELLING, message, lambda fixes: fixes.move_in(step, moved, "config", there)
            )
    shaping.drop_empty(step, ("name", "type"))
    if step.text("type") == "workflow":
        _shape_call(shaping, step)


def _inputs_beside_config(step: MappingNode) -> list[str]:
    return [key for key in step.values if key not in STEP_KEYS and _is_input(step, key)]


def _shape_top(shaping: Shaping, root: MappingNode) -> None:
    beside = [] if root.values.keys().isdisjoint(_SPEC_KEYS) else [key for key in _SPEC_KEYS if key in root.values]
    stem = shaping.document.path.rpartition("/")[2].rsplit(".", 1)[0]
    has_name = "name" in root.mapping("metadata").values
    moved: list[Node] = []
    there = root.key_nodes.get("spec") if beside else None

    def mend(fixes: "FileFixes") -> "Fix | None":
        return fixes.canonical_top(root, moved, there, None if has_name else stem)

    if beside and (spec := shaping.inner(root, "spec", root)) is not None:
        moved += [root.key(key) for key in beside if key not in spec.values]
        for key in beside:
            shaping.move(root, key, spec, key, OLD_SHAPE, f"'{key}' at the top is read as '{key}' in `spec`", mend)
    if "kind" not in root.values:
        put(root, "kind", text_node("Workflow", root))
    metadata = shaping.inner(root, "metadata", root)
    if beside and metadata is not None and "name" not in metadata.values:
        message = f"the workflow has no name, and is named '{stem}' after its file"
        shaping.report(OLD_SHAPE, message, root, mend=mend)
        put(metadata, "name", text_node(stem, root))
    version = root.get("apiVersion")
    if isinstance(version, ScalarNode) and version.value in _OLD_API_VERSIONS:
        message = f"the apiVersion '{version.value}' is read as '{API_VERSION}'"
        shaping.report(OLD_SHAPE, message, version, mend=rewriting(version, API_VERSION))
        root.values["apiVersion"] = text_node(API_VERSION, version)


def _shape_parameters(shaping: Shaping, body: MappingNode) -> None:
    """Parameters as a mapping by name become a list."""
    parameters = body.get("parameters")
    if isinstance(parameters, MappingNode):
        key = body.key("parameters")
        message = "parameters by name are read as a list"
        shaping.report(OLD_SPELLING, message, key, mend=lambda fixes: fixes.parameters_as_list(key))
        items: list[Node] = []
        for name, value in parameters.values.items():
            key_node = parameters.key(name)
            item = value if isinstance(value, MappingNode) else only_default(value)
            put(item, "name", text_node(name, key_node), key_node)
            items.append(item)
        body.values["parameters"] = list_node(items, parameters)
    for parameter in body.mappings("parameters"):
        shaping.rename(parameter, _PARAMETER_SPELLINGS)
        shaping.drop_empty(parameter, ("name",))


def only_default(value: Node) -> MappingNode:
    """The mapping of a parameter of which only the default is given."""
    mapping = MappingNode(line=value.line, column=value.column, end_line=value.end_line, end_column=value.end_column)
    if not is_null(value):
        mapping.values["default"] = value
    return mapping


def _is_input(step: MappingNode, key: str) -> bool:
    """Whether a key that is no field of steps is an input of this step's type."""
    if key in _CONFIG_KEYS:
        return True
    schema = schema_of_step_type(step.text("type") or "")
    return schema is not None and (key in schema.get("properties", {}) or key in schema.get("x-aliases", {}))


def _shape_call(shaping: Shaping, step: MappingNode) -> None:
    """A sub-workflow that `config` names (provider, workflow, variables) moves to the step's own fields."""
    config = step.get("config")
    if not isinstance(config, MappingNode):
        return
    provider, workflow = config.text("provider"), config.get("workflow")
    moved: list[Node] = []

    def mend(fixes: "FileFixes") -> "Fix | None":
        return fixes.call_of_step(step, moved)

    if provider is not None and isinstance(workflow, ScalarNode) and "workflow" not in step.values:
        moved += [config.key("provider"), config.key("workflow")]
        shaping.report(OLD_SPELLING, "'provider' and 'workflow' are read as the step's `workflow`", workflow, mend=mend)
        put(step, "workflow", text_node(f"{provider}/{workflow.text}", workflow), config.key("workflow"))
        remove(config, "workflow")
        remove(config, "provider")
    elif workflow is not None:
        moved += [] if "workflow" in step.values else [config.key("workflow")]
        message = "'workflow' belongs to the step itself"
        shaping.move(config, "workflow", step, "workflow", OLD_SPELLING, message, mend)
    for key in ("parameters", "variables"):
        if key in config.values:
            moved += [] if "parameters" in step.values else [config.key(key)]
            message = f"'{key}' is read as the step's `parameters`"
            shaping.move(config, key, step, "parameters", OLD_SPELLING, message, mend)
    if not config.values:
        remove(step, "config")
