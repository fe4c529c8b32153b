"""To which organisation and product a document says that it belongs."""

from innominatus_cli.documents.nodes import Document, MappingNode
from innominatus_cli.documents.organizations import ORGANIZATION_KEY, organization_of_path

PRODUCT_KEY = "innominatus.dev/product"
"""The annotation or label of a Score file that names its product."""


def organization_of(document: Document) -> str:
    """The organisation whose folders a document is in, or that a Score file names; empty for the platform's own."""
    if document.kind != "Workload":
        return organization_of_path(document.path)
    holder, key = written_organization(document)
    return holder.text(key) or ""


def written_organization(document: Document) -> tuple[MappingNode, str]:
    """Where a Score file names its organisation: in its metadata, else as an annotation or a label."""
    return said_at(document, "organization", ORGANIZATION_KEY)


def said_at(document: Document, key: str, annotation: str) -> tuple[MappingNode, str]:
    """The mapping and the key under which a Score file says something of its metadata, or could say it."""
    metadata = document.mapping.mapping("metadata")
    if not metadata.text(key):
        for place in ("annotations", "labels"):
            holder = metadata.get(place)
            if isinstance(holder, MappingNode) and holder.text(annotation):
                return holder, annotation
    return metadata, key
