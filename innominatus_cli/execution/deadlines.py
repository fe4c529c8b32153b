"""When workflows, and the run, have no time left. Moments are monotonic seconds."""

from dataclasses import dataclass
from typing import Final

from innominatus_cli.documents.plan import PlannedStep
from innominatus_cli.documents.run_record import StepResult
from innominatus_cli.execution.graph import PlanGraph
from innominatus_cli.execution.step_ends import finding_of, never_ran
from innominatus_cli.findings.catalogue import execution as codes

FINALLY_SHARE: Final = 0.1
"""The share of a workflow's time, and of a run's, that is kept for its `finally` steps, where it has some."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment, and whose it is: a workflow's or sub-workflow's, by its id, or the run's ("").

    `cleanup`: that of its `finally` steps too.
    """

    at: float
    workflow: str
    cleanup: bool


class Deadlines:
    """The deadlines that count now; those of a workflow or sub-workflow begin with its first step."""

    __slots__ = ("_begun", "_graph", "_waiting")

    def __init__(self, graph: PlanGraph, started: float, seconds: float | None) -> None:
        self._graph = graph
        self._begun: set[str] = set()
        self._waiting: list[Deadline] = []
        if seconds is not None:
            if any(step.cleanup for step in graph.steps):
                self._waiting.append(Deadline(started + seconds * (1 - FINALLY_SHARE), "", cleanup=False))
            self._waiting.append(Deadline(started + seconds, "", cleanup=True))

    @property
    def soonest(self) -> float | None:
        """The next moment, or None."""
        return min((deadline.at for deadline in self._waiting), default=None)

    def begin(self, number: int, now: float) -> None:
        """This step starts."""
        for owner in self._graph.owners_of(number):
            if owner not in self._begun:
                self._begin(owner, now)

    def _begin(self, owner: str, now: float) -> None:
        self._begun.add(owner)
        seconds = self._seconds_of(owner)
        if seconds is None:
            return
        steps = range(len(self._graph.steps))
        cleans_up = any(owner in self._graph.owners_of(one) and self._graph.cleans_up(one, owner) for one in steps)
        share = seconds * FINALLY_SHARE if cleans_up else 0.0
        self._waiting.append(Deadline(now + seconds - share, owner, cleanup=False))
        if cleans_up:
            self._waiting.append(Deadline(now + seconds, owner, cleanup=True))

    def _seconds_of(self, owner: str) -> int | None:
        workflow, call = self._graph.workflows.get(owner), self._graph.index.get(owner)
        if workflow is not None:
            return workflow.timeout_seconds
        node = self._graph.steps[call] if call is not None else None
        return node.timeout_seconds if node is not None and node.timeout_written else None

    def passed(self, now: float) -> list[Deadline]:
        """The deadlines that have passed by now; each is told once."""
        if not self._waiting:
            return []
        passed = [deadline for deadline in self._waiting if deadline.at <= now]
        self._waiting = [deadline for deadline in self._waiting if deadline.at > now]
        return passed


def timed_out(step: PlannedStep, result: StepResult, workflow: str) -> StepResult:
    """The result of a step that was stopped because its workflow, by its name, or the run ("") had no time left."""
    code = codes.WORKFLOW_TIMED_OUT if workflow else codes.RUN_TIMED_OUT
    what = f"its workflow '{workflow}'" if workflow else "the run"
    told = never_ran(step, "timed_out", "", finding_of(step, code, f"{what} ran out of time"))
    return result.model_copy(update={"status": "timed_out", "reason": told.reason, "finding": told.finding})
