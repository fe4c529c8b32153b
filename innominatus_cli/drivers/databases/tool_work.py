"""The work of `database-migration` with a tool: look, act, look again, and a note of what this very step applied."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from innominatus_cli.drivers.contract import StepContext
from innominatus_cli.drivers.databases.alembic import Alembic
from innominatus_cli.drivers.databases.connections import Connection
from innominatus_cli.drivers.databases.contract import MigrationTool, Setting, State
from innominatus_cli.drivers.databases.dbmate import Dbmate
from innominatus_cli.drivers.databases.flyway import Flyway
from innominatus_cli.drivers.databases.liquibase import Liquibase
from innominatus_cli.drivers.databases.psql import Asked
from innominatus_cli.drivers.databases.sql_files import Work
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.catalogue.databases import STILL_PENDING, TOOL_CANNOT
from innominatus_cli.findings.catalogue.rollback import CHANGED_SINCE
from innominatus_cli.findings.finding import Finding

_TOOLS: Final[Mapping[str, MigrationTool]] = {
    "alembic": Alembic(),
    "dbmate": Dbmate(),
    "flyway": Flyway(),
    "liquibase": Liquibase(),
}
_ALL: Final = "0"


def migrate_with(ctx: StepContext, name: str, connection: Connection, place: Path, work: Work) -> Asked[Any]:
    """The step's outputs with `waiting` and `changed`, or a finding."""
    if connection.file is not None:
        connection.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    setting, tool = Setting(ctx, connection, place), _TOOLS[name]
    if work.operation in {"down", "undo"} and not tool.takes_back:
        return ctx.finding(TOOL_CANNOT, f"{name} takes no migration back", "Write a new migration that undoes it.")
    before = yield from tool.look(setting)
    if isinstance(before, Finding) or work.operation == "status":
        return before if isinstance(before, Finding) else _answer(before, [])
    if work.operation == "up" and before.changed:
        told = f"migration {before.changed[0]} was changed after it had been applied, or its file is gone"
        return ctx.finding(codes.MIGRATION_CHANGED, told)
    notes = _Notes(ctx, f"{name} {connection.identity} {place.relative_to(ctx.work_dir.resolve())}")
    if work.operation == "up":
        return (yield from _up(setting, tool, before, work.version, notes))
    keep = _kept(setting, before, work.version) if work.operation == "down" else notes.kept(before, work.marks)
    if isinstance(keep, Finding):
        return keep
    return (yield from _down(setting, tool, before, keep))


def _up(setting: Setting, tool: MigrationTool, before: State, version: str | None, notes: "_Notes") -> Asked[Any]:
    notes.begin(before)
    if not before.pending:
        notes.end(before)
        return _answer(before, [])
    failed = yield from tool.up(setting, version)
    if failed is not None:
        return failed
    after = yield from tool.look(setting, before)
    if isinstance(after, Finding):
        return after
    notes.end(after)
    if version is None and after.pending:
        return setting.ctx.finding(STILL_PENDING, f"migration {after.pending[0]} is still pending")
    return _answer(after, [one for one in after.applied if one not in before.applied])


def _down(setting: Setting, tool: MigrationTool, before: State, keep: int) -> Asked[Any]:
    wanted = before.applied[keep:]
    if not wanted:
        return _answer(before, [])
    failed = yield from tool.down(setting, before, keep)
    if failed is not None:
        return failed
    after = yield from tool.look(setting, before)
    if isinstance(after, Finding):
        return after
    left = [one for one in wanted if one in after.applied]
    if left:
        return setting.ctx.finding(STILL_PENDING, f"migration {left[-1]} is still applied")
    return _answer(after, list(reversed(wanted)))


def _kept(setting: Setting, state: State, version: str | None) -> int | Finding:
    """How many stay after `down`."""
    if version is None:
        return max(0, len(state.applied) - 1)
    if version == _ALL:
        return 0
    for number, name in enumerate(state.applied, start=1):
        if version in {name, name.partition("_")[0], *name.split("::")[1:2]}:
            return number
    return setting.ctx.finding(codes.MIGRATIONS_WRONG, f"migration '{version}' is not applied", "Correct 'version'.")


def _answer(state: State, done: list[str]) -> dict[str, Any]:
    return {
        "version": state.version,
        "applied": done,
        "pending": len(state.pending),
        "waiting": list(state.pending),
        "changed": list(state.changed),
    }


class _Notes:
    """What stood in a database before and after each step that used a tool on it, by the step's mark.

    A file below the state folder: the tools' own tables know nothing of runs.
    """

    def __init__(self, ctx: StepContext, key: str) -> None:
        self._ctx = ctx
        name = hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()[:16]
        self._path = ctx.state_dir / "migrations" / f"{name}.json"

    def begin(self, before: State) -> None:
        """Notes the start; that of an earlier attempt stays."""
        notes = self._read()
        notes.setdefault(self._ctx.mark, {"before": list(before.applied), "after": None})
        self._write(notes)

    def end(self, after: State) -> None:
        """Notes what the step came to."""
        notes = self._read()
        notes[self._ctx.mark]["after"] = list(after.applied)
        self._write(notes)

    def kept(self, state: State, marks: tuple[str, ...]) -> int | Finding:
        """How many stay when what was applied under the marks is taken back.

        A finding where others stand on it, or where nothing is noted of them.
        """
        notes = self._read()
        if not any(mark in notes for mark in marks):
            told = "nothing here notes what the run applied: it ran on another machine, or did not come so far"
            return self._ctx.finding(TOOL_CANNOT, told, "Take it back with `operation: down` and a `version`.")
        ours: set[str] = set()
        for mark in marks:
            if mark in notes:
                after = notes[mark]["after"]
                ours |= set(state.applied if after is None else after) - set(notes[mark]["before"])
        first = next((number for number, name in enumerate(state.applied) if name in ours), len(state.applied))
        for name in state.applied[first:]:
            if name not in ours:
                return self._ctx.finding(CHANGED_SINCE, f"migration {name} was applied on top by something else")
        return first

    def _read(self) -> dict[str, Any]:
        try:
            found = json.loads(self._path.read_bytes())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _write(self, notes: Mapping[str, Any]) -> None:
        self._path.parent.mkdir(mode=0o700, exist_ok=True)
        draft = self._path.with_suffix(".new")
        draft.write_text(json.dumps(notes), encoding="utf-8")
        draft.replace(self._path)
