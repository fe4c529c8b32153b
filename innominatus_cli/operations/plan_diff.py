"""`plan diff`: two plans of one application, from commits, environments, the working tree or files, side by side."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from innominatus_cli.documents.plan import Plan
from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import Finding
from innominatus_cli.operations.compared_files import read_plan
from innominatus_cli.operations.judging import judgement_on, policies_for
from innominatus_cli.operations.opening import open_repository, root_of
from innominatus_cli.operations.planned_revision import Revision
from innominatus_cli.operations.planning import PlanWish, admin_of, plan_with, store_of
from innominatus_cli.planning.comparison import Comparison, compare
from innominatus_cli.policies.effects import objections
from innominatus_cli.policies.facts import Judgement
from innominatus_cli.system.clock import Clock, SystemClock, timestamp

WORKING_TREE = "working tree"


class End(NamedTuple):
    """One end of a comparison: a revision (None: the working tree) and an environment (None: the default one)."""

    revision: str | None = None
    environment: str | None = None


class Side(NamedTuple):
    """The plan of one end, or what stands in its way, and what policies say of it."""

    name: str
    """What people call it: `main`, `working tree`, `main, staging`, the path of a file."""
    plan: Plan | None
    findings: tuple[Finding, ...] = ()
    judgement: Judgement | None = None

    @property
    def said(self) -> tuple[Finding, ...] | None:
        """What policies say of it; None where nobody judged."""
        return self.judgement.findings if self.judgement else None


@dataclass(frozen=True, slots=True)
class PlanDiff:
    """Two sides, and how their plans differ; None where one side has none."""

    old: Side
    new: Side
    comparison: Comparison | None
    sources: dict[str, str]
    """The texts that findings point into, by path."""

    @property
    def raised(self) -> tuple[Finding, ...]:
        """Because of what policies refuse the new plan, and did not the old one."""
        return self._only(self.new, self.old)

    @property
    def settled(self) -> tuple[Finding, ...]:
        """Because of what they refused the old plan, and do not the new one."""
        return self._only(self.old, self.new)

    @staticmethod
    def _only(one: Side, other: Side) -> tuple[Finding, ...]:
        if one.said is None or other.said is None:
            return ()
        known = objections(other.said)
        return tuple(finding for key, finding in objections(one.said).items() if key not in known)

    @property
    def differs(self) -> bool:
        """Whether the plans differ in any byte, or the policies' word on them does."""
        return self.comparison is None or bool(self.comparison or self.raised or self.settled)

    def exit_status(self, *, detailed: bool) -> ExitStatus:
        """1 where there is no plan to compare and, as `git diff --exit-code` has it, for a difference if asked."""
        if self.comparison is None or (detailed and self.differs):
            return ExitStatus.FINDINGS
        return ExitStatus.OK


def diff_plans(
    wish: PlanWish,
    old: End,
    new: End,
    policies_from: str | None = None,
    directory: Path | None = None,
    clock: Clock | None = None,
) -> PlanDiff:
    """Plans `wish` at both ends, each judged by its own policies, or by those of `policies_from`.

    Raises CannotContinue where there is no repository, no such revision, or no policies that can be read.
    """
    now = timestamp((clock or SystemClock()).now())
    sources: dict[str, str] = {}
    sides = [_side(wish, end, policies_from, directory, now, sources) for end in (old, new)]
    named = _told_apart(old, new)
    return compared(sides[0]._replace(name=named[0]), sides[1]._replace(name=named[1]), sources)


def diff_plan_files(old: str, new: str) -> PlanDiff:
    """Two files that hold plans. Raises CannotContinue for one that does not, or that was edited."""
    sides = [Side(path, read_plan(path)) for path in (old, new)]
    return compared(sides[0], sides[1], {})


def compared(old: Side, new: Side, sources: dict[str, str]) -> PlanDiff:
    """Two sides, compared where both have a plan."""
    both = old.plan is not None and new.plan is not None
    found = compare(old.plan, new.plan) if both and old.plan is not None and new.plan is not None else None
    return PlanDiff(old, new, found, sources)


def _side(
    wish: PlanWish,
    end: End,
    policies_from: str | None,
    directory: Path | None,
    now: str,
    sources: dict[str, str],
) -> Side:
    here = open_repository(directory)
    store = store_of(here)
    there = None if end.revision is None else Revision(root_of(here), end.revision, "plan diff")
    repository = here if there is None else there.repository()
    outcome = plan_with(repository, store, replace(wish, environment=end.environment), there)
    judgement = None
    judged = outcome.plan or outcome.sketch
    if store is not None and judged is not None:
        policies = policies_for(repository, store.git, policies_from)
        judgement = judgement_on(judged, outcome, policies.rules, store.who, now, admin_of(repository))
        sources.update(policies.sources)
    sources.update(repository.sources())
    return Side(end.revision or WORKING_TREE, outcome.plan, outcome.findings, judgement)


def _told_apart(old: End, new: End) -> tuple[str, str]:
    """What the ends are called: by revision, by environment where that differs, by both where both do."""
    revisions = [end.revision or WORKING_TREE for end in (old, new)]
    environments = [end.environment or "default environment" for end in (old, new)]
    if environments[0] == environments[1]:
        return revisions[0], revisions[1]
    if revisions[0] == revisions[1]:
        return environments[0], environments[1]
    return f"{revisions[0]}, {environments[0]}", f"{revisions[1]}, {environments[1]}"
