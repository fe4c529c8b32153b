"""What a ledger is to everybody else: records in, records out. `working_tree` implements it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Generic, Protocol, TypeAlias, TypeVar

from innominatus_cli.documents.action_record import ActionRecord
from innominatus_cli.documents.plan import Plan
from innominatus_cli.documents.run_record import RunRecord
from innominatus_cli.findings.catalogue.ledger import STATE_NOT_WRITTEN
from innominatus_cli.findings.finding import Finding
from innominatus_cli.system.git import Head

Entry = TypeVar("Entry", RunRecord, ActionRecord)
"""What the ledger's chain is made of: records of runs, and records of actions."""


class Standing(StrEnum):
    """How firmly a record stands in the ledger."""

    COMMITTED = "committed"
    """In the commit that is checked out."""
    PENDING = "pending"
    """In a commit of `refs/innominatus/pending/<run>`, on no branch."""
    UNCOMMITTED = "uncommitted"
    """A file of the working tree that no commit has (`--no-commit`)."""
    KEPT = "kept"
    """In this clone's state folder, because it could not be committed."""


@dataclass(frozen=True)
class Stored(Generic[Entry]):
    """A record of the ledger with the path and the digest of its file."""

    record: Entry
    path: str
    digest: str
    standing: Standing = Standing.COMMITTED

    @property
    def evidence(self) -> str:
        """What a fact that rests on this record names: the same on every clone that has it."""
        return f"record {self.path}"


StoredRecord: TypeAlias = Stored[RunRecord]
StoredAction: TypeAlias = Stored[ActionRecord]


@dataclass(frozen=True)
class Landed(Generic[Entry]):
    """Where a record went. `record` is as written, with its parents.

    `commit` and `ref` are None where nothing was committed: `--no-commit`, or a failure (then `kept_at` names the
    folder that keeps the files, and an error is among the findings).
    """

    record: Entry
    path: str
    commit: str | None = None
    ref: str | None = None
    pending: bool = False
    kept_at: Path | None = None
    findings: tuple[Finding, ...] = ()
    manifests_ref: str | None = None
    """The branch that the manifests went to, where it is another one than the record's."""

    @property
    def failed(self) -> bool:
        """Whether the repository did not take it."""
        return any(finding.code is STATE_NOT_WRITTEN for finding in self.findings)

    @property
    def lost(self) -> bool:
        """Whether nothing took it: nobody but the caller has the record now."""
        return self.failed and self.kept_at is None


Written: TypeAlias = Landed[RunRecord]
WrittenAction: TypeAlias = Landed[ActionRecord]


def is_deployment(stored: StoredRecord) -> bool:
    """Whether a record is that of a successful deployment; a rollback is none."""
    record = stored.record
    deploys = record.kind in {"run", "resume"} and record.rolls_back is None and record.operation == "deploy"
    return deploys and record.status == "succeeded"


def not_rolled_back(newest_first: Iterable[StoredRecord]) -> Iterator[StoredRecord]:
    """The records that no rollback has taken back as a whole, without those of rollbacks; in the same order.

    A run that another one went on from is part of that one, and goes with it.
    """
    undone: set[str] = set()
    for stored in newest_first:
        record = stored.record
        if record.rolls_back is not None:
            if record.status == "succeeded":
                undone.add(record.rolls_back)
        elif record.run not in undone:
            yield stored
        elif record.resumes is not None:
            undone.add(record.resumes)


def stands(newest_first: Iterable[StoredRecord]) -> bool:
    """Whether one of the records is of a successful deployment that has not been rolled back."""
    return any(map(is_deployment, not_rolled_back(newest_first)))


class Records(Protocol):
    """What planning asks of a ledger."""

    def records(self, application: str | None = None, environment: str | None = None) -> list[StoredRecord]:
        """All records, those of an application, or those of one of its environments; the oldest first."""

    def first_standing(self, application: str, environment: str) -> tuple[StoredRecord | None, bool]:
        """The oldest successful deployment there, and whether one (that or a later one) has not been rolled back."""

    def plan_bytes(self, digests: Iterable[str]) -> dict[str, bytes]:
        """The files of plans by their digests, many at once; those that are not there are left out."""
        ...

    def plan(self, digest: str) -> Plan | None:
        """The plan with this digest; None where the ledger lacks it."""


class Store(Records, Protocol):
    """Immutable records, found by application and environment; the oldest first everywhere."""

    @property
    def findings(self) -> Sequence[Finding]:
        """What was wrong with records that were read so far: they are left out of every answer."""

    def record(self, run: str) -> StoredRecord | None:
        """The record of a run."""

    def actions(self, application: str | None = None, environment: str | None = None) -> list[StoredAction]:
        """All actions, those that concern an application, or those that concern one of its environments."""

    def tips(self) -> list[str]:
        """The digests, sorted, of all committed records, of runs and actions, that no other one names as a parent."""

    def write(
        self,
        record: RunRecord,
        plan: bytes | None,
        artifacts: Mapping[str, bytes],
        head_at_start: Head,
        *,
        commit: bool = True,
    ) -> Written:
        """Adds a record (its parents are set here), its plan and, after a success, the files that steps made."""

    def write_action(self, action: ActionRecord, head: Head, *, commit: bool = True) -> WrittenAction:
        """Adds the record of an action (its parents are set here), to the branch of `head`, as `write` does."""


def tips_of(records: Iterable[Stored[RunRecord] | Stored[ActionRecord]]) -> list[str]:
    """The digests, sorted, of the records that no other of them names as a parent."""
    digests: set[str] = set()
    parents: set[str] = set()
    for stored in records:
        digests.add(stored.digest)
        parents.update(stored.record.followed())
    return sorted(digests - parents)
