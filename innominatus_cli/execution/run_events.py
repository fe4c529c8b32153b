"""What the lines of a run's journal come to (`run_journal` says which there are). No I/O of its own."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from innominatus_cli.documents.plan import Plan
from innominatus_cli.documents.run_record import Attempt, CountedApproval, StepResult
from innominatus_cli.documents.verdict import ReportedFinding
from innominatus_cli.system.clock import timestamp

KILLED: Final = "the run was killed while it ran"
KILLED_IN_PAUSE: Final = "the run was killed before its next attempt"

Values: TypeAlias = Callable[[str | int, object], Any]
"""The whole value for a name and what the journal line holds of it (`kept.read_value`)."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A step that has begun and has no end: its open attempt, and those before it. While it pauses none is open."""

    step: str
    index: int
    attempt: int
    wall_ms: int
    earlier: tuple[Attempt, ...] = ()
    pauses: bool = False

    def interrupted(self, until_ms: int) -> StepResult:
        """The result of a step whose run was killed; `until_ms` is the last that is known of the run."""
        lasted = max(0, until_ms - self.wall_ms)
        attempt = Attempt(number=self.attempt, started_at=moment(self.wall_ms), duration_ms=lasted, ending="unknown")
        attempts = [*self.earlier] if self.pauses else [*self.earlier, attempt]
        return StepResult(
            step=self.step,
            status="interrupted",
            reason=KILLED_IN_PAUSE if self.pauses else KILLED,
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
    """The attempt that was intended, of steps of which nothing else is known, or which paused before it."""
    carried: dict[str, StepResult] = field(default_factory=dict)
    """By step id what an earlier run says of it."""
    carried_all: bool = False
    unspread: set[int] = field(default_factory=set)
    """Steps that run again without changing anything behind them."""
    spread: set[int] = field(default_factory=set)
    """Steps that have begun in this run, behind which old results are void."""
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

    @property
    def nothing_began(self) -> bool:
        """Whether the run was killed before it had taken over what an earlier run knew."""
        return not self.start or ("past" in self.start and not self.carried_all)

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


def may_have_begun(plan: Plan, events: RunEvents) -> dict[int, Begun]:
    """Steps that were intended and of which no line says that they began: a power cut may have taken that line."""
    names = {index: step.id for index, step in enumerate(plan.steps)}
    for index, loop in events.loops.items():
        names.update({loop.first + member: f"{plan.steps[index].id}[{member}]" for member in range(loop.count)})
    return {
        index: Begun(names[index], index, attempt, events.last_ms, tuple(events.attempts.get(index, ())))
        for index, attempt in events.intended.items()
        if index in names and index not in events.results
    }


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
        case "carried":
            _take_carried(events, line, values)
        case "expanded":
            events.loops[line["index"]] = Loop(line["first"], line["count"], line["cells"])
        case "step_end" | "step_interrupted":
            _take_end(events, line, values)
        case _:
            _take_attempt(events, line)


def _take_attempt(events: RunEvents, line: Mapping[str, Any]) -> None:
    match line["type"]:
        case "intents":
            for index, attempt in line["attempts"]:
                begun = events.begun.get(index)
                if (begun is None or begun.pauses) and index not in events.results:
                    events.intended[index] = attempt
        case "goes_on":
            events.attempts[line["index"]] = [Attempt.model_validate(one) for one in line["attempts"]]
            if not line["spreads"]:
                events.unspread.add(line["index"])
        case "step_start":
            index = line["index"]
            events.intended.pop(index, None)
            earlier = tuple(events.attempts.get(index, ()))
            events.begun[index] = Begun(line["step"], index, line["attempt"], line["wall_ms"], earlier)
            if index not in events.unspread:
                events.spread.add(index)
        case "process":
            events.processes[line["pid"]] = (line["index"], line["start_ticks"])
        case "retry_wait" if "attempt" in line:
            _take_pause(events, line["index"], Attempt.model_validate(line["attempt"]))
        case _:
            pass


def _take_pause(events: RunEvents, index: int, failed: Attempt) -> None:
    """An attempt has ended, and the next one is in no line yet: nobody need doubt what came of it."""
    earlier = events.attempts.setdefault(index, [])
    earlier.append(failed)
    begun = events.begun.get(index)
    if begun is not None:
        events.begun[index] = replace(begun, earlier=tuple(earlier), pauses=True)


def _take_carried(events: RunEvents, line: Mapping[str, Any], values: Values) -> None:
    if "count" in line:
        events.carried_all = True
        return
    result = values(f"carried-{len(events.carried) + 1}", line["result"])
    events.carried[line["step"]] = StepResult.model_validate(result)


def _take_end(events: RunEvents, line: Mapping[str, Any], values: Values) -> None:
    index = line["index"]
    begun = events.begun.pop(index, None)
    events.intended.pop(index, None)
    if "result" in line:
        events.results[index] = StepResult.model_validate(values(index, line["result"]))
    elif begun is not None and line["type"] == "step_interrupted":
        events.results[index] = begun.interrupted(line["wall_ms"])
