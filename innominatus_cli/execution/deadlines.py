"""When workflows, and the run, have no time left. Moments are monotonic seconds."""

from dataclasses import dataclass
from typing import Final

from innominatus_cli.documents.plan import PlannedStep, PlannedWorkflow
from innominatus_cli.documents.run_record import StepResult
from innominatus_cli.execution.graph import PlanGraph
from innominatus_cli.execution.step import finding_of, never_ran
from innominatus_cli.findings.catalogue import execution as codes

FINALLY_SHARE: Final = 0.1
"""The share of a workflow's time that is kept for its `finally` steps, where it has some."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment, and whose it is: a workflow's (`cleanup`: that of its `finally` steps too), or the run's ("")."""

    at: float
    workflow: str
    cleanup: bool


class Deadlines:
    """The deadlines that count now; a workflow's begin with its first step."""

    __slots__ = ("_begun", "_graph", "_waiting")

    def __init__(self, graph: PlanGraph, started: float, seconds: float | None) -> None:
        self._graph = graph
        self._begun: set[str] = set()
        self._waiting: list[Deadline] = [] if seconds is None else [Deadline(started + seconds, "", cleanup=True)]

    @property
    def soonest(self) -> float | None:
        """The next moment, or None."""
        return min((deadline.at for deadline in self._waiting), default=None)

    def begin(self, workflow: str | None, now: float) -> None:
        """A step of this workflow starts."""
        flow = self._graph.workflows.get(workflow or "")
        if flow is None or flow.timeout_seconds is None or flow.id in self._begun:
            return
        self._begun.add(flow.id)
        cleans_up = any(step.cleanup and step.workflow_id == flow.id for step in self._graph.steps)
        share = flow.timeout_seconds * FINALLY_SHARE if cleans_up else 0.0
        self._waiting.append(Deadline(now + flow.timeout_seconds - share, flow.id, cleanup=False))
        if cleans_up:
            self._waiting.append(Deadline(now + flow.timeout_seconds, flow.id, cleanup=True))

    def passed(self, now: float) -> list[Deadline]:
        """The deadlines that have passed by now; each is told once."""
        if not self._waiting:
            return []
        passed = [deadline for deadline in self._waiting if deadline.at <= now]
        self._waiting = [deadline for deadline in self._waiting if deadline.at > now]
        return passed


def timed_out(step: PlannedStep, result: StepResult, workflow: PlannedWorkflow | None) -> StepResult:
    """The result of a step that was stopped because its workflow, or (None) the run, had no time left."""
    code = codes.WORKFLOW_TIMED_OUT if workflow else codes.RUN_TIMED_OUT
    what = f"its workflow '{workflow.identity}'" if workflow else "the run"
    told = never_ran(step, "timed_out", "", finding_of(step, code, f"{what} ran out of time"))
    return result.model_copy(update={"status": "timed_out", "reason": told.reason, "finding": told.finding})
