"""Run records: immutable JSON files, committed. A record is a fold of its steps' results."""

from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from innominatus_cli.documents.model import JsonModel, StoredModel
from innominatus_cli.documents.plan import Cell
from innominatus_cli.documents.verdict import Actor, ReportedFinding

RECORD_SCHEMA: Final = "innominatus.dev/run-record/v1"
STEP_RESULT_SCHEMA: Final = "innominatus.dev/step-result/v1"

RecordKind = Literal["run", "resume", "approval", "refusal", "rollback"]
RunStatus = Literal["succeeded", "failed", "refused", "interrupted", "timed_out", "waiting"]
"""`waiting`: for an approval, or for a decision on a step that may have run."""
StepStatus = Literal["succeeded", "failed", "skipped", "interrupted", "timed_out", "planned"]


class Attempt(JsonModel):
    """One execution of a step's work."""

    number: int
    started_at: str
    duration_ms: int
    ending: Literal["exited", "signalled", "timed_out", "cancelled", "not_started", "internal", "unknown"]
    """`unknown`: the run was killed meanwhile."""
    exit_code: int | None = None
    signal: int | None = None


class StreamDigest(JsonModel):
    """What a step printed: its size and digest, and as much of its text as a record may hold."""

    bytes: int
    sha256: str
    """Of the raw bytes, in hex; of the redacted ones where something in them was redacted."""
    head: str | None = None
    """The beginning, after redaction; None where nothing was printed, or nothing may be kept."""
    tail: str | None = None
    """The end, where the text was longer than what `head` holds."""
    redacted: int = 0
    """How many secret values were taken out."""


class ToolFound(JsonModel):
    """A program that a step ran."""

    name: str
    version: str | None = None
    sha256: str | None = None
    """Of the program's file, in hex."""


class RecordedHint(JsonModel):
    """What people find useful about a resource that a step made: an address, a dashboard, a command."""

    type: str
    label: str
    value: str


class Assumption(JsonModel):
    """What a person said of a step in doubt, one that had started and has no known end."""

    step: str
    happened: Literal["done", "not_done"]


class CountedApproval(JsonModel):
    """An approval that opened a gate of a run."""

    gate: str
    """The step's id, `workflow:<id>`, or `environment`."""
    record: str
    """Digest of the action record that says so."""
    email: str
    team: str
    evidence: str
    """What proves who it was: `ssh`, `gpg`, `oidc`, `github-review`."""


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
    attempts: list[Attempt] = Field(default_factory=list)
    outputs: dict[str, Any] = Field(default_factory=dict)
    """Declared outputs that are no secrets, up to 64 KiB in all."""
    withheld_outputs: list[str] = Field(default_factory=list)
    """Names of outputs that are secret or too large: fetched again, or the step runs again."""
    variables: dict[str, str] = Field(default_factory=dict)
    artifacts: dict[str, str] = Field(default_factory=dict)
    """Repository path to digest of files that the step wants committed after a successful run."""
    stdout: StreamDigest | None = None
    stderr: StreamDigest | None = None
    tools: list[ToolFound] = Field(default_factory=list)
    hints: list[RecordedHint] | None = None
    """Of a step that made a resource: what its provisioner says of it, at most 20 lines."""
    finding: ReportedFinding | None = None
    continued: bool = False
    """It failed, and `continueOnError` let the run go on."""
    cells: list[Cell] | None = None
    """What a loop over outputs went over, in the order of its steps, up to 64 KiB; each step has its own result."""
    reused_from: str | None = None
    """The run whose result this is: the step did not run again."""


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
    resumes: str | None = None
    """The run that a `resume` goes on with."""
    rolls_back: str | None = None
    """The run whose steps a `rollback` undoes."""
    recovered: bool = False
    """Whether the process that ran was killed, and a later command wrote this from the journal."""
    assumptions: list[Assumption] | None = None
    approvals: list[CountedApproval] | None = None
    expires_at: str | None = None
    """When what was deployed may be removed; RFC 3339, UTC."""
    lock: str | None = None
    """Fencing token of the lock on the remote: the object id of the lock's blob."""

    def followed(self) -> Iterator[str]:
        """The digests of all records that it follows."""
        yield from self.parents
