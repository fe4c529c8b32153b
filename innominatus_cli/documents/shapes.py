"""Every shape and spelling found in the wild becomes the canonical one, here and nowhere else.

On nodes, so that findings keep their exact places. Each change is an `info` finding, for Score's dialect a `warning`.
"""

from typing import TYPE_CHECKING

from innominatus_cli.documents.nodes import Document
from innominatus_cli.documents.shaping import Shaping, rewriting, text_node
from innominatus_cli.findings.catalogue.document import OLD_SHAPE
from innominatus_cli.findings.finding import Finding

if TYPE_CHECKING:
    from innominatus_cli.documents.file_fixes import FileFixes


def normalise(document: Document, fixes: "FileFixes | None" = None) -> tuple[list[Document], list[Finding]]:
    """The canonical documents of one document whose `kind` is set, and what was changed for that.

    One document gives one, but for `goldenpaths.yaml`, which gives a GoldenPath for each of its entries. The nodes of
    `document` are changed in place and must not be used any more. With `fixes` findings carry them.
    """
    shaping = Shaping(document)
    match document.kind:
        case "PlatformWorkflow" | "ProductWorkflow" | "Workflow":
            from innominatus_cli.documents.workflow_shapes import shape_workflow  # noqa: PLC0415 - one kind is enough

            shape_workflow(shaping)
        case "Workload":
            from innominatus_cli.documents.score_shapes import shape_workload  # noqa: PLC0415

            shape_workload(shaping)
        case "GoldenPaths":
            from innominatus_cli.documents.golden_path_shapes import shape_golden_paths  # noqa: PLC0415

            return shape_golden_paths(shaping, fixes)
        case "GoldenPath":
            from innominatus_cli.documents.golden_path_shapes import shape_golden_path  # noqa: PLC0415

            shape_golden_path(shaping)
        case "AdminConfig":
            shaping.drop_empty(document.mapping)
        case "Provider":
            _shape_provider(shaping)
        case "WorkflowPolicies":
            shaping.drop_empty(document.mapping.mapping("spec"))
        case _:
            pass
    return [document], shaping.findings(fixes)


def _shape_provider(shaping: Shaping) -> None:
    root = shaping.document.mapping
    if root.text("kind") == "Platform":
        node = root.values["kind"]
        shaping.report(OLD_SHAPE, "the kind 'Platform' is read as 'Provider'", node, mend=rewriting(node, "Provider"))
        root.values["kind"] = text_node("Provider", root.values["kind"])
    shaping.drop_empty(root, ("apiVersion", "metadata"))
    shaping.drop_empty(root.mapping("metadata"), ("name", "version"))
    shaping.drop_empty(root.mapping("capabilities"))
