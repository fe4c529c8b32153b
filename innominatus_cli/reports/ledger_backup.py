"""`ledger backup` and `ledger restore` as text and data."""

from dataclasses import asdict
from typing import Any

from innominatus_cli.documents.words import counted
from innominatus_cli.operations.backing_up import Backup, Restored


def backup_document(made: Backup) -> dict[str, Any]:
    """What was written, as data."""
    return {"schema": "innominatus.dev/ledger-backup/v1", **_without_findings(asdict(made))}


def backup_text(made: Backup) -> str:
    """What was written, for people."""
    newest = f"; the newest ended {made.newest}" if made.newest else ""
    refs = counted(made.refs, "ref")
    return f"{made.path}: {counted(made.records, 'record')}, {refs}, {made.bytes:,} bytes{newest}\n"


def restored_document(done: Restored) -> dict[str, Any]:
    """What was restored, as data."""
    return {"schema": "innominatus.dev/ledger-restore/v1", **_without_findings(asdict(done))}


def restored_text(done: Restored) -> str:
    """What was restored, for people."""
    parts = [counted(done.runs, "run"), counted(done.actions, "action"), counted(done.plans, "plan")]
    if done.refs:
        parts.append(counted(done.refs, "ref"))
    if not done.runs + done.actions + done.plans + done.refs:
        return f"Nothing is missing here ({done.duration_ms} ms).\n"
    verb = "would come back" if done.dry_run else "came back"
    point = f"; recovery point: {done.newest}" if done.newest else ""
    commit = f" in commit {done.commit[:12]}" if done.commit else ""
    return f"{', '.join(parts)} {verb}{commit} in {done.duration_ms} ms{point}\n"


def _without_findings(data: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key != "findings"}
