"""The record of a run: the fold of its opening and of what its journal says. No I/O.

The record that a run writes at its end is the same fold, of the same values, before they went to disk.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from innominatus_cli.documents.plan import Plan
from innominatus_cli.documents.run_record import CountedApproval, RunRecord, RunStatus, StepResult
from innominatus_cli.documents.verdict import ReportedFinding
from innominatus_cli.execution.excerpts import bounded
from innominatus_cli.execution.graph import PlanGraph
from innominatus_cli.execution.options import ExecutionResult
from innominatus_cli.execution.run_events import RunEvents, moment
from innominatus_cli.findings.finding import Finding, Severity

_NOT_REACHED: Final = "the run was killed before it could start"
FAILED: Final = frozenset({"failed", "timed_out", "interrupted"})


def replay(opening: RunRecord, plan: Plan, events: RunEvents) -> RunRecord:
    """The record of a run, without parents. Of one that was killed it says so of every step that has no end."""
    end = events.end or {}
    status: RunStatus = end.get("status", "interrupted")
    results = {**events.results, **{index: one.interrupted(events.last_ms) for index, one in events.begun.items()}}
    order = [*events.results.values(), *(results[index] for index in sorted(events.begun))]
    return _record(
        opening,
        status=status,
        steps=[*_in_order(plan, events, results)],
        failures=[one.step for one in order if one.status in FAILED and not one.continued],
        findings=events.findings,
        outputs=events.outputs,
        finished_at=end.get("finished_at") or moment(events.last_ms),
        duration_ms=end.get("duration_ms", events.last_ms - events.first_ms),
        signal=end.get("signal"),
        recovered=events.recovered,
        approvals=events.approvals,
    )


def concluded(opening: RunRecord, result: ExecutionResult) -> RunRecord:
    """The record of a run that has come to its end, without parents."""
    return _record(
        opening,
        status=result.status,
        steps=result.steps,
        failures=result.failures,
        findings=told(result.findings),
        outputs=result.outputs,
        finished_at=result.finished_at,
        duration_ms=result.duration_ms,
        signal=result.signal,
        recovered=False,
        approvals=result.approvals,
    )


def told(findings: Iterable[Finding]) -> list[ReportedFinding]:
    """The findings that a record holds: notes on old spellings are for `validate`."""
    return [ReportedFinding.of(finding) for finding in findings if finding.severity is not Severity.INFO]


def _record(
    opening: RunRecord,
    *,
    status: RunStatus,
    steps: Sequence[StepResult],
    failures: Sequence[str],
    findings: Sequence[ReportedFinding],
    outputs: Mapping[str, Any],
    finished_at: str,
    duration_ms: int,
    signal: int | None,
    recovered: bool,
    approvals: Sequence[CountedApproval],
) -> RunRecord:
    return opening.model_copy(
        update={
            "status": status,
            "steps": bounded(steps),
            "failures": list(failures),
            "findings": [*opening.findings, *(one for one in findings if one.severity != "info")],
            "outputs": dict(outputs),
            "finished_at": finished_at,
            "duration_ms": duration_ms,
            "signal": signal,
            "recovered": recovered,
            "approvals": list(approvals) or None,
        }
    )


def _in_order(plan: Plan, events: RunEvents, results: Mapping[int, StepResult]) -> Iterator[StepResult]:
    """The results of the plan's steps, those that loops became right behind them; of each there is one."""
    carried = _still_good(plan, events)
    members: dict[str, list[str]] = {}
    for step_id in carried:
        members.setdefault(step_id.rpartition("[")[0], []).append(step_id)
    for index, step in enumerate(plan.steps):
        if step.kind != "step":
            continue
        yield results.get(index) or carried.get(step.id) or _planned(step.id)
        if step.expansion is None:
            continue
        loop = events.loops.get(index)
        if loop is None:
            yield from (carried[step_id] for step_id in members.get(step.id, ()) if index not in results)
            continue
        for member in range(loop.count):
            step_id = f"{step.id}[{member}]"
            yield results.get(loop.first + member) or carried.get(step_id) or _planned(step_id)


def _still_good(plan: Plan, events: RunEvents) -> dict[str, StepResult]:
    """What an earlier run says of steps, but for results that stand behind a step which ran again."""
    if not events.carried:
        return {}
    graph = PlanGraph(plan)
    owner = {loop.first + member: index for index, loop in events.loops.items() for member in range(loop.count)}
    stale: set[int] = set()
    graph.spread({owner.get(index, index) for index in events.spread}, stale)
    good = {}
    for step_id, result in events.carried.items():
        number = graph.index.get(step_id, graph.index.get(step_id.rpartition("[")[0], -1))
        if number not in stale or result.status == "planned":
            good[step_id] = result
    return good


def _planned(step: str) -> StepResult:
    return StepResult(step=step, status="planned", reason=_NOT_REACHED)
