"""Ordered SQL files without a tool: on SQLite through a child program, on PostgreSQL through `psql`.

Both keep the same table: number, name, checksum, time, and the mark of the run that applied it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from innominatus_cli.documents.run_record import ToolFound
from innominatus_cli.drivers.children.migrate import Migration, Wrong, chosen, compare, number_of, read_folder
from innominatus_cli.drivers.contract import StepContext
from innominatus_cli.drivers.databases.connections import Connection
from innominatus_cli.drivers.databases.psql import Asked, executed, lock_key, psql, psql_json, quoted
from innominatus_cli.drivers.tools import tool
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.catalogue.databases import TOOL_UNREADABLE
from innominatus_cli.findings.catalogue.rollback import CHANGED_SINCE
from innominatus_cli.findings.finding import Finding
from innominatus_cli.step_types.databases import PSQL

_PROBLEMS: Final = {
    "folder": codes.MIGRATIONS_WRONG,
    "changed": codes.MIGRATION_CHANGED,
    "failed": codes.MIGRATION_FAILED,
    "later": CHANGED_SINCE,
}


class Work(NamedTuple):
    """What is asked of a folder of SQL files."""

    operation: str
    """`up`, `down`, `undo`, or one that only looks."""
    version: str | None = None
    marks: tuple[str, ...] = ()
    """For `undo`: the marks of what it takes back."""


class _Noted(NamedTuple):
    """The table of applied migrations."""

    home: str
    """The schema that it is in, or will be."""
    rows: Mapping[int, tuple[str, str, str]]
    """Name, checksum and mark by number."""


def by_sql(
    ctx: StepContext, connection: Connection, folder: Path, table: str, work: Work
) -> Asked[tuple[Any, tuple[ToolFound, ...]]]:
    """The work on a folder of SQL files, with the tools that did it."""
    if connection.kind == "sqlite":
        return (yield from _sqlite(ctx, connection, folder, table, work)), ()
    if connection.kind != "postgresql":
        told = f"plain SQL is for SQLite and PostgreSQL, not for '{connection.kind}' databases"
        return ctx.finding(codes.DATABASE_UNSUPPORTED, told), ()
    found = yield from tool(ctx, PSQL)
    if isinstance(found, Finding):
        return found, ()
    return (yield from _postgres(ctx, connection, folder, table, work)), (found,)


def _sqlite(ctx: StepContext, connection: Connection, folder: Path, table: str, work: Work) -> Asked[Any]:
    """The step's outputs, and `waiting`, what is not applied; or a finding."""
    request: dict[str, Any] = {
        "database": str(connection.file),
        "folder": str(folder),
        "operation": work.operation,
        "version": work.version,
        "table": table,
    }
    if work.operation == "up":
        request["mark"] = ctx.mark
    if work.operation == "undo":
        request["marks"] = list(work.marks)
    answer = ctx.answer((yield ctx.child("migrate", request)))
    if isinstance(answer, Finding) or "problem" not in answer:
        return answer
    return ctx.finding(_PROBLEMS[answer["problem"]], f"{_named(ctx, folder)}: {answer['message']}")


def _postgres(ctx: StepContext, connection: Connection, folder: Path, table: str, work: Work) -> Asked[Any]:
    """The same on PostgreSQL, each migration in a transaction and under a lock of its own."""
    noted = yield from _noted(ctx, connection, table)
    if isinstance(noted, Finding):
        return noted
    try:
        migrations = read_folder(folder)
        compare(migrations, {number: row[:2] for number, row in noted.rows.items()})
        limit = None if work.version is None else number_of(work.version)
        ours = {number for number, row in noted.rows.items() if row[2] in work.marks}
        wanted = chosen(migrations, sorted(noted.rows), work.operation, limit, ours)
    except Wrong as wrong:
        return ctx.finding(_PROBLEMS[wrong.problem], f"{_named(ctx, folder)}: {wrong}")
    done: list[str] = []
    for migration in wanted:
        ran = yield from _run(ctx, connection, noted.home, table, migration, up=work.operation == "up")
        if isinstance(ran, Finding):
            return ran
        done += [migration.title] if ran else []
    if wanted:
        noted = yield from _noted(ctx, connection, table)
        if isinstance(noted, Finding):
            return noted
    waiting = [migration.title for migration in migrations if migration.number not in noted.rows]
    version = str(max(noted.rows)) if noted.rows else ""
    return {"version": version, "applied": done, "pending": len(waiting), "waiting": waiting}


def _named(ctx: StepContext, folder: Path) -> Path:
    return folder.relative_to(ctx.work_dir.resolve())


def _noted(ctx: StepContext, connection: Connection, table: str) -> Asked[_Noted | Finding]:
    script = f"""SELECT to_regclass('{table}') IS NOT NULL AS known \\gset
\\if :known
SELECT json_build_object('home', (SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = to_regclass('{table}')), 'rows', coalesce(json_agg(json_build_array(number, name, checksum, made_by)),
'[]')) FROM {table};
\\else
SELECT json_build_object('home', current_schema(), 'rows', json_build_array());
\\endif
"""  # noqa: S608 - a checked word
    answer = yield from psql_json(ctx, connection, script, codes.MIGRATION_FAILED, f"table {table}")
    if isinstance(answer, Finding):
        return answer
    try:
        rows = {int(number): (name, checksum, mark) for number, name, checksum, mark in answer["rows"]}
        home = answer["home"]
    except (KeyError, TypeError, ValueError):
        return ctx.finding(TOOL_UNREADABLE, "'psql' did not print what it was asked for")
    if not isinstance(home, str):
        return ctx.finding(codes.MIGRATION_FAILED, "no schema of the database's search path exists")
    return _Noted(home, rows)


def _run(
    ctx: StepContext, connection: Connection, home: str, table: str, migration: Migration, *, up: bool
) -> Asked[bool | Finding]:
    """Runs one migration and notes it, in one transaction. False: another program has done so in the meantime."""
    sql = migration.up if up else str(migration.down)
    if "\0" in sql:
        return ctx.finding(codes.MIGRATION_FAILED, f"migration {migration.title} holds a NUL character")
    escaped = home.replace('"', '""')
    place = f'"{escaped}"."{table}"'
    if up:
        values = ", ".join(quoted(text) for text in (migration.name, migration.checksum, ctx.mark))
        note = f"INSERT INTO {place} (number, name, checksum, made_by) VALUES ({migration.number}, {values});"  # noqa: S608
    else:
        note = f"DELETE FROM {place} WHERE number = {migration.number};"  # noqa: S608 - a number of ours
    # A marker of this very attempt: a program that ends well and did nothing has not printed it.
    script = f"""BEGIN;
SELECT pg_catalog.pg_advisory_xact_lock({lock_key(table)});
SET LOCAL client_min_messages = warning;
CREATE TABLE IF NOT EXISTS {place} (number bigint PRIMARY KEY, name text NOT NULL, checksum text NOT NULL,
applied_at timestamptz NOT NULL DEFAULT now(), made_by text NOT NULL DEFAULT '');
SET LOCAL client_min_messages TO DEFAULT;
SELECT count(*) = {0 if up else 1} AS todo FROM {place} WHERE number = {migration.number} \\gset
\\if :todo
{executed(sql)}
{note}
\\endif
COMMIT;
\\echo innominatus: :todo
"""  # noqa: S608 - a checked word and numbers of ours
    told = yield from psql(ctx, connection, script, codes.MIGRATION_FAILED, f"migration {migration.title}")
    if isinstance(told, Finding):
        return told
    last = told.strip().rpartition("\n")[2]
    if last not in {"innominatus: t", "innominatus: f"}:
        return ctx.finding(TOOL_UNREADABLE, f"'psql' ended before migration {migration.title} was committed")
    return last.endswith("t")
