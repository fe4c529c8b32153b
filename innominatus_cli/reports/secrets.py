"""Secrets for people and programs: names, stores, ages and users; never a value."""

from typing import Any, Final

from innominatus_cli.operations.secret_listing import ListedSecrets, SecretRow
from innominatus_cli.reports.listing import Column, Listing
from innominatus_cli.system.clock import timestamp

_COLUMNS: Final = (
    Column("Secret", "name"),
    Column("Store", "store"),
    Column("State", "state"),
    Column("Age", "age"),
    Column("Used By", "used_by"),
    Column("Max Age", "max_age", wide=True),
    Column("Why", "why", wide=True),
)
_DAY: Final = 86_400
_MINUTE: Final = 60


def secrets_listing(listed: ListedSecrets) -> Listing:
    """One secret a row."""
    return Listing(
        _COLUMNS,
        [_shown(row) for row in listed.rows],
        document={"schema": "innominatus.dev/secrets/v1", "secrets": [secret_document(row) for row in listed.rows]},
        empty="admin-config.yaml names no secrets.",
    )


def secret_document(row: SecretRow) -> dict[str, Any]:
    """One secret as data."""
    return {
        "name": row.name,
        "store": row.store,
        "state": row.state,
        "changed": None if row.changed is None else timestamp(row.changed),
        "age_seconds": row.age_seconds,
        "max_age_seconds": row.max_age_seconds,
        "used_by": list(row.used_by),
        "why": row.why,
    }


def _shown(row: SecretRow) -> dict[str, Any]:
    return {
        "name": row.name,
        "store": row.store,
        "state": row.state,
        "age": _age(row.age_seconds),
        "used_by": list(row.used_by),
        "max_age": _age(row.max_age_seconds),
        "why": row.why,
    }


def _age(seconds: int | None) -> str:
    """Whole days, or whole minutes of less than one."""
    if seconds is None:
        return "-"
    return f"{seconds // _DAY}d" if seconds >= _DAY else f"{seconds // _MINUTE}m"
