"""Entries of goldenpaths.yaml become GoldenPath documents; deprecated parameters become typed ones."""

from typing import TYPE_CHECKING

from innominatus_cli.documents.nodes import Document, MappingNode, Node, ScalarNode, SequenceNode, node_of
from innominatus_cli.documents.shaping import Shaping, is_null, put, remove, text_node
from innominatus_cli.documents.workflow_shapes import only_default
from innominatus_cli.findings.catalogue.document import OLD_SPELLING, WRONG_TYPE
from innominatus_cli.findings.finding import Finding

if TYPE_CHECKING:
    from innominatus_cli.documents.file_fixes import FileFixes
    from innominatus_cli.findings.finding import Fix

_METADATA_KEYS = ("description", "owner", "category", "tags", "version", "deprecated")
_PARAMETER_SPELLINGS = {"allowedValues": "allowed_values"}
_SPELLINGS = {"estimatedDuration": "estimated_duration"}


def shape_golden_paths(shaping: Shaping, fixes: "FileFixes | None" = None) -> tuple[list[Document], list[Finding]]:
    """A GoldenPath document for each entry, and what was changed; what is no entry becomes a finding."""
    document = shaping.document
    entries = document.mapping.get("goldenpaths")
    if entries is None or is_null(entries):
        return [], []
    if not isinstance(entries, MappingNode):
        shaping.report(WRONG_TYPE, f"'goldenpaths' must be a mapping, not a {entries.type_name}", entries)
        return [], shaping.findings(fixes)
    found: list[Document] = []
    changes: list[Finding] = []
    for name, entry in list(entries.values.items()):
        key_node = entries.key(name)
        if isinstance(entry, ScalarNode) and isinstance(entry.value, str):
            spec = node_of({}, entry)
            if isinstance(spec, MappingNode):
                put(spec, "workflow", entry)
        elif isinstance(entry, MappingNode):
            spec = entry
        else:
            shaping.report(WRONG_TYPE, f"'{name}' must be the path of a workflow, or a mapping", entry)
            continue
        root = _as_document(name, key_node, spec)
        inner = Document(document.path, root, kind="GoldenPath", index=document.index, text=document.text)
        inner_shaping = Shaping(inner)
        _shape_spec(inner_shaping, root.mapping("spec"))
        changes += inner_shaping.findings(fixes)
        found.append(inner)
    return found, shaping.findings(fixes) + changes


def shape_golden_path(shaping: Shaping) -> None:
    """Gives a GoldenPath document typed parameters."""
    root = shaping.document.mapping
    shaping.drop_empty(root.mapping("metadata"), ("name",))
    _shape_spec(shaping, root.mapping("spec"))


def _as_document(name: str, key_node: Node, spec: Node) -> MappingNode:
    """The root of a document whose spec is an entry; what describes it moves to metadata."""
    metadata = MappingNode(
        line=key_node.line, column=key_node.column, end_line=key_node.end_line, end_column=key_node.end_column
    )
    put(metadata, "name", text_node(name, key_node), key_node)
    if isinstance(spec, MappingNode):
        for key in [key for key in _METADATA_KEYS if key in spec.values]:
            if not is_null(spec.values[key]):
                put(metadata, key, spec.values[key], spec.key_nodes.get(key))
            remove(spec, key)
    root = MappingNode(line=key_node.line, column=key_node.column, end_line=spec.end_line, end_column=spec.end_column)
    put(root, "apiVersion", text_node("workflow.dev/v1", key_node))
    put(root, "kind", text_node("GoldenPath", key_node))
    put(root, "metadata", metadata, key_node)
    put(root, "spec", spec, key_node)
    return root


def _shape_spec(shaping: Shaping, spec: MappingNode) -> None:
    shaping.rename(spec, _SPELLINGS)
    _shape_deprecated_parameters(shaping, spec)
    shaping.drop_empty(spec)
    parameters = spec.mapping("parameters")
    for name, value in list(parameters.values.items()):
        parameter = value if isinstance(value, MappingNode) else only_default(value)
        parameters.values[name] = parameter
        shaping.rename(parameter, _PARAMETER_SPELLINGS)
        shaping.drop_empty(parameter)
        kind = parameter.get("type")
        if isinstance(kind, ScalarNode) and kind.text == "":
            remove(parameter, "type")


def _shape_deprecated_parameters(shaping: Shaping, spec: MappingNode) -> None:
    """`required_params` and `optional_params` become entries of `parameters`, which win where both name one."""
    required, optional = spec.get("required_params"), spec.get("optional_params")
    if required is None and optional is None:
        return
    parameters = shaping.inner(spec, "parameters", spec)
    if parameters is None:
        return
    keys = [spec.key(key) for key in ("required_params", "optional_params") if key in spec.values]

    def mend(fixes: "FileFixes") -> "Fix | None":
        return fixes.typed_parameters(keys)

    if isinstance(required, SequenceNode):
        message = "'required_params' are read as `parameters`"
        shaping.report(OLD_SPELLING, message, spec.key("required_params"), mend=mend)
        for item in required.items:
            if isinstance(item, ScalarNode) and item.text not in parameters.values:
                put(parameters, item.text, node_of({"type": "string", "required": True}, item), item)
        remove(spec, "required_params")
    if isinstance(optional, MappingNode):
        message = "'optional_params' are read as `parameters`"
        shaping.report(OLD_SPELLING, message, spec.key("optional_params"), mend=mend)
        for name, default in optional.values.items():
            if name not in parameters.values:
                put(parameters, name, only_default(default), optional.key(name))
        remove(spec, "optional_params")
