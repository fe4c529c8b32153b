"""What documents mean, whatever their shape and spelling: a fix of those must leave it as it is."""

from collections.abc import Iterable, Iterator

from innominatus_cli.documents.kinds import WORKFLOW_KINDS
from innominatus_cli.documents.nodes import Document, MappingNode, Plain
from innominatus_cli.documents.schemas import schema_of_step_type

_API_VERSION = "workflow.dev/v1"
"""What a workflow without an apiVersion has."""


def meaning_of(documents: Iterable[Document]) -> list[tuple[str, Plain]]:
    """Kind and plain data of canonical documents; inputs of steps have the names that their types give them."""
    return [(document.kind, _meaning(document)) for document in documents]


def _meaning(document: Document) -> Plain:
    renamed: list[tuple[MappingNode, dict[str, str]]] = []
    for step in _steps(document.mapping):
        schema = schema_of_step_type(step.text("type") or "")
        if schema is not None and schema.get("x-aliases"):
            renamed.append((step.mapping("config"), schema["x-aliases"]))
    for config, aliases in renamed:
        for key in [key for key in config.values if aliases.get(key, key) not in config.values]:
            config.values[aliases[key]] = config.values.pop(key)
    plain = document.root.plain()
    if document.kind in WORKFLOW_KINDS and isinstance(plain, dict):
        plain.setdefault("apiVersion", _API_VERSION)
    return plain


def _steps(root: MappingNode) -> Iterator[MappingNode]:
    for body in (root.mapping("spec"), *root.mapping("workflows").values.values()):
        if isinstance(body, MappingNode):
            yield from body.mappings("steps")
            yield from body.mappings("finally")
