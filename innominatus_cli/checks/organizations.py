"""To which organisation a document belongs, and that it is there."""

from collections.abc import Iterator

from innominatus_cli.checks.facts import Facts
from innominatus_cli.documents.nodes import Document, MappingNode
from innominatus_cli.documents.organizations import ORGANIZATION_KEY, organization_of_path
from innominatus_cli.findings.catalogue.structure import UNKNOWN_ORGANIZATION
from innominatus_cli.findings.finding import Finding
from innominatus_cli.findings.near_names import did_you_mean


def organization_of(document: Document) -> str:
    """The organisation whose folders a document is in, or that a Score file names; empty for the platform's own."""
    if document.kind != "Workload":
        return organization_of_path(document.path)
    holder, key = _written(document)
    return holder.text(key) or ""


def _written(document: Document) -> tuple[MappingNode, str]:
    """Where a Score file names its organisation: in its metadata, else as an annotation or a label."""
    metadata = document.mapping.mapping("metadata")
    places = (
        (metadata, "organization"),
        (metadata.mapping("annotations"), ORGANIZATION_KEY),
        (metadata.mapping("labels"), ORGANIZATION_KEY),
    )
    return next((one for one in places if one[0].text(one[1])), places[0])


def check_organization(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2207: the organisation of a Score file is there."""
    name = organization_of(document)
    if not name or facts.organizations is None or facts.admin_config is None:
        return
    known = facts.organizations()
    if name not in known:
        holder, key = _written(document)
        message = f"there is no organisation '{name}' below the workflows root"
        yield Finding(UNKNOWN_ORGANIZATION, message, document.place(holder.get(key)), did_you_mean(name, known))
