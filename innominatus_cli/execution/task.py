"""A step that the engine works on just now, or has made ready to."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from innominatus_cli.documents.plan import PlannedStep
from innominatus_cli.documents.run_record import Attempt
from innominatus_cli.execution.probing import Doubt
from innominatus_cli.execution.setting import PreparedRun
from innominatus_cli.execution.step import step_work
from innominatus_cli.execution.step_ends import AttemptStarts, StepLogs, StepWork, logs_of
from innominatus_cli.execution.values import RunValues, StepView

if TYPE_CHECKING:
    from innominatus_cli.system.child import Child


class Task:
    """The work of a step and what it waits for: a process (`child`), or a moment (`wakes`, monotonic seconds).

    `attempt` is the number of the attempt that begins next or has begun. `out_of_time` names what has no time left for
    it: its workflow's id, or `run`. `stopped`: it was told to end, and starts nothing any more.
    """

    __slots__ = ("attempt", "child", "index", "logs", "out_of_time", "step", "stopped", "wakes", "work")

    def __init__(self, step: PlannedStep, index: int, work: StepWork, logs: StepLogs) -> None:
        self.step = step
        self.index = index
        self.work = work
        self.logs = logs
        self.attempt = 1
        self.child: Child | None = None
        self.wakes: float | None = None
        self.out_of_time = ""
        self.stopped = False


def made_ready(
    prepared: PreparedRun,
    step: PlannedStep,
    index: int,
    values: RunValues,
    manifests: Mapping[str, bytes],
    *,
    failed: bool,
    earlier: Sequence[Attempt] = (),
    doubt: Doubt | None = None,
) -> Task:
    """The task of a step up to its first need, which is that its first attempt starts.

    Everything that the step needs must have ended. `index` names its logs. `failed`: something that it stands behind
    has failed. `earlier` are attempts of another run that count, `doubt` says why nobody knows whether the last did it.
    """
    logs = logs_of(prepared, step, index)
    view = StepView(values, step.workflow_id, failed=failed, cell=step.cell)
    work = step_work(prepared, step, view, logs, manifests, earlier, doubt)
    need = next(work)
    task = Task(step, index, work, logs)
    if isinstance(need, AttemptStarts):
        task.attempt = need.number
    return task
