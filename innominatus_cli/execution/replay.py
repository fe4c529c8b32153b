"""A run from its journal: what happened to each step so far, and the record that follows from it. No I/O of its own.

The record that a run writes at its end is the same fold, of the same values, before they went to disk.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias, cast

from innominatus_cli.documents.plan import Plan
from innominatus_cli.documents.run_record import Attempt, CountedApproval, RunRecord, RunStatus, StepResult
from innominatus_cli.documents.verdict import ReportedFinding
from innominatus_cli.execution.excerpts import bounded
from innominatus_cli.execution.options import ExecutionResult
from innominatus_cli.findings.finding import Finding, Severity
from innominatus_cli.system.clock import timestamp

KILLED: Final = "the run was killed while it ran"
_NOT_REACHED: Final = "the run was killed before it could start"
FAILED: Final = frozenset({"failed", "timed_out", "interrupted"})

Values: TypeAlias = Callable[[str | int, object], Any]
"""The whole value for a name and what the journal line holds of it (`kept.read_value`)."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A step that has begun and has no end: its open attempt, and those before it."""

    step: str
    index: int
    attempt: int
    wall_ms: int
    earlier: tuple[Attempt, ...] = ()

    def interrupted(self, until_ms: int) -> StepResult:
        """The result of a step whose run was killed; `until_ms` is the last that is known of the run."""
        lasted = max(0, until_ms - self.wall_ms)
        attempt = Attempt(number=self.attempt, started_at=moment(self.wall_ms), duration_ms=lasted, ending="unknown")
        attempts = [*self.earlier, attempt]
        return StepResult(
            step=self.step,
            status="interrupted",
            reason=KILLED,
            started_at=attempts[0].started_at,
            duration_ms=sum(one.duration_ms for one in attempts),
            attempts=attempts,
        )


@dataclass(frozen=True, slots=True)
class Loop:
    """What a loop over outputs became: steps from the index `first` on, and the digest of what it goes over."""

    first: int
    count: int
    cells: str


@dataclass(slots=True)
class RunEvents:
    """What the lines of a journal come to. Steps are named by their index."""

    start: Mapping[str, Any] = field(default_factory=dict)
    results: dict[int, StepResult] = field(default_factory=dict)
    """Of steps that have come to their end, in the order of their ends."""
    begun: dict[int, Begun] = field(default_factory=dict)
    intended: dict[int, int] = field(default_factory=dict)
    """The attempt that was intended, of steps of which nothing else is known."""
    attempts: dict[int, list[Attempt]] = field(default_factory=dict)
    """Attempts that failed and were followed by another one."""
    processes: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Pid to index and start ticks."""
    loops: dict[int, Loop] = field(default_factory=dict)
    findings: list[ReportedFinding] = field(default_factory=list)
    approvals: list[CountedApproval] = field(default_factory=list)
    end: Mapping[str, Any] | None = None
    outputs: Mapping[str, Any] = field(default_factory=dict)
    recovered: bool = False
    first_ms: int = 0
    """When its first line was written, and the last one by the run itself (`last_ms`)."""
    last_ms: int = 0


def moment(wall_ms: int) -> str:
    """A journal's time as RFC 3339."""
    return timestamp(datetime.fromtimestamp(wall_ms / 1000, UTC))


def events_of(lines: Iterable[Mapping[str, Any]], values: Values) -> RunEvents:
    """Reads the lines of one run. Raises CannotContinue where a value is not what was written (see `Values`)."""
    events = RunEvents()
    alive = True
    for line in lines:
        _take(events, line, values)
        alive = alive and line["type"] not in {"recovered", "recovery"}
        if alive:
            events.first_ms = events.first_ms or line["wall_ms"]
            events.last_ms = max(events.last_ms, line["wall_ms"])
    return events


def _take(events: RunEvents, line: Mapping[str, Any], values: Values) -> None:
    match line["type"]:
        case "run_start":
            events.start = line
        case "finding":
            name = f"finding-{len(events.findings) + 1}"
            events.findings.append(ReportedFinding.model_validate(values(name, line["finding"])))
        case "approved":
            events.approvals.append(CountedApproval.model_validate(line["approval"]))
        case "recovery":
            events.recovered = True
        case "run_end":
            events.end = line
            if "outputs" in line:
                events.outputs = values("outputs", line["outputs"])
        case _:
            _take_step(events, line, values)


def _take_step(events: RunEvents, line: Mapping[str, Any], values: Values) -> None:
    match line["type"]:
        case "intents":
            for index, attempt in line["attempts"]:
                if index not in events.begun and index not in events.results:
                    events.intended[index] = attempt
        case "step_start":
            index = line["index"]
            events.intended.pop(index, None)
            earlier = tuple(events.attempts.get(index, ()))
            events.begun[index] = Begun(line["step"], index, line["attempt"], line["wall_ms"], earlier)
        case "process":
            events.processes[line["pid"]] = (line["index"], line["start_ticks"])
        case "retry_wait":
            _take_attempt(events, line)
        case "expanded":
            events.loops[line["index"]] = Loop(line["first"], line["count"], line["cells"])
        case "step_end" | "step_interrupted":
            _take_end(events, line, values)
        case _:
            pass


def _take_attempt(events: RunEvents, line: Mapping[str, Any]) -> None:
    if "attempt" in line:
        events.attempts.setdefault(line["index"], []).append(Attempt.model_validate(line["attempt"]))


def _take_end(events: RunEvents, line: Mapping[str, Any], values: Values) -> None:
    index = line["index"]
    begun = events.begun.pop(index, None)
    events.intended.pop(index, None)
    if "result" in line:
        events.results[index] = StepResult.model_validate(values(index, line["result"]))
    elif begun is not None and line["type"] == "step_interrupted":
        events.results[index] = begun.interrupted(line["wall_ms"])


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
    for index, step in enumerate(plan.steps):
        if step.kind != "step":
            continue
        yield results.get(index) or _planned(step.id)
        loop = events.loops.get(index)
        for member in range(loop.count if loop else 0):
            number = cast("Loop", loop).first + member
            yield results.get(number) or _planned(f"{step.id}[{member}]")


def _planned(step: str) -> StepResult:
    return StepResult(step=step, status="planned", reason=_NOT_REACHED)
