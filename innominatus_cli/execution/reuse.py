"""How a run meets its past while it goes on: which steps end with their old result, and which are decided anew.

A step that ran again may come to something else, so nothing that stands behind it keeps its old result.
"""

from innominatus_cli.documents.plan import Cell, PlannedStep
from innominatus_cli.documents.run_record import StepResult
from innominatus_cli.execution.graph import PlanGraph
from innominatus_cli.execution.past import Earlier, Past
from innominatus_cli.execution.probing import Doubt
from innominatus_cli.execution.step_ends import StepEnd


class Reuse:
    """The past of a run, as its graph goes on; without a past it knows of nothing."""

    def __init__(self, past: Past | None, graph: PlanGraph) -> None:
        self._past = past
        self._graph = graph
        self._stale: set[int] = set()

    @property
    def past(self) -> Past | None:
        """What an earlier run left."""
        return self._past

    def knows(self, step: PlannedStep) -> bool:
        """Whether an earlier run says anything of this step."""
        return self._past is not None and step.id in self._past.steps

    def of(self, step: PlannedStep) -> Earlier | None:
        """What becomes of this step by what is known now; None where it is as new."""
        if self._past is None:
            return None
        found = self._past.steps.get(step.id)
        if found is not None and found.verdict == "reuse" and self._is_stale(self._graph.index[step.id]):
            return None
        return found

    def doubt(self, step: PlannedStep) -> Doubt | None:
        """Why nobody knows whether the step is done, where its probe is to be asked."""
        earlier = self.of(step)
        if self._past is None or earlier is None or earlier.verdict != "probe":
            return None
        return Doubt(earlier.reason, self._past.run, tuple(earlier.result.attempts))

    def cells(self, step: PlannedStep) -> list[Cell] | None:
        """What a loop goes over, as it did before; None where that is to be worked out."""
        if self._past is None or self._is_stale(self._graph.index[step.id]):
            return None
        return self._past.cells.get(step.id)

    def runs(self, step: PlannedStep, earlier: Earlier | None) -> None:
        """News: this step runs now, whatever came of it before."""
        if self._past is not None and (earlier is None or earlier.spreads):
            self._graph.spread((self._node(self._graph.index[step.id]),), self._stale)

    def _node(self, number: int) -> int:
        """The node of the plan that this step is, or that it came of."""
        if number < len(self._graph.plan.steps):
            return number
        return self._graph.groups_of(number)[0]

    def _is_stale(self, number: int) -> bool:
        return self._node(number) in self._stale


def end_of(earlier: Earlier) -> StepEnd:
    """The end of a step that is reused."""
    result = earlier.result
    return StepEnd(result, result.outputs, result.variables, earlier.artifacts)


def carried_on(result: StepResult, earlier: Earlier | None) -> StepResult:
    """The result of a step that did not run this time, with what an earlier run knows of it.

    A step in doubt stays in doubt, and attempts count on.
    """
    if earlier is None:
        return result
    if earlier.carried.status != "planned":
        return earlier.carried
    kept = earlier.carried
    update = {"attempts": kept.attempts, "started_at": kept.started_at, "reused_from": kept.reused_from}
    return result.model_copy(update=update)
