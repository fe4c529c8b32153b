"""Applications planned in two states of a repository, the second time only where that may give another plan."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from innominatus_cli.documents.admin_config import AdminConfigDocument
from innominatus_cli.documents.consulted import Asked, KnownAnswers, Question, RecordingSnapshot
from innominatus_cli.documents.document_pool import DocumentPool
from innominatus_cli.documents.repository import Repository
from innominatus_cli.documents.snapshot import Snapshot
from innominatus_cli.documents.verdict import Actor
from innominatus_cli.documents.vocabulary import Tier
from innominatus_cli.findings.finding import CannotContinue, Finding, Severity
from innominatus_cli.operations.affected_applications import Affected, How
from innominatus_cli.operations.kept_comparisons import KeptComparisons, Made
from innominatus_cli.operations.noted_facts import NotedFacts, Outside
from innominatus_cli.operations.planning import PlanWish, admin_of, plan_wish
from innominatus_cli.planning.comparison import Comparison, compare
from innominatus_cli.planning.request import Facts, PlanOutcome, PlanRequest
from innominatus_cli.planning.siblings import Rest, Sibling, are_variables_alike
from innominatus_cli.policies.effects import judged_effects, objections
from innominatus_cli.policies.facts import JudgeFacts, teams_of
from innominatus_cli.policies.judge import judged_by_workflow, violations
from innominatus_cli.policies.policy_set import PolicySet, policy_set
from innominatus_cli.system.git_identity import Identity

if TYPE_CHECKING:
    from innominatus_cli.planning.planner import Spare


class Around(NamedTuple):
    """What is the same for both states and every application."""

    wish: PlanWish
    root: Path
    """The folder that typed paths are in."""
    facts: Callable[[Repository, PlanRequest], Facts]
    who: Identity
    """Whom policies judge."""
    now: str
    """When; RFC 3339, UTC."""
    policies: Callable[[str], PolicySet] | None = None
    """Those that judge both states, by organisation ("" for applications of none); None: each has its own."""


class _Planned(NamedTuple):
    """An application at one end."""

    name: str
    outcome: PlanOutcome
    asked: Asked
    admin: AdminConfigDocument
    organization: str
    """Whose policies hold beside the platform's; empty: nobody's."""
    outside: Outside | None
    """What the plan took from outside the repository, where that can be said."""

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(one for one in self.outcome.findings if one.severity is Severity.ERROR)


class _Alike(NamedTuple):
    """What came of an application whose siblings it may come to as well."""

    found: Affected | None
    old: Rest
    new: Rest


class _End:
    """One of the two states, with everything that is needed to plan in it."""

    def __init__(self, snapshot: Snapshot, pool: DocumentPool | None, around: Around) -> None:
        self.answers = KnownAnswers(snapshot)
        self._pool = pool
        self._around = around
        self._policies: dict[str, tuple[PolicySet, frozenset[Question]]] = {}
        self.planned = 0

    def repository(self) -> Repository:
        """A fresh reader, over the documents of the pool, whose snapshot remembers what it is asked."""
        return Repository(RecordingSnapshot(self.answers), self._pool)

    @cached_property
    def paths(self) -> frozenset[str]:
        """The Score files."""
        return frozenset(self.repository().application_paths())

    @cached_property
    def admin(self) -> AdminConfigDocument:
        """What admin-config.yaml says here."""
        return admin_of(self.repository())

    def policies(self, organization: str) -> tuple[PolicySet, frozenset[Question]]:
        """The policies that judge an organisation's applications here, and the questions that they rest on."""
        known = self._policies.get(organization)
        if known is None:
            known = self._policies[organization] = self._read_policies(organization)
        return known

    def _read_policies(self, organization: str) -> tuple[PolicySet, frozenset[Question]]:
        if self._around.policies is not None:
            return self._around.policies(organization), frozenset()
        repository = self.repository()
        repository.organization = organization
        found = policy_set(repository)
        return found, _asked(repository).all

    def plan(self, path: str, is_known: "IsKnown | None" = None) -> _Planned:
        """The plan of a Score file, or why there is none.

        Its outcome is `spared` where `is_known` says of all questions that planning asks, of the organisation, and of
        what this application is like, that nobody needs this plan.
        """
        repository = self.repository()
        around, noted = self._around, NotedFacts()
        spare: Spare | None = None
        if is_known is not None:
            spare = lambda sibling: is_known(_asked(repository), repository.organization, sibling)  # noqa: E731
        try:
            outcome = plan_wish(
                repository,
                around.wish,
                path,
                around.root,
                lambda request: noted.note(self._name(repository, path), request, around.facts(repository, request)),
                spare,
            )
        except CannotContinue as problem:
            outcome = PlanOutcome(None, problem.findings)
        self.planned += not outcome.spared
        name, admin = self._name(repository, path) or path, admin_of(repository)
        return _Planned(name, outcome, _asked(repository), admin, repository.organization, noted.taken)

    @staticmethod
    def _name(repository: Repository, path: str) -> str:
        """The application's; empty where its Score file cannot be read."""
        workload = repository.workload(path)
        return workload.model.metadata.name if workload else ""

    def says(self, planned: _Planned) -> tuple[Finding, ...] | None:
        """What policies say of it here; None where there is nothing to judge."""
        judged = planned.outcome.plan or planned.outcome.sketch
        if judged is None:
            return None
        who, policies = self._around.who, self.policies(planned.organization)[0]
        actor = Actor(name=who.name, email=who.email, source=who.source, teams=teams_of(who.email, policies.teams))
        secrets = planned.admin.secrets_in(judged.environment)
        facts = JudgeFacts(actor, self._around.now, secrets, planned.outcome.absent)
        return tuple(violations(judged, policies, facts))


IsKnown: TypeAlias = Callable[[Asked, str, Callable[[], Sibling | None]], bool]


def _asked(repository: Repository) -> Asked:
    snapshot = repository.snapshot
    return snapshot.everything_asked if isinstance(snapshot, RecordingSnapshot) else Asked(frozenset())


class Search:
    """Looks for what differs between two states; with `everything` nothing is shared or spared, to compare with."""

    def __init__(
        self,
        old: Snapshot,
        new: Snapshot,
        around: Around,
        kept: KeptComparisons | None = None,
        *,
        everything: bool = False,
    ) -> None:
        """`kept` are the comparisons of earlier runs; None where each is to be made."""
        self._kept = None if everything or around.policies is not None else kept
        self._pool = None if everything else DocumentPool()
        self._old, self._new = (_End(snapshot, self._pool, around) for snapshot in (old, new))
        if self._kept is not None:
            self._kept.hold_against(self._old.answers, self._new.answers)
        self._everything = everything
        self._differing: dict[Question, bool] = {}
        self._differing_together: dict[frozenset[Question], bool] = {}
        self._alike: dict[str, bool] = {}
        self._compared_alike: dict[str, list[_Alike]] = {}

    @property
    def applications(self) -> int:
        """How many there are in either state."""
        return len(self._old.paths | self._new.paths)

    @property
    def planned(self) -> int:
        """How many plans were made so far."""
        return self._old.planned + self._new.planned

    @property
    def parsed(self) -> int:
        """How many files were read so far."""
        return self._pool.parsed if self._pool is not None else 0

    def affected(self) -> Iterator[Affected]:
        """The applications that differ, by path."""
        for path in sorted(self._old.paths | self._new.paths):
            if path not in self._new.paths:
                workload = self._old.repository().workload(path)
                yield Affected(path, workload.model.metadata.name if workload else path, "removed")
            elif path not in self._old.paths:
                yield self._added(path)
            elif (found := self._known_or_compared(path)) is not None:
                yield found
        if self._kept is not None:
            self._kept.save(self._new.paths)

    def _differs(self, asked: Asked) -> bool:
        """Whether any of these questions has another answer now."""
        for some in asked.together:
            differs = self._differing_together.get(some)
            if differs is None:
                differs = self._differing_together[some] = self._differ(some)
            if differs:
                return True
        return self._differ(asked.own)

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
        raised = tuple(objections(self._new.says(now) or ()).values())
        return Affected(
            path, now.name, "added", judged_effects(Comparison(), (), raised), Comparison(), raised, (), now.errors
        )

    def _judged_alike(self, organization: str) -> bool:
        """Whether both ends have the same policies for an organisation's applications."""
        known = self._alike.get(organization)
        if known is None:
            asked = self._old.policies(organization)[1] | self._new.policies(organization)[1]
            known = self._alike[organization] = not self._differ(asked)
        return known

    def _known_or_compared(self, path: str) -> Affected | None:
        if self._kept is None:
            return self._compared(path)[0]
        known = self._kept.find(path)
        if known is not None:
            return known.affected
        found, made = self._compared_as_kept(path, self._kept) or self._compared(path)
        self._kept.put(path, made, found)
        return found

    def _compared_as_kept(self, path: str, kept: KeptComparisons) -> tuple[Affected | None, Made] | None:
        """What came of an application of which an earlier run has kept in what it is like others."""
        known = kept.sibling(path, self._old.admin) if self._compared_alike else None
        if known is None or not self._judged_alike(known[0].organization):
            return None
        sibling, noted = known
        one = self._as_siblings(sibling)
        return None if one is None else self._like(path, sibling, one, lambda: noted.taken)

    def _compared(self, path: str) -> tuple[Affected | None, Made]:
        """What came of an application, and from what."""
        alike: list[tuple[Sibling, _Alike]] = []
        unaffected: list[Sibling] = []

        def is_known(asked: Asked, of: str, tell: Callable[[], Sibling | None]) -> bool:
            if not self._judged_alike(of):
                return False
            if not self._differs(asked):
                sibling = tell() if self._kept is not None else None
                unaffected.extend([sibling] if sibling is not None and sibling.is_right() else [])
                return True
            sibling = tell()
            found = None if sibling is None else self._as_siblings(sibling)
            alike.extend([] if sibling is None or found is None else [(sibling, found)])
            return bool(alike)

        was = self._old.plan(path, is_known)
        asked = was.asked.and_together(self._old.policies(was.organization)[1])
        if alike:
            return self._like(path, *alike[0], lambda: was.outside)
        same = was.outcome.spared or not self._differs(was.asked)
        if same and self._judged_alike(was.organization):
            return None, Made((was.outside,), asked, asked, next(iter(unaffected), _sibling_of(was)))
        now = was if same else self._new.plan(path)
        made = Made(
            (was.outside,) if same else (was.outside, now.outside),
            asked,
            now.asked.and_together(self._new.policies(now.organization)[1]),
            _sibling_of(was),
        )
        return self._difference(path, was, now), made

    def _as_siblings(self, sibling: Sibling) -> _Alike | None:
        """What came of another application, where the same comes of this one."""
        candidates = self._compared_alike.get(sibling.key, ())
        if not candidates or self._differ(sibling.asked.own) or not sibling.is_right():
            return None
        return next((one for one in candidates if one.old.holds_for(sibling) and one.new.holds_for(sibling)), None)

    def _like(
        self, path: str, sibling: Sibling, one: _Alike, outside: Callable[[], Outside | None]
    ) -> tuple[Affected | None, Made]:
        self._old.planned += 1
        self._new.planned += 1
        was, now = (
            Asked(sibling.asked.own, together).and_together(end.policies(sibling.organization)[1])
            for together, end in (
                (sibling.asked.together, self._old),
                (one.new.sibling.asked.together, self._new),
            )
        )
        found = None if one.found is None else one.found._replace(path=path, name=sibling.name)
        return found, Made((outside(),), was, now, sibling)

    def _note_siblings(self, was: _Planned, now: _Planned, found: Affected | None) -> None:
        """Notes what came of an application, where its siblings can be known to come to the same."""
        old, new = was.outcome.rest, now.outcome.rest
        if (
            old is None
            or new is None
            or not self._judged_alike(was.organization)
            or self._differ(old.sibling.asked.own)
        ):
            return
        if found is not None and (found.raised or found.settled):
            return
        policies = self._old.policies(was.organization)[0]
        if not judged_by_workflow(policies) or not are_variables_alike(old, new):
            return
        if self._objections_apart(was) == self._objections_apart(now):
            self._compared_alike.setdefault(old.sibling.key, []).append(_Alike(found, old, new))

    def _objections_apart(self, planned: _Planned) -> frozenset[tuple[str, str]]:
        """Why policies refuse what a plan has besides its application tier."""
        plan = planned.outcome.plan
        if plan is None:
            return frozenset()
        parts = {
            "workflows": [one for one in plan.workflows if one.tier is not Tier.APPLICATION],
            "steps": [one for one in plan.steps if one.tier is not Tier.APPLICATION],
        }
        apart = planned._replace(outcome=replace(planned.outcome, plan=plan.model_copy(update=parts)))
        return frozenset(objections(self._old.says(apart) or ()))

    def _difference(self, path: str, was: _Planned, now: _Planned) -> Affected | None:
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
        affected = None
        if found or raised or settled:
            affected = Affected(path, now.name, "changed", effects, found, raised, settled)
        if not self._everything:
            self._note_siblings(was, now, affected)
        return affected


def _sibling_of(planned: _Planned) -> Sibling | None:
    return planned.outcome.rest.sibling if planned.outcome.rest is not None else None


def _only(one: tuple[Finding, ...] | None, other: tuple[Finding, ...] | None) -> tuple[Finding, ...]:
    known = objections(other or ())
    return tuple(finding for key, finding in objections(one or ()).items() if key not in known)
