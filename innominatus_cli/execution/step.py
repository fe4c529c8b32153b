"""One step: from a plan, a step and the values of earlier ones to a `StepResult`.

`step_work` is a generator that says what it needs (the journal, a process, a pause) and is told what came of it, so
that the engine runs many at a time and `execute_step` runs one, both with the same code. It starts nothing and waits
for nothing itself.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from pydantic import ValidationError

from innominatus_cli.documents.canonical import digest_of_bytes
from innominatus_cli.documents.durations import duration_text
from innominatus_cli.documents.plan import PlannedStep
from innominatus_cli.documents.run_record import Attempt, RecordedHint, StepResult, StepStatus, StreamDigest
from innominatus_cli.documents.verdict import ReportedFinding
from innominatus_cli.drivers.contract import Driver, DriverResult, StepContext
from innominatus_cli.drivers.own_program import run_own_program
from innominatus_cli.execution.excerpts import NO_EXCERPT, stream_digest, token_in
from innominatus_cli.execution.injection import Injected, injected
from innominatus_cli.execution.outputs import UnreadableOutputs, file_outputs, printed_outputs, recorded_outputs
from innominatus_cli.execution.probing import SAYS, Answer, Doubt, answer_of, asked, doubt_of_rollback, lacking
from innominatus_cli.execution.retry import delay_seconds, is_retried
from innominatus_cli.execution.secrecy import holding_argument, holding_files, holding_names, learn_outputs
from innominatus_cli.execution.setting import PreparedRun
from innominatus_cli.execution.step_ends import (
    CANCELLED,
    AttemptStarts,
    Need,
    Pause,
    Probed,
    StepEnd,
    StepLogs,
    StepWork,
    finding_of,
    never_ran,
)
from innominatus_cli.execution.step_inputs import inputs_of, without_driver
from innominatus_cli.execution.values import StepView, UnusableSecret
from innominatus_cli.expressions.values import NoValue, resolve, text_of
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.catalogue import secrets as secret_codes
from innominatus_cli.findings.finding import Code, Finding, Severity
from innominatus_cli.system.clock import timestamp
from innominatus_cli.system.commands import CommandOutcome, CommandRequest, Ending
from innominatus_cli.system.output_capture import StreamLog

_HINT: Final = ("type", "label", "value")
_MOST_HINTS: Final = 20


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


@dataclass(slots=True)
class _AttemptEnd:
    """How one attempt ended; `failure` None: well."""

    outcome: CommandOutcome | None
    failure: Finding | None
    result: DriverResult = field(default_factory=DriverResult)
    outputs: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    out_of_time: bool = False
    """The step's own time is over; a driver may give one of its programs less."""

    @property
    def cancelled(self) -> bool:
        """Whether the run stopped it."""
        return self.outcome is not None and self.outcome.ending is Ending.CANCELLED

    @property
    def status(self) -> StepStatus:
        """What that makes of the step."""
        if self.cancelled:
            return "interrupted"
        if self.failure is None:
            return "succeeded"
        return "timed_out" if self.out_of_time else "failed"


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
        self._commands = 0
        self._redactor = prepared.setting.redactor
        self._injected = Injected({})
        self._warnings: list[Finding] = []
        self._doubt = doubt or doubt_of_rollback(step)

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
            if self._doubt is not None:
                if stopped:
                    return StepEnd(self._doubt.kept(self._step.id, at))
                settled = yield from self._probed(self._doubt, context, at)
                if settled is not None:
                    return settled
                self._doubt, context = None, self._context()
            end = _AttemptEnd(CANCELLED, None) if stopped else (yield from self._attempt(number, begun, context))
            status = end.status
            if status == "succeeded" or number >= most or retry is None or not is_retried(retry, end.outcome):
                break
            if (yield Pause(delay_seconds(retry, number, self._setting.random), self._attempts[-1])) is not None:
                status = "interrupted"
                break
        return self._end(end, status, at, round((clock.monotonic() - started) * 1000))

    def _probed(
        self, doubt: Doubt, context: StepContext | Finding, at: str
    ) -> Generator[Need, CommandOutcome | None, StepEnd | None]:
        """Asks whether the step is done; its end where that says it, None where the step has to run."""
        step, started = self._step, self._clock.monotonic()
        end = _AttemptEnd(None, None)
        answer: Answer = "unknown"
        if isinstance(context, StepContext):
            who = self._who_is_asked(context)
            if who is not None:
                end = yield from self._drive(*who, started)
                answer = answer_of(step, end.outcome, replace(end.result, failure=end.failure))
            self._injected.forget()
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

    def _done(self, doubt: Doubt, end: _AttemptEnd, at: str, duration_ms: int) -> StepEnd:
        """The end of a step that is done, as its probe says: with the outputs that the probe gave."""
        step = self._step
        printed = printed_outputs(end.result.printed.head) if end.result.printed is not None else {}
        found = {**printed, **end.result.outputs}
        end.outputs = {name: value for name, value in found.items() if name in step.declared_outputs}
        learn_outputs(self._redactor, step, end.outputs, end.result.secret)
        missing = lacking(self._setting.plan, step, end.outputs)
        self._set_variables(end)
        why = f"'{', '.join(missing)}' of it is needed, and nobody has it" if missing else ""
        if end.failure is not None:
            why = end.failure.message
        if why:
            return StepEnd(never_ran(step, "planned", why), asks=f"{SAYS['done']}, but {why}")
        made = self._end(end, "succeeded", at, duration_ms)
        said = f"{SAYS['done']} since run {doubt.run}"
        update = {"reason": said, "reused_from": doubt.run, "attempts": list(doubt.attempts)}
        return replace(made, result=made.result.model_copy(update=update), message=said)

    def _attempt(
        self, number: int, at: str, context: StepContext | Finding
    ) -> Generator[Need, CommandOutcome | None, _AttemptEnd]:
        step, started = self._step, self._clock.monotonic()
        driver = self._driver()
        if isinstance(context, Finding) or driver is None:
            end = _AttemptEnd(None, context if isinstance(context, Finding) else without_driver(self._step))
        else:
            end = yield from self._drive(driver, context, started)
            self._injected.forget()
            scratch = context.scratch_dir
            empty = self._prepared.scratch.is_empty(scratch)
            if end.status == "succeeded":
                self._gather(context, end, wrote=not empty)
            elif step.secret_outputs:
                self._learn(context)
            if empty:
                self._prepared.scratch.give_back(scratch)
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
    ) -> Generator[Need, CommandOutcome | None, _AttemptEnd]:
        """Runs a driver to its result; nothing more is started for one that was stopped or has no time left."""
        outcome: CommandOutcome | None = None
        out_of_time = False
        try:
            work = driver(context)
            request = next(work)
            while True:
                leak = self._argument(request)
                if leak is not None:
                    work.close()
                    return _AttemptEnd(outcome, leak)
                self._commands += 1
                outcome = (yield self._injected.given(request)) or CANCELLED
                out_of_time = (
                    outcome.ending is Ending.TIMED_OUT
                    and self._clock.monotonic() - started >= self._step.timeout_seconds
                )
                request = work.send(outcome)
                if outcome.ending is Ending.CANCELLED or out_of_time:
                    work.close()
                    failure = finding_of(self._step, codes.STEP_TIMED_OUT, "it had no time left")
                    return _AttemptEnd(outcome, failure, out_of_time=out_of_time)
                request = self._bounded(request, started)
        except StopIteration as stop:
            result: DriverResult = stop.value
            return _AttemptEnd(outcome, result.failure, result, out_of_time=out_of_time)
        except Exception as error:  # noqa: BLE001 - a driver's bug fails its step and nothing else; its text may hold secrets
            kind = type(error).__name__
            return _AttemptEnd(outcome, finding_of(self._step, codes.DRIVER_BROKE, f"its driver broke ({kind})"))

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
        left = max(0.001, started + self._step.timeout_seconds - self._clock.monotonic())
        if request.timeout_seconds is not None and request.timeout_seconds <= left:
            return request
        return replace(request, timeout_seconds=left)

    def _context(self) -> StepContext | Finding:
        """What the driver is told; nothing of the step has begun yet."""
        step, setting, prepared = self._step, self._setting, self._prepared
        if self._driver() is None:
            return without_driver(self._step)
        try:
            inputs = inputs_of(self._setting, self._step, self._view)
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
        )

    def _driver(self) -> Driver | None:
        undoes = self._step.undoes
        if undoes is not None and undoes.how != "step":
            return self._setting.undo_for("" if undoes.how == "files" else self._step.type)
        known = self._setting.driver_for(self._step.type)
        return run_own_program if known is None and self._step.program is not None else known

    def _gather(self, context: StepContext, end: _AttemptEnd, *, wrote: bool) -> None:
        """Reads the outputs of an attempt that went well, and the variables that they set."""
        step = self._step
        try:
            found = printed_outputs(end.result.printed.head) if end.result.printed is not None else {}
            if wrote:
                found.update(file_outputs(context.scratch_dir / "outputs", required=False))
            if step.output_file:
                found.update(self._output_file(context, step.output_file))
        except UnreadableOutputs as wrong:
            end.failure = finding_of(step, codes.OUTPUT_UNREADABLE, str(wrong))
            return
        found.update(end.result.outputs)
        end.outputs = found
        for name in learn_outputs(self._redactor, step, found, end.result.secret):
            message = f"the value of secret output '{name}' has less than 6 bytes: it is withheld, and not looked for"
            self._warn(secret_codes.SECRET_TOO_SHORT, message)
        held = holding_files(self._redactor, end.result.artifacts)
        if held:
            message = f"'{self._redactor.text(held[0])}', which it wants committed, holds a secret"
            end.failure = finding_of(step, secret_codes.ARTIFACT_HOLDS_SECRET, message)
            return
        missing = [name for name in step.declared_outputs if name not in found]
        if missing:
            names = ", ".join(f"'{name}'" for name in missing)
            end.failure = finding_of(step, codes.OUTPUT_MISSING, f"it gave no output {names}")
        elif step.set_variables:
            self._set_variables(end)

    def _learn(self, context: StepContext) -> None:
        """The secret outputs that an attempt wrote to its file before it failed are secrets all the same."""
        try:
            learn_outputs(self._redactor, self._step, file_outputs(context.scratch_dir / "outputs", required=False))
        except UnreadableOutputs:
            return

    def _warn(self, code: Code, message: str) -> None:
        found = finding_of(self._step, code, message)
        self._warnings.append(found._replace(severity_override=Severity.WARNING))

    def _output_file(self, context: StepContext, written: str) -> dict[str, Any]:
        path = context.scratch_dir / written
        if not path.exists():
            inside = context.repository_path(written)
            if isinstance(inside, Finding):
                raise UnreadableOutputs(f"'{written}' was not written")
            path = inside
        return file_outputs(path, required=True)

    def _set_variables(self, end: _AttemptEnd) -> None:
        view = self._view.with_outputs(self._step.name, end.outputs)
        for name, value in self._step.set_variables.items():
            try:
                text = text_of(resolve(value, view.value))
            except NoValue as missing:
                end.failure = finding_of(self._step, codes.VALUE_MISSING, f"variable '{name}': {missing}")
                return
            if text is None:
                message = f"variable '{name}' would be a list, a mapping or nothing; variables are text"
                end.failure = finding_of(self._step, codes.VALUE_MISSING, message)
                return
            end.variables[name] = text

    def _end(self, end: _AttemptEnd, status: StepStatus, started_at: str, duration_ms: int) -> StepEnd:
        step = self._step
        finding = self._finding(end, status)
        good = status == "succeeded"
        outputs = end.outputs if good else {}
        artifacts = end.result.artifacts if good else {}
        self._logs.settle()
        stdout, stderr = self._digest(self._logs.stdout), self._digest(self._logs.stderr)
        kept, withheld = recorded_outputs(step, outputs, end.result.public, end.result.secret)
        variables = self._public_variables(end) if good else {}
        for name in holding_names(self._redactor, kept):
            withheld.append(name)
            del kept[name]
            self._warn(
                secret_codes.OUTPUT_HOLDS_SECRET, f"output '{name}' holds a secret; the record has only its name"
            )
        for name in holding_names(self._redactor, variables):
            del variables[name]
            self._warn(secret_codes.OUTPUT_HOLDS_SECRET, f"variable '{name}' holds a secret; the record is without it")
        result = StepResult(
            step=step.id,
            status=status,
            reason=finding.message if finding else "",
            started_at=started_at,
            duration_ms=duration_ms,
            attempts=self._attempts,
            outputs=kept,
            withheld_outputs=withheld,
            variables=variables,
            artifacts={path: digest_of_bytes(data) for path, data in artifacts.items()},
            stdout=stdout,
            stderr=stderr,
            tools=list(end.result.tools),
            hints=self._hints(end.result) if good else None,
            finding=ReportedFinding.of(finding) if finding else None,
            continued=status in {"failed", "timed_out"} and step.continue_on_error,
        )
        variables_all = end.variables if good else {}
        return StepEnd(
            result,
            outputs,
            variables_all,
            artifacts,
            end.result.message,
            tuple(self._warnings),
            end.result.secret if good else (),
        )

    def _hints(self, done: DriverResult) -> list[RecordedHint] | None:
        """The hints that a record may hold: texts, without what is a secret."""
        told = [{key: text_of(hint.get(key, "")) or "" for key in _HINT} for hint in done.hints[:_MOST_HINTS]]
        return [RecordedHint.model_validate(self._redactor.value(hint)) for hint in told] or None

    def _public_variables(self, end: _AttemptEnd) -> dict[str, str]:
        secret = {
            name
            for name, value in self._step.set_variables.items()
            if self._view.is_secret(value, self._step.name, end.result.secret)
        }
        return {name: text for name, text in end.variables.items() if name not in secret}

    def _digest(self, log: StreamLog) -> StreamDigest | None:
        if not self._commands:
            return None
        digest = stream_digest(log, excerpt=self._setting.keeps_excerpts)
        token = token_in(digest)
        if not token:
            return digest
        self._warn(secret_codes.TOKEN_IN_OUTPUT, f"it printed {token}; the record has no excerpt of that")
        return digest.model_copy(update=NO_EXCERPT)

    def _finding(self, end: _AttemptEnd, status: StepStatus) -> Finding | None:
        step = self._step
        match status:
            case "succeeded":
                return None
            case "timed_out":
                return finding_of(
                    step, codes.STEP_TIMED_OUT, f"it ran longer than {duration_text(step.timeout_seconds)}"
                )
            case "interrupted":
                return finding_of(step, codes.RUN_INTERRUPTED, "it was stopped before its end")
            case _:
                return end.failure
