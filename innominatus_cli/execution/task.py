"""A step that the engine works on just now."""

from typing import TYPE_CHECKING

from innominatus_cli.documents.plan import PlannedStep
from innominatus_cli.execution.step import StepLogs, StepWork

if TYPE_CHECKING:
    from innominatus_cli.system.child import Child


class Task:
    """The work of a step and what it waits for: a process (`child`), or a moment (`wakes`, monotonic seconds).

    `out_of_time` names what has no time left for it: its workflow's id, or `run`.
    """

    __slots__ = ("attempt", "child", "index", "logs", "out_of_time", "step", "wakes", "work")

    def __init__(self, step: PlannedStep, index: int, work: StepWork, logs: StepLogs) -> None:
        self.step = step
        self.index = index
        self.work = work
        self.logs = logs
        self.attempt = 1
        self.child: Child | None = None
        self.wakes: float | None = None
        self.out_of_time = ""
