"""How a plan is run, and what comes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from innominatus_cli.documents.run_record import CountedApproval, RunStatus, StepResult
from innominatus_cli.execution.past import Past
from innominatus_cli.findings.finding import Finding
from innominatus_cli.system.child import StopLadder
from innominatus_cli.system.processes import Supervisor
from innominatus_cli.system.signals import SignalPipe

DEFAULT_PARALLEL: Final = 4
INTENTS_AHEAD: Final = 32


@dataclass(frozen=True, slots=True)
class ExecutionOptions:
    """How a plan is run. `lock_fd` is inherited by every process; `pidfd` and `subreaper` are for tests."""

    max_parallel: int = DEFAULT_PARALLEL
    deadline_seconds: float | None = None
    ladder: StopLadder = field(default_factory=StopLadder)
    lock_fd: int | None = None
    past: Past | None = None
    """What an earlier run left, where this one goes on with it."""
    ahead: int = INTENTS_AHEAD
    """How many first attempts of ready steps are put on disk as intended before their turn comes."""
    pidfd: bool = True
    subreaper: bool = True

    def supervisor(self, work_dir: Path, signals: SignalPipe) -> Supervisor:
        """Who starts and ends the processes of steps; programs below `work_dir` are never taken for tools."""
        return Supervisor(
            untrusted=work_dir, signals=signals, ladder=self.ladder, pidfd=self.pidfd, subreaper=self.subreaper
        )


@dataclass(frozen=True, slots=True)
class ExecutionResult:
    """What came of a run; operations fold it into a record."""

    status: RunStatus
    steps: tuple[StepResult, ...]
    """Every step of the plan, in its order, those that a loop became behind it; barriers have no result."""
    failures: tuple[str, ...]
    """Ids of steps that failed, in order of their ends."""
    started_at: str
    finished_at: str
    duration_ms: int
    findings: tuple[Finding, ...] = ()
    """What concerns the run and not one step."""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    """Outputs of workflows, by identity; none of secret origin."""
    artifacts: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """Files that steps want committed, by repository path; later steps win."""
    signal: int | None = None
    approvals: tuple[CountedApproval, ...] = ()
    """Those that opened gates, in the order in which the run came to them."""
