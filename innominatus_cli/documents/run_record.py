"""Run records: immutable JSON files, committed. A record is a fold of its steps' results."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from innominatus_cli.documents.model import JsonModel, StoredModel
from innominatus_cli.documents.plan import Cell
from innominatus_cli.documents.verdict import Actor, ReportedFinding

RECORD_SCHEMA: Final = "innominatus.dev/run-record/v1"
STEP_RESULT_SCHEMA: Final = "innominatus.dev/step-result/v1"

RecordKind = Literal["run", "resume", "approval", "refusal", "rollback"]
RunStatus = Literal["succeeded", "failed", "refused", "interrupted", "timed_out"]
StepStatus = Literal["succeeded", "failed", "skipped", "interrupted", "timed_out", "planned"]


class Attempt(JsonModel):
    """One execution of a step's work."""

    number: int
    started_at: str
    duration_ms: int
    ending: Literal["exited", "signalled", "timed_out", "cancelled", "not_started", "internal"]
    exit_code: int | None = None
    signal: int | None = None


class StreamDigest(JsonModel):
    """What a step printed, by size and digest; the text stays in the local log until redaction has seen it."""

    bytes: int
    sha256: str


class ToolFound(JsonModel):
    """A program that a step ran."""

    name: str
    version: str | None = None


class StepResult(JsonModel):
    """What came of one step; `execute_step` returns it, and engines pass it between machines."""

    schema_: Annotated[Literal["innominatus.dev/step-result/v1"], Field(alias="schema")] = STEP_RESULT_SCHEMA
    step: str
    """The step's id in the plan."""
    status: StepStatus
    reason: str = ""
    """Why it was skipped, failed or was interrupted; empty where it succeeded."""
    started_at: str | None = None
    duration_ms: int = 0
    attempts: list[Attempt] = []
    outputs: dict[str, Any] = {}
    """Declared outputs that are no secrets, up to 64 KiB in all."""
    withheld_outputs: list[str] = []
    """Names of outputs that are secret or too large: fetched again, or the step runs again."""
    variables: dict[str, str] = {}
    artifacts: dict[str, str] = {}
    """Repository path to digest of files that the step wants committed after a successful run."""
    stdout: StreamDigest | None = None
    stderr: StreamDigest | None = None
    tools: list[ToolFound] = []
    finding: ReportedFinding | None = None
    continued: bool = False
    """It failed, and `continueOnError` let the run go on."""
    cells: list[Cell] | None = None
    """What a loop over outputs went over, in the order of its steps, up to 64 KiB; each step has its own result."""


class RunRecord(StoredModel):
    """One record. Its file is `<root>/runs/<application>/<environment>/<yyyy-mm>/<run>.json`."""

    schema_: Annotated[Literal["innominatus.dev/run-record/v1"], Field(alias="schema")] = RECORD_SCHEMA
    kind: RecordKind
    run: str
    """A ULID."""
    parents: list[str]
    """Digests of the records that it follows: all tips of the ledger when it was written, sorted."""
    application: str
    environment: str
    operation: Literal["deploy", "undeploy", "task"]
    golden_path: str | None = None
    status: RunStatus
    plan: str | None = None
    """The plan's digest; its bytes are under `<root>/plans/`."""
    policies: str | None = None
    policies_from: str | None = None
    actor: Actor
    started_at: str
    finished_at: str
    duration_ms: int
    commit: str | None = None
    """The commit that was checked out; None in a repository without commits."""
    branch: str | None = None
    dirty: bool
    """Whether files of the plan's sources differed from that commit."""
    tool_version: str
    steps: list[StepResult] = []
    failures: list[str] = []
    """Ids of every step that failed, in order of their ends; the first one is the run's failure."""
    findings: list[ReportedFinding] = []
    outputs: dict[str, Any] = {}
    signal: int | None = None
