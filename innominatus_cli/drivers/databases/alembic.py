"""Alembic: https://alembic.sqlalchemy.org. It is given a private copy of `alembic.ini` that names the database.

So the `env.py` that `alembic init` writes works as it is; one that reads DATABASE_URL works too.
"""

import os
import re
from configparser import ConfigParser, Error
from pathlib import Path
from typing import Final

from innominatus_cli.drivers.databases.contract import Setting, State, tool_failed, unreadable, variables
from innominatus_cli.drivers.databases.psql import Asked
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.finding import Finding

_FILE: Final = "alembic.ini"
_SECTION: Final = "alembic"
_NOTES: Final = r"(?: \([^)]*\))*"
_LINE: Final = re.compile(
    rf"^(?P<downs><base>|[^\s,]+(?:, [^\s,]+)*){_NOTES} -> (?P<up>[^\s,]+)(?P<notes>{_NOTES})(?:,.*)?$", re.MULTILINE
)
_REVISION: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


class Alembic:
    """Names of its migrations are revisions."""

    takes_back = True

    def look(self, setting: Setting, before: State | None = None) -> Asked[State | Finding]:  # noqa: ARG002
        """`alembic history --indicate-current`: the tree, and where the database stands in it."""
        printed = yield from _printed(setting, "history", "--indicate-current")
        if isinstance(printed, Finding):
            return printed
        parents: dict[str, list[str]] = {}
        current: list[str] = []
        for found in _LINE.finditer(printed):
            downs = found["downs"]
            parents[found["up"]] = [] if downs == "<base>" else downs.split(", ")
            if "(current)" in found["notes"]:
                current.append(found["up"])
        if not parents:
            return unreadable(setting, "'alembic history'")
        done: set[str] = set()
        waiting = list(current)
        while waiting:
            one = waiting.pop()
            if one not in done:
                done.add(one)
                waiting += parents.get(one, ())
        oldest_first = list(reversed(parents))
        return State(
            tuple(one for one in oldest_first if one in done), tuple(one for one in oldest_first if one not in done)
        )

    def up(self, setting: Setting, version: str | None) -> Asked[Finding | None]:
        """`alembic upgrade`, of every branch where no revision is named."""
        if version is not None and not _REVISION.fullmatch(version):
            return setting.ctx.finding(codes.INPUTS_UNUSABLE, f"'{version}' is no revision")
        printed = yield from _printed(setting, "upgrade", version or "heads")
        return printed if isinstance(printed, Finding) else None

    def down(self, setting: Setting, state: State, keep: int) -> Asked[Finding | None]:
        """`alembic downgrade`, to the newest that stays or to the base."""
        if keep >= len(state.applied):
            return None
        target = state.applied[keep - 1] if keep else "base"
        printed = yield from _printed(setting, "downgrade", target)
        return printed if isinstance(printed, Finding) else None


def _printed(setting: Setting, *argv: str) -> Asked[str | Finding]:
    ctx = setting.ctx
    place = setting.place / _FILE if setting.place.is_dir() else setting.place
    if not place.is_file():
        return ctx.finding(codes.MIGRATIONS_WRONG, f"'{setting.place.name}' has no {_FILE}", "Name it as `config`.")
    try:
        copy = _private_copy(setting, place)
    except (OSError, ValueError, Error):
        return ctx.finding(codes.MIGRATIONS_WRONG, f"'{place.name}' cannot be read", "Correct the file.")
    url = setting.connection.url(dialect_driver=True)
    told = {"DATABASE_URL": url, "SQLALCHEMY_URL": url, "PYTHONDONTWRITEBYTECODE": "1"}
    argv = ("alembic", f"--config={copy}", *argv)
    outcome = yield ctx.command(*argv, cwd=place.parent, env=variables(setting, told))
    copy.unlink(missing_ok=True)
    if outcome.succeeded:
        return outcome.stdout.head.decode("utf-8", "replace")
    lines = [line for line in outcome.stderr.head.decode("utf-8", "replace").splitlines() if line.strip()]
    said = [line for line in lines if re.match(r"(FAILED: |ERROR |[\w.]+(Error|Exception)\b)", line)]
    return tool_failed(setting, "alembic", outcome, said[-1:], "connection failed")


def _private_copy(setting: Setting, place: Path) -> Path:
    """The configuration with the database's URL, and with `%(here)s` of the place where it was written."""
    config = ConfigParser(interpolation=None)
    config.read_string(place.read_text(encoding="utf-8"))
    here = str(place.parent).replace("%", "%%")
    for section in config.sections():
        for key, value in config.items(section):
            config.set(section, key, (value or "").replace("%(here)s", here))
    if not config.has_section(_SECTION):
        config.add_section(_SECTION)
    config.set(_SECTION, "sqlalchemy.url", setting.connection.url(dialect_driver=True).replace("%", "%%"))
    copy = setting.ctx.scratch_dir / _FILE
    copy.unlink(missing_ok=True)
    fd = os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        config.write(file)
    return copy
