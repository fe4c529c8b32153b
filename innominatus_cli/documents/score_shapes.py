"""Score files: deprecated lists become mappings, and the house's dialect becomes Score where Score has a word."""

from typing import TYPE_CHECKING

from innominatus_cli.documents.nodes import MappingNode, Node, ScalarNode, SequenceNode
from innominatus_cli.documents.shaping import Shaping, is_null, put, remove, renaming, rewriting, text_node
from innominatus_cli.findings.catalogue import document as codes

if TYPE_CHECKING:
    from innominatus_cli.documents.file_fixes import FileFixes
    from innominatus_cli.findings.finding import Fix

API_VERSION = "score.dev/v1b1"


def shape_workload(shaping: Shaping) -> None:
    """Brings a Score file to v1b1 with mappings, `environment` and `workflows`."""
    root = shaping.document.mapping
    version = root.get("apiVersion")
    if isinstance(version, ScalarNode) and version.value == "score.dev/v1":
        message = f"the apiVersion 'score.dev/v1' is read as '{API_VERSION}'"
        shaping.report(codes.SCORE_DIALECT, message, version, mend=rewriting(version, API_VERSION))
        root.values["apiVersion"] = text_node(API_VERSION, version)
    for name, container in root.mapping("containers").values.items():
        if isinstance(container, MappingNode):
            _shape_container(shaping, root, name, container)
    for name, resource in root.mapping("resources").values.items():
        if isinstance(resource, MappingNode):
            _shape_resource(shaping, name, resource)
    _shape_extensions(shaping, root)


def _shape_extensions(shaping: Shaping, root: MappingNode) -> None:
    for key in ("environment", "workflows"):
        if key in root.values:
            shaping.report(codes.SCORE_DIALECT, f"'{key}' at the top is no part of Score", root.key(key))
    workflows = [body for body in root.mapping("workflows").values.values() if isinstance(body, MappingNode)]
    if isinstance(variables := root.get("variables"), MappingNode):
        message = "'variables' at the top is no part of Score; it is read as variables of every workflow in the file"
        key_node = root.key("variables")

        def mend(fixes: "FileFixes") -> "Fix | None":
            return fixes.variables_of_workflow(key_node, workflows[0]) if len(workflows) == 1 else None

        shaping.report(codes.SCORE_DIALECT, message, key_node, mend=mend)
        for body in workflows:
            _add_variables(shaping, body, variables)
        remove(root, "variables")
    if workflows:
        from innominatus_cli.documents.workflow_shapes import shape_body  # noqa: PLC0415 - few Score files hold them

        for body in workflows:
            shape_body(shaping, body)


def _add_variables(shaping: Shaping, body: MappingNode, variables: MappingNode) -> None:
    own = shaping.inner(body, "variables", variables)
    for key, value in variables.values.items():
        if own is not None and key not in own.values:
            put(own, key, value, variables.key(key))


def _shape_container(shaping: Shaping, root: MappingNode, name: str, container: MappingNode) -> None:
    _shape_list(shaping, name, container, "files")
    _shape_list(shaping, name, container, "volumes")
    env, key_node = container.get("env"), container.key("env")
    if env is not None:

        def mend(fixes: "FileFixes") -> "Fix | None":
            return fixes.variables_of_env(key_node)

        message = "'env' of a container is no part of Score; it is read as `variables`"
        if isinstance(env, SequenceNode):
            container.values["env"] = _by_name(env)
        _as_texts(container.values["env"])
        if isinstance(own := container.get("variables"), MappingNode):
            shaping.report(codes.SCORE_DIALECT, message, key_node, inside=container, mend=mend)
            _merge(shaping, container.values["env"], own)
            remove(container, "env")
        else:
            shaping.move(container, "env", container, "variables", codes.SCORE_DIALECT, message, mend)
    if "ports" in container.values:
        _shape_ports(shaping, root, container)


def _merge(shaping: Shaping, source: Node, target: MappingNode) -> None:
    """Adds what the target has not; a key of both is a finding."""
    if not isinstance(source, MappingNode):
        return
    for key, value in source.values.items():
        if key in target.values:
            related = ("the other one stands here", target.key(key))
            message = f"'{key}' stands in `env` and in `variables`"
            shaping.report(codes.SPELLED_TWICE, message, source.key(key), "", related, inside=target)
        else:
            put(target, key, value, source.key(key))


def _by_name(entries: SequenceNode) -> MappingNode:
    """A list of `{name, value}` as a mapping."""
    mapping = MappingNode(
        line=entries.line, column=entries.column, end_line=entries.end_line, end_column=entries.end_column
    )
    for item in entries.items:
        if isinstance(item, MappingNode) and isinstance(name := item.get("name"), ScalarNode):
            put(mapping, name.text, item.get("value") or text_node("", item), name)
    return mapping


def _as_texts(node: Node) -> None:
    """In the house's `env` numbers and booleans are their text, as the original read them."""
    if not isinstance(node, MappingNode):
        return
    for key, value in node.values.items():
        if isinstance(value, ScalarNode) and value.value is not None and not isinstance(value.value, str):
            node.values[key] = text_node(value.text, value)


def _shape_ports(shaping: Shaping, root: MappingNode, container: MappingNode) -> None:
    """Ports of a container become ports of the workload's service."""
    ports, key_node = container.values["ports"], container.key("ports")
    message = "'ports' of a container is no part of Score; it is read as `service.ports`"
    shaping.report(
        codes.SCORE_DIALECT,
        message,
        key_node,
        inside=container,
        mend=lambda fixes: fixes.service_ports(key_node, root),
    )
    remove(container, "ports")
    service = shaping.inner(root, "service", ports)
    target = None if service is None else shaping.inner(service, "ports", ports)
    if target is None:
        return
    for name, port, place in _ports_of(ports):
        if name not in target.values:
            put(target, name, port, place)


def _ports_of(ports: Node) -> list[tuple[str, Node, Node]]:
    """Name, port and the node of its name, for every port of a container."""
    if isinstance(ports, MappingNode):
        return [(name, _port(value), ports.key(name)) for name, value in ports.values.items()]
    found: list[tuple[str, Node, Node]] = []
    for index, item in enumerate(ports.items if isinstance(ports, SequenceNode) else []):
        port = _port(item)
        name = port.values.pop("name", None) if isinstance(port, MappingNode) else None
        label = name.text if isinstance(name, ScalarNode) else f"port-{index + 1}"
        found.append((label, port, name or text_node(label, item)))
    return found


def _port(node: Node) -> Node:
    """A port as Score has it: a number alone is `port`, and `containerPort` is `port`."""
    if isinstance(node, ScalarNode):
        mapping = MappingNode(line=node.line, column=node.column, end_line=node.end_line, end_column=node.end_column)
        put(mapping, "port", node)
        return mapping
    if isinstance(node, MappingNode) and "containerPort" in node.values and "port" not in node.values:
        put(node, "port", node.values["containerPort"], node.key("containerPort"))
        remove(node, "containerPort")
    return node


def _shape_resource(shaping: Shaping, name: str, resource: MappingNode) -> None:
    properties = resource.get("properties")
    if not isinstance(properties, MappingNode):
        return
    message = f"'properties' of the resource '{name}' is no part of Score; it is read as `params`"
    key_node = resource.key("properties")

    def mend(fixes: "FileFixes") -> "Fix | None":
        return fixes.params_of_properties(key_node)

    if not isinstance(params := resource.get("params"), MappingNode):
        shaping.move(resource, "properties", resource, "params", codes.SCORE_DIALECT, message, mend)
        return
    shaping.report(codes.SCORE_DIALECT, message, key_node, inside=resource, mend=mend)
    for key, value in properties.values.items():
        put(params, key, value, properties.key(key))
    remove(resource, "properties")


def _shape_list(shaping: Shaping, container_name: str, container: MappingNode, key: str) -> None:
    """`files` and `volumes` as lists become mappings by `target`."""
    entries = container.get(key)
    if not isinstance(entries, SequenceNode):
        return
    message = f"'{key}' of the container '{container_name}' as a list is deprecated"
    key_node = container.key(key)
    shaping.report(codes.SCORE_DEPRECATED, message, key_node, mend=lambda fixes: fixes.entries_by_target(key_node))
    mapping = MappingNode(
        line=entries.line, column=entries.column, end_line=entries.end_line, end_column=entries.end_column
    )
    for index, item in enumerate(entries.items):
        if isinstance(item, MappingNode):
            _shape_entry(shaping, f"{key}[{index}]", item, mapping)
        else:
            text = f"'{key}[{index}]' must be a mapping, not a {item.type_name}"
            shaping.report(codes.WRONG_TYPE, text, item, inside=mapping)
    container.values[key] = mapping


def _shape_entry(shaping: Shaping, name: str, item: MappingNode, mapping: MappingNode) -> None:
    target = item.get("target")
    if not isinstance(target, ScalarNode) or not isinstance(target.value, str):
        code = codes.MISSING_KEY if target is None or is_null(target) else codes.WRONG_TYPE
        shaping.report(code, f"'{name}' needs a 'target', the path in the container", target or item, inside=mapping)
        return
    if target.value in mapping.values:
        related = ("the first one stands here", mapping.key(target.value))
        shaping.report(
            codes.DUPLICATE_KEY, f"'{target.value}' is already a target", target, "", related, inside=mapping
        )
        return
    if "read_only" in item.values:
        message = "'read_only' is read as `readOnly`"
        mend = renaming(item.key("read_only"), "readOnly")
        shaping.move(item, "read_only", item, "readOnly", codes.SCORE_DEPRECATED, message, mend)
    content = item.get("content")
    if isinstance(content, SequenceNode) and all(
        isinstance(line, ScalarNode) and isinstance(line.value, str) for line in content.items
    ):
        message = "'content' as a list is joined by line ends"
        shaping.report(codes.SCORE_DEPRECATED, message, content, mend=lambda fixes: fixes.joined_content(content))
        lines = [line.text for line in content.items if isinstance(line, ScalarNode)]
        item.values["content"] = text_node("\n".join(lines), content)
    remove(item, "target")
    put(mapping, target.value, item, target)
