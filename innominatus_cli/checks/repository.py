"""Rules over what the documents of a repository say together."""

import posixpath
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

from innominatus_cli.checks import provider
from innominatus_cli.checks.facts import RepositoryFacts
from innominatus_cli.checks.identities import is_in_force
from innominatus_cli.checks.order import cycles
from innominatus_cli.checks.placement import KIND_OF_FOLDER
from innominatus_cli.checks.said import dependencies_of, said_by
from innominatus_cli.checks.tree import folded
from innominatus_cli.documents.kinds import WORKFLOW_KINDS
from innominatus_cli.documents.nodes import Document, ScalarNode
from innominatus_cli.documents.organizations import below_root, organization_of_path, with_organization
from innominatus_cli.documents.versions import best_of, parse_version
from innominatus_cli.findings.catalogue import definitions, structure
from innominatus_cli.findings.catalogue import workflow as codes
from innominatus_cli.findings.catalogue.tree import SAME_IDENTITY_ELSEWHERE
from innominatus_cli.findings.finding import Finding, Place, Related
from innominatus_cli.findings.near_names import did_you_mean

_TIERS = {"PlatformWorkflow": 0, "ProductWorkflow": 1}
_VERSIONED = frozenset((*WORKFLOW_KINDS, "GoldenPath"))
_TIER_NAMES = ("platform", "product", "application")


@lru_cache(maxsize=1)
def _in_force(repository: RepositoryFacts) -> tuple[Document, ...]:
    """The documents that deployments use; rules ask one after the other."""
    root = repository.workflows_root
    return tuple([document for document in repository.documents if is_in_force(document, root)])


def check_duplicates(repository: RepositoryFacts) -> Iterator[Finding]:
    """ORC-2008: an identity is used once in its kind."""
    first: dict[tuple[str, str], list[Document]] = {}
    for document in _in_force(repository):
        identity = said_by(document).identity
        if not identity:
            continue
        others = first.setdefault((document.kind, identity), [])
        earlier = next((one for one in others if not _are_versions(one, document)), None) if others else None
        others.append(document)
        if earlier is not None:
            related = (Related("the other one", earlier.place(_name_node(earlier))),)
            place = document.place(_name_node(document))
            message = f"{document.kind} '{identity}' is already defined in {earlier.path}"
            yield Finding(codes.DUPLICATE_IDENTITY, message, place, related=related)


def _are_versions(one: Document, other: Document) -> bool:
    """Whether two workflows of one name are two versions of it."""
    versions = {said_by(one).version, said_by(other).version}
    return one.kind in WORKFLOW_KINDS and len(versions) > 1 and "" not in versions


def check_versions(repository: RepositoryFacts) -> Iterator[Finding]:
    """ORC-2205: of several versions of one name each can be compared."""
    versioned = [document for document in _in_force(repository) if document.kind in _VERSIONED]
    odd = [one for one in versioned if (version := said_by(one).version) and parse_version(version) is None]
    several = Counter(_versioned_name(document) for document in versioned) if odd else {}
    for document in odd:
        kind, name = _versioned_name(document)
        if name and several[kind, name] > 1:
            message = f"'{said_by(document).version}' of {kind} '{name}' cannot be compared with its other versions"
            place = document.place(document.mapping.mapping("metadata").get("version"))
            yield Finding(structure.VERSION_NOT_COMPARABLE, message, place)


def _versioned_name(document: Document) -> tuple[str, str]:
    """What versions of one document have in common: its kind, and its name."""
    said = said_by(document)
    return document.kind, said.name if document.kind == "GoldenPath" else said.identity


def check_replacements(repository: RepositoryFacts) -> Iterator[Finding]:
    """ORC-2206: what is to be used instead of something deprecated exists."""
    for document in repository.documents:
        replacement = said_by(document).replacement
        if not replacement:
            continue
        name, _, version = replacement.partition("@")
        there = [one for one in repository.documents if one.kind == document.kind and _is_named(one, name)]
        if not there or (version and best_of([said_by(one).version or "1.0.0" for one in there], version) is None):
            known = {_name_in_kind(one) for one in repository.of_kind(document.kind)}
            message = f"there is no {document.kind} '{replacement}'"
            node = document.mapping.mapping("metadata").mapping("deprecated").get("replacement")
            hint = did_you_mean(name, known)
            yield Finding(structure.UNKNOWN_REPLACEMENT, message, document.place(node), hint)


def _name_in_kind(document: Document) -> str:
    said = said_by(document)
    return said.identity.partition("@")[0] or said.name


def _is_named(document: Document, name: str) -> bool:
    return name in {_name_in_kind(document), said_by(document).name}


def _name_node(document: Document) -> ScalarNode | None:
    node = document.mapping.mapping("metadata").get("name")
    return node if isinstance(node, ScalarNode) else None


@lru_cache(maxsize=1)
def _tier_workflows(repository: RepositoryFacts) -> dict[str, Document]:
    """The platform and product workflows in force by identity; two rules ask, one after the other."""
    return {
        identity: document
        for document in _in_force(repository)
        if document.kind in _TIERS and (identity := said_by(document).identity)
    }


def _full_name(name: str, document: Document, known: Mapping[str, Document]) -> str:
    """A name in `dependsOn`: inside a product the product may be left out."""
    if "/" in name:
        return name
    if document.kind == "ProductWorkflow":
        return f"{said_by(document).identity.rpartition('/')[0]}/{name}"
    within = with_organization(organization_of_path(document.path), name)
    return within if within in known else name


def check_workflow_dependencies(repository: RepositoryFacts) -> Iterator[Finding]:
    """ORC-2012 to ORC-2014: workflows depend on workflows of their own tier and phase, without a circle."""
    known = _tier_workflows(repository)
    edges: dict[str, list[str]] = {identity: [] for identity in known}
    for identity, document in known.items():
        for number, written in enumerate(said_by(document).depends_on):
            name = _full_name(written, document, known)
            target = known.get(name)
            if target is None:
                message, place = f"there is no workflow '{written}'", _dependency_place(document, number)
                yield Finding(codes.UNKNOWN_WORKFLOW_DEPENDENCY, message, place, did_you_mean(name, known))
            elif target.kind != document.kind or not {*said_by(target).phases} & {*said_by(document).phases}:
                what = "tier" if target.kind != document.kind else "phase"
                place = _dependency_place(document, number)
                message = f"workflow '{written}' is of another {what}, whose order the barriers give"
                related = (Related("that workflow", target.place(_name_node(target))),)
                yield Finding(codes.DEPENDENCY_ACROSS_WORKFLOWS, message, place, related=related)
            else:
                edges[identity].append(name)
    for cycle in cycles(edges):
        first = known[cycle[0]]
        message = f"workflows wait for each other: {' → '.join([*cycle, cycle[0]])}"
        others = tuple(Related(f"'{name}'", known[name].place(_name_node(known[name]))) for name in cycle[1:])
        place = first.place(first.mapping.mapping("metadata").key("dependsOn"))
        yield Finding(codes.WORKFLOW_CYCLE, message, place, related=others)


def _dependency_place(document: Document, number: int) -> Place:
    return document.place(dependencies_of(document)[number])


def check_overrides(repository: RepositoryFacts) -> Iterator[Finding]:
    """ORC-2024, ORC-2025: what is overridden exists, is of a lower tier and in the same phase."""
    known = _tier_workflows(repository)
    embedded = {name for workload in repository.of_kind("Workload") for name in said_by(workload).embedded}
    has_workloads = any(repository.of_kind("Workload"))
    for identity, document in known.items():
        written = said_by(document).overrides
        if written is None:
            continue
        target = known.get(written)
        place = document.place(document.mapping.mapping("metadata").get("overrides"))
        tier = _TIERS[document.kind]
        if target is None:
            if written not in embedded and (tier == 0 or has_workloads):
                near = did_you_mean(written, {*known, *embedded} - {identity})
                message = f"there is no workflow '{written}' to override"
                yield Finding(codes.UNKNOWN_OVERRIDE, message, place, near)
        elif _TIERS[target.kind] <= tier:
            of = "its own tier" if target.kind == document.kind else "a higher tier"
            message = f"'{written}' is of {of} ({_TIER_NAMES[_TIERS[target.kind]]}) and cannot be replaced from here"
            yield Finding(codes.OVERRIDE_OF_WRONG_WORKFLOW, message, place)
        elif {*said_by(target).phases} != {*said_by(document).phases}:
            message = f"'{written}' runs in {', '.join(said_by(target).phases)}, this one in another phase"
            yield Finding(codes.OVERRIDE_OF_WRONG_WORKFLOW, message, place)


def check_provider_conflicts(repository: RepositoryFacts) -> Iterator[Finding]:
    """ORC-2074: one enabled provider for a resource type."""
    enabled = _enabled_folders(repository)
    first: dict[str, tuple[Document, ScalarNode]] = {}
    for document in repository.of_kind("Provider"):
        if document.path.rpartition("/")[0] not in enabled:
            continue
        for kind, node in _resource_types(document):
            earlier, where = first.setdefault(kind, (document, node))
            if earlier is not document:
                message = f"resource type '{kind}' is already provisioned by {earlier.path}"
                related = (Related("the other one", earlier.place(where)),)
                yield Finding(codes.PROVIDER_CONFLICT, message, document.place(node), related=related)


def _enabled_folders(repository: RepositoryFacts) -> set[str]:
    admin_config = repository.facts.admin_config
    folders = set()
    for entry in () if admin_config is None else admin_config.mapping.mappings("providers"):
        enabled, path = entry.get("enabled"), entry.text("path")
        if path and isinstance(enabled, ScalarNode) and enabled.value is True:
            folders.add(path.removeprefix("./").rstrip("/"))
    return folders


def _resource_types(document: Document) -> Iterator[tuple[str, ScalarNode]]:
    """Each type that a provider has, once, with the node that names it."""
    found: dict[str, ScalarNode] = {}
    nodes = [capability.get("type") for capability in provider.capabilities(document)]
    nodes += document.mapping.mapping("capabilities").sequence("resourceTypes")
    for node in nodes:
        if isinstance(node, ScalarNode) and isinstance(node.value, str):
            found.setdefault(node.value, node)
    yield from found.items()


def check_near_identities(repository: RepositoryFacts) -> Iterator[Finding]:
    """ORC-1065: no two identities of one kind differ only in case or Unicode form."""
    enabled = _enabled_folders(repository)
    providers = [one for one in repository.of_kind("Provider") if one.path.rpartition("/")[0] in enabled]
    first: dict[tuple[str, str], tuple[Document, str]] = {}
    for document in (*_in_force(repository), *providers):
        identity = said_by(document).identity or _name_of_workload(document)
        if not identity:
            continue
        earlier, other = first.setdefault((document.kind, folded(identity)), (document, identity))
        if other != identity:
            related = (Related("the other one", earlier.place(_name_node(earlier))),)
            message = f"{document.kind} '{identity}' and '{other}' differ only in case or Unicode form"
            place = document.place(_name_node(document))
            yield Finding(SAME_IDENTITY_ELSEWHERE, message, place, related=related)


def _name_of_workload(document: Document) -> str:
    return said_by(document).name if document.kind == "Workload" else ""


def check_unused_workflows(repository: RepositoryFacts) -> Iterator[Finding]:
    """ORC-2187: something runs each reusable workflow below the workflows root."""
    parts = [
        document
        for document in repository.everything
        if document.kind == "Workflow" and _is_elsewhere(document.path, repository.workflows_root)
    ]
    if not parts:
        return
    run = set(_files_that_run(repository))
    for document in parts:
        name = said_by(document).name
        if document.path not in run and name not in run:
            message = f"nothing runs the workflow '{name}'"
            yield Finding(definitions.UNUSED_WORKFLOW, message, document.place(_name_node(document)))


def _is_elsewhere(path: str, root: str) -> bool:
    """Whether a path is below the workflows root, and not in a folder that holds another kind."""
    below = below_root(path, root)
    return below is not None and below.partition("/")[0] not in KIND_OF_FOLDER


def _files_that_run(repository: RepositoryFacts) -> Iterator[str]:
    """Paths and names of the workflows that golden paths, providers and steps name."""
    for document in repository.everything:
        folder = posixpath.dirname(document.path)
        for name in said_by(document).runs:
            yield posixpath.normpath(posixpath.join(folder, name))
            yield posixpath.normpath(name)
            yield posixpath.basename(name).removesuffix(".yaml").removesuffix(".yml")


def check_unused_step_types(repository: RepositoryFacts) -> Iterator[Finding]:
    """ORC-2188: a step has each step type of the repository."""
    own = [document for document in repository.everything if document.kind == "StepType"]
    if own:
        used = {kind for document in repository.everything for kind in said_by(document).step_types}
        for document in own:
            if said_by(document).identity not in used:
                message = f"no step is of the type '{said_by(document).identity}'"
                yield Finding(definitions.UNUSED_STEP_TYPE, message, document.place(_name_node(document)))


RULES: tuple[Callable[[RepositoryFacts], Iterator[Finding]], ...] = (
    check_duplicates,
    check_versions,
    check_replacements,
    check_workflow_dependencies,
    check_overrides,
    check_provider_conflicts,
    check_near_identities,
    check_unused_workflows,
    check_unused_step_types,
)

CODES = frozenset(
    code.number
    for code in (
        codes.DUPLICATE_IDENTITY,
        structure.VERSION_NOT_COMPARABLE,
        structure.UNKNOWN_REPLACEMENT,
        codes.DEPENDENCY_ACROSS_WORKFLOWS,
        codes.UNKNOWN_WORKFLOW_DEPENDENCY,
        codes.WORKFLOW_CYCLE,
        codes.UNKNOWN_OVERRIDE,
        codes.OVERRIDE_OF_WRONG_WORKFLOW,
        codes.PROVIDER_CONFLICT,
        SAME_IDENTITY_ELSEWHERE,
        definitions.UNUSED_WORKFLOW,
        definitions.UNUSED_STEP_TYPE,
    )
)
"""What these rules find, and the check of one file alone does not: whether it can be there is not known then."""
