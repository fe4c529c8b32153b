"""SQL on PostgreSQL, through `psql`: the script on stdin, the connection in its environment, nothing in arguments."""

import hashlib
import re
from collections.abc import Generator
from typing import Any, Final, TypeVar

from innominatus_cli.documents.json_reader import read_json
from innominatus_cli.drivers.contract import StepContext
from innominatus_cli.drivers.databases.connections import Connection
from innominatus_cli.findings.catalogue import databases as codes
from innominatus_cli.findings.finding import Code, Finding
from innominatus_cli.system.commands import CommandOutcome, CommandRequest, Ending

Answer = TypeVar("Answer")
Asked = Generator[CommandRequest, CommandOutcome, Answer]

_ARGV: Final = ("psql", "-X", "-q", "-A", "-t", "--no-password", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=terse")
_ERROR: Final = re.compile(r"^(?:psql:[^:\n]*(?::\d+)?: )?(?:\w+:  )(?P<text>.+)$", re.MULTILINE)
_BAD_CONNECTION: Final = 2
"""psql's exit status; https://www.postgresql.org/docs/current/app-psql.html#id-1.9.4.20.7."""
_SCRIPT_ERROR: Final = 3
_LONGEST: Final = 500
_MOST: Final = 32 * 1024 * 1024


def psql(ctx: StepContext, connection: Connection, script: str, failed: Code, what: str) -> Asked[str | Finding]:
    """What a script printed; a finding with the server's message where one of its statements fails."""
    request = ctx.command(
        *_ARGV,
        stdin=script.encode(),
        cwd=ctx.scratch_dir,
        env=connection.libpq,
        keep_bytes=_MOST,
        logs_stdout=False,
    )
    outcome = yield request
    if outcome.succeeded and outcome.stdout.truncated:
        return ctx.finding(codes.TOOL_UNREADABLE, f"'psql' printed more than {_MOST // 1024**2} MiB")
    if outcome.succeeded:
        return outcome.stdout.head.decode("utf-8", "replace")
    if outcome.ending is not Ending.EXITED or outcome.exit_code not in {_BAD_CONNECTION, _SCRIPT_ERROR}:
        return ctx.program_failed("psql", outcome)
    told = _told(outcome.stderr.head.decode("utf-8", "replace"))
    if outcome.exit_code == _BAD_CONNECTION:
        return ctx.finding(codes.DATABASE_UNREACHABLE, told)
    return ctx.finding(failed, f"{what}: {told}" if what else told)


def psql_json(ctx: StepContext, connection: Connection, script: str, failed: Code, what: str) -> Asked[Any]:
    """The JSON in the last line that a script printed, or a finding."""
    printed = yield from psql(ctx, connection, script, failed, what)
    if isinstance(printed, Finding):
        return printed
    lines = printed.strip().splitlines()
    try:
        return read_json(lines[-1])
    except (IndexError, ValueError):
        return ctx.finding(codes.TOOL_UNREADABLE, "'psql' did not print the JSON that it was asked for")


def quoted(text: str) -> str:
    """A text as an SQL literal in which nothing has a meaning, for `psql` neither: in dollars, with a tag of its own.

    The tag comes from the text, so that a script is the same each time.
    """
    seed = text
    while True:
        tag = f"$q{hashlib.sha256(seed.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}$"
        if tag not in text:
            return f"{tag}{text}{tag}"
        seed += "."


def executed(sql: str) -> str:
    """A statement that runs a text of SQL inside the transaction that is open; words that would leave it are refused.

    PL/pgSQL's EXECUTE takes many statements, plans each when its turn comes, and knows no COMMIT. Backslash commands,
    with which `psql` would start programs, are mere text in it.
    """
    return f"DO {quoted(f'BEGIN EXECUTE {quoted(sql)}; END')};"


def lock_key(name: str) -> int:
    """The number of an advisory lock for a name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)


def _told(printed: str) -> str:
    """The server's or the client's message, without the place in our script."""
    lines = [line for line in printed.splitlines() if "NOTICE:" not in line and "WARNING:" not in line]
    found = _ERROR.search("\n".join(lines))
    told = found["text"] if found else (lines[0] if lines else "it does not say why")
    return " ".join(told.removeprefix("psql: error: ").split())[:_LONGEST]
