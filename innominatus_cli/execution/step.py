"""One step: from a plan, a step and the values of earlier ones to a `StepResult`.

`step_work` is a generator that says what it needs (the journal, a process, a pause) and is told what came of it, so
that the engine runs many at a time and `execute_step` runs one, both with the same code. It starts nothing and waits
for nothing itself.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace

from innominatus_cli.documents.plan import PlannedStep
from innominatus_cli.documents.run_record import Attempt
from innominatus_cli.drivers.contract import Driver, DriverResult, StepContext
from innominatus_cli.drivers.own_program import run_own_program
from innominatus_cli.drivers.services import is_ill
from innominatus_cli.execution.asking import Asking
from innominatus_cli.execution.injection import Injected, injected
from innominatus_cli.execution.probing import Doubt, doubt_of_rollback
from innominatus_cli.execution.retry import delay_seconds, is_retried
from innominatus_cli.execution.secrecy import holding_argument
from innominatus_cli.execution.setting import PreparedRun
from innominatus_cli.execution.step_ends import (
    CANCELLED,
    AttemptStarts,
    BreakerTurned,
    Need,
    Pause,
    StepEnd,
    StepLogs,
    StepWork,
    finding_of,
)
from innominatus_cli.execution.step_inputs import inputs_of, without_driver
from innominatus_cli.execution.step_results import AttemptEnd, StepResults
from innominatus_cli.execution.values import StepView, UnusableSecret
from innominatus_cli.expressions.values import NoValue
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.catalogue import secrets as secret_codes
from innominatus_cli.findings.catalogue.services import BREAKER_OPEN
from innominatus_cli.findings.finding import Finding
from innominatus_cli.system.clock import timestamp
from innominatus_cli.system.commands import CommandOutcome, CommandRequest, Ending


def step_work(
    prepared: PreparedRun,
    step: PlannedStep,
    view: StepView,
    logs: StepLogs,
    manifests: Mapping[str, bytes],
    earlier: Sequence[Attempt] = (),
    doubt: Doubt | None = None,
) -> StepWork:
    """The work of one step, from its first attempt to its result. Findings become results; it raises nothing.

    Its first need is always `AttemptStarts`; until that is answered it has done nothing but look at its inputs, which
    can be done ahead of time. `earlier` are attempts of another run: they count, and one more is allowed at least.
    Where there is a `doubt`, the first attempt begins with the step's probe.
    """
    return (yield from _Work(prepared, step, view, logs, manifests, earlier, doubt).attempts())


class _Work:
    def __init__(
        self,
        prepared: PreparedRun,
        step: PlannedStep,
        view: StepView,
        logs: StepLogs,
        manifests: Mapping[str, bytes],
        earlier: Sequence[Attempt],
        doubt: Doubt | None,
    ) -> None:
        self._prepared = prepared
        self._setting = prepared.setting
        self._clock = prepared.setting.clock
        self._step = step
        self._view = view
        self._logs = logs
        self._manifests = manifests
        self._attempts: list[Attempt] = list(earlier)
        self._redactor = prepared.setting.redactor
        self._breakers = prepared.breakers
        self._injected = Injected({})
        self._results = StepResults(prepared, step, view, logs)
        self._doubt = doubt or doubt_of_rollback(step)
        self._seconds: float = step.timeout_seconds
        """What the attempt that works now may take."""

    def attempts(self) -> StepWork:
        clock, retry = self._clock, self._step.retry
        first = len(self._attempts) + 1
        most = max(first, retry.attempts if retry else 1)
        started, at = 0.0, ""
        number = first - 1
        while True:
            number += 1
            context = self._context()
            stopped = (yield AttemptStarts(number)) is not None
            begun = timestamp(clock.now())
            if number == first:
                started, at = clock.monotonic(), begun
            most_seconds = retry.max_duration_seconds if retry else None
            if most_seconds is not None:
                self._seconds = min(self._step.timeout_seconds, started + most_seconds - clock.monotonic())
            if self._doubt is not None:
                if stopped:
                    return StepEnd(self._doubt.kept(self._step.id, at))
                settled = yield from self._asked(self._doubt, context, at)
                if settled is not None:
                    return settled
                self._doubt, context = None, self._context()
            end = AttemptEnd(CANCELLED, None) if stopped else (yield from self._attempt(number, begun, context))
            status = end.status
            if status == "succeeded" or number >= most or retry is None or not is_retried(retry, end.outcome):
                break
            pause = delay_seconds(retry, number, self._setting.random)
            if most_seconds is not None and clock.monotonic() - started + pause >= most_seconds:
                break
            if (yield Pause(pause, self._attempts[-1])) is not None:
                status = "interrupted"
                break
        return self._results.end_of(end, status, self._attempts, at, round((clock.monotonic() - started) * 1000))

    def _asked(
        self, doubt: Doubt, context: StepContext | Finding, at: str
    ) -> Generator[Need, CommandOutcome | None, StepEnd | None]:
        asking = Asking(self._setting, self._step, self._view, self._results)
        settled = yield from asking.settled(doubt, context, at, self._drive)
        self._injected.forget()
        return settled

    def _attempt(
        self, number: int, at: str, context: StepContext | Finding
    ) -> Generator[Need, CommandOutcome | None, AttemptEnd]:
        step, started = self._step, self._clock.monotonic()
        driver = self._driver()
        if isinstance(context, Finding) or driver is None:
            end = AttemptEnd(None, context if isinstance(context, Finding) else without_driver(self._step))
        else:
            end = yield from self._drive(driver, context, started)
            self._injected.forget()
            scratch = context.scratch_dir
            empty = self._prepared.scratch.is_empty(scratch)
            if end.status == "succeeded":
                self._results.gather(context, end, wrote=not empty)
            elif step.secret_outputs:
                self._results.learn(context)
            if empty:
                self._prepared.scratch.give_back(scratch)
        end.cut = self._seconds < step.timeout_seconds
        self._logs.settle()
        outcome = end.outcome
        self._attempts.append(
            Attempt(
                number=number,
                started_at=at,
                duration_ms=round((self._clock.monotonic() - started) * 1000),
                ending=outcome.ending.value if outcome else "internal",
                exit_code=outcome.exit_code if outcome else None,
                signal=outcome.signal if outcome else None,
            )
        )
        return end

    def _drive(
        self, driver: Driver, context: StepContext, started: float
    ) -> Generator[Need, CommandOutcome | None, AttemptEnd]:
        """Runs a driver to its result; nothing more is started for one that was stopped or has no time left."""
        outcome: CommandOutcome | None = None
        out_of_time = False
        try:
            work = driver(context)
            request = next(work)
            if self._seconds < self._step.timeout_seconds:
                request = self._bounded(request, started)
            while True:
                answered = yield from self._called(request)
                if isinstance(answered, Finding):
                    work.close()
                    return AttemptEnd(outcome, answered)
                outcome = answered
                out_of_time = outcome.ending is Ending.TIMED_OUT and self._clock.monotonic() - started >= self._seconds
                request = work.send(outcome)
                if outcome.ending is Ending.CANCELLED or out_of_time:
                    work.close()
                    failure = finding_of(self._step, codes.STEP_TIMED_OUT, "it had no time left")
                    return AttemptEnd(outcome, failure, out_of_time=out_of_time)
                request = self._bounded(request, started)
        except StopIteration as stop:
            result: DriverResult = stop.value
            return AttemptEnd(outcome, result.failure, result, out_of_time=out_of_time)
        except Exception as error:  # noqa: BLE001 - a driver's bug fails its step and nothing else; its text may hold secrets
            kind = type(error).__name__
            return AttemptEnd(outcome, finding_of(self._step, codes.DRIVER_BROKE, f"its driver broke ({kind})"))

    def _called(self, request: CommandRequest) -> Generator[Need, CommandOutcome | None, CommandOutcome | Finding]:
        """Has one program run; a finding where it must not, because of a secret or a circuit breaker."""
        leak = self._argument(request)
        if leak is not None:
            return leak
        if not request.endpoint:
            self._results.commands += 1
            return (yield self._injected.given(request)) or CANCELLED
        breakers, endpoint = self._breakers, request.endpoint
        refusal = breakers.refusal(endpoint, self._clock.monotonic())
        if refusal:
            return finding_of(self._step, BREAKER_OPEN, refusal)
        trial = breakers.tries(endpoint)
        if trial:
            yield BreakerTurned(endpoint, "half_open", breakers.failures(endpoint))
        self._results.commands += 1
        outcome = (yield self._injected.given(request)) or CANCELLED
        state = breakers.heard(endpoint, self._clock.monotonic(), ill=is_ill(outcome), trial=trial)
        if state is not None:
            yield BreakerTurned(endpoint, state, breakers.failures(endpoint))
        return outcome

    def _argument(self, request: CommandRequest) -> Finding | None:
        """A finding where an argument holds a secret: everybody on the machine could read it."""
        number = holding_argument(self._redactor, request.argv)
        if number is None:
            return None
        program = self._redactor.text(request.argv[0].rpartition("/")[2])
        return finding_of(
            self._step, secret_codes.ARGUMENT_HOLDS_SECRET, f"argument {number} of '{program}' would hold a secret"
        )

    def _bounded(self, request: CommandRequest, started: float) -> CommandRequest:
        """A later process of an attempt gets what is left of the step's time."""
        left = max(0.001, started + self._seconds - self._clock.monotonic())
        if request.timeout_seconds is not None and request.timeout_seconds <= left:
            return request
        return replace(request, timeout_seconds=left)

    def _context(self) -> StepContext | Finding:
        """What the driver is told; nothing of the step has begun yet."""
        step, setting, prepared = self._step, self._setting, self._prepared
        if self._driver() is None:
            return without_driver(self._step)
        try:
            sealed: dict[str, str] = {}
            inputs = inputs_of(self._setting, self._step, self._view, sealed)
            if isinstance(inputs, Finding):
                return inputs
            scratch = prepared.scratch.take()
            self._injected = injected(step, self._view, scratch, setting.delivery)
        except UnusableSecret as unusable:
            return finding_of(step, unusable.code, str(unusable), unusable.remedy)
        except NoValue as missing:
            return finding_of(step, codes.VALUE_MISSING, str(missing))
        except OSError as error:
            return finding_of(step, codes.JOURNAL_LOST, f"cannot make its scratch folder: {error.strerror}")
        return StepContext(
            step=step,
            inputs=inputs,
            application=setting.plan.application.name,
            environment=setting.plan.environment,
            operation=setting.plan.operation,
            run=setting.run,
            work_dir=setting.work_dir,
            state_dir=prepared.tool_state_dir,
            scratch_dir=scratch,
            manifests_dir=prepared.manifests_dir,
            env={
                **prepared.env,
                **self._injected.env,
                "INNOMINATUS_STEP": step.id,
                "INNOMINATUS_OUTPUT": f"{scratch}/outputs",
            },
            manifests=self._manifests,
            sealed=sealed,
        )

    def _driver(self) -> Driver | None:
        undoes = self._step.undoes
        if undoes is not None and undoes.how != "step":
            return self._setting.undo_for("" if undoes.how == "files" else self._step.type)
        known = self._setting.driver_for(self._step.type)
        return run_own_program if known is None and self._step.program is not None else known
