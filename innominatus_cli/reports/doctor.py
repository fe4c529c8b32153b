"""What `doctor` found, as a table or as data."""

from typing import Any, Final

from innominatus_cli.operations.doctor.looking import Check, Diagnosis
from innominatus_cli.reports.listing import Column, Listing

_COLUMNS: Final = (
    Column("Needed", "name"),
    Column("State", "state"),
    Column("Range", "range"),
    Column("Version", "version"),
    Column("By", "by"),
    Column("Install", "install"),
    Column("Path", "path", wide=True),
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
