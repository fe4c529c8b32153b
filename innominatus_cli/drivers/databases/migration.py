"""`database-migration`: up, down or a look, by plain SQL or by one of the tools."""

from pathlib import Path
from typing import Any, Final

from innominatus_cli.documents.run_record import ToolFound
from innominatus_cli.drivers.contract import DriverResult, DriverSteps, StepContext
from innominatus_cli.drivers.databases.connections import connection_of
from innominatus_cli.drivers.databases.psql import Asked
from innominatus_cli.drivers.databases.sql_files import Work, by_sql
from innominatus_cli.drivers.databases.tool_work import migrate_with
from innominatus_cli.drivers.tools import tool
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.finding import Finding
from innominatus_cli.step_types.contract import known
from innominatus_cli.step_types.databases import LOOKS, TOOLS, DatabaseMigrationInputs

_LOOK: Final = Work("status")


def driver(ctx: StepContext) -> DriverSteps:
    """Brings the database up or down, or only looks."""
    inputs = ctx.inputs_of(DatabaseMigrationInputs)
    operation = str(known(inputs.operation))
    work = _LOOK if operation in LOOKS else Work(operation, inputs.version)
    return (yield from _result(ctx, work))


def undo(ctx: StepContext) -> DriverSteps:
    """Takes back exactly the migrations that the step applied: the table, or a note beside the tool, says which."""
    return (yield from _result(ctx, Work("undo", None, tuple(ctx.undone_marks))))


def preview(ctx: StepContext) -> DriverSteps:
    """The migrations that `up` would apply; those that `down` would take back are known only to the database."""
    inputs = ctx.inputs_of(DatabaseMigrationInputs)
    found, tools = yield from _migrated(ctx, _LOOK)
    if isinstance(found, Finding):
        return DriverResult(failure=found, tools=tools)
    if known(inputs.operation) == "down":
        objects = [f"database, behind {inputs.version or 'its newest migration'}"] if found["version"] else []
        changes = [{"action": "delete", "object": text} for text in objects]
    else:
        waiting = found["waiting"] if known(inputs.operation) == "up" else []
        changes = [{"action": "update", "object": f"migration {title}"} for title in waiting]
    return DriverResult(outputs={"changes": changes}, tools=tools)


def probe(ctx: StepContext) -> DriverSteps:
    """`up` is done where nothing is pending; `down` where the newest migration is the one that it names."""
    inputs = ctx.inputs_of(DatabaseMigrationInputs)
    found, tools = yield from _migrated(ctx, _LOOK)
    if isinstance(found, Finding):
        return DriverResult(failure=found, tools=tools)
    if known(inputs.operation) == "down":
        done = inputs.version is not None and found["version"] in {inputs.version, "" if inputs.version == "0" else "-"}
    else:
        done = found["pending"] == 0 or (inputs.version is not None and found["version"] == inputs.version)
    return DriverResult(outputs={"done": done}, tools=tools)


def drift(ctx: StepContext) -> DriverSteps:
    """Migrations that are not applied any more, and applied ones whose file has changed or is gone."""
    inputs = ctx.inputs_of(DatabaseMigrationInputs)
    found, tools = yield from _migrated(ctx, _LOOK)
    if isinstance(found, Finding):
        if found.code is not codes.MIGRATION_CHANGED:
            return DriverResult(failure=found, tools=tools)
        drifted = [{"object": inputs.migrations_path, "what": found.message}]
    else:
        waiting = found["waiting"] if known(inputs.operation) == "up" and inputs.version is None else []
        drifted = [{"object": f"migration {title}", "what": "is not applied"} for title in waiting]
        drifted += [{"object": f"migration {title}", "what": "was changed"} for title in found.get("changed", ())]
    return DriverResult(outputs={"drift": drifted}, tools=tools)


def _result(ctx: StepContext, work: Work) -> DriverSteps:
    found, tools = yield from _migrated(ctx, work)
    if isinstance(found, Finding):
        return DriverResult(failure=found, tools=tools)
    outputs = {name: found[name] for name in ("version", "applied", "pending")}
    told = "taken back" if work.operation in {"down", "undo"} else "applied"
    message = f"{len(outputs['applied'])} {told}, {outputs['pending']} pending"
    return DriverResult(outputs=outputs, message=message, tools=tools)


def _migrated(ctx: StepContext, work: Work) -> Asked[tuple[Any, tuple[ToolFound, ...]]]:
    """What came of the work, or a finding, with the tools that did it."""
    inputs = ctx.inputs_of(DatabaseMigrationInputs)
    place = _place(ctx, inputs)
    if isinstance(place, Finding):
        return place, ()
    connection = connection_of(ctx, inputs.connection_string, inputs.connection_from)
    if isinstance(connection, Finding):
        return connection, ()
    name = str(known(inputs.tool))
    if name != "sql":
        found = yield from tool(ctx, TOOLS[name])
        if isinstance(found, Finding):
            return found, ()
        return (yield from migrate_with(ctx, name, connection, place, work)), (found,)
    if not place.is_dir():
        return ctx.finding(codes.PATH_MISSING, f"'{inputs.migrations_path}' is no folder"), ()
    return (yield from by_sql(ctx, connection, place, inputs.table, work))


def _place(ctx: StepContext, inputs: DatabaseMigrationInputs) -> Path | Finding:
    """The folder of migrations, or the file that a tool is told about."""
    for written in filter(None, (inputs.config, inputs.migrations_path)):
        found = ctx.repository_path(written)
        if isinstance(found, Finding):
            return found
    wanted = inputs.config if inputs.config and known(inputs.tool) in {"alembic", "liquibase"} else None
    return ctx.repository_path(wanted or inputs.migrations_path)
