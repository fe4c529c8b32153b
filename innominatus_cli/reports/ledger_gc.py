"""What `ledger gc` prints."""

from typing import Any, Final

from innominatus_cli.documents.words import counted
from innominatus_cli.operations.collecting import Collected
from innominatus_cli.reports.listing import Column, Listing

_COLUMNS: Final = (
    Column("Run", "id"),
    Column("Application", "application"),
    Column("Environment", "environment"),
    Column("Kind", "kind"),
    Column("Ended", "at"),
    Column("Digest", "digest", wide=True),
    Column("File", "path", wide=True),
)


def gc_listing(done: Collected) -> Listing:
    """The records that went; below them how many, and where that is recorded."""
    details = done.collection.details
    removed = [one.as_json() for one in details.removed]
    shown = [{**row, **_place(row["path"])} for row in removed]
    document = {
        "schema": "innominatus.dev/ledger-gc/v1",
        "dry_run": done.dry_run,
        "before": details.before,
        "keep_days": details.keep_days,
        "keep_last": details.keep_last,
        "kept": done.collection.kept,
        "removed": removed,
        "plans": details.plans,
        "commit": done.collection.commit,
        "record": done.collection.path or None,
    }
    nothing = f"Nothing is to be removed: {counted(done.collection.kept, 'record')} of runs stay."
    if not removed and not details.plans:
        return Listing(_COLUMNS, shown, document, nothing)
    verb = "would be removed" if done.dry_run else "removed"
    commit = f" in commit {done.collection.commit[:12]}" if done.collection.commit else ""
    plans = f" and {counted(len(details.plans), 'plan')}" if details.plans else ""
    stay = f"{counted(done.collection.kept, 'record')} of runs stay."
    told = f"{counted(len(removed), 'record')}{plans} {verb}{commit}; {stay}"
    return Listing(_COLUMNS, shown, document, told, ("", told) if shown else ())


def _place(path: str) -> dict[str, Any]:
    *_, application, environment, _month, _file = path.split("/")
    return {"application": application, "environment": environment}
