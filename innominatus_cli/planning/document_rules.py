"""What `validate` calls an error in a file that has a say stops the plan, by the same rules and codes."""

from collections.abc import Iterable, Sequence
from functools import partial

from innominatus_cli.checks.checking import check_document
from innominatus_cli.checks.facts import Facts as CheckFacts
from innominatus_cli.checks.said import said_by
from innominatus_cli.checks.score_kubernetes import REFUSED
from innominatus_cli.documents.nodes import Document
from innominatus_cli.documents.repository import Repository
from innominatus_cli.findings.catalogue.score import MISSING_SOURCE_FILE
from innominatus_cli.findings.catalogue.workflow import REQUIRED_WORKFLOW_NOT_ALWAYS
from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import Finding, Severity
from innominatus_cli.planning.drafts import Draft, step_types_in
from innominatus_cli.planning.own_types import StepTypes, has_own_types
from innominatus_cli.planning.selection import Selection
from innominatus_cli.step_types.catalogue import STEP_TYPES


def document_findings(
    repository: Repository,
    types: StepTypes,
    drafts: Sequence[Draft],
    consulted: list[str],
    selection: Selection | None = None,
    *,
    removes: bool = False,
) -> list[Finding]:
    """The errors in all files that had a say; those of the step types that `drafts` use are added to `consulted`.

    `selection` is what many plans have in common: what there is to say of its files is looked for once.

    What rules say of admin-config.yaml beyond its shape (a password, a provider) stops nobody's plan, and what policies
    forbid is judged beside the plan, so that a refusal names every violation and is recorded. A plan that `removes` an
    application needs none of the files that its containers were made of: records say what is there.
    """
    snapshot = repository.snapshot
    no_own_types = not has_own_types(repository)
    own_types = () if no_own_types else _own_step_types(repository, types, drafts, consulted)
    admin = repository.admin_config()
    facts = CheckFacts(
        admin_config=admin.document if admin else None,
        step_types=own_types,
        own_types=lambda: {name: written.document for name, written in types.own.items()},
        is_file=snapshot.is_file,
        vendored=repository.vendored.problem,
    )
    findings = list(types.findings)
    deploys = any(map(_deploys_to_kubernetes, reversed(drafts)))  # generated steps come last

    def errors_in(paths: Iterable[str]) -> list[Finding]:
        found: list[Finding] = []
        for path in paths:
            if snapshot.is_file(path):
                for document in repository.loaded(path).documents:
                    found += _errors_of(document, facts, repository, deploys=deploys, remembers=no_own_types)
        return found

    paths = dict.fromkeys(consulted)
    if selection is not None and no_own_types:
        common = [path for path in dict.fromkeys(selection.consulted) if paths.pop(path, path) is None]
        key = ("errors", id(selection), id(facts.admin_config), deploys)
        findings += repository.shared(key, lambda: errors_in(common), lambda _: True)
    findings += errors_in(paths)
    return [one for one in findings if one.code is not MISSING_SOURCE_FILE] if removes else findings


def _errors_of(
    document: Document, facts: CheckFacts, repository: Repository, *, deploys: bool, remembers: bool
) -> list[Finding]:
    if document.kind in {"", "AdminConfig"}:
        return []
    look = partial(check_document, document, facts)
    key = ("checked", id(document), id(facts.admin_config))
    found = repository.remembered(key, look) if remembers else look()
    if deploys and document.kind == "Workload":
        found = [_refused(one) for one in found]
    return [one for one in found if one.severity is Severity.ERROR and not _is_policy(one)]


def _own_step_types(
    repository: Repository, types: StepTypes, drafts: Sequence[Draft], consulted: list[str]
) -> tuple[str, ...]:
    """The names of the repository's own step types, where a file that has a say speaks of a type of its own."""
    for kind in sorted(step_types_in(drafts)):
        types.find(kind)
    consulted += types.consulted
    paths = [path for path in dict.fromkeys(consulted) if repository.snapshot.is_file(path)]
    used = {kind for path in paths for one in repository.loaded(path).documents for kind in _types_in(one)}
    return tuple(types.own) if used - STEP_TYPES.keys() else ()


def _types_in(document: Document) -> tuple[str, ...]:
    return said_by(document).step_types if document.kind else ()


def _deploys_to_kubernetes(draft: Draft) -> bool:
    return any(
        step.definition.type == "kubernetes" and step.ready is not None and step.ready.get("operation") == "apply"
        for step in draft.steps
    )


def _refused(finding: Finding) -> Finding:
    """What Kubernetes will refuse is an error before the first step, and no surprise at the last one."""
    return finding._replace(severity_override=Severity.ERROR) if finding.code.number in REFUSED else finding


def _is_policy(finding: Finding) -> bool:
    return finding.code.exit_status is ExitStatus.POLICY_REFUSED or finding.code is REQUIRED_WORKFLOW_NOT_ALWAYS
