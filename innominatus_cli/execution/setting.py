"""What all steps of a run share: the plan, the run's name, folders, the environment, and where behaviour comes from."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from innominatus_cli.documents.admin_config import CircuitBreakerConfig
from innominatus_cli.documents.plan import Plan, PlannedStep
from innominatus_cli.drivers.contract import Driver
from innominatus_cli.drivers.registry import driver_for, part_for, undo_for
from innominatus_cli.execution.breakers import Breakers
from innominatus_cli.execution.environment import base_environment
from innominatus_cli.execution.gates import Gates, NobodyApproves
from innominatus_cli.execution.journal import lost
from innominatus_cli.execution.redaction import Redactor
from innominatus_cli.execution.secrecy import Delivery, by_variable
from innominatus_cli.execution.stopping import StopAsked
from innominatus_cli.execution.values import Secrets, no_secrets
from innominatus_cli.findings.finding import CannotContinue, Finding
from innominatus_cli.step_types.catalogue import step_type
from innominatus_cli.step_types.contract import StepType
from innominatus_cli.system.clock import Clock
from innominatus_cli.system.state_folder import StateFolder


def _unchanged(step: PlannedStep) -> Finding | None:  # noqa: ARG001 - the shape of `compare_inputs`
    return None


def _probe_for(step_type: str) -> Driver | None:
    return part_for(step_type, "probe")


def _nobody_asked() -> StopAsked | None:
    return None


def _nowhere_else() -> None:
    return None


@dataclass(frozen=True, slots=True)
class RunSetting:
    """Fixed for a run.

    `outside` is the caller's environment, of which steps get the allow-listed part and the names in `allowed_env`.
    `random` gives numbers from 0 to 1 for the jitter of retries.
    """

    plan: Plan
    run: str
    work_dir: Path
    state: StateFolder
    clock: Clock
    random: Callable[[], float]
    outside: Mapping[str, str] = field(repr=False)
    allowed_env: tuple[str, ...] = ()
    ledger_root: str = ".innominatus"
    secrets: Secrets = no_secrets
    redactor: Redactor = field(default_factory=Redactor, repr=False)
    """Takes the values of secrets out of everything that leaves a step; knows each before a step is given it."""
    delivery: Callable[[str], Delivery] = by_variable
    """How a step is given the secret of this name."""
    reads_records: bool = False
    """Whether outputs of earlier steps are those of records, which have no secrets: then marks without a value stand in
    a workload where a secret output is missing."""
    keeps_excerpts: bool = True
    """Whether results have a beginning and an end of what steps print."""
    compare_inputs: Callable[[PlannedStep], Finding | None] = _unchanged
    """Compares the files that a step reads with the plan's sources; a finding where one differs."""
    opening: str = ""
    """The digest of the file of the run's opening record, where it is stored."""
    started_at: str = ""
    """When the run began (RFC 3339), where its opening record says it; empty: now."""
    circuit_breaker: CircuitBreakerConfig | None = None
    """When a service that steps call is left alone; None: never."""
    gates: Gates = field(default_factory=NobodyApproves)
    """What stands before steps until people have approved."""
    asked_to_end: Callable[[], StopAsked | None] = _nobody_asked
    """Why the run is stopped and how, where somebody asked for it; asked when a signal came."""
    checkpoint: Callable[[], object] = _nowhere_else
    """Called whenever the journal has reached the disk: intents before their attempts begin, ends, the run's end."""
    fencing_token: str | None = None
    """The token of the lock that the run holds on a remote, which every step is told."""
    driver_for: Callable[[str], Driver | None] = driver_for
    undo_for: Callable[[str], Driver | None] = undo_for
    """What takes back the work of a step type; for an empty name, what puts back files alone."""
    probe_for: Callable[[str], Driver | None] = _probe_for
    """What tells whether the work of a step type is done; None where nothing can."""
    step_type: Callable[[str], StepType | None] = step_type

    @property
    def tool_state_dir(self) -> Path:
        """What tools keep between runs of this application and environment."""
        return self.state.tool_state_dir(self.plan.application.name, self.plan.environment)

    @property
    def manifests_dir(self) -> str:
        """Repository path that rendered manifests belong under."""
        return f"{self.ledger_root}/manifests/{self.plan.application.name}/{self.plan.environment}"

    def facts(self, started_at: str) -> dict[str, str]:
        """What `${run.…}` names."""
        return {
            "id": self.run,
            "application": self.plan.application.name,
            "environment": self.plan.environment,
            "operation": self.plan.operation.value,
            "startedAt": started_at,
        }

    def prepare(self) -> "PreparedRun":
        """Makes the run's folders. Raises CannotContinue (exit 73) where the disk refuses."""
        folders = (self.state.logs_dir(self.run), self.state.scratch_dir(self.run), self.tool_state_dir)
        try:
            for folder in folders:
                self.state.ensure(folder)
        except OSError as error:
            raise CannotContinue(lost(self.state.run_dir(self.run), error.strerror or "the disk refuses")) from error
        env = base_environment(
            self.outside,
            self.allowed_env,
            self.work_dir,
            {
                "INNOMINATUS_RUN": self.run,
                "INNOMINATUS_APPLICATION": self.plan.application.name,
                "INNOMINATUS_ENVIRONMENT": self.plan.environment,
                "INNOMINATUS_STATE_DIR": str(self.tool_state_dir),
                **({"INNOMINATUS_FENCING_TOKEN": self.fencing_token} if self.fencing_token else {}),
            },
        )
        return PreparedRun(
            self,
            env,
            str(self.state.logs_dir(self.run)),
            ScratchFolders(str(self.state.scratch_dir(self.run))),
            self.tool_state_dir,
            self.manifests_dir,
            Breakers(self.circuit_breaker),
        )


@dataclass(frozen=True, slots=True)
class PreparedRun:
    """A setting whose folders exist, with what is the same for all steps worked out once."""

    setting: RunSetting
    env: Mapping[str, str] = field(repr=False)
    logs: str
    scratch: "ScratchFolders"
    tool_state_dir: Path
    manifests_dir: str
    breakers: Breakers


class ScratchFolders:
    """A folder for each attempt; one that is empty when its attempt has ended serves the next."""

    __slots__ = ("_free", "_made", "_root")

    def __init__(self, root: str) -> None:
        self._root = root
        self._made = 0
        self._free: list[Path] = []

    def take(self) -> Path:
        """An empty folder. Raises OSError."""
        if self._free:
            return self._free.pop()
        path = Path(f"{self._root}/{self._made}")
        self._made += 1
        path.mkdir(mode=0o700)
        return path

    def is_empty(self, path: Path) -> bool:
        """Whether an attempt left nothing in its folder, which is still there."""
        try:
            return not os.listdir(path)  # noqa: PTH208 - a Path for every name is waste
        except OSError:
            return False

    def give_back(self, path: Path) -> None:
        """The attempt that had this folder has ended, and left nothing in it."""
        self._free.append(path)
