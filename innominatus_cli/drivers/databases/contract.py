"""What a migration tool is to `database-migration`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from innominatus_cli.drivers.contract import StepContext
from innominatus_cli.drivers.databases.connections import Connection
from innominatus_cli.drivers.databases.psql import Asked
from innominatus_cli.findings.catalogue import databases as codes
from innominatus_cli.findings.catalogue import execution as execution_codes
from innominatus_cli.findings.finding import Finding
from innominatus_cli.system.commands import CommandOutcome, Ending

QUIET: Final = {"CI": "1", "NO_COLOR": "1"}
QUICK_JAVA: Final = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""Halves the start of a Java program that lives for a second."""
_LONGEST: Final = 500


class Setting(NamedTuple):
    """A tool's work: on which database, with which folder or file."""

    ctx: StepContext
    connection: Connection
    place: Path


class State(NamedTuple):
    """Where a database is: names of migrations, the oldest first."""

    applied: tuple[str, ...]
    pending: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    """Applied ones whose file is another now, or gone."""

    @property
    def version(self) -> str:
        """The newest one; empty where there is none."""
        return self.applied[-1] if self.applied else ""


class MigrationTool(Protocol):
    """A tool. Each method runs it, and gives a finding where it did not do its work."""

    takes_back: bool
    """Whether it can take a migration back at all."""

    def look(self, setting: Setting, before: State | None = None) -> Asked[State | Finding]:
        """The state; changes nothing. After the tool has worked, `before` is the state that it began with.

        What is `changed` is known without `before` only. A tool that starts for seconds asks less with it.
        """

    def up(self, setting: Setting, version: str | None) -> Asked[Finding | None]:
        """Applies what is pending, to this version at most."""

    def down(self, setting: Setting, state: State, keep: int) -> Asked[Finding | None]:
        """Takes back all but the first `keep` of the applied ones."""


def tool_failed(
    setting: Setting, program: str, outcome: CommandOutcome, said: Sequence[str] = (), connecting: str = ""
) -> Finding:
    """The finding for a tool that did not succeed: with the first of its own words, where it has some.

    `connecting` is what stands in its words where it is the connection that failed.
    """
    ctx = setting.ctx
    if outcome.ending is not Ending.EXITED or not said:
        return ctx.program_failed(program, outcome)
    told = said[0]
    if setting.connection.password:
        told = told.replace(setting.connection.password, "***")
    told = " ".join(told.split())[:_LONGEST]
    if connecting and connecting in told:
        return ctx.finding(codes.DATABASE_UNREACHABLE, told)
    return ctx.finding(execution_codes.MIGRATION_FAILED, f"{program}: {told}")


def unreadable(setting: Setting, what: str) -> Finding:
    """The finding for an answer that is not what the tool's documentation says."""
    return setting.ctx.finding(codes.TOOL_UNREADABLE, f"{what} did not print what it is documented to print")


def variables(setting: Setting, told: Mapping[str, str]) -> dict[str, str]:
    """A tool's environment: what it is told, quietly; what the step's own `env` says for Java stays."""
    java = {name: setting.ctx.env.get(name, QUICK_JAVA) for name in ("JAVA_OPTS", "JAVA_ARGS")}
    return {**QUIET, **java, **{name: value for name, value in told.items() if value}}
