"""Connection strings: what each form means, and what each program is told of it."""

from typing import Any

import pytest

from innominatus_cli.drivers.databases.connections import Connection, connection_of
from innominatus_cli.findings.finding import Finding

INPUTS = {"migrationsPath": "m"}


@pytest.fixture
def read(context: Any) -> Any:
    """`read(text, env={…})`: the connection."""

    def connect(text: str | None, **env: str) -> Connection | Finding:
        return connection_of(context("database-migration", INPUTS, env=env), text, "DATABASE_URL")

    return connect


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://ada:p%40ss@db.shop:5433/shop?sslmode=require",
        "postgres://ada:p%40ss@db.shop:5433/shop?sslmode=require",
        "postgresql+psycopg://ada:p%40ss@db.shop:5433/shop?sslmode=require",
        "jdbc:postgresql://db.shop:5433/shop?sslmode=require&user=ada&password=p%40ss",
    ],
)
def test_every_form_names_the_same_server(read: Any, text: str) -> None:
    found = read(text)
    assert found.libpq == {
        "PGCONNECT_TIMEOUT": "10",
        "PGHOST": "db.shop",
        "PGPORT": "5433",
        "PGUSER": "ada",
        "PGPASSWORD": "p@ss",
        "PGDATABASE": "shop",
        "PGSSLMODE": "require",
    }
    assert found.url() == "postgresql://ada:p%40ss@db.shop:5433/shop?sslmode=require"
    assert found.jdbc == "jdbc:postgresql://db.shop:5433/shop?sslmode=require"
    assert "p@ss" not in repr(found)
    assert "p@ss" not in found.identity


def test_a_driver_of_sqlalchemy_is_told_to_alembic_alone(read: Any) -> None:
    found = read("postgresql+psycopg://h/x")
    assert found.url(dialect_driver=True) == "postgresql+psycopg://h/x"
    assert found.url() == "postgresql://h/x"


def test_a_password_may_stand_apart_and_an_address_may_be_of_version_6(read: Any) -> None:
    found = read("postgresql://ada@[::1]:5432/x", PGPASSWORD="a/b")
    assert found.libpq["PGHOST"] == "::1"
    assert found.libpq["PGPASSWORD"] == "a/b"
    assert found.url() == "postgresql://ada:a%2Fb@[::1]:5432/x"


def test_the_variable_of_the_step_holds_the_string_where_the_input_is_absent(read: Any) -> None:
    assert read(None, DATABASE_URL="mysql://h/x").kind == "mysql"
    missing = read(None)
    assert missing.code.number == "ORC-5106"
    assert "DATABASE_URL" in missing.message


def test_a_file_is_below_the_state_folder_for_every_program(read: Any, context: Any) -> None:
    found = read("sqlite:///databases/x.db")
    place = context("database-migration", INPUTS).state_dir.resolve() / "databases" / "x.db"
    assert found.url() == f"sqlite:///{place}"
    assert found.jdbc == f"jdbc:sqlite:{place}"
    assert found.libpq == {"PGCONNECT_TIMEOUT": "10"}


@pytest.mark.parametrize(
    "text",
    ["postgresql://hunter2@h", "postgresql:///x", "postgresql://h:hunter2/x", "postgresql://h/x?hunter2", "hunter2"],
)
def test_what_names_no_database_is_refused_without_being_shown(read: Any, text: str) -> None:
    found = read(text)
    assert isinstance(found, Finding)
    assert found.code.number == "ORC-5130"
    assert "hunter2" not in found.message
