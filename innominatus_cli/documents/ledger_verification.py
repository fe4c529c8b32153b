"""The report of `ledger verify -o json`."""

from typing import Annotated, Final, Literal

from pydantic import Field

from innominatus_cli.documents.model import JsonModel
from innominatus_cli.documents.verdict import ReportedFinding

VERIFICATION_SCHEMA: Final = "innominatus.dev/ledger-verification/v1"


class Anchor(JsonModel):
    """Something outside of the ledger that says what it must hold."""

    kind: Literal["statement", "remembered", "named"]
    """A heads statement of `refs/innominatus/heads`, what this clone saw last, or what `--head` names."""
    name: str
    """The branch, or what `--head` named."""
    at: str | None = None
    by: str | None = None
    count: int
    """How many records it stands for."""
    signed: bool = False
    """Whether a signature of an allowed signer is on it; only looked at with `--signatures`, or with signers known."""
    holds: bool
    """Whether the ledger has all of it."""


class LedgerCounts(JsonModel):
    """How much was looked at."""

    runs: int = 0
    actions: int = 0
    removed: int = 0
    """Records that `ledger gc` removed, and whose tombstones stand for them."""
    plans: int = 0
    commits: int = 0
    """Commits of the history that were compared with what they follow."""
    waiting: int = 0
    """Records that are in no commit of the branch."""
    signatures: int = 0
    """Signatures that were verified: of statements, of actions, of commits."""


class LastRun(JsonModel):
    """The last run of an application in an environment: who, what, when, from which commit, under which approvals."""

    application: str
    environment: str
    run: str
    operation: str
    status: str
    at: str
    by: str
    email: str
    commit: str | None = None
    plan: str | None = None
    approvals: list[str] = []
    """E-mail addresses of those whose approvals the run counted."""


class LedgerVerification(JsonModel):
    """What `ledger verify` found."""

    schema_: Annotated[Literal["innominatus.dev/ledger-verification/v1"], Field(alias="schema")] = VERIFICATION_SCHEMA
    root: str
    branch: str | None = None
    commit: str | None = None
    sound: bool
    """Whether there is no error among the findings."""
    tips: list[str]
    counts: LedgerCounts
    anchors: list[Anchor]
    last_runs: list[LastRun]
    findings: list[ReportedFinding]
