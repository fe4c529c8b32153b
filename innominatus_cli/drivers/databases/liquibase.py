"""Liquibase: https://docs.liquibase.com. Told by LIQUIBASE_* variables; it starts for seconds each time."""

import re
from pathlib import Path
from typing import Final

from innominatus_cli.drivers.databases.contract import Setting, State, tool_failed, unreadable, variables
from innominatus_cli.drivers.databases.psql import Asked
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.finding import Finding

_NAMES: Final = tuple(
    f"{stem}.{suffix}"
    for stem in ("changelog", "db.changelog-master", "db.changelog-root", "changelog-root")
    for suffix in ("xml", "yaml", "yml", "json", "sql")
)
_CHANGESET: Final = re.compile(r"^\s+(?P<name>\S.*::\S.*::\S.*?)\s*$", re.MULTILINE)
_PENDING: Final = re.compile(r"^(?P<count>\d+) change ?sets? ha(?:s|ve) not been applied to ", re.MULTILINE)
_UP_TO_DATE: Final = re.compile(r" is up to date\s*$", re.MULTILINE)
_HISTORY: Final = re.compile(r"^(?:Liquibase History for |No changesets? deployed)", re.MULTILINE)
_ERROR: Final = re.compile(
    r"^(?:Unexpected error running Liquibase: |ERROR: (?!Exception Primary)|\s*Reason: )(.+)$", re.MULTILINE
)


class Liquibase:
    """Names of its migrations are `changelog::id::author`."""

    takes_back = True

    def look(self, setting: Setting, before: State | None = None) -> Asked[State | Finding]:
        """`liquibase status` and `liquibase history`."""
        status = yield from _printed(setting, "status", "--verbose")
        if isinstance(status, Finding):
            return status
        pending = tuple(_CHANGESET.findall(status))
        count = _PENDING.search(status)
        if (count is None and not _UP_TO_DATE.search(status)) or len(pending) != int(count["count"] if count else 0):
            return unreadable(setting, "'liquibase status'")
        if before is not None:
            known = (*before.applied, *(one for one in before.pending if one not in before.applied))
            return State(tuple(one for one in known if one not in pending), pending)
        history = yield from _printed(setting, "history", "--format=TEXT")
        if isinstance(history, Finding):
            return history
        if not _HISTORY.search(history):
            return unreadable(setting, "'liquibase history'")
        return State(tuple(_CHANGESET.findall(history)), pending)

    def up(self, setting: Setting, version: str | None) -> Asked[Finding | None]:
        """`liquibase update`, or `update-to-tag`."""
        argv = ("update",) if version is None else ("update-to-tag", f"--tag={version}")
        printed = yield from _printed(setting, *argv)
        return printed if isinstance(printed, Finding) else None

    def down(self, setting: Setting, state: State, keep: int) -> Asked[Finding | None]:
        """`liquibase rollback-count`."""
        count = len(state.applied) - keep
        if not count:
            return None
        printed = yield from _printed(setting, "rollback-count", f"--count={count}")
        return printed if isinstance(printed, Finding) else None


def _printed(setting: Setting, *argv: str) -> Asked[str | Finding]:
    ctx, connection = setting.ctx, setting.connection
    changelog = _changelog(setting.place)
    if changelog is None:
        return ctx.finding(
            codes.MIGRATIONS_WRONG, f"'{setting.place.name}' has no changelog ({_NAMES[0]} and the like)", "Name it."
        )
    told = {
        "LIQUIBASE_COMMAND_URL": connection.jdbc,
        "LIQUIBASE_COMMAND_USERNAME": connection.user,
        "LIQUIBASE_COMMAND_PASSWORD": connection.password,
        "LIQUIBASE_COMMAND_CHANGELOG_FILE": changelog.name,
        "LIQUIBASE_SEARCH_PATH": str(changelog.parent),
        "LIQUIBASE_SHOW_BANNER": "false",
        "LIQUIBASE_ANALYTICS_ENABLED": "false",
        "LIQUIBASE_HEADLESS": "true",
    }
    outcome = yield ctx.command("liquibase", *argv, cwd=ctx.scratch_dir, env=variables(setting, told))
    if outcome.succeeded:
        return outcome.stdout.head.decode("utf-8", "replace")
    said = _ERROR.findall(outcome.stderr.head.decode("utf-8", "replace"))
    return tool_failed(setting, "liquibase", outcome, said, "Connection could not be created")


def _changelog(place: Path) -> Path | None:
    if place.is_file():
        return place
    return next((place / name for name in _NAMES if (place / name).is_file()), None)
