"""`database-migration` on a real PostgreSQL, with plain SQL and with each of the tools."""

import os
import sqlite3
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from innominatus_cli.documents.plan import Undo
from tests.integration.drivers.page_runs import OpenPage, secret
from tests.integration.services import Postgres

TYPE = "database-migration"
UNDOES = Undo(step="deployment/application/-/workload/the-step", runs=["01JD0000000000000000000000"], how="itself")


@pytest.fixture
def database(postgres: Postgres) -> str:
    return postgres.new_database()


@pytest.fixture
def migrations(repository: Path) -> Path:
    folder = repository / "migrations"
    folder.mkdir()
    write(folder, 1, "orders", "CREATE TABLE orders (id bigint PRIMARY KEY, note text);", "DROP TABLE orders;")
    write(folder, 2, "lines", "CREATE TABLE lines (id bigint);\nINSERT INTO lines VALUES (7);", "DROP TABLE lines;")
    return folder


def write(folder: Path, number: int, name: str, up: str, down: str) -> None:
    (folder / f"{number:03}_{name}.sql").write_text(f"-- migrate:up\n{up}\n-- migrate:down\n{down}\n")


@pytest.fixture
def migrate(run_step: Any, postgres: Postgres, database: str) -> Callable[..., Any]:
    """`migrate(operation="down", …)`; the connection string is a variable of the step, as a secret would be."""

    def run(*, env: dict[str, str] | None = None, part: str | None = None, **inputs: Any) -> Any:
        written = {"migrationsPath": "migrations", **inputs}
        undoes: dict[str, Any] = {"undoes": UNDOES, "id": "deployment/application/-/undo"} if part == "undo" else {}
        return run_step(TYPE, written, part=part, env={"DATABASE_URL": postgres.url(database), **(env or {})}, **undoes)

    return run


def tables(postgres: Postgres, database: str) -> set[str]:
    listed = postgres.sql(database, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return set(listed.split()) - {"innominatus_migrations", "schema_migrations", "alembic_version"}


def test_sql_goes_up_and_down_on_postgresql(
    migrate: Any, migrations: Path, postgres: Postgres, database: str, outcomes: Any
) -> None:
    assert migrate(operation="status").outputs == {"version": "", "applied": [], "pending": 2}
    assert tables(postgres, database) == set()
    preview = migrate(part="preview")
    assert [change["object"] for change in preview.outputs["changes"]] == ["migration 1_orders", "migration 2_lines"]
    assert migrate(part="probe").outputs == {"done": False}
    done = migrate()
    assert done.failure is None
    assert done.outputs == {"version": "2", "applied": ["1_orders", "2_lines"], "pending": 0}
    assert done.tools[0].name == "psql"
    assert postgres.sql(database, "SELECT id FROM lines") == "7"
    assert migrate().outputs == {"version": "2", "applied": [], "pending": 0}
    assert migrate(part="probe").outputs == {"done": True}
    assert migrate(part="drift").outputs == {"drift": []}
    assert migrate(operation="down").outputs["applied"] == ["2_lines"]
    assert tables(postgres, database) == {"orders"}
    assert migrate(part="drift").outputs == {"drift": [{"object": "migration 2_lines", "what": "is not applied"}]}
    assert migrate(operation="down", version="0").outputs == {"version": "", "applied": ["1_orders"], "pending": 2}
    write(migrations, 1, "orders", "CREATE TABLE other (id int);", "DROP TABLE other;")
    assert migrate().failure is None
    write(migrations, 1, "orders", "CREATE TABLE third (id int);", "DROP TABLE third;")
    assert migrate().failure.code.number == "ORC-5132"
    assert "1_orders was changed" in migrate(part="drift").outputs["drift"][0]["what"]
    assert not any(postgres.password.encode() in outcome.stdout.head + outcome.stderr.head for outcome in outcomes)


def test_a_failed_migration_leaves_the_database_as_it_was(
    migrate: Any, migrations: Path, postgres: Postgres, database: str
) -> None:
    write(migrations, 3, "bad", "CREATE TABLE third (id int);\nSELEKT 1;", "DROP TABLE third;")
    failed = migrate()
    assert failed.failure.code.number == "ORC-5133"
    assert 'migration 3_bad: syntax error at or near "SELEKT"' in failed.failure.message
    assert failed.outputs == {}
    assert tables(postgres, database) == {"orders", "lines"}
    assert migrate(operation="status").outputs == {"version": "2", "applied": [], "pending": 1}


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("COMMIT;\nCREATE TABLE third (id int);", "EXECUTE of transaction commands is not implemented"),
        ("\\! touch hacked\nSELECT 1;", "syntax error"),
        ("CREATE TABLE third (id int);\n\\q\n", "syntax error"),
    ],
)
def test_no_migration_leaves_its_transaction_or_starts_a_program(
    migrate: Any, migrations: Path, postgres: Postgres, database: str, sql: str, told: str
) -> None:
    write(migrations, 3, "sly", sql, "")
    failed = migrate()
    assert failed.failure.code.number == "ORC-5133"
    assert told in failed.failure.message
    assert "third" not in tables(postgres, database)
    assert not list(migrations.parent.parent.rglob("hacked"))


def test_what_pg_dump_writes_and_words_with_dollars_and_colons_are_migrated(
    migrate: Any, migrations: Path, postgres: Postgres, database: str
) -> None:
    body = "SELECT pg_catalog.set_config('search_path', '', false);\nCREATE TABLE public.notes (t text);\n"
    body += "CREATE FUNCTION public.f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;\n"
    body += "INSERT INTO public.notes VALUES (':todo $1 \\n'), ($q$it's$q$);"
    write(migrations, 3, "it's $q$ :todo", body, "DROP TABLE public.notes; DROP FUNCTION public.f();")
    done = migrate()
    assert done.failure is None
    assert postgres.sql(database, "SELECT string_agg(t, '|') FROM notes") == ":todo $1 \\n|it's"
    assert migrate(operation="down").outputs["applied"] == ["3_it's $q$ :todo"]


def test_two_runs_at_once_apply_each_migration_once(migrate: Any, migrations: Path) -> None:
    assert migrations.is_dir()
    results: list[Any] = []
    threads = [threading.Thread(target=lambda: results.append(migrate())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [result.failure for result in results] == [None] * 4
    assert sorted(name for result in results for name in result.outputs["applied"]) == ["1_orders", "2_lines"]


def test_a_rollback_takes_back_exactly_what_the_run_applied(
    migrate: Any, migrations: Path, postgres: Postgres, database: str
) -> None:
    migrate(version="1")
    postgres.sql(database, "UPDATE innominatus_migrations SET made_by = 'another run' WHERE number = 1")
    migrate()
    assert migrate(part="undo").outputs == {"version": "1", "applied": ["2_lines"], "pending": 1}
    assert migrate(part="undo").outputs["applied"] == []
    migrate()
    write(migrations, 3, "later", "CREATE TABLE third (id int);", "DROP TABLE third;")
    migrate()
    postgres.sql(database, "UPDATE innominatus_migrations SET made_by = 'another run' WHERE number = 3")
    refused = migrate(part="undo")
    assert "3 was applied on top by something else" in refused.failure.message
    assert tables(postgres, database) == {"orders", "lines", "third"}


def test_a_server_that_cannot_be_reached_or_refuses_is_told_without_a_password(
    migrate: Any, migrations: Path, postgres: Postgres
) -> None:
    assert migrations.is_dir()
    wrong = migrate(env={"DATABASE_URL": postgres.url("x").replace("owner:", "nobody:")})
    assert wrong.failure.code.number == "ORC-5490"
    assert "password authentication failed" in wrong.failure.message
    nowhere = migrate(env={"DATABASE_URL": "postgresql://owner:hunter2@127.0.0.1:1/x"})
    assert nowhere.failure.code.number == "ORC-5490"
    assert "Connection refused" in nowhere.failure.message
    assert "hunter2" not in nowhere.failure.message
    assert migrate(env={"DATABASE_URL": ""}).failure.code.number == "ORC-5106"


def test_a_psql_that_does_nothing_and_says_so_is_no_success(
    migrate: Any, migrations: Path, tmp_path: Path, postgres: Postgres
) -> None:
    assert migrations.is_dir()
    folder = tmp_path / "fake"
    folder.mkdir()
    program = folder / "psql"
    version = '[ "$1" = --version ] && { echo "psql (PostgreSQL) 15.1"; exit 0; }'
    for does in ("exit 0", "echo garbage"):
        program.write_text(f"#!/bin/sh\n{version}\n{does}\n")
        program.chmod(0o755)
        path = f"{folder}:{os.environ['PATH']}"
        assert migrate(env={"PATH": path}).failure.code.number == "ORC-5492"
    program.write_text('#!/bin/sh\necho "psql (PostgreSQL) 9.6"\n')
    old = migrate(env={"PATH": f"{folder}:{os.environ['PATH']}"})
    assert old.failure.code.number == "ORC-5102"
    assert "9.6.0, and >=12 is needed" in old.failure.message
    assert postgres.port


def test_dbmate_goes_up_and_down_and_a_rollback_takes_back_its_own(
    migrate: Any, migrations: Path, postgres: Postgres, database: str, tool: Any
) -> None:
    assert migrations.is_dir()
    env = {"PATH": f"{tool('dbmate').parent}:{os.environ['PATH']}"}
    assert [c["object"] for c in migrate(tool="dbmate", part="preview", env=env).outputs["changes"]] == [
        "migration 001_orders",
        "migration 002_lines",
    ]
    done = migrate(tool="dbmate", env=env)
    assert done.failure is None
    assert done.outputs == {"version": "002_lines", "applied": ["001_orders", "002_lines"], "pending": 0}
    assert tables(postgres, database) == {"orders", "lines"}
    assert migrate(tool="dbmate", operation="down", env=env).outputs["applied"] == ["002_lines"]
    drift = migrate(tool="dbmate", part="drift", env=env)
    assert drift.outputs == {"drift": [{"object": "migration 002_lines", "what": "is not applied"}]}
    assert migrate(tool="dbmate", part="undo", env=env).outputs["applied"] == ["001_orders"]
    assert tables(postgres, database) == set()
    assert migrate(tool="dbmate", version="1", env=env).failure.code.number == "ORC-5493"
    write(migrations, 3, "bad", "SELEKT 1;", "")
    failed = migrate(tool="dbmate", env=env)
    assert failed.failure.code.number == "ORC-5133"
    assert "SELEKT" in failed.failure.message


def test_dbmate_migrates_a_file_of_the_state_folder(
    run_step: Any, state: Path, repository: Path, migrations: Path, tool: Any
) -> None:
    assert migrations.is_dir()
    inputs = {"migrationsPath": "migrations", "tool": "dbmate", "connectionString": "sqlite:///databases/shop.db"}
    env = {"PATH": f"{tool('dbmate').parent}:{os.environ['PATH']}"}
    done = run_step(TYPE, inputs, env=env)
    assert done.failure is None
    connection = sqlite3.connect(state / "databases" / "shop.db")
    assert connection.execute("SELECT id FROM lines").fetchall() == [(7,)]
    connection.close()
    assert [path.name for path in repository.iterdir()] == ["migrations"]


ENV_PY = """
from alembic import context
from sqlalchemy import engine_from_config
engine = engine_from_config(context.config.get_section(context.config.config_ini_section), prefix="sqlalchemy.")
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""


def test_alembic_goes_up_and_a_rollback_takes_back_its_own(
    migrate: Any, repository: Path, postgres: Postgres, database: str, tool: Any, tmp_path: Path
) -> None:
    folder = repository / "alembic"
    (folder / "versions").mkdir(parents=True)
    ini = "[alembic]\nscript_location = %(here)s/alembic\nsqlalchemy.url = driver://nobody:nothing@localhost/x\n"
    (repository / "alembic.ini").write_text(ini)
    (folder / "env.py").write_text(ENV_PY)
    for revision, down, table in (("a1", None, "orders"), ("b2", "a1", "lines")):
        (folder / "versions" / f"{revision}.py").write_text(
            f'"""{table}"""\nfrom alembic import op\nrevision = {revision!r}\ndown_revision = {down!r}\n'
            f"def upgrade():\n    op.execute('CREATE TABLE {table} (id int)')\n"
            f"def downgrade():\n    op.execute('DROP TABLE {table}')\n"
        )
    inputs = {"tool": "alembic", "migrationsPath": ".", "config": "alembic.ini"}
    env = {
        "PATH": f"{tool('alembic').parent}:{os.environ['PATH']}",
        "DATABASE_URL": postgres.url(database, driver="psycopg"),
    }
    done = migrate(**inputs, env=env)
    assert done.failure is None
    assert done.outputs == {"version": "b2", "applied": ["a1", "b2"], "pending": 0}
    assert tables(postgres, database) == {"orders", "lines"}
    assert migrate(**inputs, part="undo", env=env).outputs["applied"] == ["b2", "a1"]
    assert tables(postgres, database) == set()
    wrong = migrate(**inputs, env={**env, "DATABASE_URL": "postgresql+psycopg://o:hunter2@127.0.0.1:1/x"})
    assert wrong.failure.code.number == "ORC-5490"
    assert "hunter2" not in wrong.failure.message
    assert not list(tmp_path.rglob("scratch-*/alembic.ini"))
    assert stat.S_IMODE((repository / "alembic.ini").stat().st_mode) != 0o600


def test_flyway_goes_up_sees_changes_and_takes_nothing_back(
    migrate: Any, repository: Path, postgres: Postgres, database: str, tool: Any
) -> None:
    folder = repository / "flyway"
    folder.mkdir()
    (folder / "V1__orders.sql").write_text("CREATE TABLE orders (id int);\n")
    (folder / "V2__lines.sql").write_text("CREATE TABLE lines (id int);\n")
    inputs = {"tool": "flyway", "migrationsPath": "flyway"}
    env = {"PATH": f"{tool('flyway').parent}:{os.environ['PATH']}"}
    done = migrate(**inputs, version="1", env=env)
    assert done.failure is None
    assert done.outputs == {"version": "1", "applied": ["1"], "pending": 1}
    assert "orders" in tables(postgres, database)
    (folder / "V1__orders.sql").write_text("CREATE TABLE orders (id bigint);\n")
    assert migrate(**inputs, env=env).failure.code.number == "ORC-5132"
    assert migrate(**inputs, operation="down", env=env).failure.code.number == "ORC-5493"


def test_liquibase_goes_up_and_down(
    migrate: Any, repository: Path, postgres: Postgres, database: str, tool: Any
) -> None:
    folder = repository / "liquibase"
    folder.mkdir()
    changes = ["--liquibase formatted sql"]
    for number, table in ((1, "orders"), (2, "lines")):
        changes += [f"--changeset jo:{number}", f"CREATE TABLE {table} (id int);", f"--rollback DROP TABLE {table};"]
    (folder / "changelog.sql").write_text("\n".join(changes) + "\n")
    inputs = {"tool": "liquibase", "migrationsPath": "liquibase"}
    env = {"PATH": f"{tool('liquibase').parent}:{os.environ['PATH']}"}
    done = migrate(**inputs, env=env)
    assert done.failure is None
    assert done.outputs["applied"] == ["changelog.sql::1::jo", "changelog.sql::2::jo"]
    assert migrate(**inputs, part="undo", env=env).outputs["pending"] == 2
    assert not tables(postgres, database) & {"orders", "lines"}


@pytest.mark.parametrize("name", ["alembic", "dbmate", "flyway", "liquibase"])
def test_a_tool_that_is_missing_or_prints_garbage_is_a_finding(
    migrate: Any, migrations: Path, tmp_path: Path, name: str
) -> None:
    (migrations / "alembic.ini").write_text("[alembic]\nscript_location = .\n")
    (migrations / "changelog.sql").write_text("--liquibase formatted sql\n")
    missing = migrate(tool=name, env={"PATH": str(tmp_path)})
    assert missing.failure.code.number == "ORC-5102"
    assert f"Install {name}" in missing.failure.remedy
    program = tmp_path / name
    program.write_text('#!/bin/sh\necho "Liquibase Version: 99.1.0"\n')
    program.chmod(0o755)
    garbage = migrate(tool=name, env={"PATH": f"{tmp_path}:{os.environ['PATH']}"})
    assert garbage.failure.code.number == "ORC-5492"
    assert garbage.outputs == {}


def test_the_example_of_the_page_works(page: OpenPage, postgres: Postgres, database: str) -> None:
    up = "CREATE TABLE orders (id bigint PRIMARY KEY);"
    example = page(
        TYPE,
        admin={"secrets": {"orders-database": secret("ORDERS_DATABASE")}},
        env={"ORDERS_DATABASE": postgres.url(database), "PATH": f"{postgres.programs}:{os.environ['PATH']}"},
        files={"migrations/001_orders.sql": f"-- migrate:up\n{up}\n-- migrate:down\nDROP TABLE orders;\n"},
        before=(
            "- name: fill-the-other-one\n  type: database-migration\n"
            "  config: {migrationsPath: ./migrations, connectionString: 'sqlite:///databases/orders.db'}\n"
        ),
    )
    assert example.deploy() == 0, example.said
    assert example.outputs("configure-migrations") == {"version": "1", "applied": ["1_orders"], "pending": 0}
    assert example.outputs("take-the-last-one-back") == {"version": "", "applied": ["1_orders"], "pending": 1}
    assert tables(postgres, database) == {"orders"}
