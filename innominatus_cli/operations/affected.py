"""`affected --since REV`: which applications' plans a change alters, and how.

Every Score file is planned as it was at the last commit that REV and HEAD have in common, and as it is in the working
tree. What stands outside the sources (environment variables, git, the records) is the same for both, so that only the
change of files counts. An application is planned again only where one of the questions that its old plan asked of the
repository has another answer now, from documents that are read once; `everything=True` reads and plans everything anew
for each, and finds the same.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from innominatus_cli.documents.admin_config import AdminConfigDocument
from innominatus_cli.documents.consulted import KnownAnswers, Question, RecordingSnapshot
from innominatus_cli.documents.document_pool import DocumentPool
from innominatus_cli.documents.repository import YAML, Repository
from innominatus_cli.documents.snapshot import Snapshot, WorkingTreeSnapshot
from innominatus_cli.documents.verdict import Actor
from innominatus_cli.documents.vocabulary import Operation
from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import CannotContinue, Finding, Severity
from innominatus_cli.ledger.facts import FirstDeployments, deployed
from innominatus_cli.ledger.working_tree import WorkingTreeStore
from innominatus_cli.operations.judging import policies_for
from innominatus_cli.operations.opening import open_repository, root_of
from innominatus_cli.operations.planned_revision import GitFacts
from innominatus_cli.operations.planning import PlanWish, admin_of, plan_wish, store_of
from innominatus_cli.operations.revisions import RepositoryHistory
from innominatus_cli.planning.comparison import Comparison, compare
from innominatus_cli.planning.request import Facts, PlanOutcome, PlanRequest
from innominatus_cli.policies.effects import judged_effects, objections
from innominatus_cli.policies.facts import JudgeFacts, teams_of
from innominatus_cli.policies.judge import violations
from innominatus_cli.policies.policy_set import PolicySet, policy_set
from innominatus_cli.system.clock import Clock, SystemClock, timestamp

How: TypeAlias = Literal["changed", "added", "removed", "broken", "mended"]


class Affected(NamedTuple):
    """One application that the change affects.

    `changed`: it has a plan before and after, and they, or the policies' word on them, differ. `broken`: it had one and
    has none, `mended` the other way round. `added` and `removed`: its Score file is new, or gone.
    """

    path: str
    """The Score file's."""
    name: str
    how: How
    effects: tuple[str, ...] = ()
    """In a few words, see `planning.effects`."""
    comparison: Comparison = Comparison()
    raised: tuple[Finding, ...] = ()
    """Because of what policies refuse it now, and did not before."""
    settled: tuple[Finding, ...] = ()
    findings: tuple[Finding, ...] = ()
    """Errors that stand in the way of a plan now."""

    @property
    def newly_refused(self) -> bool:
        """Whether policies refuse it for something that they did not refuse it for before."""
        return bool(self.raised)

    @property
    def newly_broken(self) -> bool:
        """Whether it cannot be planned, and that is of this change."""
        return self.how == "broken" or (self.how == "added" and bool(self.findings))


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
) -> AffectedReport:
    """What changed for every application since `since`, each planned as `wish` says.

    Each end is judged by its own policies, or both by those of `policies_from`. With `everything` nothing is spared.
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
    facts = _SharedFacts(store, root)
    judging = policies_for(here, history.git, policies_from)  # those of the working tree too: they must be readable
    policies = None if policies_from is None else judging.rules
    pool = None if everything else DocumentPool()
    judge = _Judge(store, timestamp((clock or SystemClock()).now()))
    ends = [
        _End(snapshot, pool, replace(wish, list_others=False), root, facts, judge, policies)
        for snapshot in (old, WorkingTreeSnapshot(root))
    ]
    return _Search(*ends, everything=everything).report(since, commit, pool)


class _SharedFacts:
    """Everything outside of the sources, for all applications and both ends."""

    def __init__(self, store: WorkingTreeStore, root: Path) -> None:
        self._store = store
        self._first = FirstDeployments(store)
        self._git = GitFacts(root)

    def of(self, repository: Repository, request: PlanRequest) -> Facts:
        workload = repository.workload(request.score_path) if request.score_path is not None else None
        if workload is None:
            return Facts(env=os.environ, git=self._git)
        name = workload.model.metadata.name
        first, evidence = self._first.of(name, request.environment)
        undeploys = request.operation is Operation.UNDEPLOY
        there = deployed(self._store, name, request.environment) if undeploys else None
        return Facts(first, evidence, os.environ, self._git, there)


class _Judge:
    def __init__(self, store: WorkingTreeStore, now: str) -> None:
        self._who = store.who
        self._now = now

    def says(self, outcome: PlanOutcome, policies: PolicySet, admin: AdminConfigDocument) -> tuple[Finding, ...] | None:
        judged = outcome.plan or outcome.sketch
        if judged is None:
            return None
        who = self._who
        actor = Actor(name=who.name, email=who.email, source=who.source, teams=teams_of(who.email, policies.teams))
        return tuple(violations(judged, policies, JudgeFacts(actor, self._now, admin.secrets, outcome.absent)))


class _Planned(NamedTuple):
    """An application at one end."""

    name: str
    outcome: PlanOutcome
    asked: frozenset[Question]
    admin: AdminConfigDocument

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(one for one in self.outcome.findings if one.severity is Severity.ERROR)


class _End:
    """One of the two states, with everything that is needed to plan in it."""

    def __init__(
        self,
        snapshot: Snapshot,
        pool: DocumentPool | None,
        wish: PlanWish,
        root: Path,
        facts: _SharedFacts,
        judge: _Judge,
        policies: PolicySet | None,
    ) -> None:
        self.answers = KnownAnswers(snapshot)
        self._pool = pool
        self._wish = wish
        self._root = root
        self._facts = facts
        self._judge = judge
        self._given_policies = policies
        self.planned = 0

    def repository(self) -> Repository:
        """A fresh reader, over the documents of the pool, whose snapshot remembers what it is asked."""
        return Repository(RecordingSnapshot(self.answers), self._pool)

    @cached_property
    def paths(self) -> frozenset[str]:
        """The Score files."""
        return frozenset(self.repository().application_paths())

    @cached_property
    def policies(self) -> tuple[PolicySet, frozenset[Question]]:
        """The policies that judge here, and the questions that they rest on."""
        if self._given_policies is not None:
            return self._given_policies, frozenset()
        repository = self.repository()
        found = policy_set(repository)
        return found, _asked(repository)

    def plan(self, path: str, is_known: Callable[[frozenset[Question]], bool] | None = None) -> _Planned | None:
        """The plan of a Score file, or why there is none.

        None where `is_known` says of all questions that planning asks that nobody needs this plan.
        """
        repository = self.repository()
        spare = None if is_known is None else lambda: is_known(_asked(repository))
        try:
            outcome = plan_wish(
                repository, self._wish, path, self._root, lambda request: self._facts.of(repository, request), spare
            )
        except CannotContinue as problem:
            outcome = PlanOutcome(None, problem.findings)
        if outcome.spared:
            return None
        self.planned += 1
        workload = repository.workload(path)
        name = workload.model.metadata.name if workload else path
        admin = admin_of(repository)
        return _Planned(name, outcome, _asked(repository), admin)

    def says(self, planned: _Planned) -> tuple[Finding, ...] | None:
        """What the policies of this end say."""
        return self._judge.says(planned.outcome, self.policies[0], planned.admin)


def _asked(repository: Repository) -> frozenset[Question]:
    snapshot = repository.snapshot
    return frozenset(snapshot.asked) if isinstance(snapshot, RecordingSnapshot) else frozenset()


class _Search:
    def __init__(self, old: _End, new: _End, *, everything: bool) -> None:
        self._old = old
        self._new = new
        self._everything = everything
        self._differing: dict[Question, bool] = {}

    def report(self, since: str, commit: str, pool: DocumentPool | None) -> AffectedReport:
        found = tuple(self._affected())
        return AffectedReport(
            since,
            commit,
            len(self._old.paths | self._new.paths),
            found,
            self._old.planned + self._new.planned,
            pool.parsed if pool is not None else 0,
        )

    def _affected(self) -> Iterator[Affected]:
        same_policies = not self._differ(self._old.policies[1] | self._new.policies[1])
        for path in sorted(self._old.paths | self._new.paths):
            if path not in self._new.paths:
                workload = self._old.repository().workload(path)
                yield Affected(path, workload.model.metadata.name if workload else path, "removed")
            elif path not in self._old.paths:
                yield self._added(path)
            elif (found := self._compared(path, same_policies=same_policies)) is not None:
                yield found

    def _differ(self, asked: frozenset[Question]) -> bool:
        """Whether any of these questions has another answer now."""
        if self._everything:
            return True
        known = self._differing
        for question in asked:
            differs = known.get(question)
            if differs is None:
                differs = self._old.answers.of(question) != self._new.answers.of(question)
                known[question] = differs
            if differs:
                return True
        return False

    def _added(self, path: str) -> Affected:
        now = self._new.plan(path)
        if now is None:
            raise AssertionError("nothing was to be spared")
        raised = tuple(objections(self._new.says(now) or ()).values())
        return Affected(
            path, now.name, "added", judged_effects(Comparison(), (), raised), Comparison(), raised, (), now.errors
        )

    def _compared(self, path: str, *, same_policies: bool) -> Affected | None:
        is_known = (lambda asked: not self._differ(asked)) if same_policies else None
        was = self._old.plan(path, is_known)
        same = was is None or not self._differ(was.asked)
        if was is None or (same and same_policies):
            return None
        now = was if same else self._new.plan(path)
        if now is None:
            raise AssertionError("nothing was to be spared")
        before, after = self._old.says(was), self._new.says(now)
        plans = was.outcome.plan, now.outcome.plan
        raised, settled = _only(after, before), _only(before, after)
        if plans[0] is None or plans[1] is None:
            if plans[0] is plans[1]:
                return None
            how: How = "broken" if plans[1] is None else "mended"
            return Affected(path, now.name, how, (), Comparison(), raised, settled, now.errors)
        found = compare(plans[0], plans[1])
        effects = judged_effects(found, before, after)
        if not found and not raised and not settled:
            return None
        return Affected(path, now.name, "changed", effects, found, raised, settled)


def _only(one: tuple[Finding, ...] | None, other: tuple[Finding, ...] | None) -> tuple[Finding, ...]:
    known = objections(other or ())
    return tuple(finding for key, finding in objections(one or ()).items() if key not in known)
