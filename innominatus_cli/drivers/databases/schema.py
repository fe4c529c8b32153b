"""`database-schema`: SQL that says how a database is to be, applied so that a second time changes nothing.

First it is applied in a transaction that is taken back, and to an empty place, so that two things are known before
anything happens: what would change, and what is there already and differs from what is declared. `CREATE TABLE IF NOT
EXISTS` alone would pass over the latter.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from innominatus_cli.documents.run_record import ToolFound
from innominatus_cli.documents.words import counted
from innominatus_cli.drivers.contract import DriverResult, DriverSteps, StepContext
from innominatus_cli.drivers.databases.connections import Connection, connection_of
from innominatus_cli.drivers.databases.postgres_objects import objects_of_postgres
from innominatus_cli.drivers.databases.psql import Asked
from innominatus_cli.drivers.databases.sql_files import Work, by_sql
from innominatus_cli.drivers.tools import tool
from innominatus_cli.findings.catalogue import databases as codes
from innominatus_cli.findings.catalogue import execution as execution_codes
from innominatus_cli.findings.finding import Finding
from innominatus_cli.step_types.contract import known
from innominatus_cli.step_types.databases import PSQL, DatabaseSchemaInputs

_TOLD: Final = 5
"""How many differences a message names."""
_PARTS: Final = ("column", "constraint")


class _Judged(NamedTuple):
    """What applying changes, and what is there and is not as declared: lines for people."""

    changed: list[str]
    differing: list[str]
    objects: int
    waiting: list[str]
    """Migrations that are not applied."""
    applied: list[str]
    tools: tuple[ToolFound, ...]


def driver(ctx: StepContext) -> DriverSteps:
    """Applies the schema and then the migrations, or only checks."""
    inputs = ctx.inputs_of(DatabaseSchemaInputs)
    check = known(inputs.operation) == "check"
    judged = yield from _judge(ctx, commit=False)
    if isinstance(judged, Finding):
        return DriverResult(failure=judged)
    would = [line.replace(": ", ": would be ") for line in judged.changed]
    wrong = judged.differing + ([*would, *_waiting(judged)] if check else [])
    if wrong:
        return ctx.failed(codes.SCHEMA_DIFFERS, _in_words(wrong))
    if not check:
        judged = yield from _judge(ctx, commit=True)
        if isinstance(judged, Finding):
            return DriverResult(failure=judged)
    outputs = {"changed": judged.changed, "objects": judged.objects, "applied": judged.applied}
    message = f"{len(judged.changed)} changed, {counted(judged.objects, 'object')}"
    return DriverResult(outputs=outputs, message=message, tools=judged.tools)


def preview(ctx: StepContext) -> DriverSteps:
    """What applying would change."""
    judged = yield from _judge(ctx, commit=False)
    if isinstance(judged, Finding):
        return DriverResult(failure=judged)
    changes = [{"action": _action(line), "object": line.rpartition(":")[0]} for line in judged.changed]
    changes += [{"action": "update", "object": line.rpartition(":")[0]} for line in _waiting(judged)]
    return DriverResult(outputs={"changes": changes}, tools=judged.tools)


def probe(ctx: StepContext) -> DriverSteps:
    """It is done where applying would change nothing."""
    judged = yield from _judge(ctx, commit=False)
    if isinstance(judged, Finding):
        return DriverResult(failure=judged)
    done = not (judged.changed or judged.differing or judged.waiting)
    return DriverResult(outputs={"done": done}, tools=judged.tools)


def drift(ctx: StepContext) -> DriverSteps:
    """What is missing or differs from what is declared."""
    judged = yield from _judge(ctx, commit=False)
    if isinstance(judged, Finding):
        return DriverResult(failure=judged)
    found = [(line.rpartition(": ")[0], "is missing or differs") for line in judged.changed]
    found += [
        (one, what) for line in (*judged.differing, *_waiting(judged)) for one, _, what in (line.partition(": "),)
    ]
    return DriverResult(outputs={"drift": [{"object": one, "what": what} for one, what in found]}, tools=judged.tools)


def _judge(ctx: StepContext, *, commit: bool) -> Asked[_Judged | Finding]:
    inputs = ctx.inputs_of(DatabaseSchemaInputs)
    sql = _sql(ctx, inputs.schema_)
    if isinstance(sql, Finding):
        return sql
    connection = _connection(ctx, inputs)
    if isinstance(connection, Finding):
        return connection
    found, tools = yield from _objects(ctx, connection, sql, commit=commit)
    if isinstance(found, Finding):
        return found
    if found["again"] != found["after"]:
        told = _in_words(_changes(found["after"], found["again"]))
        return ctx.finding(codes.SCHEMA_FAILED, f"applied a second time it changes the database again: {told}")
    migrated = yield from _migrated(ctx, connection, commit=commit)
    if isinstance(migrated, Finding):
        return migrated
    whole = sum(not name.startswith(_PARTS) for name in found["after"])
    differing = _differing(found["declared"], found["after"])
    return _Judged(_changes(found["before"], found["after"]), differing, whole, *migrated, tools)


def _migrated(
    ctx: StepContext, connection: Connection, *, commit: bool
) -> Asked[tuple[list[str], list[str]] | Finding]:
    """The migrations that wait, and those that were applied now."""
    inputs = ctx.inputs_of(DatabaseSchemaInputs)
    if inputs.migrations is None:
        return [], []
    folder = ctx.repository_path(inputs.migrations)
    if isinstance(folder, Finding):
        return folder
    if not folder.is_dir():
        return ctx.finding(execution_codes.PATH_MISSING, f"'{inputs.migrations}' is no folder")
    work = Work("up" if commit else "status")
    found, _ = yield from by_sql(ctx, connection, folder, inputs.table, work)
    return found if isinstance(found, Finding) else (found["waiting"], found["applied"])


def _objects(
    ctx: StepContext, connection: Connection, sql: str, *, commit: bool
) -> Asked[tuple[dict[str, Any] | Finding, tuple[ToolFound, ...]]]:
    """What is there `before`, `after`, when it is applied `again`, and what is `declared`."""
    table = ctx.inputs_of(DatabaseSchemaInputs).table
    if connection.kind == "sqlite":
        request = {"database": str(connection.file), "schema": sql, "table": table, "commit": commit}
        answer = ctx.answer((yield ctx.child("migrate", request)))
        if isinstance(answer, dict) and "problem" in answer:
            return ctx.finding(codes.SCHEMA_FAILED, str(answer["message"])), ()
        return answer, ()
    if connection.kind != "postgresql":
        told = f"schemas are for SQLite and PostgreSQL, not for '{connection.kind}' databases"
        return ctx.finding(execution_codes.DATABASE_UNSUPPORTED, told), ()
    found = yield from tool(ctx, PSQL)
    if isinstance(found, Finding):
        return found, ()
    return (yield from objects_of_postgres(ctx, connection, sql, table, commit=commit)), (found,)


def _sql(ctx: StepContext, written: str) -> str | Finding:
    """The text of the file, or of all `.sql` files of the folder."""
    place = ctx.repository_path(written)
    if isinstance(place, Finding):
        return place
    paths = sorted(place.glob("*.sql")) if place.is_dir() else [place]
    texts: list[str] = []
    for path in paths:
        inside = ctx.repository_path(str(path.relative_to(ctx.work_dir.resolve())))
        if isinstance(inside, Finding):
            return inside
        try:
            texts.append(inside.read_bytes().decode().replace("\r\n", "\n"))
        except (OSError, UnicodeDecodeError):
            return ctx.finding(codes.SCHEMA_FAILED, f"'{path.name}' cannot be read as UTF-8 text")
    text = ";\n".join(text.rstrip().removesuffix(";") for text in texts)
    if not text.strip("; \n\t") or "\0" in text:
        return ctx.finding(codes.SCHEMA_FAILED, f"'{written}' holds no SQL")
    return text + ";\n"


def _connection(ctx: StepContext, inputs: DatabaseSchemaInputs) -> Connection | Finding:
    """The database that is named, or a file of SQLite with the schema's name."""
    if inputs.connection_string or ctx.env.get(inputs.connection_from):
        return connection_of(ctx, inputs.connection_string, inputs.connection_from)
    stem = "".join(c if c.isalnum() or c in "-_" else "-" for c in Path(inputs.schema_).stem).strip("-") or "schema"
    return connection_of(ctx, f"sqlite:///databases/{stem}.db", "")


def _changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """The difference, without the parts of tables that came or went as a whole."""
    whole = {name.partition(" ")[2] for name in before.keys() ^ after.keys() if name.startswith("table ")}
    lines: list[str] = []
    for name in sorted(before.keys() | after.keys()):
        kind, _, title = name.partition(" ")
        if kind in _PARTS and title.rpartition(".")[0] in whole:
            continue
        if name not in before:
            lines.append(f"{name}: created")
        elif name not in after:
            lines.append(f"{name}: dropped")
        elif before[name] != after[name]:
            lines.append(f"{name}: changed")
    return lines


def _differing(declared: Mapping[str, str], there: Mapping[str, str]) -> list[str]:
    lines: list[str] = []
    for name, how in sorted(declared.items()):
        if name not in there:
            lines.append(f"{name}: is declared and not there")
        elif there[name] != how:
            lines.append(f"{name}: is '{there[name]}' and declared as '{how}'")
    return lines


def _waiting(judged: _Judged) -> list[str]:
    return [f"migration {title}: is not applied" for title in judged.waiting]


def _action(line: str) -> str:
    return {"created": "create", "dropped": "delete"}.get(line.rpartition(": ")[2], "update")


def _in_words(lines: list[str]) -> str:
    more = f"; and {len(lines) - _TOLD} more" if len(lines) > _TOLD else ""
    return "; ".join(lines[:_TOLD]) + more
