"""The policies of a repository: what admin-config.yaml and WorkflowPolicies documents say, merged into one set.

One merge rule: the stricter wins. Lists of what is allowed are intersected, lists of what is required are united,
numbers take the smallest, permissions need every document that speaks. None means that nobody spoke (no restriction),
an empty allow-list allows nothing. Read from nodes: a pre-commit hook needs these rules and no pydantic.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, reduce
from typing import TYPE_CHECKING, Final, TypeVar

from innominatus_cli.documents.durations import duration_text, seconds_of
from innominatus_cli.documents.nodes import Document, MappingNode, Node, ScalarNode, SequenceNode
from innominatus_cli.findings.catalogue import policy as codes
from innominatus_cli.findings.finding import Finding, Related, Severity
from innominatus_cli.policies.rules import Rule, Statement

if TYPE_CHECKING:
    from innominatus_cli.documents.repository import Repository

T = TypeVar("T")
Names = tuple[str, ...]
ADMIN_CONFIG: Final = "admin-config.yaml"
ACCESS_WORDS: Final = ("none", "read-only", "namespace-scoped", "read-write")


@dataclass(frozen=True)
class PolicySet:
    """Every rule that somebody wrote; `read_from` says in which snapshot: `working tree` or a revision."""

    read_from: str = "working tree"
    required_platform_workflows: Rule[Names] | None = None
    allowed_product_workflows: Rule[Names] | None = None
    allowed_step_types: Rule[Names] | None = None
    workflow_overrides: Mapping[str, Rule[bool]] = field(default_factory=dict)
    """By the tier that overrides: `platform`, `product`."""
    max_workflow_duration: Rule[int] | None = None
    """Seconds."""
    max_concurrent_workflows: Rule[int] | None = None
    max_steps_per_workflow: Rule[int] | None = None
    rollback_coverage: Rule[Names] | None = None
    """An entry for each environment, `*` for all: `<percent> gated|free <environment>`."""
    require_approval: Rule[Names] | None = None
    allowed_executors: Rule[Names] | None = None
    secrets_access: Mapping[str, Rule[Names]] = field(default_factory=dict)
    """By step type or store; every word of a rule counts."""
    allowed_environments: Rule[Names] | None = None
    enforce_backups: Rule[bool] | None = None
    teams: Mapping[str, Names] = field(default_factory=dict)
    """Members of each team, as patterns of e-mail addresses."""
    production: Mapping[str, bool] = field(default_factory=dict)
    """Environments that admin-config marks as production, or as not."""
    namespaces: Mapping[str, str] = field(default_factory=dict)
    """The Kubernetes namespace that admin-config gives an environment."""
    findings: tuple[Finding, ...] = ()
    """Warnings: where documents disagree, what has no effect."""

    def as_data(self) -> dict[str, object]:
        """The merged rules as JSON data, under the keys of admin-config.yaml; what nobody said is left out."""
        rules: dict[str, object] = {
            name: _value(rule)
            for name, rule in {
                "requiredPlatformWorkflows": self.required_platform_workflows,
                "allowedProductWorkflows": self.allowed_product_workflows,
                "allowedStepTypes": self.allowed_step_types,
                "maxWorkflowDuration": self.max_workflow_duration,
                "maxConcurrentWorkflows": self.max_concurrent_workflows,
                "maxStepsPerWorkflow": self.max_steps_per_workflow,
                "rollbackCoverage": self.rollback_coverage,
                "requireApproval": self.require_approval,
                "allowedExecutors": self.allowed_executors,
                "allowedEnvironments": self.allowed_environments,
                "enforceBackups": self.enforce_backups,
            }.items()
            if rule is not None
        }
        tables: dict[str, Mapping[str, object]] = {
            "workflowOverrides": {tier: rule.value for tier, rule in self.workflow_overrides.items()},
            "secretsAccess": {name: list(rule.value) for name, rule in self.secrets_access.items()},
            "teams": {name: list(members) for name, members in self.teams.items()},
            "production": dict(self.production),
            "namespaces": dict(self.namespaces),
        }
        return rules | {name: table for name, table in tables.items() if table}

    @cached_property
    def digest(self) -> str:
        """`sha256:` of the canonical JSON of the merged rules; comments and the order of documents change nothing."""
        from innominatus_cli.documents.canonical import digest  # noqa: PLC0415 - hashlib is not needed to check a file

        return digest(self.as_data())


def policy_set(repository: "Repository") -> PolicySet:
    """The merged policies of a repository; documents with errors are among `repository.findings`, and not here."""
    return merge_policies(policy_documents(repository), repository.snapshot.describe())


def policy_documents(repository: "Repository") -> list[Document]:
    """The documents that hold a repository's policies, admin-config.yaml first; those with errors are left out."""
    admin_config = repository.admin_config()
    documents = [] if admin_config is None else [admin_config.document]
    return documents + [policies.document for policies in repository.policies()]


def unusable_policies(repository: "Repository") -> list[Finding]:
    """The errors of documents that hold policies: who judges without them judges too mildly."""
    policy_set(repository)
    folders = tuple(f"{repository.folder('policies', one)}/" for one in ("", repository.organization))
    return [
        finding
        for finding in repository.findings
        if finding.severity is Severity.ERROR
        and (finding.place.path == ADMIN_CONFIG or finding.place.path.startswith(folders))
    ]


def merge_policies(documents: Iterable[Document], read_from: str = "working tree") -> PolicySet:
    """The merged set of AdminConfig and WorkflowPolicies documents; those of other kinds are left aside.

    The documents' shapes have been checked: a value of a wrong type is somebody else's finding, and skipped here.
    """
    known = [document for document in documents if document.kind in {"AdminConfig", "WorkflowPolicies"}]
    reader = _Reader(known)
    security = ("security",)
    return PolicySet(
        read_from=read_from,
        required_platform_workflows=reader.rule("requiredPlatformWorkflows", _names, _united),
        allowed_product_workflows=reader.rule("allowedProductWorkflows", _names, _common),
        allowed_step_types=reader.rule("allowedStepTypes", _names, _common),
        workflow_overrides=reader.table(("workflowOverrides",), _boolean, all, only=("platform", "product")),
        max_workflow_duration=reader.rule("maxWorkflowDuration", _seconds, min),
        max_concurrent_workflows=reader.rule("maxConcurrentWorkflows", _integer, min),
        max_steps_per_workflow=reader.rule("maxStepsPerWorkflow", _integer, min),
        rollback_coverage=reader.rule("rollbackCoverage", _coverage, _united),
        require_approval=reader.rule("requireApproval", _names, _united, under=security),
        allowed_executors=reader.rule("allowedExecutors", _names, _common, under=security),
        secrets_access=reader.table((*security, "secretsAccess"), _access, _united),
        allowed_environments=reader.rule("allowedEnvironments", _names, _common, section="policies"),
        enforce_backups=reader.rule("enforceBackups", _boolean, any, section="policies"),
        teams=_teams(known),
        production=_by_environment(known, ("production",), bool),
        namespaces=_by_environment(known, ("kubernetes", "namespace"), str),
        findings=(*reader.findings, *_roots_without_effect(known)),
    )


class _Reader:
    """Gathers statements from all documents, merges them, and notes where they disagree."""

    def __init__(self, documents: list[Document]) -> None:
        self.documents = documents
        self.findings: list[Finding] = []

    def rule(
        self,
        key: str,
        read: Callable[[Document, Node, Node], Statement[T] | None],
        merge: Callable[[list[T]], T],
        *,
        under: Names = (),
        section: str = "workflowPolicies",
    ) -> Rule[T] | None:
        statements = [
            statement
            for document in self.documents
            for holder in _holders(document, section, under)
            if (node := holder.get(key)) is not None
            if (statement := read(document, holder.key(key), node)) is not None
        ]
        return self._merged(".".join((*under, key)), statements, merge)

    def table(
        self,
        under: Names,
        read: Callable[[Document, Node, Node], Statement[T] | None],
        merge: Callable[[list[T]], T],
        only: Names | None = None,
    ) -> dict[str, Rule[T]]:
        keys = {
            key
            for document in self.documents
            for holder in _holders(document, "workflowPolicies", under)
            for key in holder.values
        }
        rules = ((key, self.rule(key, read, merge, under=under)) for key in sorted(keys if only is None else only))
        return {key: rule for key, rule in rules if rule is not None}

    def _merged(self, key: str, statements: list[Statement[T]], merge: Callable[[list[T]], T]) -> Rule[T] | None:
        if not statements:
            return None
        rule = Rule(key, merge([statement.value for statement in statements]), tuple(statements))
        first = statements[0]
        self.findings.extend(
            Finding(
                codes.POLICIES_DISAGREE,
                f"'{key}' is {_shown(key, other.value)} here and {_shown(key, first.value)} at {first.place}: "
                f"{_shown(key, rule.value)} counts",
                other.place,
                related=(Related("the other one", first.place),),
            )
            for other in statements[1:]
            if other.value != first.value
        )
        return rule


def _holders(document: Document, section: str, under: Names) -> Iterable[MappingNode]:
    """The mappings of a document in which rules of a section may stand."""
    root = document.mapping
    if document.kind == "AdminConfig":
        yield _below(root.mapping(section), under)
    elif section == "workflowPolicies":
        yield _below(root.mapping("spec"), under)
        if not under:
            yield root.mapping("spec").mapping("resources")


def _below(mapping: MappingNode, keys: Names) -> MappingNode:
    return reduce(lambda node, key: node.mapping(key), keys, mapping)


def _names(document: Document, key: Node, node: Node) -> Statement[Names] | None:
    if not isinstance(node, SequenceNode):
        return None
    entries = {
        item.value: document.place(item)
        for item in node.items
        if isinstance(item, ScalarNode) and isinstance(item.value, str)
    }
    return Statement(tuple(sorted(entries)), document.place(key), entries)


def _access(document: Document, key: Node, node: Node) -> Statement[Names] | None:
    word = node.value if isinstance(node, ScalarNode) else None
    return Statement((str(word) if word in ACCESS_WORDS else "none",), document.place(key))


def _coverage(document: Document, key: Node, node: Node) -> Statement[Names] | None:
    if not isinstance(node, MappingNode):
        return None
    least = node.get("minimum")
    minimum = least.plain() if isinstance(least, ScalarNode) else 0
    if isinstance(minimum, bool) or not isinstance(minimum, int):
        return None
    gate = node.get("gateIrreversible")
    gated = "gated" if isinstance(gate, ScalarNode) and gate.value is True else "free"
    named = node.get("environments")
    where = None if named is None else _names(document, key, named)
    places = ("*",) if where is None else where.value
    return Statement(tuple(f"{minimum} {gated} {place}" for place in places), document.place(key))


def _integer(document: Document, key: Node, node: Node) -> Statement[int] | None:
    value = node.plain() if isinstance(node, ScalarNode) else None
    return None if isinstance(value, bool) or not isinstance(value, int) else Statement(value, document.place(key))


def _boolean(document: Document, key: Node, node: Node) -> Statement[bool] | None:
    value = node.value if isinstance(node, ScalarNode) else None
    return Statement(value, document.place(key)) if isinstance(value, bool) else None


def _seconds(document: Document, key: Node, node: Node) -> Statement[int] | None:
    value = node.plain() if isinstance(node, ScalarNode) else None
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    try:
        return Statement(seconds_of(value), document.place(key))
    except ValueError:
        return None


def _united(values: list[Names]) -> Names:
    return tuple(sorted({name for value in values for name in value}))


def _common(values: list[Names]) -> Names:
    return tuple(sorted(set[str].intersection(*(set(value) for value in values))))


def _teams(documents: list[Document]) -> dict[str, Names]:
    return {
        name: tuple(str(member.plain()) for member in team.sequence("members"))
        for document in documents
        if document.kind == "AdminConfig"
        for name, team in document.mapping.mapping("teams").values.items()
        if isinstance(team, MappingNode)
    }


def _by_environment(documents: list[Document], keys: Names, kind: type[T]) -> dict[str, T]:
    found: dict[str, T] = {}
    for document in documents:
        if document.kind != "AdminConfig":
            continue
        for name, environment in document.mapping.mapping("environments").values.items():
            node = _below(environment, keys[:-1]).get(keys[-1]) if isinstance(environment, MappingNode) else None
            if isinstance(node, ScalarNode) and isinstance(node.value, kind):
                found[name] = node.value
    return found


def _roots_without_effect(documents: list[Document]) -> Iterable[Finding]:
    for document in documents:
        spec = document.mapping.mapping("spec")
        if document.kind == "WorkflowPolicies" and "workflowsRoot" in spec.values:
            place = document.place(spec.key("workflowsRoot"))
            yield Finding(codes.WORKFLOWS_ROOT_WITHOUT_EFFECT, "this 'workflowsRoot' moves nothing", place)


def _value(rule: Rule[Names] | Rule[int] | Rule[bool]) -> object:
    return list(rule.value) if isinstance(rule.value, tuple) else rule.value


def _shown(key: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if key == "maxWorkflowDuration" and isinstance(value, int):
        return duration_text(value)
    return f"[{', '.join(str(item) for item in value)}]" if isinstance(value, tuple) else str(value)
