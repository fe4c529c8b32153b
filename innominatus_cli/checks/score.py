"""Rules over a Score workload, its placeholders aside (see `checks.placeholders`)."""

import posixpath
from collections.abc import Iterator

from innominatus_cli.checks.facts import Facts
from innominatus_cli.checks.order import cycles
from innominatus_cli.checks.placeholders import placeholders_in
from innominatus_cli.checks.places import texts_in
from innominatus_cli.documents.nodes import Document, MappingNode, Node
from innominatus_cli.findings.catalogue import workflow as codes
from innominatus_cli.findings.finding import Finding, Related
from innominatus_cli.findings.near_names import did_you_mean


def _mappings(node: MappingNode, key: str) -> dict[str, MappingNode]:
    return {name: value for name, value in node.mapping(key).values.items() if isinstance(value, MappingNode)}


def check_before(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2084 to ORC-2086: `before` names other containers, without a circle, and `healthy` has a probe."""
    containers = _mappings(document.mapping, "containers")
    for name, container in containers.items():
        before = container.mapping("before")
        for target, condition in before.values.items():
            if target not in containers:
                message = f"container '{name}' is to be ready before '{target}', which does not exist"
                hint = did_you_mean(target, containers)
                yield Finding(codes.UNKNOWN_BEFORE_CONTAINER, message, document.place(before.key(target)), hint)
            if (
                isinstance(condition, MappingNode)
                and condition.text("ready") == "healthy"
                and "readinessProbe" not in container.values
            ):
                message = f"container '{name}' has no readiness probe that could tell when it is healthy"
                yield Finding(codes.BEFORE_WITHOUT_PROBE, message, document.place(condition.get("ready")))
    edges = {name: [target for target in _before(node) if target in containers] for name, node in containers.items()}
    for cycle in cycles(edges):
        message = f"containers are to be ready before each other: {' → '.join([*cycle, cycle[0]])}"
        yield Finding(codes.BEFORE_CYCLE, message, document.place(containers[cycle[0]].key("before")))


def _before(container: MappingNode) -> list[str]:
    return list(container.mapping("before").values)


def check_images(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2089: an image has a version. `.` stands for one that is given later."""
    for name, container in _mappings(document.mapping, "containers").items():
        image = container.text("image")
        if not image or image == "." or "${" in image or "@" in image:
            continue
        _, _, tag = image.rpartition("/")[2].partition(":")
        if tag in {"", "latest"}:
            what = "the tag 'latest'" if tag else "no tag"
            message = f"the image of container '{name}' has {what}"
            yield Finding(codes.IMAGE_WITHOUT_VERSION, message, document.place(container.get("image")))


def check_resource_order(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2087: resources do not need each other's outputs in a circle."""
    resources = _mappings(document.mapping, "resources")
    same = {name: _uid(name, resource) for name, resource in resources.items()}
    first = {uid: name for name, uid in reversed(same.items())}
    edges: dict[str, list[str]] = {name: [] for name in first.values()}
    for name, resource in resources.items():
        edges[first[same[name]]] += [first[same[target]] for target in _needed(resource) if target in same]
    for cycle in cycles(edges):
        message = f"resources need each other: {' → '.join([*cycle, cycle[0]])}"
        yield Finding(codes.RESOURCE_CYCLE, message, document.place(resources[cycle[0]].key("params")))


def _needed(resource: MappingNode) -> list[str]:
    return [
        placeholder.elements[1]
        for node in texts_in(resource.get("params"))
        for placeholder in placeholders_in(str(node.value))
        if placeholder.elements[:1] == ("resources",)
    ]


def _uid(name: str, resource: MappingNode) -> tuple[str, str, str]:
    """Type, class and id; a resource without an id is shared with none."""
    key = resource.text("id")
    return (resource.text("type") or "", resource.text("class") or "default", f"#{key}" if key else name)


def check_shared_resources(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2088: resources with one type, class and id are described alike."""
    first: dict[tuple[str, str, str, str], Node] = {}
    for name, resource in _mappings(document.mapping, "resources").items():
        for key in ("params", "metadata"):
            node = resource.get(key)
            if node is None or resource.text("id") is None:
                continue
            earlier = first.setdefault((*_uid(name, resource), key), node)
            if earlier.plain() != node.plain():
                message = f"shared resource '{resource.text('id')}' has other {key} at line {earlier.line}"
                related = (Related("described here", document.place(earlier)),)
                yield Finding(codes.SHARED_RESOURCE_DIFFERS, message, document.place(node), related=related)


def check_source_files(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2091: files that containers take from the repository are there."""
    if facts.is_file is None:
        return
    folder = posixpath.dirname(document.path)
    for container in _mappings(document.mapping, "containers").values():
        for file in _mappings(container, "files").values():
            source = file.text("source")
            if source and not facts.is_file(posixpath.normpath(posixpath.join(folder, source))):
                message = f"there is no file '{source}' beside the workload"
                yield Finding(codes.MISSING_SOURCE_FILE, message, document.place(file.get("source")))


RULES = (
    check_before,
    check_images,
    check_resource_order,
    check_shared_resources,
    check_source_files,
)
