"""What `ledger verify`, `ledger sign` and `ledger show` print for people."""

from collections.abc import Sequence
from typing import Any, Final

from innominatus_cli.documents.durations import took_text
from innominatus_cli.documents.ledger_verification import Anchor, LedgerCounts, LedgerVerification
from innominatus_cli.documents.run_record import RunRecord
from innominatus_cli.documents.words import undertaking
from innominatus_cli.ledger.store import StoredAction, StoredRecord
from innominatus_cli.operations.signing import SignedHeads
from innominatus_cli.reports.listing import Column
from innominatus_cli.reports.table import table_lines
from innominatus_cli.reports.terminal import one_line, printable

_SHORT: Final = 12
_LAST_RUNS: Final = (
    Column("Application", "application"),
    Column("Environment", "environment"),
    Column("What", "operation"),
    Column("Status", "status"),
    Column("When", "at"),
    Column("By", "email"),
    Column("Commit", "commit"),
    Column("Approved by", "approvals"),
    Column("Run", "run"),
)


def verification_text(report: LedgerVerification) -> str:
    """Whether the ledger is sound, what it was held against, and who ran what last."""
    where = f" at {report.commit[:_SHORT]}" if report.commit else ", which has no commit yet,"
    of = f"The ledger of {one_line(report.branch)}" if report.branch else "The ledger"
    verdict = "is sound" if report.sound else "is NOT sound"
    lines = [f"{of}{where} {verdict}: {_counts(report.counts)}."]
    lines += [f"Held against {_anchor(anchor)}." for anchor in report.anchors]
    if not any(anchor.kind == "statement" for anchor in report.anchors) and report.commit:
        lines.append("No statement says what its newest records are: `innominatus-ctl ledger sign --push` makes one.")
    if report.counts.waiting:
        lines.append(f"Outside of it: {_many(report.counts.waiting, 'record')} in no commit of the branch.")
    if report.last_runs:
        rows = [row.as_json() for row in report.last_runs]
        for row in rows:
            row["commit"] = (row.get("commit") or "")[:_SHORT]
        headers = [column.header for column in _LAST_RUNS]
        lines += ["", *table_lines(headers, [[row.get(column.key) for column in _LAST_RUNS] for row in rows])]
    return "".join(f"{line}\n" for line in lines)


def _counts(counts: LedgerCounts) -> str:
    parts = [
        _many(counts.runs, "run"),
        _many(counts.actions, "action"),
        _many(counts.plans, "plan"),
        _many(counts.commits, "commit"),
    ]
    if counts.removed:
        parts.insert(2, f"{counts.removed:,} removed")
    signatures = f", {_many(counts.signatures, 'signature')} verified" if counts.signatures else ""
    return ", ".join(parts) + signatures


def _many(count: int, thing: str) -> str:
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"


def _anchor(anchor: Anchor) -> str:
    records = _many(anchor.count, "record")
    fate = "" if anchor.holds else ", which it LACKS in part"
    match anchor.kind:
        case "remembered":
            return f"what this clone saw at {anchor.at} ({records}){fate}"
        case "named":
            return f"'{one_line(anchor.name)}' ({records}){fate}"
        case _:
            signed = "signed" if anchor.signed else "signature not looked at"
            said = f"the statement of {anchor.at} by {anchor.by} on {anchor.name}"
            return f"{one_line(said)} ({records}, {signed}){fate}"


def signed_text(signed: SignedHeads) -> str:
    """What was signed; nothing where the ledger was not sound."""
    statement = signed.statement
    if statement is None:
        return ""
    how = "Signed" if signed.signature else "Stated, without a signature"
    records = _many(statement.count, "record")
    return f"{how}: {records} on {one_line(statement.branch)} at {statement.commit[:_SHORT]}, {statement.at}.\n"


def signed_document(signed: SignedHeads) -> dict[str, Any]:
    """The same as data."""
    return {
        "schema": "innominatus.dev/ledger-sign/v1",
        "statement": signed.statement.as_json() if signed.statement else None,
        "signature": signed.signature or None,
        "commit": signed.commit,
    }


def record_text(stored: StoredRecord, actions: Sequence[StoredAction]) -> str:
    """One run: who, what, when, from which commit, under which approvals, and what came of each step."""
    record = stored.record
    actor = record.actor
    teams = f", of {', '.join(actor.teams)}" if actor.teams else ""
    sources = "sources differed from it" if record.dirty else "sources as in it"
    facts = [
        ("who", f"{actor.name} <{actor.email}>{teams} ({actor.source}, {actor.verification})"),
        ("when", f"{record.started_at} to {record.finished_at} ({took_text(record.duration_ms)})"),
        ("from", f"commit {record.commit or '-'} on {record.branch or 'no branch'}, {sources}"),
        ("plan", record.plan or "-"),
        ("policies", f"{record.policies or '-'} from {record.policies_from or '-'}"),
        *_approvals(record),
        *((name, run) for name, run in (("resumes", record.resumes), ("rolls back", record.rolls_back)) if run),
        ("record", f"{stored.digest}, {stored.standing.value}: {stored.path}"),
        *(("follows", parent) for parent in record.parents),
        *(("action", _action(one)) for one in actions),
    ]
    what = undertaking(record.operation, record.application, record.environment)
    lines = [f"run {record.run}: {what}: {record.status.replace('_', ' ')}"]
    lines += [f"  {name:<10} {one_line(value)}" for name, value in facts]
    for step in record.steps:
        why = f": {one_line(step.reason)}" if step.reason else ""
        lines.append(
            f"  {step.status.replace('_', ' '):<10} {one_line(step.step)} ({took_text(step.duration_ms)}){why}"
        )
    return "".join(f"{printable(line)}\n" for line in lines)


def _approvals(record: RunRecord) -> list[tuple[str, str]]:
    return [
        ("approved", f"{one.gate} by {one.email} of {one.team} ({one.evidence}; {one.record})")
        for one in record.approvals or ()
    ]


def _action(stored: StoredAction) -> str:
    action = stored.record
    reason = f": {action.reason}" if action.reason else ""
    return f"{action.action.replace('_', ' ')} by {action.actor.email} at {action.at}{reason}"
