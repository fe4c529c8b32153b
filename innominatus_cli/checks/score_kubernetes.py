"""Rules over a Score workload that is right, and that Kubernetes or a renderer will refuse all the same.

Most are warnings, for other Score tools take the workload. `REFUSED` are the codes that are errors where a plan deploys
it to Kubernetes. Sources: Kubernetes' API validation (`pkg/apis/core/validation`), RFC 1035 and 6335, score-k8s 0.15.
"""

import posixpath
import re
from collections.abc import Callable, Iterator
from functools import wraps
from itertools import islice
from typing import TypeAlias

from innominatus_cli.checks.facts import Facts
from innominatus_cli.checks.needs import mark_like, only_with
from innominatus_cli.documents.nodes import Document, MappingNode, Node, ScalarNode
from innominatus_cli.findings.catalogue import score as codes
from innominatus_cli.findings.finding import Finding, Related
from innominatus_cli.findings.near_names import did_you_mean

REFUSED = frozenset(
    code.number
    for code in (
        codes.NAME_TOO_LONG,
        codes.NAME_NOT_FOR_SERVICE,
        codes.PORT_TWICE,
        codes.BAD_MOUNT,
        codes.NOT_A_VOLUME,
        codes.BEFORE_CONTRADICTION,
        codes.ROUTE_WITHOUT_PORT,
        codes.IMAGE_NOT_GIVEN,
    )
)
Rule: TypeAlias = "Callable[[Document, Facts], Iterator[Finding]]"
_MOST_TOLD = 200
"""Nobody reads more of one rule and file, and a file can hold a hundred thousand."""
_KINDS = ("Deployment", "StatefulSet")
_KIND_ANNOTATION = "k8s.score.dev/kind"
_SERVICE_ANNOTATION = "k8s.score.dev/service-name"
_LONGEST_STATEFUL_SET = 52
"""63 of a label, without the hash that Kubernetes puts behind it."""
_LONGEST_OF_SCORE_K8S = {"Deployment": 52, "StatefulSet": 49}
_SERVICE_NAME = r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?"
_PORT_NAME = r"(?=.{1,15}\Z)(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*"
_LONGEST_PORT_NAME = 15
_VARIABLE = r"[-._A-Za-z][-._A-Za-z0-9]*"
_BASE64 = r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"
"""Patterns are compiled where they are needed: that takes longer than to check a whole file without them."""
_PROBES = ("livenessProbe", "readinessProbe")


def _mappings(node: MappingNode, key: str) -> Iterator[tuple[str, MappingNode]]:
    return ((name, value) for name, value in node.mapping(key).values.items() if isinstance(value, MappingNode))


def _containers(document: Document) -> Iterator[tuple[str, MappingNode]]:
    return _mappings(document.mapping, "containers")


def _annotations(document: Document) -> MappingNode:
    return document.mapping.mapping("metadata").mapping("annotations")


@only_with("k8s.score.dev/kind")
def check_kind(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2117: the annotation for the kind of workload says one that exists."""
    annotations = _annotations(document)
    kind = annotations.text(_KIND_ANNOTATION)
    if kind is not None and kind not in _KINDS:
        message = f"there is no kind of workload '{kind}'"
        place = document.place(annotations.get(_KIND_ANNOTATION))
        yield Finding(codes.UNKNOWN_WORKLOAD_KIND, message, place, did_you_mean(kind, _KINDS))


def check_name(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2107 to ORC-2109: the name is one for what Kubernetes makes of the workload."""
    metadata, annotations = document.mapping.mapping("metadata"), _annotations(document)
    kind = annotations.text(_KIND_ANNOTATION) or _KINDS[0]
    name, node = metadata.text("name") or "", metadata.get("name")
    size = len(name)
    if kind == "StatefulSet" and size > _LONGEST_STATEFUL_SET:
        message = f"the name of a StatefulSet has at most {_LONGEST_STATEFUL_SET} characters, and this has {size}"
        yield Finding(codes.NAME_TOO_LONG, message, document.place(node))
    elif size > _LONGEST_OF_SCORE_K8S.get(kind, size):
        message = f"for a {kind} of score-k8s a name has at most {_LONGEST_OF_SCORE_K8S[kind]} characters, not {size}"
        yield Finding(codes.NAME_TOO_LONG_ELSEWHERE, message, document.place(node))
    if kind != "StatefulSet" and not document.mapping.mapping("service").mapping("ports").values:
        return
    given = annotations.text(_SERVICE_ANNOTATION)
    if given is not None and not re.fullmatch(_SERVICE_NAME, given):
        place = document.place(annotations.get(_SERVICE_ANNOTATION))
        yield Finding(codes.NAME_NOT_FOR_SERVICE, f"no Service can be called '{given}'", place)
    elif name[:1].isdigit() and (given is None or kind == "StatefulSet"):
        what = "the headless Service of a StatefulSet" if given else "a Service"
        message = f"{what} begins with the workload's name, '{name}', and cannot begin with a digit"
        yield Finding(codes.NAME_NOT_FOR_SERVICE, message, document.place(node))


@only_with("ports")
def check_ports(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2110, ORC-2111: ports of the service can be referred to by name, and have numbers of their own."""
    ports = document.mapping.mapping("service").mapping("ports")
    first: dict[tuple[object, str], str] = {}
    for name, port in _mappings(document.mapping.mapping("service"), "ports"):
        is_word = name.isascii() and name.isalpha() and len(name) <= _LONGEST_PORT_NAME
        if not is_word and not re.fullmatch(_PORT_NAME, name):
            message = f"nothing can refer to the port '{name}' by its name"
            yield Finding(codes.PORT_NAME, message, document.place(ports.key(name)))
        number = port.get("port")
        if not isinstance(number, ScalarNode) or number.value is None:
            continue
        other = first.setdefault((number.value, port.text("protocol") or "TCP"), name)
        if other != name:
            message = f"the ports '{other}' and '{name}' both have the number {number.text}"
            related = (Related("the other one", document.place(ports.key(other))),)
            yield Finding(codes.PORT_TWICE, message, document.place(number), related=related)


@only_with("variables", "env")
def check_variables(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2112: names of variables are such that Kubernetes takes them."""
    for container_name, container in _containers(document):
        variables = container.mapping("variables")
        for name in variables.values:
            is_word = name.isascii() and name.isidentifier()
            if not is_word and not re.fullmatch(_VARIABLE, name):
                message = f"'{name}' is no name for a variable of the container '{container_name}' in Kubernetes"
                yield Finding(codes.VARIABLE_NAME, message, document.place(variables.key(name)))


@only_with("files", "volumes")
def check_mounts(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2113, ORC-2114: files and volumes are at absolute paths, each at its own."""
    for name, container in _containers(document):
        first: dict[str, Node] = {}
        for what in ("files", "volumes"):
            targets = container.mapping(what)
            for target in targets.values:
                key = targets.key(target)
                problem = _bad_target(target, is_file=what == "files")
                if problem:
                    message = f"'{target}' of the container '{name}' {problem}"
                    yield Finding(codes.BAD_MOUNT, message, document.place(key))
                path = f"/{posixpath.normpath(target).lstrip('/')}"
                other = first.setdefault(path, key)
                if other is not key:
                    message = f"container '{name}' has two things at '{path}'"
                    related = (Related("the other one", document.place(other)),)
                    yield Finding(codes.MOUNTED_TWICE, message, document.place(key), related=related)
        for _, volume in _mappings(container, "volumes"):
            path_in_volume = volume.text("path") or ""
            if path_in_volume.startswith("/") or ".." in path_in_volume.split("/"):
                message = f"'{path_in_volume}' leads out of the volume"
                yield Finding(codes.BAD_MOUNT, message, document.place(volume.get("path")))


def _bad_target(target: str, *, is_file: bool) -> str:
    """The end of a sentence; empty for a path that something can be mounted at."""
    if not target.startswith("/"):
        return "is no absolute path"
    if ":" in target:
        return "holds a ':'"
    if is_file and (target.endswith("/") or posixpath.normpath(target) == "/"):
        return "is a folder's path, and the file needs one of its own"
    return ""


@only_with("volumes")
def check_volume_sources(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2115: what is mounted is a volume that the workload declares."""
    resources = dict(_mappings(document.mapping, "resources"))
    by_uid: dict[str, MappingNode] | None = None
    for _, container in _containers(document):
        for _, volume in _mappings(container, "volumes"):
            source = volume.text("source") or ""
            is_bare = source.startswith("${resources.") and source.endswith("}") and source.count(".") == 1
            wanted = source[len("${resources.") : -1] if is_bare else source
            resource = resources.get(wanted)
            if resource is None and "#" in wanted:
                by_uid = by_uid or _by_uid(document, resources)
                resource = by_uid.get(wanted)
            if resource is None and source and not is_bare:  # an unknown `${resources.x}` the placeholders' rule tells
                message = f"'{source}' names no resource of the workload"
                yield Finding(codes.NOT_A_VOLUME, message, document.place(volume.get("source")))
            elif resource is not None and resource.text("type") not in {None, "volume"}:
                message = f"'{wanted}' is a resource of type {resource.text('type')}, and only a volume can be mounted"
                yield Finding(codes.NOT_A_VOLUME, message, document.place(volume.get("source")))


def _by_uid(document: Document, resources: dict[str, MappingNode]) -> dict[str, MappingNode]:
    """The resources by what they are called among all."""
    from innominatus_cli.documents.score_resources import resource_uid  # noqa: PLC0415 - hardly anybody writes a uid

    workload = document.mapping.mapping("metadata").text("name") or ""
    return {
        resource_uid(workload, name, one.text("type") or "", one.text("class"), one.text("id")): one
        for name, one in resources.items()
    }


@only_with("binaryContent")
def check_binary_contents(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2116: binary contents are base64."""
    for _, container in _containers(document):
        for target, file in _mappings(container, "files"):
            content = file.text("binaryContent")
            if content is not None and not re.fullmatch(_BASE64, re.sub("[\r\n]", "", content)):
                place = document.place(file.get("binaryContent"))
                yield Finding(codes.NOT_BASE64, f"the content of '{target}' is no base64", place)


@only_with("before")
def check_completion(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2118: a container that ends before others has ended for all, and for probes."""
    for name, container in _containers(document):
        before = container.mapping("before")
        ready = {one.text("ready") for _, one in _mappings(container, "before")}
        if "complete" not in ready:
            continue
        if len(ready) > 1:
            message = f"container '{name}' is to be complete before one container, and running for another"
            yield Finding(codes.BEFORE_CONTRADICTION, message, document.place(container.key("before")))
        elif probe := next((key for key in _PROBES if key in container.values), ""):
            message = f"container '{name}' ends before '{next(iter(before.values))}' starts, and nothing can probe it"
            yield Finding(codes.BEFORE_CONTRADICTION, message, document.place(container.key(probe)))


@only_with(texts=("route",))
def check_routes(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2119: a route leads to a port of the service."""
    ports = dict(_mappings(document.mapping.mapping("service"), "ports"))
    numbers = {str(_value(port.get("port"))) for port in ports.values()}
    known = ", ".join(sorted(numbers, key=lambda number: (len(number), number)))
    for name, resource in _mappings(document.mapping, "resources"):
        if resource.text("type") != "route":
            continue
        params = resource.mapping("params")
        port = params.get("port")
        value = _value(port)
        if not numbers:
            message = f"'{name}' is a route, and the workload has no service port that it could lead to"
            yield Finding(codes.ROUTE_WITHOUT_PORT, message, document.place(resource.get("type")))
        elif port is None and len(numbers) > 1:
            message = f"the route '{name}' needs the param 'port': the service has the ports {known}"
            yield Finding(codes.ROUTE_WITHOUT_PORT, message, document.place(resource.get("type")))
        elif isinstance(value, str | int) and "${" not in str(value) and str(value) not in {*numbers, *ports}:
            message = f"the service has no port {value}; it has {known}"
            yield Finding(codes.ROUTE_WITHOUT_PORT, message, document.place(port))


def _value(node: Node | None) -> object:
    return node.value if isinstance(node, ScalarNode) else None


def check_images(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2120: an image that is not known yet."""
    for name, container in _containers(document):
        if container.text("image") == ".":
            message = f"the image of container '{name}' is not known yet"
            remedy = f"Give it: `--image {name}=<image>`."
            yield Finding(codes.IMAGE_NOT_GIVEN, message, document.place(container.get("image")), remedy)


def _told(rule: Rule) -> Rule:
    """The rule, which tells so much of one file and no more."""

    @wraps(rule)
    def bounded(document: Document, facts: Facts) -> Iterator[Finding]:
        return islice(rule(document, facts), _MOST_TOLD)

    return mark_like(bounded, rule)


RULES = tuple(
    _told(rule)
    for rule in (
        check_kind,
        check_name,
        check_ports,
        check_variables,
        check_mounts,
        check_volume_sources,
        check_binary_contents,
        check_completion,
        check_routes,
        check_images,
    )
)
