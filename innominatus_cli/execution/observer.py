"""Who watches a run: progress for people. What an observer does never changes the run."""

from collections.abc import Sequence
from typing import Protocol

from innominatus_cli.documents.plan import Plan, PlannedStep
from innominatus_cli.documents.run_record import RunStatus, StepResult


class Observer(Protocol):
    """Told of events as they happen, in the loop that runs the steps: it must be quick."""

    def run_started(self, run: str, plan: Plan) -> None:
        """A run begins."""

    def expanded(self, step: PlannedStep, steps: Sequence[PlannedStep]) -> None:
        """A loop over outputs has become these steps."""

    def step_started(self, step: PlannedStep, attempt: int) -> None:
        """An attempt of a step begins; `attempt` counts from 1."""

    def step_finished(self, step: PlannedStep, result: StepResult, message: str) -> None:
        """A step has come to its end, or will not run; `message` is what its driver says to people."""

    def notice(self, text: str) -> None:
        """Something that people should know: a signal, a pause before the next attempt."""

    def run_finished(self, status: RunStatus) -> None:
        """The run is over."""


class NobodyWatches:
    """Says nothing."""

    def run_started(self, run: str, plan: Plan) -> None:
        """Nothing."""

    def expanded(self, step: PlannedStep, steps: Sequence[PlannedStep]) -> None:
        """Nothing."""

    def step_started(self, step: PlannedStep, attempt: int) -> None:
        """Nothing."""

    def step_finished(self, step: PlannedStep, result: StepResult, message: str) -> None:
        """Nothing."""

    def notice(self, text: str) -> None:
        """Nothing."""

    def run_finished(self, status: RunStatus) -> None:
        """Nothing."""


class LateEnds:
    """Tells an observer of ends only once what comes next has been started: people can wait, steps need not."""

    __slots__ = ("_observer", "_untold")

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._untold: list[tuple[PlannedStep, StepResult, str]] = []

    def note(self, step: PlannedStep, result: StepResult, message: str) -> None:
        """A step has ended."""
        self._untold.append((step, result, message))

    def tell(self) -> None:
        """Now is the time."""
        untold, self._untold = self._untold, []
        for step, result, message in untold:
            self._observer.step_finished(step, result, message)
