"""Asks the drivers of a plan's steps something that changes nothing: what they would do, or what has drifted.

The steps are asked one after the other with the machinery of a run (their environment, secrets, timeouts and the
redaction), each in a run folder of its own that is gone afterwards. Nothing is journaled, recorded or committed.
"""

import os
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from random import SystemRandom
from typing import Any, Final, Literal

from innominatus_cli.documents.admin_config import AdminConfigDocument
from innominatus_cli.documents.plan import Plan, PlannedStep
from innominatus_cli.documents.run_record import StepResult
from innominatus_cli.drivers.contract import Driver, DriverResult, DriverSteps, StepContext
from innominatus_cli.drivers.registry import part_for
from innominatus_cli.execution.one_step import execute_step
from innominatus_cli.execution.redaction import Redactor
from innominatus_cli.execution.secrecy import clean_errors
from innominatus_cli.execution.setting import RunSetting
from innominatus_cli.operations.secret_values import delivery_of, secrets_for
from innominatus_cli.system.clock import Clock, SystemClock
from innominatus_cli.system.git import Git
from innominatus_cli.system.state_folder import StateFolder

AskedPart = Literal["preview", "drift", "health"]
_KEYS: Final[dict[AskedPart, str]] = {"preview": "changes", "drift": "drift", "health": "health"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the driver of one step said."""

    step: PlannedStep
    found: tuple[dict[str, str], ...] = ()
    """Of `preview` the changes, of `drift` what differs, of `health` each object; as the driver says it."""
    problem: str = ""
    """Why it could not be asked; empty where it could."""


def answers(
    git: Git,
    admin: AdminConfigDocument,
    plan: Plan,
    part: AskedPart,
    earlier: Iterable[StepResult] = (),
    clock: Clock | None = None,
    only: Collection[str] | None = None,
) -> Iterator[Answer]:
    """What each step says whose driver offers the part, in the order of the plan; of those of `only`, where given.

    `earlier` are results of steps, for inputs that refer to their outputs. Raises CannotContinue (exit 73) where no
    folder can be made.
    """
    results = list(earlier)
    asked = [plain(step) if _offers(step, part) else step for step in plan.steps]
    asked_plan = plan.model_copy(update={"steps": asked})
    setting = setting_outside_of_runs(git, admin, asked_plan, lambda step_type: _told(step_type, part), clock)
    with clean_errors(setting.redactor):
        for step in asked:
            if _offers(step, part) and (only is None or step.id in only):
                with a_run_of_its_own(setting) as own:
                    yield _answer(own, step, part, results)


def setting_outside_of_runs(
    git: Git,
    admin: AdminConfigDocument,
    plan: Plan,
    driver_for: Callable[[str], Driver | None],
    clock: Clock | None = None,
) -> RunSetting:
    """What a step of a plan is done with where no run does it: as in a run, but nothing is journaled or recorded."""
    clock, state, redactor = clock or SystemClock(), StateFolder(git.common_dir), Redactor()
    tool_state = state.tool_state_dir(plan.application.name, plan.environment)
    return RunSetting(
        plan=plan,
        run="",
        work_dir=git.root,
        state=state,
        clock=clock,
        random=SystemRandom().random,
        outside=os.environ,
        allowed_env=tuple(admin.env),
        ledger_root=admin.ledger.root,
        secrets=secrets_for(admin, plan, git.root, tool_state, clock, redactor),
        redactor=redactor,
        delivery=delivery_of(admin.secrets_in(plan.environment)),
        driver_for=driver_for,
        reads_records=True,
    )


@contextmanager
def a_run_of_its_own(setting: RunSetting) -> Iterator[RunSetting]:
    """The setting with a run folder that is gone afterwards."""
    own = replace(setting, run=setting.clock.new_id())
    try:
        yield own
    finally:
        shutil.rmtree(setting.state.run_dir(own.run), ignore_errors=True)


def _offers(step: PlannedStep, part: AskedPart) -> bool:
    return step.kind == "step" and step.expansion is None and part_for(step.type, part) is not None


def plain(step: PlannedStep) -> PlannedStep:
    """The step as it is asked outside of runs: once, and without outputs that only its work gives."""
    nothing: dict[str, Any] = {"declared_outputs": [], "set_variables": {}, "output_file": None, "retry": None}
    return step.model_copy(update=nothing)


def _answer(setting: RunSetting, step: PlannedStep, part: AskedPart, earlier: list[StepResult]) -> Answer:
    others = [result for result in earlier if result.step != step.id]
    result = execute_step(setting, step.id, others)
    if result.status != "succeeded":
        return Answer(step, problem=result.reason or result.status)
    found = result.outputs.get(_KEYS[part])
    return Answer(step, tuple({str(key): str(value) for key, value in one.items()} for one in found or ()))


def _told(step_type: str, part: AskedPart) -> Driver | None:
    """The part as a driver whose outputs are kept, though no step declares them."""
    asked = part_for(step_type, part)
    if asked is None:
        return None

    def driver(ctx: StepContext) -> DriverSteps:
        done: DriverResult = yield from asked(ctx)
        return replace(done, public=tuple(done.outputs), artifacts={})

    return driver
