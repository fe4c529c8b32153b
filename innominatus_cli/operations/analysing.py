"""`analyze`: how a plan will run, from the plan itself and from what the records say of its steps."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import Final

from innominatus_cli.documents.plan import Plan, PlannedStep
from innominatus_cli.documents.plan_analysis import Origin, PhaseWidth, PlanAnalysis, Risk, StepTimes, WholeRuns
from innominatus_cli.execution.retry import delay_seconds
from innominatus_cli.ledger.listed import skim
from innominatus_cli.ledger.skimmed import SkimmedRecord
from innominatus_cli.ledger.working_tree import WorkingTreeStore
from innominatus_cli.operations.opening import open_repository
from innominatus_cli.operations.plan_risks import Past, risks_of
from innominatus_cli.operations.planning import PlanWish, plan_with, store_of
from innominatus_cli.planning.known_conditions import never_runs
from innominatus_cli.planning.paths import longest_path, widths
from innominatus_cli.planning.request import PlanOutcome
from innominatus_cli.policies.policy_set import policy_set
from innominatus_cli.system.clock import Clock, SystemClock

_LAST: Final = 100
"""Runs of a step that its times are from."""
_RECENT: Final = 10
"""Runs of a step that its failures are counted in."""
_OTHERS: Final = timedelta(days=180)
"""How far back runs of other applications are looked at, for steps that this one never ran."""
_FAILED: Final = frozenset({"failed", "timed_out"})


@dataclass(frozen=True, slots=True)
class AnalysisReport:
    """The analysis, or None where errors stand in the way of a plan; the outcome's findings say which then."""

    outcome: PlanOutcome
    analysis: PlanAnalysis | None
    sources: Mapping[str, str]
    """The texts that findings point into, by path."""


@dataclass(slots=True)
class _Runs:
    """Durations of a step's successes and the ends of its runs, the newest first."""

    took: list[int] = field(default_factory=list)
    failed: list[bool] = field(default_factory=list)

    def add(self, status: str, took: int) -> None:
        if status == "succeeded" and len(self.took) < _LAST:
            self.took.append(took)
        if (status == "succeeded" or status in _FAILED) and len(self.failed) < _RECENT:
            self.failed.append(status in _FAILED)


def analyse(wish: PlanWish, directory: Path | None = None, clock: Clock | None = None) -> AnalysisReport:
    """Analyses the plan of a wish, without judging or running it. Raises CannotContinue as planning does."""
    repository = open_repository(directory)
    store = store_of(repository)
    outcome = plan_with(repository, store, wish)
    if outcome.plan is None:
        return AnalysisReport(outcome, None, repository.sources())
    plan, policies, sources = outcome.plan, policy_set(repository), repository.sources()
    records = skim(store, plan.application.name).records if store else []
    now = (clock or SystemClock()).now()
    since = int((now - _OTHERS).timestamp() * 1000)
    times = _times(plan, records, store, since)
    past = _past(plan, records, store)
    whole = _whole_runs(plan, records)
    return AnalysisReport(outcome, _analysis(plan, times, whole, risks_of(plan, times, past, policies)), sources)


def _whole_runs(plan: Plan, records: Iterable[SkimmedRecord]) -> WholeRuns | None:
    took = [
        one.duration_ms
        for one in records
        if (one.environment, one.operation, one.status) == (plan.environment, plan.operation.value, "succeeded")
    ][-_LAST:]
    if not took:
        return None
    return WholeRuns(runs=len(took), median_ms=round(median(took)), p90_ms=round(_p90(took)))


def _analysis(plan: Plan, times: list[StepTimes], whole: WholeRuns | None, risks: list[Risk]) -> PlanAnalysis:
    by_id = {one.id: one for one in times}

    def known(step: PlannedStep, attribute: str) -> int:
        one = by_id[step.id]
        return 0 if one.never_runs else getattr(one, attribute) or 0

    path, expected = longest_path(plan, lambda step: known(step, "median_ms"))
    unknown = [step.id for step in path if by_id[step.id].median_ms is None and not by_id[step.id].never_runs]
    some = any(by_id[step.id].median_ms is not None and not by_id[step.id].never_runs for step in path)
    return PlanAnalysis(
        application=plan.application.name,
        environment=plan.environment,
        digest=plan.digest,
        workflows=len(plan.workflows),
        critical_path=[step.id for step in path],
        expected_ms=expected if some else None,
        slow_ms=longest_path(plan, lambda step: known(step, "p90_ms"))[1] if some else None,
        bound_seconds=longest_path(plan, lambda step: known(step, "bound_seconds"))[1],
        past_runs=whole,
        unknown=unknown,
        max_parallel=plan.limits.get("max_parallel"),
        phases=[PhaseWidth(phase=phase, steps=steps, width=width) for phase, steps, width in widths(plan)],
        steps=times,
        risks=risks,
    )


def _times(plan: Plan, own: list[SkimmedRecord], store: WorkingTreeStore | None, since_ms: int) -> list[StepTimes]:
    steps = [step for step in plan.steps if step.kind == "step"]
    here = _runs(record for record in own if record.environment == plan.environment)
    elsewhere = _runs(record for record in own if record.environment != plan.environment)
    lacking = any(not _has_run(step.id, here, elsewhere) for step in steps)
    others = _runs(skim(store, since_ms=since_ms).records) if store and lacking else {}
    origins: tuple[tuple[Origin, Mapping[str, _Runs]], ...] = (
        ("here", here),
        ("other environments", elsewhere),
        ("other applications", others),
    )
    return [_step_times(step, origins, here) for step in steps]


def _runs(records: Iterable[SkimmedRecord]) -> dict[str, _Runs]:
    found: dict[str, _Runs] = {}
    for record in sorted(records, key=lambda one: one.run, reverse=True):
        for step in record.steps:
            found.setdefault(step.step, _Runs()).add(step.status, step.duration_ms)
    return found


def _has_run(step_id: str, *places: Mapping[str, _Runs]) -> bool:
    return any(step_id in runs and runs[step_id].took for runs in places)


def _step_times(
    step: PlannedStep, origins: tuple[tuple[Origin, Mapping[str, _Runs]], ...], here: Mapping[str, _Runs]
) -> StepTimes:
    origin: Origin = "never run"
    took: list[int] = []
    for name, runs in origins:
        if _has_run(step.id, runs):
            origin, took = name, runs[step.id].took
            break
    return StepTimes(
        id=step.id,
        name=step.name,
        type=step.type,
        runs=len(took),
        origin=origin,
        median_ms=round(median(took)) if took else None,
        p90_ms=round(_p90(took)) if took else None,
        bound_seconds=bound_seconds(step),
        failed=sum(here[step.id].failed) if step.id in here else 0,
        never_runs=never_runs(step),
    )


def _p90(took: list[int]) -> float:
    return quantiles(took, n=10, method="inclusive")[-1] if len(took) > 1 else took[0]


def bound_seconds(step: PlannedStep) -> int:
    """The longest that a step may take: its timeout in every attempt, and the longest pauses between."""
    if step.retry is None:
        return step.timeout_seconds
    attempts = step.retry.attempts
    pauses = sum(delay_seconds(step.retry, attempt, lambda: 1.0) for attempt in range(1, attempts))
    return round(step.timeout_seconds * attempts + pauses)


def _past(plan: Plan, records: Iterable[SkimmedRecord], store: WorkingTreeStore | None) -> Past:
    """The last successful deployment in this environment, and its plan where the ledger still has it."""
    here = [one for one in records if one.environment == plan.environment and one.is_successful_deployment]
    if not here or store is None:
        return Past()
    last = max(here, key=lambda one: one.run)
    return Past(last.run, store.plan(last.plan) if last.plan else None)
