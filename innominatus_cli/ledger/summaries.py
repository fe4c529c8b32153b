"""Records as far as lists of them need it: plain values, so that an index can keep them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from innominatus_cli.documents.action_record import ActionRecord
from innominatus_cli.documents.run_record import RunRecord
from innominatus_cli.ledger.store import Standing, StoredAction, StoredRecord


class RunSummary(NamedTuple):
    """The record of a run without its steps. All is JSON's; `standing` is last, for it is no part of the file."""

    run: str
    path: str
    digest: str
    kind: str
    application: str
    environment: str
    operation: str
    golden_path: str | None
    status: str
    started_at: str
    finished_at: str
    duration_ms: int
    by: str
    email: str
    teams: Sequence[str]
    verification: str
    commit: str | None
    branch: str | None
    plan: str | None
    steps: int
    failures: Sequence[str]
    resumes: str | None
    rolls_back: str | None
    approved_by: Sequence[str]
    standing: str = Standing.COMMITTED.value


class ActionSummary(NamedTuple):
    """The record of an action without its evidence and details."""

    id: str
    path: str
    digest: str
    action: str
    application: str | None
    environment: str | None
    at: str
    by: str
    email: str
    teams: Sequence[str]
    verification: str
    reason: str
    run: str | None
    plan: str | None
    commit: str | None
    standing: str = Standing.COMMITTED.value


def run_summary(record: RunRecord, path: str, digest: str, standing: Standing = Standing.COMMITTED) -> RunSummary:
    """What lists need of the record of a run."""
    return RunSummary(
        record.run,
        path,
        digest,
        record.kind,
        record.application,
        record.environment,
        record.operation,
        record.golden_path,
        record.status,
        record.started_at,
        record.finished_at,
        record.duration_ms,
        record.actor.name,
        record.actor.email,
        list(record.actor.teams),
        record.actor.verification,
        record.commit,
        record.branch,
        record.plan,
        len(record.steps),
        list(record.failures),
        record.resumes,
        record.rolls_back,
        [approval.email for approval in record.approvals or ()],
        standing.value,
    )


def action_summary(
    action: ActionRecord, path: str, digest: str, standing: Standing = Standing.COMMITTED
) -> ActionSummary:
    """What lists need of the record of an action."""
    return ActionSummary(
        action.id,
        path,
        digest,
        action.action,
        action.application,
        action.environment,
        action.at,
        action.actor.name,
        action.actor.email,
        list(action.actor.teams),
        action.actor.verification,
        action.reason,
        action.run,
        action.plan,
        action.commit,
        standing.value,
    )


def of_run(stored: StoredRecord) -> RunSummary:
    """The summary of a record that was read as a whole."""
    return run_summary(stored.record, stored.path, stored.digest, stored.standing)


def of_action(stored: StoredAction) -> ActionSummary:
    """The same for an action."""
    return action_summary(stored.record, stored.path, stored.digest, stored.standing)


def plain(summary: RunSummary | ActionSummary) -> list[Any]:
    """What an index keeps of a committed record: all but its standing."""
    return list(summary[:-1])
