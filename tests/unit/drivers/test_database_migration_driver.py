"""`database-migration`: the driver, and the program that migrates."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from innominatus_cli.drivers.children import migrate

ONE = "CREATE TABLE a (x TEXT);"
INPUTS = {"migrationsPath": "m", "connectionString": "sqlite:///databases/shop.db"}


def made(context: Any, **inputs: Any) -> Any:
    ctx = context("database-migration", {**INPUTS, **inputs})
    (ctx.work_dir / "m").mkdir(exist_ok=True)
    return ctx


def test_the_database_is_one_of_the_state_folder(context: Any, play: Any, ended: Any) -> None:
    ctx = made(context, operation="down", version=2)
    outputs = {"version": "2", "applied": ["3_c"], "pending": 1}
    answer = {**outputs, "waiting": ["4_d"]}
    result, (request,) = play(ctx, [ended(stdout=json.dumps(answer).encode())])
    assert json.loads(request.stdin) == {
        "database": str((ctx.state_dir / "databases/shop.db").resolve()),
        "folder": str((ctx.work_dir / "m").resolve()),
        "operation": "down",
        "version": "2",
        "table": "innominatus_migrations",
    }
    assert result.outputs == outputs
    assert result.message == "1 taken back, 1 pending"


@pytest.mark.parametrize(
    ("connection", "code"),
    [
        ("mysql://admin:hunter2@db/shop", "ORC-5130"),
        ("postgres://admin:hunter2@db", "ORC-5130"),
        ("postgres://admin:hunter2@db/shop?evil=1", "ORC-5130"),
        ("postgres://admin:hunter2@[db/shop", "ORC-5130"),
        ("hunter2", "ORC-5130"),
        ("sqlite://", "ORC-5130"),
        ("sqlite:///", "ORC-5130"),
        ("sqlite:///:memory:", "ORC-5130"),
        ("sqlite:///a.db?mode=rwc", "ORC-5130"),
        ("sqlite:///.", "ORC-5130"),
        ("sqlite:///../a.db", "ORC-5104"),
        ("sqlite:////etc/a.db", "ORC-5104"),
    ],
)
def test_another_database_is_refused_without_showing_the_string(
    context: Any, play: Any, connection: str, code: str
) -> None:
    result, requests = play(made(context, connectionString=connection))
    assert requests == []
    assert result.failure.code.number == code
    assert "hunter2" not in result.failure.message


def test_an_absolute_path_in_the_state_folder_is_accepted(context: Any, play: Any, ended: Any, tmp_path: Path) -> None:
    path = tmp_path / "state" / "x.db"
    answer = b'{"version": "", "applied": [], "pending": 0, "waiting": []}'
    result, _ = play(made(context, connectionString=f"sqlite:///{path}"), [ended(stdout=answer)])
    assert result.failure is None


@pytest.mark.parametrize(("path", "code"), [("../m", "ORC-5104"), ("absent", "ORC-5105"), ("file.sql", "ORC-5105")])
def test_the_folder_is_one_of_the_repository(context: Any, play: Any, path: str, code: str) -> None:
    ctx = made(context, migrationsPath=path)
    (ctx.work_dir / "file.sql").write_text(ONE)
    result, requests = play(ctx)
    assert requests == []
    assert result.failure.code.number == code


@pytest.mark.parametrize(("problem", "code"), [("folder", "ORC-5131"), ("changed", "ORC-5132"), ("failed", "ORC-5133")])
def test_each_problem_has_its_code(context: Any, play: Any, ended: Any, problem: str, code: str) -> None:
    answer = json.dumps({"problem": problem, "message": "what happened"}).encode()
    result, _ = play(made(context), [ended(stdout=answer)])
    assert result.failure.code.number == code
    assert "m: what happened" in result.failure.message


def test_a_killed_child_is_a_failure(context: Any, play: Any, ended: Any) -> None:
    assert play(made(context), [ended(1)])[0].failure.code.number == "ORC-5107"


class Database:
    """A database and a folder of migrations."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "migrations"
        self.folder.mkdir()
        self.path = root / "state" / "shop.db"

    def write(self, **files: str) -> None:
        for name, text in files.items():
            (self.folder / f"{name.replace('__', '.')}.sql").write_text(text)

    def migrate(self, operation: str = "up", version: str | None = None) -> dict[str, Any]:
        answer = migrate.answer(
            {
                "database": str(self.path),
                "folder": str(self.folder),
                "operation": operation,
                "version": version,
                "table": "innominatus_migrations",
            }
        )
        waiting = answer.pop("waiting", [])
        assert len(waiting) == answer.get("pending", 0)
        return answer

    def rows(self, sql: str) -> list[Any]:
        connection = sqlite3.connect(self.path)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def tables(self) -> set[str]:
        rows = self.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {name for (name,) in rows} - {"innominatus_migrations"}


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path)


@pytest.fixture
def three(database: Database) -> Database:
    database.write(
        **{
            "001_one": "-- migrate:up\nCREATE TABLE one (x);\n-- migrate:down\nDROP TABLE one;\n",
            "002_two__up": "CREATE TABLE two (x);",
            "002_two__down": "DROP TABLE two;",
            "003_three": "CREATE TABLE three (x);",
        }
    )
    return database


def test_migrations_are_applied_in_order_and_once(three: Database) -> None:
    assert three.migrate() == {"version": "3", "applied": ["1_one", "2_two", "3_three"], "pending": 0}
    assert three.tables() == {"one", "two", "three"}
    assert three.migrate() == {"version": "3", "applied": [], "pending": 0}
    assert three.path.stat().st_mode & 0o777 == 0o600


def test_up_stops_where_it_is_told(three: Database) -> None:
    assert three.migrate(version="2") == {"version": "2", "applied": ["1_one", "2_two"], "pending": 1}


def test_down_takes_the_last_one_back_and_then_the_one_before(three: Database) -> None:
    three.migrate(version="2")
    assert three.migrate("down")["applied"] == ["2_two"]
    assert three.migrate("down")["applied"] == ["1_one"]
    assert three.migrate("down") == {"version": "", "applied": [], "pending": 3}
    assert three.tables() == set()


def test_down_to_zero_takes_everything_back_newest_first(three: Database) -> None:
    three.migrate(version="2")
    assert three.migrate("down", "0")["applied"] == ["2_two", "1_one"]


def test_what_has_no_down_part_stops_before_anything_is_done(three: Database) -> None:
    three.migrate()
    answer = three.migrate("down", "0")
    assert answer["problem"] == "folder"
    assert "3_three has no down part" in answer["message"]
    assert three.tables() == {"one", "two", "three"}


def test_status_only_looks(three: Database) -> None:
    assert three.migrate("status") == {"version": "", "applied": [], "pending": 3}
    assert three.tables() == set()


def test_a_changed_migration_stops_everything(three: Database) -> None:
    three.migrate(version="2")
    three.write(**{"002_two__up": "CREATE TABLE two (y);"})
    answer = three.migrate()
    assert answer["problem"] == "changed"
    assert "2_two was changed" in answer["message"]
    assert three.tables() == {"one", "two"}


def test_another_down_part_or_other_line_ends_change_nothing(three: Database) -> None:
    three.migrate()
    three.write(**{"002_two__down": "DROP TABLE IF EXISTS two;"})
    (three.folder / "003_three.sql").write_bytes(b"CREATE TABLE three (x);\r\n"[:-2])
    assert three.migrate() == {"version": "3", "applied": [], "pending": 0}


def test_a_vanished_migration_stops_everything(three: Database) -> None:
    three.migrate()
    (three.folder / "001_one.sql").unlink()
    assert three.migrate()["message"] == "migration 1_one was applied, and its file is gone"


def test_a_migration_behind_its_time_is_refused(three: Database) -> None:
    (three.folder / "001_one.sql").rename(three.folder / "000_late.txt")
    three.migrate(version="2")
    (three.folder / "000_late.txt").rename(three.folder / "001_one.sql")
    answer = three.migrate()
    assert answer["problem"] == "folder"
    assert "1_one is not applied, but 2 is" in answer["message"]


def test_a_failed_migration_is_taken_back_and_those_before_it_stay(database: Database) -> None:
    database.write(
        **{
            "1_good": ONE,
            "2_bad": "CREATE TABLE b (x); INSERT INTO a VALUES ('1'); INSERT INTO nowhere VALUES (1);",
        }
    )
    answer = database.migrate()
    assert answer["problem"] == "failed"
    assert "2_bad: no such table: nowhere" in answer["message"]
    assert database.tables() == {"a"}
    assert database.rows("SELECT count(*) FROM a") == [(0,)]
    assert database.migrate("status")["version"] == "1"


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("COMMIT; CREATE TABLE b (x);", "COMMIT"),
        ("BEGIN;", "BEGIN"),
        ("SAVEPOINT a;", "SAVEPOINT"),
        ("ATTACH DATABASE '{outside}' AS o; CREATE TABLE o.t (x);", "ATTACH"),
        ("VACUUM INTO '{outside}';", "VACUUM"),
    ],
)
def test_a_migration_cannot_leave_its_transaction_or_database(
    database: Database, tmp_path: Path, sql: str, words: str
) -> None:
    outside = tmp_path / "outside.db"
    database.write(**{"1_evil": ONE + sql.format(outside=outside)})
    answer = database.migrate()
    assert answer["problem"] == "failed"
    assert words in answer["message"]
    assert database.tables() == set()
    assert not outside.exists()


def test_semicolons_in_triggers_strings_and_comments_end_nothing(database: Database) -> None:
    sql = """
    -- a comment; with a semicolon
    CREATE TABLE a (x TEXT); /* another; */
    CREATE TABLE log (x TEXT);
    CREATE TRIGGER t AFTER INSERT ON a BEGIN
      INSERT INTO log VALUES ('one; two');
      INSERT INTO log VALUES (new.x);
    END;
    INSERT INTO a VALUES ('it''s; here')
    -- no semicolon at the end
    """
    database.write(**{"1_trigger": sql})
    assert "problem" not in database.migrate()
    assert database.rows("SELECT x FROM log") == [("one; two",), ("it's; here",)]


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"first": ONE}, "has no number"),
        ({"1_a": ONE, "1_b": ONE}, "two migrations have the number 1"),
        ({"1_a": ONE, "01_a": ONE}, "has two up parts"),
        ({"1_a__down": ONE}, "has no up part"),
        ({"1_a": "-- migrate:down\nDROP TABLE a;"}, "has no up part"),
        ({"1_a": "-- migrate:up\n-- migrate:up\n"}, "two '-- migrate:up' parts"),
        ({"1_a": "SELECT 1;\n-- migrate:up\n"}, "SQL before"),
    ],
)
def test_a_wrong_folder_applies_nothing(database: Database, files: dict[str, str], words: str) -> None:
    database.write(**files)
    answer = database.migrate()
    assert answer["problem"] == "folder"
    assert words in answer["message"]
    assert not database.path.exists()


def test_text_that_is_no_utf8_is_told(database: Database) -> None:
    (database.folder / "1_a.sql").write_bytes(b"\xff")
    assert "is no UTF-8" in database.migrate()["message"]


def test_other_files_are_passed_over(database: Database) -> None:
    (database.folder / "README.md").write_text("about")
    assert database.migrate() == {"version": "", "applied": [], "pending": 0}


@pytest.mark.parametrize("version", ["latest", "-1", "1; DROP TABLE a", ""])
def test_a_version_is_a_number(three: Database, version: str) -> None:
    assert three.migrate(version=version)["problem"] == "folder"


def test_a_file_that_is_no_database_is_left_alone(database: Database) -> None:
    database.write(**{"1_a": ONE})
    database.path.parent.mkdir()
    database.path.write_text("this is no database, and it is long enough to look at" * 20)
    assert database.migrate()["problem"] == "failed"
    assert database.path.read_text().startswith("this is no database")


def test_a_database_that_is_a_link_is_refused(database: Database, tmp_path: Path) -> None:
    database.write(**{"1_a": ONE})
    database.path.parent.mkdir()
    database.path.symlink_to(tmp_path / "elsewhere.db")
    assert database.migrate()["problem"] == "failed"
    assert not (tmp_path / "elsewhere.db").exists()
