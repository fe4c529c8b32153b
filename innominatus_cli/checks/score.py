"""Rules over a Score workload, its placeholders aside (see `checks.placeholders`)."""

import posixpath
from collections.abc import Iterator
from functools import lru_cache

from innominatus_cli.checks.facts import Facts, table
from innominatus_cli.checks.needs import only_with
from innominatus_cli.checks.order import cycles
from innominatus_cli.checks.organizations import PRODUCT_KEY, organization_of, written_organization
from innominatus_cli.checks.placeholders import placeholders_in
from innominatus_cli.checks.placement import check_product_name
from innominatus_cli.checks.places import texts_in
from innominatus_cli.documents.nodes import Document, MappingNode, Node, Plain, ScalarNode
from innominatus_cli.documents.words import short
from innominatus_cli.findings.catalogue import score as codes
from innominatus_cli.findings.catalogue import structure
from innominatus_cli.findings.catalogue.document import WRONG_FORM
from innominatus_cli.findings.finding import Finding, Related
from innominatus_cli.findings.near_names import did_you_mean

BUILT_IN_RESOURCE_TYPES = (
    "amqp",
    "dapr-pubsub",
    "dapr-state-store",
    "dapr-subscription",
    "dns",
    "elasticsearch",
    "endpoint",
    "environment",
    "example-provisioner-resource",
    "gcp-pubsub-emulator",
    "horizontal-pod-autoscaler",
    "kafka-topic",
    "llm-model",
    "mongodb",
    "mssql",
    "mysql",
    "postgres",
    "postgres-instance",
    "redis",
    "route",
    "s3",
    "service",
    "service-port",
    "sns-topic",
    "sqlite",
    "sqs-queue",
    "volume",
    "workload-port",
)
"""What `provisioners.registry` makes, which rules are not to import."""
_PROBES = ("readinessProbe", "livenessProbe")


def _mappings(node: MappingNode, key: str) -> dict[str, MappingNode]:
    return {name: value for name, value in node.mapping(key).values.items() if isinstance(value, MappingNode)}


@only_with("before")
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
                and container.values.keys().isdisjoint(_PROBES)
            ):
                message = f"container '{name}' has no probe that could tell when it is healthy"
                yield Finding(codes.BEFORE_WITHOUT_PROBE, message, document.place(condition.get("ready")))
    edges = {name: [target for target in _before(node) if target in containers] for name, node in containers.items()}
    for cycle in cycles(edges):
        first, second = cycle[0], cycle[1 % len(cycle)]
        message = f"containers are to be ready before each other: {' → '.join([*cycle, first])}"
        yield Finding(codes.BEFORE_CYCLE, message, document.place(containers[first].mapping("before").key(second)))


def _before(container: MappingNode) -> list[str]:
    return list(container.mapping("before").values)


def check_images(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-1037, ORC-2089: an image can be one, and has a version. `.` stands for one that is given later."""
    for name, container in _mappings(document.mapping, "containers").items():
        image = container.text("image")
        if image and (image.startswith("-") or image.split() != [image]):
            message = f"the image of container '{name}' is '{short(image)}', which no registry can have"
            yield Finding(WRONG_FORM, message, document.place(container.get("image")))
            continue
        if not image or image == "." or "${" in image or "@" in image:
            continue
        _, _, tag = image.rpartition("/")[2].partition(":")
        if tag in {"", "latest"}:
            what = "the tag 'latest'" if tag else "no tag"
            message = f"the image of container '{name}' has {what}"
            yield Finding(codes.IMAGE_WITHOUT_VERSION, message, document.place(container.get("image")))


@only_with("requests")
def check_amounts(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2105: no container requests more than its limit."""
    for name, container in _mappings(document.mapping, "containers").items():
        resources = container.mapping("resources")
        limits, requests = resources.mapping("limits"), resources.mapping("requests")
        for key in ("cpu", "memory"):
            limit, request = limits.text(key), requests.text(key)
            if limit is None or request is None or limit == request:
                continue
            from innominatus_cli.documents.quantities import quantity  # noqa: PLC0415 - few files have two amounts

            most, wanted = quantity(limit), quantity(request)
            if most is not None and wanted is not None and wanted.exceeds(most):
                message = f"container '{name}' requests {request} of {key}, and its limit is {limit}"
                related = (Related("the limit", document.place(limits.get(key))),)
                yield Finding(codes.REQUEST_OVER_LIMIT, message, document.place(requests.get(key)), related=related)


def check_resource_order(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2087: resources do not need each other's outputs in a circle."""
    uids = _uids(document)
    edges: dict[str, list[str]] = {uid: [] for uid in uids.values()}
    needing: dict[tuple[str, str], Node] = {}
    for name, resource in _mappings(document.mapping, "resources").items():
        for target, node in _needed(resource):
            if target in uids:
                edges[uids[name]].append(uids[target])
                needing.setdefault((uids[name], uids[target]), node)
    if not needing:
        return
    names = {uid: name for name, uid in reversed(uids.items())}
    for cycle in cycles(edges):
        circle = [names[uid] for uid in cycle]
        message = f"resources need each other: {' → '.join([*circle, circle[0]])}"
        yield Finding(codes.RESOURCE_CYCLE, message, document.place(needing[cycle[0], cycle[1 % len(cycle)]]))


def _needed(resource: MappingNode) -> Iterator[tuple[str, Node]]:
    """The resources that params read outputs of, each with the text that does."""
    for node in texts_in(resource.get("params")):
        for placeholder in placeholders_in(str(node.value)):
            if placeholder.elements[:1] == ("resources",):
                yield placeholder.elements[1], node


def _uids(document: Document) -> dict[str, str]:
    """The resources of the workload with what they are called among all; without ids the names will do."""
    resources = _mappings(document.mapping, "resources")
    if not any("id" in resource.values for resource in resources.values()):
        return {name: name for name in resources}
    from innominatus_cli.documents.score_resources import resource_uid  # noqa: PLC0415 - few resources have an id

    workload = document.mapping.mapping("metadata").text("name") or ""
    return {
        name: resource_uid(workload, name, resource.text("type") or "", resource.text("class"), resource.text("id"))
        for name, resource in resources.items()
    }


def check_shared_resources(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2088: resources with one type, class and id are described alike."""
    uids = _uids(document)
    if len(set(uids.values())) == len(uids):
        return
    from innominatus_cli.documents.score_resources import Declaration, shared_resources  # noqa: PLC0415

    nodes = _mappings(document.mapping, "resources")
    declared = [
        Declaration("", name, uids[name], _plain(node.get("params")), _plain(node.get("metadata")))
        for name, node in nodes.items()
    ]
    for conflict in shared_resources(declared)[1]:
        id_ = nodes[conflict.other.name].text("id")
        earlier = document.place(nodes[conflict.first.name].get(conflict.key))
        message = f"shared resource '{id_}' has other {conflict.key} at line {earlier.line}"
        related = (Related("described here", earlier),)
        place = document.place(nodes[conflict.other.name].get(conflict.key))
        yield Finding(codes.SHARED_RESOURCE_DIFFERS, message, place, related=related)


def _plain(node: Node | None) -> Plain:
    return None if node is None else node.plain()


@only_with("files")
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


def check_provisioners(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2121: somebody provisions every type of resource.

    Only a repository with an admin-config.yaml knows who.
    """
    definitions, provisioners = table(facts, "resourceDefinitions"), facts.admin_config
    if definitions is None or provisioners is None or facts.provided_types is None:
        return
    known = provisioned_types(provisioners, document.mapping.mapping("metadata").text("product"))
    for name, resource in _mappings(document.mapping, "resources").items():
        kind = resource.text("type")
        wanted = kind and (definitions.text(kind) or kind)
        if not kind or not wanted or wanted in BUILT_IN_RESOURCE_TYPES:
            continue
        place = document.place(resource.get("type"))
        provided = facts.provided_types()
        if provided is None or wanted in {*known, *provided}:
            continue
        hint = did_you_mean(wanted, {*known, *provided, *definitions.values} - {kind})
        message = f"nobody provisions the type '{kind}' of the resource '{name}'"
        if wanted != kind:
            message = f"resourceDefinitions make '{wanted}' of the type '{kind}', and nobody provisions that"
            if kind in {*known, *provided}:
                hint = f"'{kind}' itself is provisioned: take it out of resourceDefinitions."
        yield Finding(codes.NOBODY_PROVISIONS, message, place, hint)


def check_product(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2203: the product has a folder, where any product has one and tiers are on."""
    if facts.products is None or facts.admin_config is None:
        return
    node = product_node(document)
    products = facts.products() if node is not None else ()
    if node is not None and products and node.text not in products:
        message = f"there is no product '{node.text}', so that no workflow of a product runs for this application"
        hint = did_you_mean(node.text, products)
        yield Finding(structure.UNKNOWN_PRODUCT, message, document.place(node), hint)


def product_node(document: Document) -> ScalarNode | None:
    """Where a Score file names its product: in its metadata, an annotation or a label; None where it does not."""
    metadata = document.mapping.mapping("metadata")
    annotations, labels = metadata.mapping("annotations"), metadata.mapping("labels")
    for holder, key in ((metadata, "product"), (annotations, PRODUCT_KEY), (labels, PRODUCT_KEY)):
        if isinstance(node := holder.get(key), ScalarNode) and holder.text(key):
            return node
    return None


@lru_cache(maxsize=8)
def provisioned_types(admin_config: Document, product: str | None) -> frozenset[str]:
    """The types that a product's provisioners have beside the built-in ones; those of all, where it has no product."""
    found = set(BUILT_IN_RESOURCE_TYPES)
    for entry in admin_config.mapping.mappings("productProvisioners"):
        whose = entry.text("product") or "*"
        if (product is None or whose in {product, "*"}) and (kind := entry.text("type")):
            found.add(kind)
    return frozenset(found)


def check_organization(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2207: the organisation of a Score file is there."""
    name = organization_of(document)
    if not name or facts.organizations is None or facts.admin_config is None:
        return
    known = facts.organizations()
    if name not in known:
        holder, key = written_organization(document)
        message = f"there is no organisation '{name}' below the workflows root"
        yield Finding(
            structure.UNKNOWN_ORGANIZATION, message, document.place(holder.get(key)), did_you_mean(name, known)
        )


RULES = (
    check_product_name,
    check_before,
    check_images,
    check_amounts,
    check_resource_order,
    check_shared_resources,
    check_source_files,
    check_provisioners,
    check_product,
    check_organization,
)
