"""The one contract of drivers.

A driver is a generator: it yields a `CommandRequest` and is sent the `CommandOutcome`, as often as it needs, and
returns a `DriverResult`. It never starts a process or waits, so that one loop can run many of them, and a test can
play the outcomes. It reads files only below `StepContext.work_dir`, and writes only below `state_dir` and
`scratch_dir`; files for the repository are returned as `artifacts`.
"""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from innominatus_cli.documents.plan import PlannedStep
from innominatus_cli.documents.run_record import ToolFound
from innominatus_cli.documents.vocabulary import Operation
from innominatus_cli.findings.finding import Finding
from innominatus_cli.step_types.contract import StepInputs
from innominatus_cli.system.commands import CommandOutcome, CommandRequest, StreamOutput


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

    def command(
        self,
        *argv: str,
        stdin: bytes | None = None,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> CommandRequest:
        """A request in the work folder with the step's environment; the step's timeout bounds it."""
        return CommandRequest(
            argv=argv,
            cwd=cwd or self.work_dir,
            env={**self.env, **(env or {})},
            timeout_seconds=self.step.timeout_seconds,
            stdin=stdin,
        )


@dataclass(frozen=True, slots=True)
class DriverResult:
    """What a driver has to say. `failure` None: it succeeded."""

    failure: Finding | None = None
    outputs: Mapping[str, Any] = field(default_factory=dict)
    artifacts: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """Files to commit after a successful run, by repository path."""
    message: str = ""
    """One line for people, as in "binds no secrets"."""
    printed: StreamOutput | None = field(default=None, repr=False)
    """What the user's own program wrote to stdout: execution reads `OUTPUT_k=v`, a JSON object and the like from it.
    None where no program of theirs ran; what a driver's own children answer is never read as outputs."""
    tools: tuple[ToolFound, ...] = ()


DriverSteps: TypeAlias = Generator[CommandRequest, CommandOutcome, DriverResult]
Driver: TypeAlias = Callable[[StepContext], DriverSteps]
