"""What migration tools print, and what is read from it: forms that real runs of the tests do not show."""

import json
from pathlib import Path
from typing import Any

import pytest

from innominatus_cli.drivers.databases.alembic import Alembic
from innominatus_cli.drivers.databases.connections import Connection
from innominatus_cli.drivers.databases.contract import Setting, State
from innominatus_cli.drivers.databases.dbmate import Dbmate
from innominatus_cli.drivers.databases.flyway import Flyway
from innominatus_cli.drivers.databases.liquibase import Liquibase
from innominatus_cli.findings.finding import Finding

PASSWORD = "p%ss"  # noqa: S105 - nobody's
HISTORY = """\
c3, d4 -> e5 (head) (mergepoint), both
b2 -> d4 (current), right
b2 -> c3, left
a1 -> b2 (branchpoint), two
<base> -> a1, one
"""


@pytest.fixture
def look(context: Any, ended: Any, tmp_path: Path) -> Any:
    """`look(tool, printed, …)`: the state that a tool's commands print, one after the other."""

    def play(tool: Any, *printed: str, status: int = 0) -> State | Finding:
        (tmp_path / "m").mkdir(exist_ok=True)
        (tmp_path / "m" / "alembic.ini").write_text("[alembic]\nscript_location = %(here)s/x\n")
        (tmp_path / "m" / "changelog.xml").touch()
        ctx = context("database-migration", {"migrationsPath": "m"})
        connection = Connection("postgresql", user="ada", password=PASSWORD, host="h", database="x")
        work = tool.look(Setting(ctx, connection, tmp_path / "m"))
        answers = iter(printed)
        request = next(work)
        try:
            while True:
                assert not any(PASSWORD in argument or "p%25ss" in argument for argument in request.argv)
                request = work.send(ended(status, next(answers).encode()))
        except StopIteration as stop:
            found: State | Finding = stop.value
            return found

    return play


def test_alembic_has_applied_what_leads_to_where_the_database_is(look: Any) -> None:
    assert look(Alembic(), HISTORY) == State(("a1", "b2", "d4"), ("c3", "e5"))


def test_alembic_is_told_the_database_by_a_private_file(look: Any, context: Any) -> None:
    look(Alembic(), HISTORY)
    assert not list(context("database-migration", {"migrationsPath": "m"}).scratch_dir.iterdir())


def test_flyway_tells_apart_what_waits_what_was_applied_and_what_was_changed(look: Any) -> None:
    states = {"1": "Success", "2": "Missing", "3": "Pending", "4": "Ignored", "5": "Available", "6": "Failed"}
    info = {"operation": "info", "migrations": [{"version": one, "state": how} for one, how in states.items()]}
    info["migrations"] = [*info["migrations"], {"version": "", "description": "views", "state": "Outdated"}]
    validated = {"operation": "validate", "invalidMigrations": [{"version": "2"}]}
    found = look(Flyway(), json.dumps(info), json.dumps(validated))
    assert found == State(("1", "2"), ("3", "4", "6", "views"), ("2",))


def test_liquibase_counts_what_it_lists(look: Any) -> None:
    status = "2 changesets have not been applied to ada@jdbc:x\n     a.sql::1::jo\n     a.sql::2::jo\n"
    history = "Liquibase History for jdbc:x\n\n- Database updated at 1/1/26. Applied 1 changeset(s)\n  a.sql::0::jo\n"
    assert look(Liquibase(), status, history) == State(("a.sql::0::jo",), ("a.sql::1::jo", "a.sql::2::jo"))
    assert look(Liquibase(), status.replace("2 change", "3 change")).code.number == "ORC-5492"
    assert look(Liquibase(), "ada@jdbc:x is up to date\n", "nothing\n").code.number == "ORC-5492"


def test_dbmate_totals_are_held_against_its_lines(look: Any) -> None:
    assert look(Dbmate(), "[X] 1_a.sql\n[ ] 2_b.sql\n\nApplied: 1\nPending: 1\n") == State(("1_a",), ("2_b",))
    assert look(Dbmate(), "[X] 1_a.sql\n\nApplied: 2\nPending: 0\n").code.number == "ORC-5492"


@pytest.mark.parametrize("tool", [Alembic(), Dbmate(), Flyway(), Liquibase()])
def test_a_tool_that_fails_without_a_word_has_failed(look: Any, tool: Any) -> None:
    assert look(tool, "", status=3).code.number == "ORC-5103"
