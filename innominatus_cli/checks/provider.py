"""Rules over provider.yaml: what its capabilities refer to is there."""

import posixpath
from collections.abc import Iterator

from innominatus_cli.checks.facts import Facts
from innominatus_cli.checks.order import cycles
from innominatus_cli.documents.kinds import WORKFLOW_KINDS
from innominatus_cli.documents.nodes import Document, MappingNode, Node, ScalarNode
from innominatus_cli.documents.vendored_names import is_vendored_name, vendored_path
from innominatus_cli.findings.catalogue import definitions
from innominatus_cli.findings.catalogue import workflow as codes
from innominatus_cli.findings.finding import Finding, Related
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
        if file and is_vendored_name(file):
            from innominatus_cli.checks.workflow_sources import check_vendored  # noqa: PLC0415 - few are of elsewhere

            yield from check_vendored(file, document.place(workflow.get("file")), facts)
        elif file and facts.is_file is not None:
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


def check_declared_once(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2184: names of workflows and types of capabilities are used once."""
    for what, key, entries in (
        ("workflow", "name", document.mapping.mappings("workflows")),
        ("capability for type", "type", capabilities(document)),
    ):
        first: dict[str, Node] = {}
        for entry in entries:
            name, node = entry.text(key), entry.get(key)
            if name is None or node is None:
                continue
            earlier = first.setdefault(name, node)
            if earlier is not node:
                message = f"{what} '{name}' is already declared at line {earlier.line}"
                related = (Related("declared here", document.place(earlier)),)
                yield Finding(definitions.PROVIDER_SAYS_TWICE, message, document.place(node), related=related)


def check_defaults(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2185: the default of an operation is one of its workflows."""
    for capability in capabilities(document):
        for operation in capability.mapping("operations").values.values():
            if not isinstance(operation, MappingNode):
                continue
            default = operation.text("default")
            choices = [name for entry in operation.mappings("workflows") if (name := entry.text("name"))]
            if default is not None and choices and default not in choices:
                message = f"'{default}' is not among the workflows of this operation"
                hint = did_you_mean(default, choices)
                yield Finding(definitions.DEFAULT_IS_NO_CHOICE, message, document.place(operation.get("default")), hint)


def check_workflow_kinds(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2186: the file of a workflow holds one."""
    folder = posixpath.dirname(document.path)
    for workflow in document.mapping.mappings("workflows"):
        file = workflow.text("file")
        path = posixpath.normpath(posixpath.join(folder, file)) if file else ""
        if file and is_vendored_name(file):
            path = vendored_path(file) or ""
        if facts.documents_of is None or facts.is_file is None or not path.endswith((".yaml", ".yml")):
            continue
        found = facts.documents_of(path) if facts.is_file(path) else ()
        if found and not any(one.kind in WORKFLOW_KINDS for one in found):
            kinds = " and ".join(sorted({one.kind or "nothing of ours" for one in found}))
            message = f"the file holds {kinds}, and no workflow"
            place = document.place(workflow.get("file"))
            yield Finding(definitions.PROVIDER_FILE_WITHOUT_WORKFLOW, message, place)


RULES = (
    check_workflows_exist,
    check_capabilities,
    check_aliases,
    check_declared_once,
    check_defaults,
    check_workflow_kinds,
)
