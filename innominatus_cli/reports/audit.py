"""What `audit search` prints, and CSV of any rows of plain data."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeAlias

from innominatus_cli.operations.history import short
from innominatus_cli.reports.listing import Column, Listing

Data: TypeAlias = dict[str, Any]

AUDIT: Final = (
    Column("When", "at"),
    Column("What", "what_shown"),
    Column("By", "email"),
    Column("Application", "application"),
    Column("Environment", "environment"),
    Column("Status", "status"),
    Column("Reason", "reason"),
    Column("Run", "run"),
    Column("Name", "by", wide=True),
    Column("Teams", "teams", wide=True),
    Column("Approved by", "approved_by", wide=True),
    Column("Commit", "commit_short", wide=True),
    Column("Plan", "plan_short", wide=True),
    Column("Record", "standing", wide=True),
    Column("File", "record", wide=True),
)
CSV_COLUMNS: Final = (
    "at",
    "what",
    "operation",
    "by",
    "email",
    "verification",
    "teams",
    "application",
    "environment",
    "status",
    "approved_by",
    "reason",
    "run",
    "plan",
    "commit",
    "standing",
    "record",
    "digest",
)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def audit_listing(rows: Sequence[Data], page: Sequence[Data]) -> Listing:
    """A page of the rows that were found; JSON and YAML also say how many there are."""
    shown = [
        {
            **row,
            "what_shown": " ".join(filter(None, [row["what"].replace("_", " "), row["operation"]])),
            "commit_short": short(row["commit"]),
            "plan_short": short(row["plan"]),
        }
        for row in page
    ]
    document = {"schema": "innominatus.dev/audit/v1", "found": len(rows), "rows": list(page)}
    return Listing(AUDIT, shown, document, "Nothing like that is in the ledger.")


def csv_text(rows: Iterable[Data], columns: Sequence[str]) -> str:
    """The rows for spreadsheets (RFC 4180, but for line ends); what one would take for a formula is quoted."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(row.get(column)) for column in columns] for row in rows)
    return text.getvalue()


def _cell(value: object) -> str:
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    if isinstance(value, dict):
        value = json.dumps(value, ensure_ascii=False, sort_keys=True)
    shown = "" if value is None else str(value)
    return f"'{shown}" if shown.startswith(_FORMULA) and not isinstance(value, int) else shown
