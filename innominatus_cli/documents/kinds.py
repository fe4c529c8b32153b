"""Of which kind a document is, and which documents are none of ours."""

from innominatus_cli.documents.nodes import Document, MappingNode, SequenceNode
from innominatus_cli.findings.catalogue.document import NOT_OURS, UNKNOWN_KIND
from innominatus_cli.findings.finding import Finding
from innominatus_cli.findings.near_names import did_you_mean

WORKFLOW_KINDS = ("PlatformWorkflow", "ProductWorkflow", "Workflow")
_OUR_KINDS = (*WORKFLOW_KINDS, "GoldenPath", "WorkflowPolicies", "StepType", "Provider", "WorkflowTest")
_CATALOGUE_KINDS = ("RemediationWorkflow", "ActionType")
_OUR_GROUPS = ("workflow.dev/", "innominatus.io/", "innominatus.dev/", "orchestrator.innominatus.dev/")
_CATALOGUE_GROUP = "kubernaut.ai/"
_SCORE_GROUPS = ("score.dev/", "score.sh/")
_ADMIN_SECTIONS = frozenset(
    ("workflowPolicies", "productProvisioners", "resourceDefinitions", "admin", "healthChecks", "workflowSources")
)


def kind_of(document: Document) -> str:
    """The kind of a document as it is written, before `shapes.normalise`; empty for what is not ours.

    `kind` decides with `apiVersion`, which keeps other tools' `Workflow` and `Provider` apart. Without a `kind` it is
    the content: `containers` and Score's apiVersion, `goldenpaths`, sections of admin-config.yaml, typed `steps`.
    """
    root = document.root
    if not isinstance(root, MappingNode):
        return ""
    group = root.text("apiVersion") or ""
    kind = root.text("kind")
    if kind is None:
        is_partial = not group and is_overrides_file(document.path)
        return "" if is_partial else _kind_of_content(document, root, group)
    if kind in _CATALOGUE_KINDS:
        return kind if not group or group.startswith(_CATALOGUE_GROUP) else ""
    if kind in {"Provider", "Platform"}:
        return "Provider" if group.startswith(_OUR_GROUPS) or group in {"", "v1"} else ""
    if kind in _OUR_KINDS and (not group or group.startswith(_OUR_GROUPS)):
        return kind
    return ""


def is_overrides_file(path: str) -> bool:
    """Whether a file is by its name (`overrides.yaml`, `score.overrides.prod.yaml`) one for `--overrides-file`."""
    return "overrides" in path.rpartition("/")[2].split(".")[:-1]


def overlay_path(score: str, environment: str) -> str:
    """The overrides file that belongs to a Score file in an environment: `score.overrides.staging.yaml`.

    It stands beside it, and counts wherever the application is planned for that environment.
    """
    folder, slash, name = score.rpartition("/")
    stem, dot, suffix = name.rpartition(".")
    return f"{folder}{slash}{stem or name}.overrides.{environment}{dot}{suffix if dot else ''}"


def base_of_overlay(path: str) -> tuple[str, str] | None:
    """The Score file that an overlay belongs to, and its environment; None where a file is no overlay by its name."""
    folder, slash, name = path.rpartition("/")
    head, dot, suffix = name.rpartition(".")
    stem, is_one, environment = head.rpartition(".overrides.")
    return (f"{folder}{slash}{stem}{dot}{suffix}", environment) if is_one and stem and environment else None


def is_test_file(path: str, workflows_root: str = "") -> bool:
    """Whether tests of workflows are looked for in a file: right in a folder `tests` below the workflows root.

    What else stands there is theirs: no workflow in force, and no application.
    """
    base = f"{workflows_root}/" if workflows_root not in {"", "."} else ""
    return path.startswith(base) and path.rpartition("/")[0].rpartition("/")[2] == "tests"


def not_ours(document: Document) -> Finding:
    """The finding for a document without a kind of ours, for when the user named its file."""
    if is_overrides_file(document.path):
        remedy = f"`innominatus-ctl validate score.yaml --overrides-file {document.path}`"
        message = "an overrides file is checked together with its Score file"
        return Finding(NOT_OURS, message, document.place(), remedy)
    root = document.root
    kind = root.text("kind") if isinstance(root, MappingNode) else None
    if kind is not None:
        message = f"the kind '{kind}' is none that the tool knows"
    elif isinstance(root, MappingNode):
        message = "the document has no `kind`, and its keys are those of no kind that the tool knows"
    else:
        message = f"a mapping is expected, and this is a {root.type_name}"
    return Finding(NOT_OURS, message, document.place())


def unknown_kind(document: Document) -> Finding | None:
    """The finding for a document that says it is ours, of a kind that does not exist."""
    root = document.mapping
    group, node = root.text("apiVersion") or "", root.get("kind")
    if not group.startswith((*_OUR_GROUPS, _CATALOGUE_GROUP)):
        return None
    known = _CATALOGUE_KINDS if group.startswith(_CATALOGUE_GROUP) else _OUR_KINDS
    kind = root.text("kind")
    if node is None or kind is None:
        return Finding(UNKNOWN_KIND, "the document needs a `kind`", document.place(), f"Use {', '.join(known)}.")
    hint = did_you_mean(kind, known) or f"Use {', '.join(known)}."
    return Finding(UNKNOWN_KIND, f"there is no kind '{kind}'", document.place(node), hint)


def _kind_of_content(document: Document, root: MappingNode, group: str) -> str:
    name = document.path.rpartition("/")[2]
    if group.startswith(_SCORE_GROUPS) or isinstance(root.get("containers"), MappingNode | SequenceNode):
        return "Workload"
    if "goldenpaths" in root.values:
        return "GoldenPaths"
    if name.startswith("admin-config") or not _ADMIN_SECTIONS.isdisjoint(root.values):
        return "AdminConfig"
    if _has_typed_steps(root) or _has_typed_steps(root.mapping("spec")):
        return "Workflow"
    if name.startswith("score") or ("containers" in root.values and "metadata" in root.values):
        return "Workload"
    return ""


def _has_typed_steps(mapping: MappingNode) -> bool:
    return any("type" in step.values for step in mapping.mappings("steps"))
