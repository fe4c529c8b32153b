"""Flyway, the free edition: https://documentation.red-gate.com/flyway. Told by FLYWAY_* variables, asked for JSON."""

from typing import Any, Final

from innominatus_cli.documents.json_reader import read_json
from innominatus_cli.drivers.databases.contract import Setting, State, tool_failed, unreadable, variables
from innominatus_cli.drivers.databases.psql import Asked
from innominatus_cli.findings.finding import Finding

_APPLIED: Final = frozenset({"Success", "Out of Order", "Baseline", "Future", "Missing", "Superseded", "Deleted"})
_NOT_ITS_OWN: Final = frozenset({"Available", "Undone", "Below Baseline"})
_MOST: Final = 16 * 1024 * 1024


class Flyway:
    """It takes nothing back: that is for its paid editions."""

    takes_back = False

    def look(self, setting: Setting, before: State | None = None) -> Asked[State | Finding]:
        """`flyway info`, and `flyway validate` for what was changed."""
        found = yield from _asked(setting, "info")
        if isinstance(found, Finding):
            return found
        applied: list[str] = []
        pending: list[str] = []
        for migration in found.get("migrations", ()):
            state = migration.get("state")
            if state in _APPLIED:
                applied.append(_name(migration))
            elif state not in _NOT_ITS_OWN:
                pending.append(_name(migration))
        if before is not None:
            return State(tuple(applied), tuple(pending))
        judged = yield from _asked(setting, "validate", {"FLYWAY_IGNORE_MIGRATION_PATTERNS": "*:pending"})
        if isinstance(judged, Finding):
            return judged
        changed = [_name(migration) for migration in judged.get("invalidMigrations") or ()]
        return State(tuple(applied), tuple(pending), tuple(changed))

    def up(self, setting: Setting, version: str | None) -> Asked[Finding | None]:
        """`flyway migrate`; it validates before."""
        told = yield from _asked(setting, "migrate", {"FLYWAY_TARGET": version or ""})
        if isinstance(told, Finding):
            return told
        return None if told.get("success") is True else unreadable(setting, "'flyway migrate'")

    def down(self, setting: Setting, state: State, keep: int) -> Asked[Finding | None]:
        """Never asked for."""
        yield from ()
        raise AssertionError(f"{setting.place}: {len(state.applied)} to {keep}")


def _name(migration: dict[str, Any]) -> str:
    return str(migration.get("version") or migration.get("description"))


def _asked(setting: Setting, command: str, more: dict[str, str] | None = None) -> Asked[dict[str, Any] | Finding]:
    """The object that a command printed."""
    ctx, connection = setting.ctx, setting.connection
    told = {
        "FLYWAY_URL": connection.jdbc,
        "FLYWAY_USER": connection.user,
        "FLYWAY_PASSWORD": connection.password,
        "FLYWAY_LOCATIONS": f"filesystem:{setting.place}",
        "FLYWAY_CLEAN_DISABLED": "true",
        **(more or {}),
    }
    argv = ("flyway", "-outputType=json", "-skipCheckForUpdate", command)
    outcome = yield ctx.command(*argv, cwd=ctx.scratch_dir, env=variables(setting, told), keep_bytes=_MOST)
    try:
        found = read_json(outcome.stdout.head)
    except ValueError:
        found = None
    error = found.get("error") if isinstance(found, dict) else None
    if not outcome.succeeded or error:
        message = error.get("message", "") if isinstance(error, dict) else ""
        said = [message.partition("\n")[0]] if message else []
        return tool_failed(setting, "flyway", outcome, said, "Unable to obtain connection")
    if not isinstance(found, dict) or found.get("operation") != command:
        return unreadable(setting, f"'flyway {command}'")
    return found
