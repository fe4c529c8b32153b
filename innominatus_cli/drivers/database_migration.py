"""`database-migration`: ordered SQL files on SQLite, each in a transaction, noted with checksums."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from innominatus_cli.drivers.contract import DriverResult, DriverSteps, StepContext
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.catalogue.rollback import CHANGED_SINCE
from innominatus_cli.findings.finding import Finding
from innominatus_cli.step_types.contract import known
from innominatus_cli.step_types.resources import DatabaseMigrationInputs

_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]*):")
_PROBLEMS: Final = {
    "folder": codes.MIGRATIONS_WRONG,
    "changed": codes.MIGRATION_CHANGED,
    "failed": codes.MIGRATION_FAILED,
    "later": CHANGED_SINCE,
}


def driver(ctx: StepContext) -> DriverSteps:
    """Brings the database up or down, or only looks (`status`)."""
    inputs = ctx.inputs_of(DatabaseMigrationInputs)
    operation = str(known(inputs.operation))
    marked = {"mark": ctx.mark} if operation == "up" else {}
    return (yield from _migrated(ctx, operation, {"version": inputs.version, **marked}))


def undo(ctx: StepContext) -> DriverSteps:
    """Takes back exactly the migrations that the step applied: the table says which."""
    return (yield from _migrated(ctx, "undo", {"version": None, "marks": ctx.undone_marks}))


def _migrated(ctx: StepContext, operation: str, how: Mapping[str, Any]) -> DriverSteps:
    inputs = ctx.inputs_of(DatabaseMigrationInputs)
    folder = ctx.repository_path(inputs.migrations_path)
    if isinstance(folder, Finding):
        return DriverResult(failure=folder)
    if not folder.is_dir():
        return ctx.failed(codes.PATH_MISSING, f"'{inputs.migrations_path}' is no folder")
    database = _database(ctx, inputs.connection_string)
    if isinstance(database, Finding):
        return DriverResult(failure=database)
    request = {
        "database": str(database),
        "folder": str(folder),
        "operation": operation,
        "table": inputs.table,
        **how,
    }
    answer = ctx.answer((yield ctx.child("migrate", request)))
    if isinstance(answer, Finding):
        return DriverResult(failure=answer)
    if "problem" in answer:
        return ctx.failed(_PROBLEMS[answer["problem"]], f"{inputs.migrations_path}: {answer['message']}")
    done = len(answer["applied"])
    told = "taken back" if operation in {"down", "undo"} else "applied"
    return DriverResult(outputs=answer, message=f"{done} {told}, {answer['pending']} pending")


def _database(ctx: StepContext, connection: str) -> Path | Finding:
    """The SQLite file of a connection string; messages never show the string, which may hold a password."""
    scheme = _SCHEME.match(connection)
    if not connection.startswith("sqlite:///"):
        told = f"'{scheme.group(1)}' databases" if scheme else "a connection string without a scheme"
        return ctx.finding(codes.DATABASE_UNSUPPORTED, f"cannot migrate {told}")
    written = connection.removeprefix("sqlite:///")
    if not written or written.startswith(":") or any(character in written for character in "?#%"):
        return ctx.finding(codes.DATABASE_UNSUPPORTED, "the connection string names no file of the state folder")
    found = ctx.state_path(written)
    if isinstance(found, Path) and (found.is_dir() or found == ctx.state_dir.resolve()):
        return ctx.finding(codes.DATABASE_UNSUPPORTED, "the connection string names a folder")
    return found
