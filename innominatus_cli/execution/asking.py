"""Asks the probe of a step in doubt, or of a rollback's step, and makes of its answer what it means for the step."""

from collections.abc import Callable, Generator
from dataclasses import replace
from typing import TypeAlias

from pydantic import ValidationError

from innominatus_cli.documents.plan import PlannedStep
from innominatus_cli.documents.run_record import StepResult
from innominatus_cli.drivers.contract import Driver, StepContext
from innominatus_cli.execution.outputs import printed_outputs
from innominatus_cli.execution.probing import SAYS, Answer, Doubt, answer_of, asked, lacking
from innominatus_cli.execution.secrecy import learn_outputs
from innominatus_cli.execution.setting import RunSetting
from innominatus_cli.execution.step_ends import Need, Probed, StepEnd, never_ran
from innominatus_cli.execution.step_results import AttemptEnd, StepResults
from innominatus_cli.execution.values import StepView, UnusableSecret
from innominatus_cli.expressions.values import NoValue
from innominatus_cli.findings.finding import Finding
from innominatus_cli.system.commands import CommandOutcome

Drive: TypeAlias = Callable[[Driver, StepContext, float], Generator[Need, CommandOutcome | None, AttemptEnd]]
"""Runs a driver to its result, in the time that a step has left since that moment (monotonic seconds)."""


class Asking:
    """Asks whether one step is done."""

    def __init__(self, setting: RunSetting, step: PlannedStep, view: StepView, results: StepResults) -> None:
        self._setting = setting
        self._clock = setting.clock
        self._step = step
        self._view = view
        self._results = results

    def settled(
        self, doubt: Doubt, context: StepContext | Finding, at: str, drive: Drive
    ) -> Generator[Need, CommandOutcome | None, StepEnd | None]:
        """Asks whether the step is done; its end where that says it, None where the step has to run."""
        step, started = self._step, self._clock.monotonic()
        end = AttemptEnd(None, None)
        answer: Answer = "unknown"
        if isinstance(context, StepContext):
            who = self._who_is_asked(context)
            if who is not None:
                end = yield from drive(*who, started)
                answer = answer_of(step, end.outcome, replace(end.result, failure=end.failure))
        if end.cancelled:
            return StepEnd(doubt.kept(step.id, at))
        yield Probed(SAYS[answer])
        if answer == "unknown":
            return StepEnd(never_ran(step, "planned", SAYS[answer]), asks=f"{doubt.reason}, and {SAYS[answer]}")
        if step.undoes is not None:
            nothing = "its probe says that there is nothing to take back"
            return None if answer == "done" else StepEnd(StepResult(step=step.id, status="succeeded", reason=nothing))
        return (
            None
            if answer == "not_done"
            else self._done(doubt, end, at, round((self._clock.monotonic() - started) * 1000))
        )

    def _who_is_asked(self, context: StepContext) -> tuple[Driver, StepContext] | None:
        setting = self._setting
        try:
            return asked(self._step, context, self._view.value, setting.driver_for, setting.probe_for)
        except (NoValue, UnusableSecret, ValidationError):
            return None

    def _done(self, doubt: Doubt, end: AttemptEnd, at: str, duration_ms: int) -> StepEnd:
        """The end of a step that is done, as its probe says: with the outputs that the probe gave."""
        step = self._step
        printed = printed_outputs(end.result.printed.lines) if end.result.printed is not None else {}
        found = {**printed, **end.result.outputs}
        end.outputs = {name: value for name, value in found.items() if name in step.declared_outputs}
        learn_outputs(self._setting.redactor, step, end.outputs, end.result.secret)
        missing = lacking(self._setting.plan, step, end.outputs)
        self._results.set_variables(end)
        why = f"'{', '.join(missing)}' of it is needed, and nobody has it" if missing else ""
        if end.failure is not None:
            why = end.failure.message
        if why:
            return StepEnd(never_ran(step, "planned", why), asks=f"{SAYS['done']}, but {why}")
        made = self._results.end_of(end, "succeeded", doubt.attempts, at, duration_ms)
        said = f"{SAYS['done']} since run {doubt.run}"
        update = {"reason": said, "reused_from": doubt.run}
        return replace(made, result=made.result.model_copy(update=update), message=said)
