"""A step in doubt: what is asked whether its work is done, and what the answer means.

A step is in doubt where it was running when its run was killed. Its own `probe` is asked, else the one that its type
offers. Nothing is guessed: an answer that is none leaves the doubt to a person.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from innominatus_cli.documents.plan import Plan, PlannedStep
from innominatus_cli.documents.run_record import Attempt, StepResult
from innominatus_cli.drivers.contract import Driver, DriverResult, StepContext
from innominatus_cli.execution.needed_again import needed_again
from innominatus_cli.expressions.values import resolve
from innominatus_cli.step_types.programs import ScriptInputs
from innominatus_cli.system.commands import CommandOutcome, Ending

Answer: TypeAlias = Literal["done", "not_done", "unknown"]
SAYS: Final[Mapping[Answer, str]] = {
    "done": "its probe says that it is done",
    "not_done": "its probe says that it is not done",
    "unknown": "its probe does not know either",
}
_NOT_DONE: Final = 1


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why nobody knows whether a step is done; `attempts` are all those of the run before, `run`."""

    reason: str
    run: str
    attempts: tuple[Attempt, ...] = ()

    def kept(self, step: str, started_at: str | None) -> StepResult:
        """The result of a step that was stopped while its probe ran: it is as much in doubt as before."""
        return StepResult(
            step=step,
            status="interrupted",
            reason="it was stopped while its probe ran",
            started_at=started_at,
            attempts=list(self.attempts),
        )


def doubt_of_rollback(step: PlannedStep) -> Doubt | None:
    """Of a step that takes back one in doubt, whose probe says first whether there is anything to take back."""
    if step.undoes is None or step.probe is None:
        return None
    return Doubt(
        "it had started when its run was killed, and nobody knows whether it did its work", step.undoes.runs[-1]
    )


def asked(
    step: PlannedStep,
    context: StepContext,
    value: Callable[[tuple[str, ...]], object],
    driver_for: Callable[[str], Driver | None],
    probe_for: Callable[[str], Driver | None],
) -> tuple[Driver, StepContext] | None:
    """Who is asked, and with what; None where nobody can be. `value` is that of a reference. Raises NoValue."""
    if step.probe is None:
        probe = probe_for(step.type)
        return None if probe is None else (probe, context)
    program = driver_for("script")
    if program is None:
        return None
    env = dict(context.env)
    if step.probe.env is not None:
        env |= resolve(step.probe.env, value)
    return program, replace(context, inputs=ScriptInputs.model_validate(resolve(step.probe.inputs, value)), env=env)


def answer_of(step: PlannedStep, outcome: CommandOutcome | None, result: DriverResult) -> Answer:
    """What the end of a probe says."""
    if step.probe is None:
        said = result.outputs.get("done") if result.failure is None else None
        return "unknown" if not isinstance(said, bool) else "done" if said else "not_done"
    if outcome is None or outcome.ending is not Ending.EXITED:
        return "unknown"
    if outcome.exit_code == 0:
        return "done"
    return "not_done" if outcome.exit_code == _NOT_DONE else "unknown"


def lacking(plan: Plan, step: PlannedStep, outputs: Iterable[str]) -> list[str]:
    """Declared outputs that a step which is done did not give, where anything needs them."""
    missing = [name for name in step.declared_outputs if name not in set(outputs)]
    known = {one.id for one in plan.steps}
    members = {} if step.id in known else {step.id.rpartition("[")[0]: [step.id]}
    done = StepResult(step=step.id, status="succeeded", withheld_outputs=missing)
    return missing if missing and step.id in needed_again(plan, {step.id: done}, members) else []
