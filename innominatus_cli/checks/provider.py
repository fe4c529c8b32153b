"""Rules over provider.yaml: what its capabilities refer to is there."""

import posixpath
from collections.abc import Iterator

from innominatus_cli.checks.facts import Facts
from innominatus_cli.checks.order import cycles
from innominatus_cli.documents.nodes import Document, MappingNode, ScalarNode
from innominatus_cli.findings.catalogue import workflow as codes
from innominatus_cli.findings.finding import Finding
from innominatus_cli.findings.near_names import did_you_mean


def capabilities(document: Document) -> Iterator[MappingNode]:
    """The entries of `capabilities.resourceTypeCapabilities`."""
    yield from document.mapping.mapping("capabilities").mappings("resourceTypeCapabilities")


def provided_types(document: Document) -> set[str]:
    """The types of resources that a provider has, in whichever form it says so."""
    root = document.mapping
    listed = root.mapping("capabilities").sequence("resourceTypes")
    found = {str(item.value) for item in listed if isinstance(item, ScalarNode)}
    for entry in (*capabilities(document), *root.mappings("provisioners")):
        if kind := entry.text("type"):
            found.add(kind)
    return found


def check_workflows_exist(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2070, ORC-2075: a provider has workflows, and their files are there."""
    root = document.mapping
    if not root.sequence("workflows") and not root.sequence("provisioners"):
        place = document.place(root.key("workflows") if "workflows" in root.values else root.key("metadata"))
        yield Finding(codes.EMPTY_PROVIDER, "the provider has no workflows", place)
    folder = posixpath.dirname(document.path)
    for workflow in root.mappings("workflows"):
        file = workflow.text("file")
        if file and facts.is_file is not None:
            path = posixpath.normpath(posixpath.join(folder, file))
            if not facts.is_file(path):
                near = did_you_mean(path, facts.files())
                yield Finding(
                    codes.MISSING_PROVIDER_FILE,
                    f"there is no file '{path}'",
                    document.place(workflow.get("file")),
                    near,
                )


def check_capabilities(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2071: capabilities refer to declared workflows."""
    declared = {name for workflow in document.mapping.mappings("workflows") if (name := workflow.text("name"))}
    for capability in capabilities(document):
        for operation in capability.mapping("operations").values.values():
            if isinstance(operation, MappingNode):
                for node in _workflow_names(operation):
                    if node.value not in declared:
                        message = f"workflow '{node.value}' is not declared by this provider"
                        hint = did_you_mean(str(node.value), declared)
                        yield Finding(codes.UNDECLARED_PROVIDER_WORKFLOW, message, document.place(node), hint)


def _workflow_names(operation: MappingNode) -> Iterator[ScalarNode]:
    nodes = [operation.get("workflow"), operation.get("default")]
    nodes += [entry.get("name") for entry in operation.mappings("workflows")]
    yield from (node for node in nodes if isinstance(node, ScalarNode) and isinstance(node.value, str))


def check_aliases(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2072, ORC-2073: an alias leads to a type of this provider."""
    nodes = {kind: capability for capability in capabilities(document) if (kind := capability.text("type"))}
    listed = [str(item.plain()) for item in document.mapping.mapping("capabilities").sequence("resourceTypes")]
    edges: dict[str, list[str]] = {}
    for kind, capability in nodes.items():
        target = capability.text("aliasFor")
        edges[kind] = [target] if target in nodes else []
        if target is not None and target not in nodes and (target not in listed or target == kind):
            message = f"'{kind}' is an alias of '{target}', which this provider does not have"
            place = document.place(capability.get("aliasFor"))
            yield Finding(codes.UNKNOWN_ALIAS, message, place, did_you_mean(target, [*nodes, *listed]))
    for cycle in cycles(edges):
        message = f"resource types are aliases of each other: {' → '.join([*cycle, cycle[0]])}"
        yield Finding(codes.ALIAS_CYCLE, message, document.place(nodes[cycle[0]].get("aliasFor")))


RULES = (check_workflows_exist, check_capabilities, check_aliases)
