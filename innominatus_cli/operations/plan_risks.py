"""What is risky about a plan: named reasons that can be checked, each with its steps. No number is made of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from innominatus_cli.documents.plan import Plan, PlannedStep
from innominatus_cli.documents.plan_analysis import Risk, StepTimes
from innominatus_cli.documents.vocabulary import Idempotency, Operation
from innominatus_cli.documents.words import counted
from innominatus_cli.planning.comparison import differences
from innominatus_cli.policies.environment_rules import is_production
from innominatus_cli.policies.policy_set import PolicySet
from innominatus_cli.step_types.catalogue import step_type

_Reason: TypeAlias = Literal["once only", "nothing undoes it", "no retry", "default timeout", "failure allowed"]
_FEW: Final = 3


@dataclass(frozen=True, slots=True)
class Past:
    """The last successful deployment in the plan's environment."""

    run: str | None = None
    """None: there is none."""
    plan: Plan | None = None
    """None where the ledger lacks it."""


def risks_of(plan: Plan, times: Sequence[StepTimes], past: Past, policies: PolicySet) -> list[Risk]:
    """Every reason to look twice at a plan, the weightiest first. Steps that never run count in none."""
    never = {one.id for one in times if one.never_runs}
    steps = [step for step in plan.steps if step.kind == "step" and step.id not in never]
    return [*_of_the_plan(plan, past, policies), *_of_the_past(plan, times, past), *_of_steps(steps)]


def _of_the_plan(plan: Plan, past: Past, policies: PolicySet) -> Iterator[Risk]:
    if is_production(plan.environment, policies):
        yield Risk(reason="production", says=f"'{plan.environment}' is a production environment")
    if plan.operation is Operation.DEPLOY and past.run is None:
        says = f"'{plan.application.name}' was never deployed successfully in {plan.environment}"
        yield Risk(reason="first deployment", says=says)


def _of_the_past(plan: Plan, times: Sequence[StepTimes], past: Past) -> Iterator[Risk]:
    if past.plan is not None:
        found = [one for one in differences(past.plan, plan) if one.part in {"source", "step"} and one.change]
        sources = {one.name for one in found if one.part == "source"}
        changed = {one.name for one in found if one.part == "step"}
        steps = [one.id for one in plan.steps if one.id in changed or sources & {*one.input_files}]
        if found:
            says = f"{_files(sorted(sources))} changed since the last successful deployment ({past.run})"
            yield Risk(reason="changed", says=says, steps=steps)
    failed = [one for one in times if one.failed]
    if failed:
        often = ", ".join(f"{one.name} {counted(one.failed, 'time')}" for one in failed[:_FEW])
        steps = [one.id for one in failed]
        yield Risk(reason="failed recently", says=f"steps failed here lately: {often}", steps=steps)
    new = [one.id for one in times if one.origin != "here" and not one.never_runs]
    if new and past.run is not None:
        yield Risk(reason="never run here", says=f"{counted(len(new), 'step')} never succeeded here", steps=new)


def _files(paths: Sequence[str]) -> str:
    if not paths:
        return "no file"
    more = f" and {len(paths) - _FEW} more" if len(paths) > _FEW else ""
    return f"{counted(len(paths), 'file')} ({', '.join(paths[:_FEW])}{more})"


def _is_once(step: PlannedStep) -> bool:
    return step.idempotency is Idempotency.ONCE


def _of_steps(steps: Sequence[PlannedStep]) -> Iterator[Risk]:
    for reason, says, is_so in _REASONS:
        found = [step.id for step in steps if is_so(step)]
        if found:
            yield Risk(reason=reason, says=f"{says}: {counted(len(found), 'step')}", steps=found)


def _nothing_undoes(step: PlannedStep) -> bool:
    kind = step_type(step.type)
    return step.rollback is None and (kind is None or kind.rollback == "irreversible")


_REASONS: Final[tuple[tuple[_Reason, str, Callable[[PlannedStep], bool]], ...]] = (
    (
        "once only",
        "a run killed there needs a decision",
        _is_once,
    ),
    ("nothing undoes it", "no rollback is written", _nothing_undoes),
    ("no retry", "a program is needed, and tried once", lambda step: bool(step.tools) and step.retry is None),
    ("default timeout", "no timeout is written", lambda step: not step.timeout_written),
    ("failure allowed", "a failure does not fail the run", lambda step: step.continue_on_error),
)
