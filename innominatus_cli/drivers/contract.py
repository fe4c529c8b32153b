"""The one contract of drivers.

A driver is a generator: it yields a `CommandRequest` and is sent the `CommandOutcome`, as often as it needs, and
returns a `DriverResult`. It never starts a process or waits, so that one loop can run many of them, and a test can
play the outcomes. It reads files only below `StepContext.work_dir`, and writes only below `state_dir` and
`scratch_dir`; files for the repository are returned as `artifacts`.
"""

import json
import posixpath
import signal
import sys
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from innominatus_cli.documents.json_reader import read_json
from innominatus_cli.documents.plan import PlannedStep
from innominatus_cli.documents.run_record import ToolFound
from innominatus_cli.documents.vendored_names import is_vendored
from innominatus_cli.documents.vocabulary import Operation
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.finding import Code, Finding, Place
from innominatus_cli.step_types.contract import StepInputs
from innominatus_cli.step_types.tools import known_tool
from innominatus_cli.system.commands import HEAD_BYTES, CommandOutcome, CommandRequest, Ending, StreamOutput

Inputs = TypeVar("Inputs", bound=StepInputs)


@dataclass(frozen=True, slots=True)
class StepContext:
    """Everything a driver may know."""

    step: PlannedStep
    inputs: StepInputs
    """Of the step type's own model, every reference resolved."""
    application: str
    environment: str
    operation: Operation
    run: str
    """The run's ULID."""
    work_dir: Path
    """The repository root (the working tree, or a clean checkout)."""
    state_dir: Path
    """Kept between runs of this application and environment; also `INNOMINATUS_STATE_DIR` for processes."""
    scratch_dir: Path
    """This attempt's own folder; gone after the run."""
    manifests_dir: str
    """Repository path that rendered manifests belong under: `.innominatus/manifests/<app>/<env>`."""
    env: Mapping[str, str] = field(repr=False)
    """The whole environment for processes: allow-listed variables, the step's `env`, `INNOMINATUS_*`."""
    manifests: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """Artifacts that earlier steps of this run returned, by repository path."""
    sealed: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Values of secrets that a workload among the inputs has marks for (`expressions.secret_marks`), by the key of each
    mark. They may go to a cluster as a Secret, and into no file of the repository."""

    @property
    def place(self) -> Place:
        """Where the step is written."""
        found = self.step.provenance
        return Place(found.path, found.line, found.column) if found else Place("")

    @property
    def mark(self) -> str:
        """What a driver notes beside something that it makes, so that a rollback of this very run can take it back."""
        return f"{self.run} {self.step.id}"

    @property
    def undone_marks(self) -> list[str]:
        """The marks of what a step of a rollback is to take back, and nothing else."""
        undoes = self.step.undoes
        return [] if undoes is None else [f"{run} {undoes.step}" for run in undoes.runs]

    def finding(self, code: Code, message: str, remedy: str = "") -> Finding:
        """A finding at the step's place, told by the step's name."""
        return Finding(code, f"step '{self.step.name}': {message}", self.place, remedy)

    def failed(self, code: Code, message: str, remedy: str = "") -> "DriverResult":
        """The result of a step that failed so."""
        return DriverResult(failure=self.finding(code, message, remedy))

    def inputs_of(self, model: type[Inputs]) -> Inputs:
        """The inputs, which are of the step type's own model."""
        if not isinstance(self.inputs, model):
            raise AssertionError(f"{self.step.id} has {type(self.inputs).__name__}, not {model.__name__}")  # noqa: TRY004
        return self.inputs

    def repository_path(self, written: str) -> Path | Finding:
        """The path of a file or folder of the repository; a finding where it leaves the repository or is not there."""
        if written == ".":
            return self.work_dir
        found = inside(self.work_dir, written)
        if found is None:
            return self.finding(codes.PATH_OUTSIDE, f"'{written}' leads out of the repository")
        if not found.exists():
            return self.finding(codes.PATH_MISSING, f"'{written}' does not exist")
        return found

    def later_path(self, written: str) -> Path | Finding:
        """The same for a path that an earlier step may have given: nothing of git's or of the ledger's either."""
        path = posixpath.normpath(written)
        first = path.partition("/")[0]
        ours = path.startswith(f"{self.manifests_dir}/") or is_vendored(path)
        if first == ".git" or (first == ".innominatus" and not ours):
            return self.finding(codes.PATH_OUTSIDE, f"'{written}' is no folder that a step reads")
        return self.repository_path(written)

    def variable(self, name: str) -> str | Finding:
        """The value of a variable that the step's `env` gives, as for a secret; a finding where it is not there."""
        value = self.env.get(name, "")
        if value:
            return value
        message = f"the variable {name} is not set or empty"
        return self.finding(
            codes.INPUTS_UNUSABLE, message, f'Write `env: {{{name}: "${{secrets.<name>}}"}}` in the step.'
        )

    def state_path(self, written: str) -> Path | Finding:
        """A path below the state folder, existing or not; a finding where it leaves the folder."""
        found = inside(self.state_dir, written)
        if found is None:
            return self.finding(codes.PATH_OUTSIDE, f"'{written}' leads out of the step's state folder")
        return found

    def artifact_path(self, suffix: str = ".yaml") -> str:
        """The repository path of the one file that a step renders: `<phase>/<tier>/[<product>/]<workflow>/<step>`."""
        parts = [part for part in self.step.id.split("/") if part != "-"]
        plain = ["".join(c if c.isalnum() or c in "-_." else "-" for c in part).strip("-.") or "step" for part in parts]
        return "/".join((self.manifests_dir, *plain)) + suffix

    def command(
        self,
        *argv: str,
        stdin: bytes | None = None,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        keep_bytes: int = HEAD_BYTES,
        logs_stdout: bool = True,
        endpoint: str = "",
    ) -> CommandRequest:
        """A request in the work folder with the step's environment; the step's timeout bounds it."""
        return CommandRequest(
            argv=argv,
            cwd=cwd or self.work_dir,
            env={**self.env, **(env or {})},
            timeout_seconds=self.step.timeout_seconds,
            stdin=stdin,
            keep_bytes=keep_bytes,
            logs_stdout=logs_stdout,
            endpoint=endpoint,
        )

    def child(self, name: str, request: Mapping[str, Any], endpoint: str = "") -> CommandRequest:
        """A request to one of our own child programs: JSON on its stdin, JSON on its stdout, the standard library only.

        It is started from its file, isolated (`-I`) and without site-packages (`-S`): nothing that the environment or
        the repository says is imported, and it starts in a few milliseconds. Its answer (the body that a server sent,
        for example) is for the driver alone: neither log nor record has it. `endpoint` is the service that it calls.
        """
        program = Path(__file__).parent / "children" / f"{name}.py"
        argv = (sys.executable, "-I", "-S", "-X", "utf8", str(program))
        return self.command(*argv, stdin=json.dumps(request).encode(), logs_stdout=False, endpoint=endpoint)

    def answer(self, outcome: CommandOutcome) -> dict[str, Any] | Finding:
        """What a child program answered; a finding where it did not answer."""
        if outcome.succeeded:
            try:
                answer = read_json(outcome.stdout.head)
            except ValueError:
                answer = None
            if isinstance(answer, dict):
                return answer
        return self.finding(codes.CHILD_WITHOUT_ANSWER, f"the program that does the work {ending_text(outcome)}")

    def program_failed(self, program: str, outcome: CommandOutcome) -> Finding:
        """The finding for a program that did not succeed; it tells how it ended, never what it printed."""
        if outcome.ending is Ending.NOT_STARTED:
            return self.finding(
                codes.TOOL_MISSING,
                f"'{program}' cannot be started: {outcome.problem or 'it is not on PATH'}",
                f"Install {known_tool(program.partition(' ')[0]).install}.",
            )
        return self.finding(codes.PROGRAM_FAILED, f"'{program}' {ending_text(outcome)}")


@dataclass(frozen=True, slots=True)
class DriverResult:
    """What a driver has to say. `failure` None: it succeeded."""

    failure: Finding | None = None
    outputs: Mapping[str, Any] = field(default_factory=dict)
    public: tuple[str, ...] = ()
    """Names of outputs that are no secrets, and belong into the record although the step does not declare them."""
    secret: tuple[str, ...] = ()
    """Names of outputs that are secrets, as if the step named them under `secretOutputs`: their values are taken out of
    everything that is written from now on, and no record, journal or result has them."""
    spare: tuple[str, ...] = ()
    """Names of outputs that the tool gives whether or not anybody asks for them: one that no record can hold, and that
    the step does not declare, is left out with a warning. What the tool did is done, and stays so."""
    secret_values: tuple[str, ...] = field(default=(), repr=False)
    """Texts that are secrets though no output has them: they too are taken out of all that is written from now on."""
    artifacts: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """Files to commit after a successful run, by repository path; one without a byte is taken out."""
    message: str = ""
    """One line for people, as in "binds no secrets"."""
    hints: tuple[Mapping[str, str], ...] = ()
    """What people find useful about what was made: `type`, `label` and `value` each. They are recorded."""
    printed: StreamOutput | None = field(default=None, repr=False)
    """What the user's own program wrote to stdout: execution reads `OUTPUT_k=v`, a JSON object and the like from it.
    None where no program of theirs ran; what a driver's own children answer is never read as outputs."""
    tools: tuple[ToolFound, ...] = ()


DriverSteps: TypeAlias = Generator[CommandRequest, CommandOutcome, DriverResult]
Driver: TypeAlias = Callable[[StepContext], DriverSteps]


def inside(folder: Path, written: str) -> Path | None:
    """`written` below `folder`, symbolic links followed; None where it leads out of it."""
    if "\0" in written:
        return None
    root = folder.resolve()
    found = (root / written).resolve()
    return found if found.is_relative_to(root) else None


def ending_text(outcome: CommandOutcome) -> str:
    """How a program ended, as the end of a sentence."""
    match outcome.ending:
        case Ending.EXITED if outcome.exit_code == 0:
            return "ended without an answer"
        case Ending.EXITED:
            return f"ended with exit status {outcome.exit_code}"
        case Ending.SIGNALLED:
            return f"was killed by {_signal_name(outcome.signal)}"
        case Ending.TIMED_OUT:
            return "ran out of time"
        case Ending.CANCELLED:
            return "was cancelled"
        case Ending.NOT_STARTED:
            return f"could not be started: {outcome.problem}"


def _signal_name(number: int | None) -> str:
    try:
        return signal.Signals(number or 0).name
    except ValueError:
        return f"signal {number}"
