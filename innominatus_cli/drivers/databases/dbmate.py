"""dbmate: https://github.com/amacneil/dbmate. It reads DATABASE_URL, and no `.env` of a folder that it happens on."""

import re
from typing import Final

from innominatus_cli.drivers.databases.contract import Setting, State, tool_failed, unreadable, variables
from innominatus_cli.drivers.databases.psql import Asked
from innominatus_cli.findings.catalogue.databases import TOOL_CANNOT
from innominatus_cli.findings.finding import Finding
from innominatus_cli.system.commands import CommandOutcome

_LINE: Final = re.compile(r"^\[(?P<mark>[X ])\] (?P<file>\S.*)$", re.MULTILINE)
_TOTALS: Final = re.compile(r"^Applied: (?P<applied>\d+)\s+Pending: (?P<pending>\d+)\s*$", re.MULTILINE)
_ERROR: Final = re.compile(r"^Error: (.+)$", re.MULTILINE)


class Dbmate:
    """It applies all that is pending, and takes the last one back."""

    takes_back = True

    def look(self, setting: Setting, before: State | None = None) -> Asked[State | Finding]:  # noqa: ARG002
        """`dbmate status`."""
        outcome = yield from _run(setting, "status")
        if isinstance(outcome, Finding):
            return outcome
        printed = outcome.stdout.head.decode("utf-8", "replace")
        found = [(line["mark"] == "X", line["file"].removesuffix(".sql")) for line in _LINE.finditer(printed)]
        applied = tuple(name for done, name in found if done)
        pending = tuple(name for done, name in found if not done)
        totals = _TOTALS.search(printed)
        if totals is None or (int(totals["applied"]), int(totals["pending"])) != (len(applied), len(pending)):
            return unreadable(setting, "'dbmate status'")
        return State(applied, pending)

    def up(self, setting: Setting, version: str | None) -> Asked[Finding | None]:
        """`dbmate migrate`, which makes no database, as `up` would."""
        if version is not None:
            return setting.ctx.finding(TOOL_CANNOT, "dbmate applies all that is pending: leave 'version' out")
        outcome = yield from _run(setting, "migrate")
        return outcome if isinstance(outcome, Finding) else None

    def down(self, setting: Setting, state: State, keep: int) -> Asked[Finding | None]:
        """`dbmate rollback`, once for each."""
        for _ in state.applied[keep:]:
            outcome = yield from _run(setting, "rollback")
            if isinstance(outcome, Finding):
                return outcome
        return None


def _run(setting: Setting, command: str) -> Asked[CommandOutcome | Finding]:
    ctx = setting.ctx
    told = {
        "DATABASE_URL": setting.connection.url(),
        "DBMATE_MIGRATIONS_DIR": str(setting.place),
        "DBMATE_NO_DUMP_SCHEMA": "true",
    }
    nothing = ctx.scratch_dir / "no.env"
    nothing.touch()
    argv = ("dbmate", f"--env-file={nothing}", command)
    outcome = yield ctx.command(*argv, cwd=ctx.scratch_dir, env=variables(setting, told))
    if outcome.succeeded:
        return outcome
    said = _ERROR.findall(outcome.stderr.head.decode("utf-8", "replace"))
    return tool_failed(setting, "dbmate", outcome, said, "dial tcp")
