"""`database-schema` on real databases: what it changes, what it refuses, and that a second time changes nothing."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.integration.drivers.page_runs import OpenPage
from tests.integration.services import Postgres

TYPE = "database-schema"
SQL = """
CREATE TABLE IF NOT EXISTS orders (id integer PRIMARY KEY, note varchar(40) NOT NULL DEFAULT 'a;b');
CREATE INDEX IF NOT EXISTS by_note ON orders (note);
INSERT INTO orders (id) VALUES (1) ON CONFLICT DO NOTHING;
"""
Apply = Callable[..., Any]


@pytest.fixture
def schema(repository: Path) -> Path:
    path = repository / "catalog.sql"
    path.write_text(SQL)
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def apply(request: Any, run_step: Any) -> Apply:
    """Runs the step on a database of one kind, and `sql(text)` on the same."""
    env: dict[str, str] = {}
    if request.param == "postgresql":
        postgres: Postgres = request.getfixturevalue("postgres")
        env = {"DATABASE_URL": postgres.url(postgres.new_database())}
    else:
        env = {"DATABASE_URL": "sqlite:///databases/own.db"}

    def run(*, part: str | None = None, **inputs: Any) -> Any:
        return run_step(TYPE, {"schema": "catalog.sql", **inputs}, part=part, env=env)

    return run


def test_a_schema_is_applied_once_and_then_nothing_changes(apply: Apply, schema: Path) -> None:
    assert schema.is_file()
    assert apply(part="probe").outputs == {"done": False}
    previewed = apply(part="preview").outputs["changes"]
    assert {"action": "create", "object": "table orders"} in previewed
    assert apply(operation="check").failure.code.number == "ORC-5494"
    first = apply()
    assert first.failure is None
    assert {"table orders: created", "index by_note: created"} <= set(first.outputs["changed"])
    again = apply()
    assert again.outputs["changed"] == []
    assert again.outputs["objects"] == first.outputs["objects"]
    assert apply(operation="check").failure is None
    assert apply(part="probe").outputs == {"done": True}
    assert apply(part="drift").outputs == {"drift": []}


def test_a_table_that_is_there_and_differs_is_refused_and_not_passed_over(apply: Apply, schema: Path) -> None:
    apply()
    schema.write_text(SQL.replace("id integer PRIMARY KEY,", "id integer PRIMARY KEY, total integer,"))
    refused = apply()
    assert refused.failure.code.number == "ORC-5494"
    assert "column orders.total: is declared and not there" in refused.failure.message
    assert apply(part="drift").outputs["drift"] == [
        {"object": "column orders.total", "what": "is declared and not there"}
    ]


def test_wrong_sql_changes_nothing(apply: Apply, schema: Path) -> None:
    schema.write_text("CREATE TABLE IF NOT EXISTS first (id integer);\nSELEKT 1;\n")
    failed = apply()
    assert failed.failure.code.number == "ORC-5495"
    assert "syntax error" in failed.failure.message
    assert failed.outputs == {}
    schema.write_text("COMMIT; CREATE TABLE sly (id integer);")
    assert apply().failure.code.number == "ORC-5495"
    schema.write_text("CREATE TABLE IF NOT EXISTS second (id integer);")
    assert apply().outputs["changed"] == ["table second: created"]


def test_a_schema_that_cannot_run_twice_is_refused(apply: Apply, schema: Path) -> None:
    schema.write_text("CREATE TABLE orders (id integer);")
    assert apply().failure.code.number == "ORC-5495"
    schema.write_text(SQL)
    assert "table orders: created" in apply().outputs["changed"]


def test_migrations_follow_the_schema(apply: Apply, schema: Path, repository: Path) -> None:
    assert schema.is_file()
    (repository / "more").mkdir()
    (repository / "more" / "001_total.sql").write_text("ALTER TABLE orders ADD COLUMN total integer;")
    done = apply(migrations="more")
    assert done.failure is None
    assert done.outputs["applied"] == ["1_total"]
    assert apply(migrations="more", operation="check").failure is None
    (repository / "more" / "002_paid.sql").write_text("ALTER TABLE orders ADD COLUMN paid integer;")
    waiting = apply(migrations="more", operation="check")
    assert "migration 2_paid: is not applied" in waiting.failure.message


def test_without_a_connection_the_schema_has_a_file_of_its_own(run_step: Any, repository: Path, state: Path) -> None:
    folder = repository / "schemas" / "data-catalog"
    folder.mkdir(parents=True)
    (folder / "1.sql").write_text("CREATE TABLE IF NOT EXISTS one (id integer)")
    (folder / "2.sql").write_text("CREATE VIEW IF NOT EXISTS two AS SELECT id FROM one;")
    done = run_step(TYPE, {"schema": "schemas/data-catalog"})
    assert done.outputs["changed"] == ["table one: created", "view two: created"]
    connection = sqlite3.connect(state / "databases" / "data-catalog.db")
    assert connection.execute("SELECT * FROM two").fetchall() == []
    connection.close()


def test_a_server_whose_objects_were_changed_behind_its_back_has_drifted(
    run_step: Any, postgres: Postgres, schema: Path
) -> None:
    database = postgres.new_database()
    env = {"DATABASE_URL": postgres.url(database)}
    schema.write_text(
        "CREATE TABLE IF NOT EXISTS orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz);\n"
        "CREATE OR REPLACE FUNCTION total(x int) RETURNS int LANGUAGE sql AS $$ SELECT x + 1 $$;\n"
        "CREATE OR REPLACE VIEW listed AS SELECT id FROM orders;\n"
        "DO $$ BEGIN CREATE TYPE mood AS ENUM ('sad', 'ok'); EXCEPTION WHEN duplicate_object THEN NULL; END $$;\n"
    )
    assert run_step(TYPE, {"schema": "catalog.sql"}, env=env).failure is None
    assert run_step(TYPE, {"schema": "catalog.sql", "operation": "check"}, env=env).failure is None
    postgres.sql(database, "ALTER TABLE orders ALTER COLUMN at TYPE date; ALTER TYPE mood ADD VALUE 'glad';")
    drift = run_step(TYPE, {"schema": "catalog.sql"}, part="drift", env=env).outputs["drift"]
    assert {found["object"] for found in drift} == {"column orders.at", "type mood"}


def test_the_example_of_the_page_works(page: OpenPage) -> None:
    table = "CREATE TABLE IF NOT EXISTS datasets (name text PRIMARY KEY);\n"
    example = page(
        TYPE,
        files={
            "schemas/data-catalog.sql": table,
            "migrations/analytics/001_owner.up.sql": "ALTER TABLE datasets ADD COLUMN owner text;\n",
        },
    )
    assert example.deploy() == 0, example.said
    assert "table datasets: created" in example.outputs("setup-data-catalog")["changed"]
    assert example.deploy() == 0, example.said
    assert example.outputs("setup-data-catalog")["changed"] == []
