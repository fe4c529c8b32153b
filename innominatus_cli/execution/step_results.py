"""What comes of a step: the outputs and variables of an attempt that went well, and the result that records keep."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from innominatus_cli.documents.canonical import digest_of_bytes
from innominatus_cli.documents.durations import duration_text
from innominatus_cli.documents.plan import PlannedStep
from innominatus_cli.documents.run_record import Attempt, RecordedHint, StepResult, StepStatus, StreamDigest
from innominatus_cli.documents.verdict import ReportedFinding
from innominatus_cli.drivers.contract import DriverResult, StepContext
from innominatus_cli.execution.excerpts import NO_EXCERPT, stream_digest, token_in
from innominatus_cli.execution.outputs import (
    UnreadableOutputs,
    file_outputs,
    is_kept,
    printed_outputs,
    recorded_outputs,
    unkept_output,
)
from innominatus_cli.execution.secrecy import holding_files, holding_names, learn_outputs
from innominatus_cli.execution.setting import PreparedRun
from innominatus_cli.execution.step_ends import StepEnd, StepLogs, finding_of
from innominatus_cli.execution.values import StepView
from innominatus_cli.expressions.values import NoValue, resolve, text_of
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.catalogue import secrets as secret_codes
from innominatus_cli.findings.finding import Code, Finding, Severity
from innominatus_cli.system.commands import CommandOutcome, Ending
from innominatus_cli.system.output_capture import StreamLog

_HINT: Final = ("type", "label", "value")
_MOST_HINTS: Final = 20
_NOT_KEPT: Final = "a record holds no integer beyond 2^53, no infinity and no half of a surrogate pair"
_GAP: Final = "; of {:,} bytes that it printed, only those at the begin (1 MiB) and at the end (64 KiB) are read"
_WRITE_TEXT: Final = "Give a large number as text, and text as UTF-8."


@dataclass(slots=True)
class AttemptEnd:
    """How one attempt ended; `failure` None: well."""

    outcome: CommandOutcome | None
    failure: Finding | None
    result: DriverResult = field(default_factory=DriverResult)
    outputs: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    out_of_time: bool = False
    """The step's own time is over; a driver may give one of its programs less."""
    cut: bool = False
    """It had less than the step's `timeout`, for all attempts together have no more (`retry.maxDuration`)."""

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


class StepResults:
    """Makes the result of one step from the ends of its attempts. It starts nothing."""

    def __init__(self, prepared: PreparedRun, step: PlannedStep, view: StepView, logs: StepLogs) -> None:
        self._setting = prepared.setting
        self._step = step
        self._view = view
        self._logs = logs
        self._redactor = prepared.setting.redactor
        self._warnings: list[Finding] = []
        self.commands = 0
        """How many programs ran; the streams of a step without any are not in its result."""

    def gather(self, context: StepContext, end: AttemptEnd, *, wrote: bool) -> None:
        """Reads the outputs of an attempt that went well, and the variables that they set."""
        step = self._step
        try:
            found = printed_outputs(end.result.printed.lines) if end.result.printed is not None else {}
            if wrote:
                found.update(file_outputs(context.scratch_dir / "outputs", required=False))
            if step.output_file:
                found.update(self._output_file(context, step.output_file))
        except UnreadableOutputs as wrong:
            end.failure = finding_of(step, codes.OUTPUT_UNREADABLE, str(wrong))
            return
        found.update(end.result.outputs)
        end.outputs = found
        for value in end.result.secret_values:
            self._redactor.register(value.encode("utf-8", "surrogatepass"))
        for name in learn_outputs(self._redactor, step, found, end.result.secret):
            message = f"the value of secret output '{name}' has less than 6 bytes: it is withheld, and not looked for"
            self._warn(secret_codes.SECRET_TOO_SHORT, message)
        self._leave_out(end.result.spare, found)
        unkept = unkept_output(found) or unkept_output({"hints": [dict(hint) for hint in end.result.hints]})
        if unkept:
            message = f"{unkept} cannot be kept: {_NOT_KEPT}"
            end.failure = finding_of(step, codes.OUTPUT_UNREADABLE, message, _WRITE_TEXT)
            return
        held = holding_files(self._redactor, end.result.artifacts)
        if held:
            message = f"'{self._redactor.text(held[0])}', which it wants committed, holds a secret"
            end.failure = finding_of(step, secret_codes.ARTIFACT_HOLDS_SECRET, message)
            return
        missing = [name for name in step.declared_outputs if name not in found]
        if missing:
            names = ", ".join(f"'{name}'" for name in missing)
            printed = end.result.printed
            gap = _GAP.format(printed.size) if printed is not None and printed.has_gap else ""
            end.failure = finding_of(step, codes.OUTPUT_MISSING, f"it gave no output {names}{gap}")
        elif step.set_variables:
            self.set_variables(end)

    def _leave_out(self, spare: Sequence[str], outputs: dict[str, Any]) -> None:
        """Takes out of the outputs what nobody asked for and no record can hold, with a warning for each."""
        for name in spare:
            if name in self._step.declared_outputs or name not in outputs or is_kept({name: outputs[name]}):
                continue
            del outputs[name]
            message = f"output {name!r:.60} is left out, for the step does not declare it and {_NOT_KEPT}"
            self._warn(codes.OUTPUT_UNREADABLE, message, _WRITE_TEXT)

    def learn(self, context: StepContext) -> None:
        """The secret outputs that an attempt wrote to its file before it failed are secrets all the same."""
        try:
            learn_outputs(self._redactor, self._step, file_outputs(context.scratch_dir / "outputs", required=False))
        except UnreadableOutputs:
            return

    def _warn(self, code: Code, message: str, remedy: str = "") -> None:
        found = finding_of(self._step, code, message, remedy)
        self._warnings.append(found._replace(severity_override=Severity.WARNING))

    def _output_file(self, context: StepContext, written: str) -> dict[str, Any]:
        path = context.scratch_dir / written
        if not path.exists():
            inside = context.repository_path(written)
            if isinstance(inside, Finding):
                raise UnreadableOutputs(f"'{written}' was not written")
            path = inside
        return file_outputs(path, required=True)

    def set_variables(self, end: AttemptEnd) -> None:
        """Works out the variables that an attempt sets; one that has no text fails it."""
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

    def end_of(
        self, end: AttemptEnd, status: StepStatus, attempts: Sequence[Attempt], started_at: str, duration_ms: int
    ) -> StepEnd:
        """The end of the step, whose last attempt ended so; secrets and what holds one are not in its result."""
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
        told: dict[str, Any] = {
            "reason": finding.message if finding else "",
            "outputs": kept,
            "withheld_outputs": withheld,
            "variables": variables,
            "artifacts": {path: digest_of_bytes(data) for path, data in artifacts.items()},
            "stdout": stdout,
            "stderr": stderr,
            "tools": list(end.result.tools),
            "hints": self._hints(end.result) if good else None,
            "finding": ReportedFinding.of(finding) if finding else None,
            "continued": status in {"failed", "timed_out"} and step.continue_on_error,
        }
        result = StepResult(
            step=step.id,
            status=status,
            started_at=started_at,
            duration_ms=duration_ms,
            attempts=list(attempts),
            **{name: value for name, value in told.items() if value},  # a model remembers what it was given
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

    def _public_variables(self, end: AttemptEnd) -> dict[str, str]:
        secret = {
            name
            for name, value in self._step.set_variables.items()
            if self._view.is_secret(value, self._step.name, end.result.secret)
        }
        return {name: text for name, text in end.variables.items() if name not in secret}

    def _digest(self, log: StreamLog) -> StreamDigest | None:
        if not self.commands:
            return None
        digest = stream_digest(log, excerpt=self._setting.keeps_excerpts)
        token = token_in(digest)
        if not token:
            return digest
        self._warn(secret_codes.TOKEN_IN_OUTPUT, f"it printed {token}; the record has no excerpt of that")
        return digest.model_copy(update=NO_EXCERPT)

    def _finding(self, end: AttemptEnd, status: StepStatus) -> Finding | None:
        step = self._step
        match status:
            case "succeeded":
                return None
            case "timed_out":
                late = f"it ran longer than {duration_text(step.timeout_seconds)}"
                if end.cut and step.retry is not None and step.retry.max_duration_seconds is not None:
                    late = f"its attempts took longer than {duration_text(step.retry.max_duration_seconds)}"
                waits = end.failure is not None and end.failure.code is codes.CHECK_FAILED
                seen = end.failure.message.removeprefix(f"step '{step.name}': ") if waits and end.failure else ""
                return finding_of(step, codes.STEP_TIMED_OUT, f"{late}; {seen}" if seen else late)
            case "interrupted":
                return finding_of(step, codes.RUN_INTERRUPTED, "it was stopped before its end")
            case _:
                return end.failure
