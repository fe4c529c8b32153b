"""What `status`, `list`, `history` and `ledger adopt` print."""

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from innominatus_cli.documents.durations import took_text
from innominatus_cli.documents.words import counted
from innominatus_cli.ledger.adopt import Adoption
from innominatus_cli.operations.history import Found, short
from innominatus_cli.reports.listing import Column, Listing

Data: TypeAlias = dict[str, Any]

STATUS: Final = (
    Column("Application", "application"),
    Column("Environment", "environment"),
    Column("Status", "status"),
    Column("Operation", "operation"),
    Column("Started", "started_at"),
    Column("By", "by"),
    Column("Commit", "commit_short"),
    Column("Plan", "plan_short"),
    Column("Run", "run"),
    Column("Took", "took", wide=True),
    Column("Steps", "steps", wide=True),
    Column("Branch", "branch", wide=True),
    Column("Record", "standing", wide=True),
    Column("File", "record", wide=True),
)
HISTORY: Final = (
    Column("Run", "run"),
    Column("Application", "application"),
    Column("Environment", "environment"),
    Column("Operation", "operation"),
    Column("Status", "status"),
    Column("Started", "started_at"),
    Column("Took", "took"),
    Column("By", "by"),
    Column("Kind", "kind", wide=True),
    Column("Rolls Back", "rolls_back", wide=True),
    Column("Rolled Back By", "rolled_back_by", wide=True),
    Column("Commit", "commit_short", wide=True),
    Column("Plan", "plan_short", wide=True),
    Column("Record", "standing", wide=True),
    Column("File", "record", wide=True),
)
APPLICATIONS: Final = (
    Column("Application", "application"),
    Column("Product", "product"),
    Column("Environments", "environments"),
    Column("Last Run", "last_started"),
    Column("Status", "last_status"),
    Column("File", "file"),
    Column("Environment", "last_environment", wide=True),
    Column("By", "last_by", wide=True),
    Column("Run", "last_run_id", wide=True),
)
ADOPTED: Final = (
    Column("Run", "run"),
    Column("Application", "application"),
    Column("Environment", "environment"),
    Column("Branch", "branch"),
    Column("Commit", "commit_short"),
)


def status_listing(found: Found, rows: Sequence[Data]) -> Listing:
    """The last runs; below them what waits for `ledger adopt`."""
    shown = [_run_cells(row) for row in rows]
    expire = any(row.get("expires_at") for row in rows)
    columns = (*STATUS, Column("Expires", "expires_at")) if expire else STATUS
    document = {"schema": "innominatus.dev/status/v1", "runs": list(rows), "waiting": found.waiting}
    return Listing(columns, shown, document, "Nothing has run yet.", _waiting(found))


def history_listing(found: Found, rows: Sequence[Data], environment: str | None = None) -> Listing:
    """Runs, the newest first; `environment` is the only one that was asked for."""
    shown = [_run_cells(row) for row in rows]
    where = f" in environment '{environment}'" if environment else ""
    document = {"schema": "innominatus.dev/history/v1", "runs": list(rows)}
    return Listing(HISTORY, shown, document, f"There are no runs{where}.", _waiting(found))


def older_runs(count: int, offset: int, limit: int) -> tuple[str, ...]:
    """A line that says how many runs of so many stand behind a page, and how to see them; none where there are none."""
    shown = offset + limit
    if count <= shown:
        return ()
    return (
        f"{counted(count - shown, 'older run')} not shown; --limit 0 shows all, --offset {shown} the next {limit}.",
    )


def applications_listing(rows: Sequence[Data]) -> Listing:
    """Applications with their last run."""
    shown = []
    for row in rows:
        last = row["last_run"] or {}
        cells = {f"last_{name}": last.get(name) for name in ("status", "environment", "by")}
        shown.append({**row, **cells, "last_started": last.get("started_at"), "last_run_id": last.get("run")})
    document = {"schema": "innominatus.dev/applications/v1", "applications": list(rows)}
    return Listing(APPLICATIONS, shown, document, "There are no applications.")


def adopted_listing(outcome: Adoption) -> Listing:
    """Records that were taken into a branch. Where none was, findings say why, or none waits."""
    rows = [
        {
            "run": one.stored.record.run,
            "action": one.action.action if one.action else None,
            "application": one.stored.record.application,
            "environment": one.stored.record.environment,
            "branch": one.ref.removeprefix("refs/heads/"),
            "commit": one.commit,
            "record": one.stored.path,
        }
        for one in outcome.adopted
    ]
    shown = [{**row, "commit_short": short(row["commit"])} for row in rows]
    document = {"schema": "innominatus.dev/ledger-adopt/v1", "adopted": rows}
    return Listing(ADOPTED, shown, document, "No record was adopted." if outcome.findings else "No record waits.")


def _run_cells(row: Data) -> Data:
    cells = {"commit_short": short(row.get("commit")), "plan_short": short(row.get("plan"))}
    if row.get("rolls_back"):
        cells["operation"] = "rollback"
    if row.get("rolled_back_by"):
        cells["status"] = f"{row['status']}, rolled back"
    return {**row, **cells, "took": took_text(row.get("duration_ms"))}


def _waiting(found: Found) -> tuple[str, ...]:
    if not found.waiting:
        return ()
    records = "1 record waits" if found.waiting == 1 else f"{found.waiting} records wait"
    return ("", f"{records} to be taken into a branch: innominatus-ctl ledger adopt")
