"""One query that looks at a database and can change nothing: on SQLite by a child program, on PostgreSQL by `psql`."""

import json
from collections.abc import Generator
from typing import Final

from innominatus_cli.drivers.contract import StepContext
from innominatus_cli.drivers.databases.connections import Connection
from innominatus_cli.drivers.databases.psql import psql, quoted
from innominatus_cli.findings.catalogue import databases as codes
from innominatus_cli.findings.catalogue import execution
from innominatus_cli.findings.finding import Finding
from innominatus_cli.system.commands import CommandOutcome, CommandRequest

MOST_ROWS: Final = 1000
"""Rows beyond these are not read: a list with one more says that there are more."""

Rows = list[str | None]
Looked = Generator[CommandRequest, CommandOutcome, Rows | str | Finding]


def look(ctx: StepContext, connection: Connection, query: str, seconds: int) -> Looked:
    """The first column of every row as text (None for null), or why there are no rows in words.

    Args:
        ctx: The step.
        connection: A database of SQLite or PostgreSQL.
        query: One query, without what ends it.
        seconds: How long the database may take.

    Returns:
        The rows; words for what a later try may find better (a database that is not there yet, a missing table); a
        finding for what no try mends.
    """
    if connection.file is not None:
        request = {"file": str(connection.file), "query": query, "rows": MOST_ROWS + 1, "seconds": seconds}
        answer = ctx.answer((yield ctx.child("look", request)))
        if isinstance(answer, Finding):
            return answer
        return str(answer["problem"]) if answer["problem"] else list(answer["rows"])
    if connection.kind != "postgresql":
        return ctx.finding(
            execution.DATABASE_UNSUPPORTED, f"sql checks know no databases of the kind {connection.kind}"
        )
    printed = yield from psql(ctx, connection, _script(query, seconds), execution.CHECK_FAILED, "")
    if not isinstance(printed, Finding):
        return _first_values(ctx, printed)
    if printed.code in {codes.DATABASE_UNREACHABLE, execution.CHECK_FAILED}:
        return printed.message.removeprefix(f"step '{ctx.step.name}': ")
    return printed


def _script(query: str, seconds: int) -> str:
    """A transaction that reads only. The query is text in a literal: nothing in it can end it or reach `psql`."""
    wrapped = f"SELECT row_to_json(found) FROM ({query.strip().removesuffix(';')}\n) AS found"  # noqa: S608 - it reads only
    block = f"DECLARE looked refcursor := 'looked'; BEGIN OPEN looked FOR EXECUTE {quoted(wrapped)}; END"
    lines = (
        "BEGIN TRANSACTION READ ONLY",
        f"SET LOCAL statement_timeout = {seconds * 1000}",
        f"DO {quoted(block)}",
        f"FETCH FORWARD {MOST_ROWS + 1} FROM looked",
        "ROLLBACK",
    )
    return "".join(f"{line};\n" for line in lines)


def _first_values(ctx: StepContext, printed: str) -> Rows | Finding:
    """The first value of every row; PostgreSQL writes the columns in their order."""
    try:
        rows = [
            json.loads(line, object_pairs_hook=list, parse_int=str, parse_float=str) for line in printed.splitlines()
        ]
        return [_text(row[0][1]) for row in rows]
    except (ValueError, IndexError, TypeError):
        return ctx.finding(codes.TOOL_UNREADABLE, "'psql' did not print the rows that it was asked for")


def _text(value: object) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)
