"""`affected --since REV`: which applications' plans a change alters, and how.

Every Score file is planned as it was at the last commit that REV and HEAD have in common, and as it is in the working
tree. What stands outside the sources (environment variables, git, the records) is the same for both, so that only the
change of files counts. An application is planned again only where one of the questions that its old plan asked of the
repository has another answer now, from documents that are read once; `everything=True` reads and plans everything anew
for each, and finds the same.
"""

import os
from dataclasses import dataclass, replace
from pathlib import Path

from innominatus_cli.documents.repository import YAML, Repository
from innominatus_cli.documents.snapshot import WorkingTreeSnapshot
from innominatus_cli.documents.vocabulary import Operation
from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.ledger.facts import FirstDeployments, deployed
from innominatus_cli.ledger.working_tree import WorkingTreeStore
from innominatus_cli.operations.affected_applications import Affected
from innominatus_cli.operations.judging import policies_for
from innominatus_cli.operations.kept_comparisons import KeptComparisons
from innominatus_cli.operations.opening import open_repository, root_of
from innominatus_cli.operations.planned_revision import GitFacts
from innominatus_cli.operations.planning import PlanWish, store_of
from innominatus_cli.operations.revisions import RepositoryHistory
from innominatus_cli.operations.two_states import Around, Search
from innominatus_cli.planning.request import Facts, PlanRequest
from innominatus_cli.policies.policy_set import PolicySet
from innominatus_cli.system.clock import Clock, SystemClock, timestamp
from innominatus_cli.system.git import Git


@dataclass(frozen=True, slots=True)
class AffectedReport:
    """All applications that are affected, by path, and what it took to find them."""

    since: str
    commit: str
    """The commit that REV and HEAD have in common."""
    applications: int
    """How many there are at either end."""
    affected: tuple[Affected, ...]
    planned: int = 0
    """Plans made, at both ends together."""
    parsed: int = 0
    """Files read, each once."""


def exit_status(report: AffectedReport, fail_on: tuple[str, ...]) -> ExitStatus:
    """3 for `refused` and 1 for `broken` and `changed`, where that is to fail and has happened; else 0."""
    if "refused" in fail_on and any(one.newly_refused for one in report.affected):
        return ExitStatus.POLICY_REFUSED
    if "broken" in fail_on and any(one.newly_broken for one in report.affected):
        return ExitStatus.FINDINGS
    return ExitStatus.FINDINGS if "changed" in fail_on and report.affected else ExitStatus.OK


def find_affected(
    since: str,
    wish: PlanWish,
    policies_from: str | None = None,
    directory: Path | None = None,
    clock: Clock | None = None,
    *,
    everything: bool = False,
    cache: bool = True,
) -> AffectedReport:
    """What changed for every application since `since`, each planned as `wish` says.

    Each end is judged by its own policies, or both by those of `policies_from`. With `everything` nothing is spared.
    What comes of each application is kept in the git directory for the next time, unless `cache` is False, files from
    outside the repository may have a say, or the policies of a revision are trusted more than what lies here.
    Raises CannotContinue without git, for a wrong revision, and where policies cannot be read.
    """
    root = root_of(open_repository(directory))
    history = RepositoryHistory(str(root), "--since")
    commit = history.common_commit(since)
    old = history.checked_out(commit, since)
    old.fetch(path for path in old.paths() if path.endswith(YAML))
    here = Repository(WorkingTreeSnapshot(root))
    store = store_of(here)
    if store is None:
        raise AssertionError("there was a git repository just now")
    judging = _Judging(here, history.git, policies_from)
    for organization in ("", *here.organizations()):
        judging.of(organization)  # those of the working tree too: they must be readable
    facts = _SharedFacts(store, root)
    around = Around(
        replace(wish, list_others=False),
        root,
        facts.of,
        store.who,
        timestamp((clock or SystemClock()).now()),
        None if policies_from is None else judging.of,
    )
    kept = None
    if cache and not everything and policies_from is None and not wish.param_files and not wish.overriding.wanted:
        about = (since, around.wish, around.who)
        kept = KeptComparisons.of(str(root), about, facts.first, Facts(env=os.environ, git=facts.git))
    search = Search(old, WorkingTreeSnapshot(root), around, kept, everything=everything)
    found = tuple(search.affected())
    return AffectedReport(since, commit, search.applications, found, search.planned, search.parsed)


class _Judging:
    """The policies of the working tree, or of another revision, for the applications of each organisation."""

    def __init__(self, here: Repository, git: Git, revision: str | None) -> None:
        self._here = here
        self._git = git
        self._revision = revision
        self._known: dict[str, PolicySet] = {}

    def of(self, organization: str) -> PolicySet:
        """Those of an organisation, or of the platform for "". Raises CannotContinue where some cannot be read."""
        if organization not in self._known:
            self._here.organization = organization
            self._known[organization] = policies_for(self._here, self._git, self._revision).rules
        return self._known[organization]


class _SharedFacts:
    """Everything outside of the sources, for all applications and both ends."""

    def __init__(self, store: WorkingTreeStore, root: Path) -> None:
        self._store = store
        self.first = FirstDeployments(store).of
        self.git = GitFacts(root)

    def of(self, repository: Repository, request: PlanRequest) -> Facts:
        workload = repository.workload(request.score_path) if request.score_path is not None else None
        if workload is None:
            return Facts(env=os.environ, git=self.git)
        name = workload.model.metadata.name
        first, evidence = self.first(name, request.environment)
        undeploys = request.operation is Operation.UNDEPLOY
        there = deployed(self._store, name, request.environment) if undeploys else None
        return Facts(first, evidence, os.environ, self.git, there)
