"""What `doctor` found, as a table or as data."""

from typing import Any, Final

from innominatus_cli.operations.doctor.looking import Check, Diagnosis
from innominatus_cli.reports.listing import Column, Listing

_COLUMNS: Final = (
    Column("NEEDED", "name"),
    Column("STATE", "state"),
    Column("RANGE", "range"),
    Column("VERSION", "version"),
    Column("BY", "by"),
    Column("INSTALL", "install"),
    Column("PATH", "path", wide=True),
)


def diagnosis_listing(diagnosis: Diagnosis) -> Listing:
    """One thing that is needed a row; JSON and YAML have all who need it."""
    document = {
        "schema": "innominatus.dev/doctor/v1",
        "ok": not diagnosis.findings,
        "checks": [_data(check) for check in diagnosis.checks],
    }
    return Listing(_COLUMNS, [_row(check) for check in diagnosis.checks], document=document)


def _data(check: Check) -> dict[str, Any]:
    return {**check._asdict(), "needed_by": list(check.needed_by)}


def _row(check: Check) -> dict[str, Any]:
    first, *others = check.needed_by or ("",)
    by = f"{first} and {len(others)} more" if others else first
    empty = {name: getattr(check, name) or "-" for name in ("range", "version", "path", "install")}
    return {"name": check.name, "state": check.state, "by": by, **empty}
