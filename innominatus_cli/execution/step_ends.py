"""What the work of a step asks for, and what comes of it; `step` does the work."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from innominatus_cli.documents.plan import PlannedStep
from innominatus_cli.documents.run_record import Attempt, StepResult, StepStatus
from innominatus_cli.documents.verdict import ReportedFinding
from innominatus_cli.documents.words import counted
from innominatus_cli.execution.breakers import State
from innominatus_cli.execution.secrecy import LogFilter
from innominatus_cli.execution.setting import PreparedRun
from innominatus_cli.findings.finding import Code, Finding, Place
from innominatus_cli.system.commands import CommandOutcome, CommandRequest, Ending
from innominatus_cli.system.output_capture import StreamLog

CANCELLED: Final = CommandOutcome(Ending.CANCELLED)
"""What the work of a step is told in place of an answer, when it is to stop."""


@dataclass(frozen=True, slots=True)
class AttemptStarts:
    """An attempt is about to begin: once this is on disk, go on."""

    number: int


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait before the next attempt; `attempt` is what came of the one before."""

    seconds: float
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Probed:
    """The probe of a step in doubt has answered: once that is noted, go on."""

    said: str


@dataclass(frozen=True, slots=True)
class BreakerTurned:
    """The circuit breaker of an endpoint is in another state: once that is noted, go on."""

    endpoint: str
    state: State
    failures: int
    """How many calls have failed in a row."""


@dataclass(frozen=True, slots=True)
class StepEnd:
    """What came of a step: the result for records, and what the run itself goes on with."""

    result: StepResult
    outputs: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """All of them, secret ones included."""
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The same of variables."""
    artifacts: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    message: str = ""
    """One line for people."""
    warnings: tuple[Finding, ...] = ()
    """For the run, beside what the result says."""
    secret: tuple[str, ...] = ()
    """Names of outputs that are secrets though the plan does not know it."""
    asks: str = ""
    """Why the step did not run and waits for a person's word."""


Need: TypeAlias = AttemptStarts | CommandRequest | Pause | Probed | BreakerTurned
StepWork: TypeAlias = Generator[Need, CommandOutcome | None, StepEnd]


@dataclass(frozen=True, slots=True)
class StepLogs:
    """Everything that a step's processes print, all attempts, in two files."""

    stdout: StreamLog
    stderr: StreamLog

    @property
    def problem(self) -> str:
        """Why a file is incomplete; empty where none is."""
        return "; ".join(part for part in (self.stdout.problem, self.stderr.problem) if part)

    def settle(self) -> None:
        """Holds back nothing of what the processes of an attempt have printed."""
        self.stdout.settle()
        self.stderr.settle()

    def close(self) -> None:
        """Closes both files."""
        self.stdout.close()
        self.stderr.close()


def turn_in_words(turn: BreakerTurned) -> str:
    """What a person is told of it."""
    match turn.state:
        case "open":
            return f"{turn.endpoint} failed {counted(turn.failures, 'time')} in a row: it is left alone for a while"
        case "half_open":
            return f"{turn.endpoint} is tried once, to see whether it is well again"
        case "closed":
            return f"{turn.endpoint} is well again"


def logs_of(prepared: PreparedRun, step: PlannedStep, index: int) -> StepLogs:
    """The logs of the step, which is at this position of the plan; they hold no secrets."""
    redactor = prepared.setting.redactor
    return StepLogs(
        StreamLog(f"{prepared.logs}/{index}.stdout", LogFilter(redactor, step)),
        StreamLog(f"{prepared.logs}/{index}.stderr", LogFilter(redactor, step)),
    )


def never_ran(step: PlannedStep, status: StepStatus, reason: str, finding: Finding | None = None) -> StepResult:
    """The result of a step that did not start."""
    return StepResult(
        step=step.id,
        status=status,
        reason=finding.message if finding else reason,
        finding=ReportedFinding.of(finding) if finding else None,
        continued=status == "failed" and step.continue_on_error,
    )


def finding_of(step: PlannedStep, code: Code, message: str, remedy: str = "") -> Finding:
    """A finding at the place where a step is written, told by the step's name."""
    where = step.provenance
    place = Place(where.path, where.line, where.column) if where else Place("")
    return Finding(code, f"step '{step.name}': {message}", place, remedy)
