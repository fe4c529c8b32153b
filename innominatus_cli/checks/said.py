"""What other documents may ask of a document: names and the like, as plain values.

Rules over a whole repository read these instead of nodes, so that the nodes of large repositories need not all be
there at the same time, nor in the same process; where one of them has a finding, it reads the document's nodes.
"""

from typing import NamedTuple

from innominatus_cli.checks.identities import identity_of
from innominatus_cli.checks.organizations import organization_of
from innominatus_cli.documents.kinds import WORKFLOW_KINDS
from innominatus_cli.documents.nodes import Document, MappingNode, ScalarNode

CALL = "workflow"
"""The type of steps that call a workflow."""


class Said(NamedTuple):
    """What one document says. All fields are texts, numbers, or tuples of texts."""

    identity: str
    """What it is known by in its kind; empty for one that is not known by anything."""
    name: str
    product: str
    phases: tuple[str, ...]
    depends_on: tuple[str, ...]
    """The texts in `dependsOn` of its metadata, in their order."""
    overrides: str | None
    step_types: tuple[str, ...]
    runs: tuple[str, ...]
    """The workflows that it names in steps, as a golden path or as a provider: paths and names, as they are written."""
    embedded: tuple[str, ...]
    """The names of the workflows in a Score file."""
    version: str = ""
    replacement: str = ""
    """What is to be used instead of it, where it is deprecated."""
    organization: str = ""
    """To which it belongs; empty for the platform's own."""


def said_by(document: Document) -> Said:
    """What a document says; it is looked for once."""
    said = document.said
    if not isinstance(said, Said):
        said = document.said = _look(document)
    return said


def _look(document: Document) -> Said:
    root = document.mapping
    metadata = root.mapping("metadata")
    types: dict[str, None] = {}
    runs: list[str] = []
    if document.kind == "GoldenPath":
        runs.append(root.mapping("spec").text("workflow") or "")
    elif document.kind == "Provider":
        runs += [entry.text("file") or "" for entry in root.mappings("workflows")]
    for step in steps_in(document):
        if (kind := step.text("type")) is not None:
            types[kind] = None
        if "workflow" in step.values:
            runs.append(step.text("workflow") or "")
        config = step.values.get("config")
        if isinstance(config, MappingNode) and "workflow" in config.values:
            runs.append(config.text("workflow") or "")
    return Said(
        identity_of(document),
        metadata.text("name") or "",
        metadata.text("product") or "",
        _phases(metadata),
        tuple(node.value for node in dependencies_of(document) if isinstance(node.value, str)),
        metadata.text("overrides"),
        tuple(types),
        tuple(filter(None, runs)),
        tuple(root.mapping("workflows").values) if document.kind == "Workload" else (),
        version=version.text if isinstance(version := metadata.get("version"), ScalarNode) else "",
        replacement=metadata.mapping("deprecated").text("replacement") or "",
        organization=organization_of(document),
    )


def _phases(metadata: MappingNode) -> tuple[str, ...]:
    """The phases that a workflow names."""
    phase = metadata.text("phase")
    several = [str(item.value) for item in metadata.sequence("phases") if isinstance(item, ScalarNode)]
    return tuple(several) or ((phase,) if phase else ())


def dependencies_of(document: Document) -> list[ScalarNode]:
    """The nodes of the texts in `dependsOn` of a document's metadata, in their order."""
    entries = document.mapping.mapping("metadata").sequence("dependsOn")
    return [entry for entry in entries if isinstance(entry, ScalarNode) and isinstance(entry.value, str)]


def steps_in(document: Document) -> list[MappingNode]:
    """All steps of a workflow, or of the workflows in a Score file."""
    if document.kind in WORKFLOW_KINDS:
        holders = [document.mapping.mapping("spec")]
    elif document.kind == "Workload" and "workflows" in document.mapping.values:
        workflows = document.mapping.mapping("workflows")
        holders = [workflows.mapping(name) for name in workflows.values]
    else:
        return []
    return [step for holder in holders for key in ("steps", "finally") for step in holder.mappings(key)]
