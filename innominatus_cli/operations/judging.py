"""Whose policies judge: those of the working tree, or of another revision (`--policies-from REV`).

A change cannot loosen its own judge: the policies, and what may be ignored, come from the revision that it is to be
merged into. Places in them are written `REV:path`.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from innominatus_cli.documents.admin_config import AdminConfigDocument
from innominatus_cli.documents.nodes import Document
from innominatus_cli.documents.plan import Plan
from innominatus_cli.documents.repository import ADMIN_CONFIG, Repository
from innominatus_cli.documents.revision_snapshot import RevisionSnapshot
from innominatus_cli.documents.verdict import Actor
from innominatus_cli.findings.catalogue.plan import NO_ADMIN_CONFIG
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.operations.repository_check import RepositoryCheck
from innominatus_cli.operations.revisions import RepositoryHistory
from innominatus_cli.planning.request import PlanOutcome
from innominatus_cli.policies.facts import JudgeFacts, Judgement, teams_of
from innominatus_cli.policies.judge import judge
from innominatus_cli.policies.policy_set import (
    PolicySet,
    merge_policies,
    policy_documents,
    policy_set,
    unusable_policies,
)
from innominatus_cli.system.git import Git
from innominatus_cli.system.git_identity import Identity


class Judge(NamedTuple):
    """The documents of another revision whose policies judge a check, admin-config.yaml first.

    `findings` are what is wrong with them, `sources` their texts.
    """

    revision: str
    documents: tuple[Document, ...]
    findings: tuple[Finding, ...]
    sources: dict[str, str]
    of_organizations: Mapping[str, tuple[Document, ...]] = {}
    """The documents of each organisation's own policies, which judge what belongs to it."""

    @property
    def admin_config(self) -> Document | None:
        """The document of admin-config.yaml; None where that revision has none that can be read."""
        return next((one for one in self.documents if one.kind == "AdminConfig"), None)


def judge_at(root: str, revision: str) -> Judge:
    """The policies of the folder `root` (resolved) at a revision, for a check. Raises CannotContinue without one."""
    history = RepositoryHistory(root, "--policies-from")
    snapshot = history.snapshot(history.commit(revision), revision)
    check = RepositoryCheck(root, snapshot=snapshot)
    findings = [_at(revision, finding) for finding in check.unusable_policies()]
    if not snapshot.exists(ADMIN_CONFIG):
        findings.append(_no_admin_config(revision))
    documents = [one for one in (check.admin_config, *check.facts.policies) if one is not None]
    of_organizations = {name: tuple(check.policies_of(name)) for name in check.organizations}
    every = [*documents, *(document for several in of_organizations.values() for document in several)]
    for document in every:
        document.path = f"{revision}:{document.path}"
    sources = {document.path: document.text for document in every}
    return Judge(revision, tuple(documents), tuple(findings), sources, of_organizations)


class Policies(NamedTuple):
    """The merged policies that judge a plan, and the texts of the documents of another revision that hold them."""

    rules: PolicySet
    sources: dict[str, str]
    repository: Repository
    """The documents of the revision that judges."""

    @property
    def admin(self) -> AdminConfigDocument:
        """admin-config.yaml of that revision: its teams, and what counts as an approval."""
        found = self.repository.admin_config()
        return found.model if found else AdminConfigDocument()


def policies_for(repository: Repository, git: Git | None, revision: str | None) -> Policies:
    """The policies of the working tree, or of a commit, for a plan. Raises CannotContinue where some cannot be read."""
    if revision is None or git is None:
        _refuse_unusable(unusable_policies(repository))
        return Policies(policy_set(repository), {}, repository)
    at = Repository(RevisionSnapshot(git, git.resolve(revision), revision))
    at.organization = repository.organization
    _refuse_unusable([_at(revision, finding) for finding in unusable_policies(at)])
    documents = policy_documents(at)
    for document in documents:
        document.path = f"{revision}:{document.path}"
    rules = merge_policies(documents, revision)
    if not at.has_admin_config:
        rules = replace(rules, findings=(*rules.findings, _no_admin_config(revision)))
    return Policies(rules, {document.path: document.text for document in documents}, at)


def judgement_on(
    plan: Plan,
    outcome: PlanOutcome,
    policies: PolicySet,
    who: Identity,
    judged_at: str,
    admin: AdminConfigDocument,
    *,
    approved: bool = False,
) -> Judgement:
    """What policies say of a plan, or of the sketch of one, that `outcome` came with.

    `judged_at` is RFC 3339, UTC; `admin` defines the secrets that the plan names. `approved` says that the gate of its
    environment is open.
    """
    actor = Actor(name=who.name, email=who.email, source=who.source, teams=teams_of(who.email, policies.teams))
    secrets = admin.secrets_in(plan.environment)
    return judge(plan, policies, JudgeFacts(actor, judged_at, secrets, outcome.absent, approved=approved))


def _refuse_unusable(findings: list[Finding]) -> None:
    if findings:
        raise CannotContinue(*findings)


def _no_admin_config(revision: str) -> Finding:
    message = f"there is no admin-config.yaml at {revision}: its policies refuse nothing"
    return Finding(NO_ADMIN_CONFIG, message, Place(f"{revision}:{ADMIN_CONFIG}"), "Judge by a revision that has one.")


def _at(revision: str, finding: Finding) -> Finding:
    """A finding of a snapshot with the revision in its places."""
    related = tuple(one._replace(place=_place_at(revision, one.place)) for one in finding.related)
    return finding._replace(place=_place_at(revision, finding.place), related=related)


def _place_at(revision: str, place: Place) -> Place:
    return place._replace(path=f"{revision}:{place.path}")
