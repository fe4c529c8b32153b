"""Steps that are made ready before their turn comes, while others run: then only what must wait for them does."""

from types import MappingProxyType
from typing import Final

from innominatus_cli.documents.plan import PlannedStep
from innominatus_cli.execution.account import RunAccount
from innominatus_cli.execution.reuse import Reuse
from innominatus_cli.execution.setting import PreparedRun
from innominatus_cli.execution.state import RunState
from innominatus_cli.execution.task import Task, made_ready
from innominatus_cli.expressions.values import is_settled

_SOON: Final = 2
"""How many steps are made ready ahead of time."""


class ReadyTasks:
    """The tasks of steps, made ready ahead of time or when they are asked for."""

    def __init__(self, prepared: PreparedRun, state: RunState, reuse: Reuse, account: RunAccount) -> None:
        self._prepared = prepared
        self._state = state
        self._graph = state.graph
        self._reuse = reuse
        self._account = account
        self._tasks: dict[int, Task] = {}
        """By number; what is skipped after all stays here and never begins."""

    def take(self, index: int) -> Task:
        """The task of a step whose needs have all ended, up to the start of its first attempt."""
        return self._tasks.pop(index, None) or self._made(index)

    def look_ahead(self) -> None:
        """Looks at the inputs of the steps that will probably be next.

        Those of a step that still waits for one that runs are looked at where they name nothing that may change yet.
        """
        soon = self._state.ready[:_SOON]
        if len(soon) < _SOON:
            soon += [index for index in self._state.nearly_ready(_SOON) if _is_settled(self._graph.steps[index])]
        for index in soon:
            step = self._graph.steps[index]
            asked = step.conditions.if_tree is not None or step.conditions.unless_tree is not None
            if step.expansion is not None or self._graph.scope_of(index) is not None:
                continue  # a loop has no work of its own, and a sub-workflow may yet be judged
            if self._reuse.knows(step):
                continue
            if index not in self._tasks and not asked and self._state.root_above(index) is None:
                self._tasks[index] = self._made(index)

    def _made(self, index: int) -> Task:
        failed = self._state.root_above(index) is not None
        manifests = MappingProxyType(self._account.artifacts)
        step = self._graph.steps[index]
        earlier = self._reuse.of(step)
        attempts = earlier.attempts if earlier is not None else ()
        doubt = self._reuse.doubt(step)
        values = self._account.values
        return made_ready(self._prepared, step, index, values, manifests, failed=failed, earlier=attempts, doubt=doubt)


def _is_settled(step: PlannedStep) -> bool:
    """Whether what a step is given is the same whatever the steps before it come to."""
    if step.secrets or step.undoes is not None or step.cell is not None:
        return False
    return is_settled(step.inputs) and is_settled(step.env)
