"""What the product commands print: products, their workflows, one workflow, golden paths."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeAlias

from innominatus_cli.reports.listing import Column, Listing, data_text, listing_text
from innominatus_cli.reports.terminal import one_line, printable

Data: TypeAlias = dict[str, Any]
_NO_WORKFLOWS = "There are no product workflows."
PRODUCTS_SCHEMA = "innominatus.dev/products/v1"
WORKFLOWS_SCHEMA = "innominatus.dev/product-workflows/v1"
GOLDEN_PATHS_SCHEMA = "innominatus.dev/golden-paths/v1"

PRODUCTS = (
    Column("Product Name", "product"),
    Column("Workflows", "workflow_count"),
    Column("Allowed", "allowed_text"),
    Column("Allowed Workflows", "allowed_count", wide=True),
    Column("Folder", "folder", wide=True),
)
WORKFLOWS = (
    Column("Workflow", "name"),
    Column("Phase", "phase"),
    Column("Steps", "step_count"),
    Column("Owner", "owner"),
    Column("Triggers", "triggers", wide=True),
    Column("Allowed", "allowed", wide=True),
    Column("File", "file", wide=True),
)
GOLDEN_PATHS = (
    Column("Golden Path", "name"),
    Column("Version", "version"),
    Column("Description", "description"),
    Column("Tags", "tags"),
    Column("Required Parameters", "required_parameters"),
    Column("Operation", "operation", wide=True),
    Column("Workflow", "workflow", wide=True),
    Column("Duration", "estimated_duration", wide=True),
    Column("File", "file", wide=True),
)


def products_listing(products: Sequence[Data]) -> Listing:
    """Products with the number of their workflows; `allowed_text` says why one is not allowed."""
    rows = [{**product, "allowed_text": _allowed_text(product)} for product in products]
    return Listing(PRODUCTS, rows, {"schema": PRODUCTS_SCHEMA, "products": list(products)}, _NO_WORKFLOWS)


def workflows_listing(product: str, workflows: Sequence[Data]) -> Listing:
    """The workflows of one product; JSON and YAML show the product with its workflows."""
    document = {"schema": WORKFLOWS_SCHEMA, "product": product, "workflows": list(workflows)}
    return Listing(WORKFLOWS, [_row(workflow) for workflow in workflows], document, f"'{product}' has no workflows.")


def grouped_workflows(
    groups: Iterable[tuple[str, Sequence[Data]]], limit: int | None, offset: int
) -> list[tuple[str, list[Data]]]:
    """The page of workflows from `offset`, at most `limit` of all products together."""
    flat = [(product, workflow) for product, workflows in groups for workflow in workflows][offset:][:limit]
    return [(product, [one for _, one in found]) for product, found in groupby(flat, key=itemgetter(0))]


def grouped_workflows_text(groups: Sequence[tuple[str, Sequence[Data]]], output: str) -> str:
    """The workflows of several products: a table a product, below its name."""
    if output in {"json", "yaml"}:
        document = [{"product": product, "workflows": list(workflows)} for product, workflows in groups]
        return data_text({"schema": WORKFLOWS_SCHEMA, "products": document}, output)
    parts = [(product, listing_text(workflows_listing(product, workflows), output)) for product, workflows in groups]
    if output.startswith("template="):
        return "".join(text for _, text in parts)
    return "\n".join(f"{one_line(product)}\n{text}" for product, text in parts) or f"{_NO_WORKFLOWS}\n"


def golden_paths_listing(paths: Sequence[Data]) -> Listing:
    """Golden paths with what they ask for."""
    return Listing(
        GOLDEN_PATHS, paths, {"schema": GOLDEN_PATHS_SCHEMA, "golden_paths": list(paths)}, "There are no golden paths."
    )


def workflow_text(workflow: Data) -> str:
    """One workflow: what it is, whether it may run and why, its steps in order, and its file."""
    metadata = workflow["metadata"]
    facts = (
        ("Workflow", workflow["identity"]),
        ("File", f"{workflow['file']}:{workflow['line']}"),
        ("Kind", workflow["kind"]),
        ("Description", metadata.get("description")),
        ("Owner", metadata.get("owner")),
        ("Phase", metadata.get("phase")),
        ("Triggers", ", ".join(workflow["triggers"])),
        ("Allowed", f"{'Yes' if workflow['allowed'] else 'No'} ({workflow['reason']})"),
    )
    lines = [f"{name + ':':<13}{one_line(str(value))}" for name, value in facts if value]
    lines += ["", f"Steps ({workflow['step_count']}):"]
    for number, step in enumerate(workflow["steps"], 1):
        needs = f", after {', '.join(step['needs'])}" if step["needs"] else ""
        refused = "" if step["allowed"] else ", type not allowed"
        lines.append(f"  {number}. {one_line(step['name'])} ({one_line(step['type'])}){one_line(needs)}{refused}")
    lines += ["", f"{workflow['file']}:", *(f"  {line}".rstrip() for line in _lines(workflow["content"]))]
    return "\n".join(lines) + "\n"


def _allowed_text(product: Data) -> str:
    return "Yes" if product["allowed"] else f"No ({product['reason']})"


def _row(workflow: Data) -> Data:
    metadata = workflow["metadata"]
    return {**workflow, "phase": metadata["phase"], "owner": metadata["owner"], "description": metadata["description"]}


def _lines(content: str) -> list[str]:
    return printable(content.replace("\r\n", "\n").replace("\r", "\n")).rstrip("\n").split("\n")
