"""The rule about where documents stand: each folder of the workflows root holds one kind."""

import re
from collections.abc import Iterator
from functools import lru_cache

from innominatus_cli.checks.facts import Facts
from innominatus_cli.documents.nodes import Document
from innominatus_cli.documents.organizations import below_root
from innominatus_cli.documents.words import a, short
from innominatus_cli.findings.catalogue.document import BAD_PRODUCT_NAME, WRONG_KIND_HERE
from innominatus_cli.findings.finding import Finding, Place

ADMIN_CONFIG = "admin-config.yaml"
GOLDEN_PATHS = "goldenpaths.yaml"
KIND_OF_FOLDER = {
    "platform": "PlatformWorkflow",
    "products": "ProductWorkflow",
    "golden-paths": "GoldenPath",
    "policies": "WorkflowPolicies",
    "step-types": "StepType",
}
PRODUCT_NAME = re.compile(r"(?!.*\.\.)[a-z0-9][a-z0-9._-]{0,62}")


def is_our_place(path: str, workflows_root: str) -> bool:
    """Whether only documents of ours belong at a path."""
    folder, _, name = path.rpartition("/")
    if name in {ADMIN_CONFIG, GOLDEN_PATHS}:
        return True
    below = below_root(folder, workflows_root) or ""
    return (below in KIND_OF_FOLDER and below != "products") or (
        below.startswith("products/") and below.count("/") == 1
    )


def check_placement(document: Document, workflows_root: str) -> Iterator[Finding]:
    """ORC-1032, ORC-1060: the document's kind is the one of its folder, and a product's folder has a good name."""
    wanted, bad_product = _expected(document.path.rpartition("/")[0], workflows_root)
    if wanted is not None and document.kind != wanted:
        place = document.place(document.mapping.get("kind"))
        yield Finding(WRONG_KIND_HERE, f"{a(document.kind)} stands where {a(wanted)} is expected", place)
    if bad_product:
        yield Finding(BAD_PRODUCT_NAME, f"'{bad_product}' cannot be a product's name", Place(document.path))


@lru_cache(maxsize=4)
def _expected(folder: str, workflows_root: str) -> tuple[str | None, str]:
    """The kind of documents in a folder, None for any, and what is no product's name; one is asked for many files."""
    inside = below_root(folder, workflows_root)
    if inside is None:
        return None, ""
    first, _, below = inside.partition("/")
    is_product = first == "products" and below != "" and "/" not in below
    bad_product = below if is_product and not PRODUCT_NAME.fullmatch(below) else ""
    return KIND_OF_FOLDER.get(first) if is_product or not below else None, bad_product


def check_product_name(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-1060: the product that a document names can be the name of a folder."""
    name = document.mapping.mapping("metadata").text("product")
    if name and not PRODUCT_NAME.fullmatch(name):
        place = document.place(document.mapping.mapping("metadata").get("product"))
        yield Finding(BAD_PRODUCT_NAME, f"'{short(name)}' cannot be a product's name", place)
