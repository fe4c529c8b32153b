"""What a run may take over from the one that it goes on with: results, and what is to become of every other step.

It is made of the earlier run's record alone (of a killed one, of what recovery folded from its journal), of the files
that its steps made, and of the plan; so it is the same on every clone that has them. No I/O of its own.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias

from innominatus_cli.documents.plan import Cell, Plan, PlannedStep
from innominatus_cli.documents.run_record import Attempt, RunRecord, StepResult
from innominatus_cli.documents.vocabulary import Idempotency, When
from innominatus_cli.execution.graph import PlanGraph
from innominatus_cli.execution.needed_again import needed_again

Happened: TypeAlias = Literal["done", "not_done"]
Files: TypeAlias = Callable[[str], bytes | None]
"""The bytes of an artifact by its digest; None where they are not here."""

_UNKNOWN: Final = "unknown"
_NOT_REACHED: Final = "the run did not come to it"
_WITHOUT_RUNNING: Final = frozenset({"skipped", "planned"})
_ALWAYS: Final = frozenset({When.ON_SUCCESS, When.ALWAYS})
_NOBODY_KNOWS: Final = ", and nobody knows whether it is done"


@dataclass(frozen=True, slots=True)
class Earlier:
    """What becomes of one step, and why.

    `reuse`: `result` is its result, and `artifacts` the files. `again`: it runs again. `probe`: its probe says whether
    it runs again. `ask`: it waits for a person's word.
    """

    verdict: Literal["reuse", "again", "probe", "ask"]
    reason: str
    result: StepResult
    artifacts: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    attempts: tuple[Attempt, ...] = ()
    """Attempts that count in its budget."""
    spreads: bool = True
    """Whether what stands behind it is decided anew when it runs again."""
    asked: bool = False
    """Somebody asked for this very step to run again, whatever came of it."""

    @property
    def carried(self) -> StepResult:
        """What a record says of the step where the run does not come to it, so that the next one knows as much.

        One that was asked for is still to run; with `reused_from`, what stands behind it keeps its results then.
        """
        if self.asked:
            alone = None if self.spreads else self.result.reused_from
            return StepResult(step=self.result.step, status="planned", reason=_NOT_REACHED, reused_from=alone)
        if self.verdict == "reuse" or self.result.status == "succeeded":
            return self.result
        attempts = list(self.attempts) if self.verdict == "again" else self.result.attempts
        started = self.result.started_at if attempts else None
        return StepResult(
            step=self.result.step, status="planned", reason=_NOT_REACHED, started_at=started, attempts=attempts
        )


@dataclass(frozen=True, slots=True)
class Past:
    """By step id what becomes of it; a step that is not named here is new, and runs."""

    run: str
    steps: Mapping[str, Earlier] = field(default_factory=dict)
    cells: Mapping[str, list[Cell]] = field(default_factory=dict)
    """By loop over outputs what it went over."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person says of the earlier run.

    `again` are ids of steps that run again whatever came of them, `downstream` takes what stands behind them along.
    `fresh_budget`: the attempts of the earlier run do not count.
    """

    assumed: Mapping[str, Happened] = field(default_factory=dict)
    again: frozenset[str] = frozenset()
    downstream: bool = False
    fresh_budget: bool = False


NO_WISHES: Final = Wishes()


def past_of(record: RunRecord, before: Plan, now: Plan, files: Files, wishes: Wishes = NO_WISHES) -> Past:
    """What may be reused of a run with the plan `before`, in one with the plan `now`.

    A step whose planned definition differs is new.
    """
    return _Making(record, before, now, files, wishes).past()


def patterns_of(record: RunRecord, plan: Plan) -> dict[str, str]:
    """By the id of a step that a loop over outputs became: the id of the loop."""
    loops = {step.id for step in plan.steps if step.expansion is not None}
    return {one.step: loop for one in record.steps if (loop := one.step.rpartition("[")[0]) in loops}


class _Making:
    def __init__(self, record: RunRecord, before: Plan, now: Plan, files: Files, wishes: Wishes) -> None:
        self._record = record
        self._files = files
        self._wishes = wishes
        self._now = now
        self._loops = patterns_of(record, before)
        same = {step.id: step for step in now.steps}
        sources = ({one.path: one.object_id for one in plan.sources} for plan in (before, now))
        was, here = sources
        self._same = {
            step.id: same[step.id]
            for step in before.steps
            if step.id in same
            and _definition(step) == _definition(same[step.id])
            and all(was.get(path) == here.get(path) for path in step.input_files)
        }

    def past(self) -> Past:
        steps: dict[str, Earlier] = {}
        cells: dict[str, list[Cell]] = {}
        for result in self._record.steps:
            planned = self._planned(result.step)
            if planned is None:
                continue
            if planned.expansion is not None and result.step == planned.id:
                if result.cells is not None and result.status == "succeeded":
                    cells[result.step] = result.cells
                continue
            earlier = self._earlier(result, planned)
            if earlier is not None:
                steps[result.step] = earlier
        self._give_again(steps, cells)
        return Past(self._record.run, steps, cells)

    def _planned(self, step: str) -> PlannedStep | None:
        return self._same.get(self._loops.get(step, step))

    def _earlier(self, result: StepResult, planned: PlannedStep) -> Earlier | None:
        """What becomes of a step by its own result alone; None where it did not run."""
        run = self._record.run
        unreached = result.status in _WITHOUT_RUNNING and not result.attempts
        if unreached and result.reused_from is None:
            return None
        if unreached or result.step in self._wishes.again:
            it = f"it {_word(result)} in run {run}" if not unreached else f"run {run} did not come to it"
            kept = result.model_copy(update={"reused_from": result.reused_from or run})
            downstream = result.step in self._wishes.again and self._wishes.downstream
            return replace(self._again(kept, f"it was asked for; {it}", spreads=downstream), asked=True)
        if result.status == "succeeded" or result.continued:
            return self._reused(result, planned)
        if is_in_doubt(result):
            return self._in_doubt(result, planned)
        return self._again(result, f"it {_word(result)} in run {run}")

    def _in_doubt(self, result: StepResult, planned: PlannedStep) -> Earlier:
        run = self._record.run
        assumed = self._wishes.assumed.get(result.step)
        if assumed == "done":
            return Earlier("reuse", f"somebody said that it is done since run {run}", self._done(result))
        if assumed == "not_done":
            return self._again(result, f"somebody said that it is not done since run {run}")
        killed = _killed(result, run)
        match planned.idempotency:
            case Idempotency.CONVERGENT:
                return self._again(result, f"{killed}; doing it twice changes nothing")
            case Idempotency.CHECK:
                return Earlier("probe", killed, result, attempts=self._budget(result))
            case Idempotency.ONCE:
                reason = f"{killed}{_NOBODY_KNOWS}"
                return Earlier("ask", reason, result, attempts=self._budget(result))

    def _reused(self, result: StepResult, planned: PlannedStep) -> Earlier:
        artifacts: dict[str, bytes] = {}
        for path, digest in result.artifacts.items():
            data = self._files(digest)
            if data is None:
                return self._once_more(result, planned, f"its file '{path}' of run {self._record.run} is not here")
            artifacts[path] = data
        origin = result.reused_from or self._record.run
        reason = f"it {_word(result)} in run {origin}"
        kept = result.model_copy(update={"reused_from": origin, "reason": f"reused: {reason}"})
        return Earlier("reuse", reason, kept, artifacts)

    def _once_more(self, result: StepResult, planned: PlannedStep, why: str) -> Earlier:
        """A step that succeeded, and is needed once more: nothing behind it changes by that."""
        assumed = self._wishes.assumed.get(result.step)
        if assumed == "done":
            kept = result.model_copy(update={"reused_from": result.reused_from or self._record.run, "artifacts": {}})
            return Earlier("reuse", f"somebody said to go on without: {why}", kept)
        kept = result.model_copy(update={"reused_from": result.reused_from or self._record.run})
        if planned.idempotency is Idempotency.ONCE and assumed is None:
            return Earlier("ask", f"{why}, and it must not run twice", kept)
        return self._again(kept, why, spreads=False)

    def _again(self, result: StepResult, reason: str, *, spreads: bool = True) -> Earlier:
        return Earlier("again", reason, result, attempts=self._budget(result), spreads=spreads)

    def _budget(self, result: StepResult) -> tuple[Attempt, ...]:
        fresh = self._wishes.fresh_budget or result.status == "succeeded"
        return () if fresh else tuple(result.attempts)

    def _done(self, result: StepResult) -> StepResult:
        """The result of a step in doubt that has done its work after all; what it gave is unknown."""
        said = f"somebody said that it is done since run {self._record.run}"
        update = {"status": "succeeded", "reason": said, "finding": None, "reused_from": self._record.run}
        return result.model_copy(update=update)

    def _give_again(self, steps: dict[str, Earlier], loops: Collection[str]) -> None:
        """Steps whose secret or large outputs something still needs."""
        stale = self._stale(steps, loops)
        reused = {step: one.result for step, one in steps.items() if one.verdict == "reuse" and step not in stale}
        members: dict[str, list[str]] = {}
        for member, loop in self._loops.items():
            members.setdefault(loop, []).append(member)
        for loop, ids in members.items():
            if all(step in reused for step in ids):
                reused.setdefault(loop, StepResult(step=loop, status="succeeded"))
        for step in needed_again(self._now, reused, members):
            planned = self._planned(step)
            if planned is not None and step in steps:
                withheld = dict.fromkeys((*reused[step].withheld_outputs, *planned.secret_outputs))
                names = ", ".join(withheld) or "something that it gave"
                steps[step] = self._once_more(reused[step], planned, f"'{names}' is needed, and no record holds it")

    def _stale(self, steps: Mapping[str, Earlier], loops: Collection[str]) -> set[str]:
        """The ids of steps that do not keep their results, for they stand behind one that runs now.

        `loops` are those over outputs that are known to go over what they went over.
        """
        graph = PlanGraph(self._now)
        runs = {step for step, one in steps.items() if one.verdict in {"again", "probe"} and one.spreads}
        runs |= {step.id for step in self._now.steps if step.id not in {*steps, *loops} and _runs_anyway(graph, step)}
        stale: set[int] = set()
        graph.spread({graph.index[self._loops.get(step, step)] for step in runs}, stale)
        return {step for step in steps if graph.index[self._loops.get(step, step)] in stale}


def _runs_anyway(graph: PlanGraph, step: PlannedStep) -> bool:
    """Whether a step runs where nothing before it fails: no condition, its own or of a call around it, may skip it."""
    around = (graph.steps[group] for group in graph.groups_of(graph.index[step.id]))
    return step.kind == "step" and all(
        one.conditions.when in _ALWAYS and one.conditions.if_tree is None and one.conditions.unless_tree is None
        for one in (step, *around)
    )


def is_in_doubt(result: StepResult) -> bool:
    """Whether a step had begun when its run was killed, so that nobody knows how far it came."""
    open_end = result.status == "interrupted" or result.status in _WITHOUT_RUNNING
    return open_end and bool(result.attempts) and result.attempts[-1].ending == _UNKNOWN


def _killed(result: StepResult, run: str) -> str:
    """Which run was killed in a step: the one that left the result, or one before, that the result still names."""
    if result.status not in _WITHOUT_RUNNING:
        return f"run {run} was killed while it ran"
    told = result.reason.removesuffix(_NOBODY_KNOWS)
    return told if told != result.reason else f"a run before {run} was killed while it ran"


def _definition(step: PlannedStep) -> dict[str, object]:
    """What a step is, wherever it is written."""
    return {key: value for key, value in step.as_json().items() if key not in {"provenance", "description"}}


def _word(result: StepResult) -> str:
    words = {"succeeded": "succeeded", "failed": "failed", "timed_out": "ran out of time"}
    return words.get(result.status, "was interrupted")
