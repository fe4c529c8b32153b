"""Migrates a SQLite database, or applies a declared schema to it.

Answers what was done, or what is wrong: `{"problem": ..., "message": ...}`.

The request has `database` and `folder` (absolute paths), `operation` (up, down, status, undo), `version` (or null) and
`table`. `up` notes `mark` beside each migration that it applies, `undo` takes back those with one of `marks`. Problems:
`folder` (its files), `changed` (an applied migration differs), `failed` (its SQL), `later` (others stand on it).

With `schema`, a text of SQL, in the place of `folder` it answers what is in the database `before`, `after`, and when
it is applied `again`, and what is `declared`: in an empty one. Only with `commit` does the database change.
"""

import hashlib
import json
import os
import re
import sqlite3
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

_FILE = re.compile(r"([0-9]{1,18})[_-](.+?)(\.up|\.down)?\.sql")
_SECTION = re.compile(r"^--\s*migrate:(up|down)\b.*$", re.MULTILINE)
_BUSY_SECONDS = 30
# Migrations run inside our transaction and in their own database: these words would leave one of the two.
_REFUSED = {
    sqlite3.SQLITE_ATTACH: "ATTACH",
    sqlite3.SQLITE_DETACH: "DETACH",
    sqlite3.SQLITE_TRANSACTION: "BEGIN, COMMIT or ROLLBACK",
    sqlite3.SQLITE_SAVEPOINT: "SAVEPOINT",
}


class Migration(NamedTuple):
    """One migration of the folder."""

    number: int
    name: str
    up: str
    down: str | None

    @property
    def title(self) -> str:
        """Number and name, for people."""
        return f"{self.number}_{self.name}"

    @property
    def checksum(self) -> str:
        """SHA-256 of what `up` does, whatever the line ends."""
        return hashlib.sha256(self.up.encode()).hexdigest()


class Wrong(Exception):  # noqa: N818 - ends the work of this program, with a problem and its message
    """Something is wrong; nothing more is done."""

    def __init__(self, problem: str, message: str) -> None:
        super().__init__(message)
        self.problem = problem


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Does what the request says."""
    try:
        if "schema" in request:
            return _schema(request)
        migrations = read_folder(Path(request["folder"]))
        database = Path(request["database"])
        if request["operation"] == "undo" and not database.exists():
            return _answer({}, migrations, [])
        connection = _opened(database)
        try:
            return _migrate(connection, migrations, request)
        finally:
            connection.close()
    except Wrong as wrong:
        return {"problem": wrong.problem, "message": str(wrong)}
    except (sqlite3.Error, OSError) as broken:
        return {"problem": "failed", "message": f"the database cannot be used: {broken}"}


def _opened(database: Path) -> sqlite3.Connection:
    database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(database, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600))
    return sqlite3.connect(database, timeout=_BUSY_SECONDS, isolation_level=None)


def _schema(request: dict[str, Any]) -> dict[str, Any]:
    statements, table = _statements(request["schema"]), request["table"]
    empty = sqlite3.connect(":memory:", isolation_level=None)
    database = Path(request["database"])
    there = request["commit"] or database.exists()
    connection = _opened(database) if there else sqlite3.connect(":memory:", isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        found = {"before": _objects(connection, table)}
        _guarded(connection, "of the schema", statements)
        found["after"] = _objects(connection, table)
        connection.execute("SAVEPOINT again")
        _guarded(connection, "of the schema", statements)
        found["again"] = _objects(connection, table)
        connection.execute("ROLLBACK TO again")
        connection.execute("COMMIT" if request["commit"] else "ROLLBACK")
        _guarded(empty, "of the schema", statements)
        return {**found, "declared": _objects(empty, table)}
    except sqlite3.Error as broken:
        raise Wrong("failed", str(broken)) from None
    finally:
        _roll_back(connection)
        connection.close()
        empty.close()


def _objects(connection: sqlite3.Connection, but: str) -> dict[str, str]:
    """What is in a database: `table orders`, `column orders.id`, `index …`, `view …`, `trigger …` and how each is."""
    found: dict[str, str] = {}
    rows = connection.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type, name")
    for kind, name, sql in rows.fetchall():
        if name == but or name.startswith("sqlite_"):
            continue
        found[f"{kind} {name}"] = "" if kind == "table" else " ".join(sql.split())
        if kind == "table":
            for column in connection.execute("SELECT * FROM pragma_table_info(?)", (name,)):
                _, title, written, needed, default, key = column
                told = (written.upper(), "NOT NULL" if needed else "", f"DEFAULT {default}" if default else "")
                found[f"column {name}.{title}"] = " ".join(filter(None, (*told, "PRIMARY KEY" if key else "")))
    return found


def read_folder(folder: Path) -> list[Migration]:
    """The migrations of a folder, by number. Raises Wrong."""
    texts: dict[int, dict[str, str]] = {}
    names: dict[int, str] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix != ".sql":
            continue
        found = _FILE.fullmatch(path.name)
        if not found or not path.is_file():
            raise Wrong("folder", f"{path.name} has no number: name it NNN_name.sql")
        number, name, part = int(found.group(1)), found.group(2), found.group(3)
        if names.setdefault(number, name) != name:
            raise Wrong("folder", f"two migrations have the number {number}: {names[number]} and {name}")
        _put(texts.setdefault(number, {}), path, part)
    for number, parts in texts.items():
        if "up" not in parts:
            raise Wrong("folder", f"migration {number}_{names[number]} has no up part")
    return [Migration(n, names[n], parts["up"], parts.get("down")) for n, parts in sorted(texts.items())]


def _put(parts: dict[str, str], path: Path, part: str | None) -> None:
    try:
        text = path.read_bytes().decode().replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise Wrong("folder", f"{path.name} is no UTF-8 text") from None
    found = {part[1:]: text} if part else _sections(path, text)
    for key, sql in found.items():
        if key in parts:
            raise Wrong("folder", f"{path.name}: this migration has two {key} parts")
        parts[key] = sql


def _sections(path: Path, text: str) -> dict[str, str]:
    marks = list(_SECTION.finditer(text))
    if not marks:
        return {"up": text}
    if _statements(text[: marks[0].start()]):
        raise Wrong("folder", f"{path.name} has SQL before '-- migrate:{marks[0].group(1)}'")
    found: dict[str, str] = {}
    for mark, following in zip(marks, [*marks[1:], None], strict=True):
        if mark.group(1) in found:
            raise Wrong("folder", f"{path.name} has two '-- migrate:{mark.group(1)}' parts")
        found[mark.group(1)] = text[mark.end() : following.start() if following else len(text)]
    return found


def _migrate(connection: sqlite3.Connection, migrations: list[Migration], request: dict[str, Any]) -> dict[str, Any]:
    table = request["table"]
    if not re.fullmatch(r"[a-z_][a-z0-9_]*", table):
        raise Wrong("folder", "the table's name is no plain word")
    operation, version = request["operation"], request["version"]
    limit = None if version is None else number_of(version)
    applied = _applied(connection, table)
    compare(migrations, applied)
    ours = _made_by(connection, table, request["marks"]) if operation == "undo" else set()
    wanted = chosen(migrations, sorted(applied), operation, limit, ours)
    mark = request.get("mark", "") if operation == "up" else None
    done = [m.title for m in wanted if _run(connection, m, table, mark)]
    return _answer(_applied(connection, table), migrations, done)


def _answer(now: Mapping[int, object], migrations: list[Migration], done: list[str]) -> dict[str, Any]:
    waiting = [migration.title for migration in migrations if migration.number not in now]
    version = str(max(now)) if now else ""
    return {"version": version, "applied": done, "pending": len(waiting), "waiting": waiting}


def number_of(version: str) -> int:
    """The number of a migration. Raises Wrong."""
    if not re.fullmatch(r"[0-9]{1,18}", version):
        raise Wrong("folder", "'version' is the number of a migration")
    return int(version)


def _applied(connection: sqlite3.Connection, table: str) -> dict[int, tuple[str, str]]:
    """Name and checksum of every applied migration, by number."""
    known = connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)).fetchone()
    if known is None:
        return {}
    rows = connection.execute(f"SELECT number, name, checksum FROM {table}")  # noqa: S608 - a checked word
    return {number: (name, checksum) for number, name, checksum in rows}


def compare(migrations: list[Migration], applied: dict[int, tuple[str, str]]) -> None:
    """Raises Wrong where the folder is not what was applied: `applied` has name and checksum by number."""
    by_number = {migration.number: migration for migration in migrations}
    for number, (name, checksum) in sorted(applied.items()):
        migration = by_number.get(number)
        if migration is None:
            raise Wrong("changed", f"migration {number}_{name} was applied, and its file is gone")
        if migration.checksum != checksum:
            raise Wrong("changed", f"migration {number}_{name} was changed after it had been applied")
    newest = max(applied, default=-1)
    for migration in migrations:
        if migration.number < newest and migration.number not in applied:
            raise Wrong(
                "folder",
                f"migration {migration.number}_{migration.name} is not applied, but {newest} is: "
                "give it a number behind that",
            )


def chosen(
    migrations: list[Migration], applied: list[int], operation: str, limit: int | None, ours: set[int]
) -> list[Migration]:
    """What an operation applies or takes back, in order; `ours` is what `undo` is to take back.

    Raises Wrong where one of them cannot be taken back, or something else stands on them.
    """
    if operation == "up":
        return [m for m in migrations if m.number not in applied and (limit is None or m.number <= limit)]
    if operation == "down":
        return _to_take_back(migrations, applied, limit)
    if operation != "undo" or not ours:
        return []
    later = [number for number in applied if number > min(ours) and number not in ours]
    if later:
        raise Wrong("later", f"migration {later[0]} was applied on top by something else")
    return _to_take_back(migrations, applied, min(ours) - 1)


def _to_take_back(migrations: list[Migration], applied: list[int], limit: int | None) -> list[Migration]:
    """Newest first. Raises Wrong before anything is done when one of them cannot be taken back."""
    wanted = set(applied[-1:] if limit is None else [number for number in applied if number > limit])
    found = [migration for migration in reversed(migrations) if migration.number in wanted]
    for migration in found:
        if migration.down is None:
            raise Wrong("folder", f"migration {migration.number}_{migration.name} has no down part")
    return found


def _made_by(connection: sqlite3.Connection, table: str, marks: list[str]) -> set[int]:
    """Those that were applied under one of the marks."""
    if not _applied(connection, table) or not _has_marks(connection, table):
        return set()
    rows = connection.execute(f"SELECT number, made_by FROM {table}")  # noqa: S608 - a checked word
    return {number for number, mark in rows if mark in marks}


def _has_marks(connection: sqlite3.Connection, table: str) -> bool:
    """Whether the table notes who applied a migration; one of an older version does not."""
    columns = connection.execute(f"PRAGMA table_info({table})")
    return any(row[1] == "made_by" for row in columns)


def _run(connection: sqlite3.Connection, migration: Migration, table: str, mark: str | None) -> bool:
    """Runs one migration and notes it, in one transaction. False: another program has done so in the meantime.

    With a mark it is applied, without one it is taken back.
    """
    up = mark is not None
    statements = _statements(migration.up if up else str(migration.down))
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(
            f"CREATE TABLE IF NOT EXISTS {table} (number INTEGER PRIMARY KEY, name TEXT NOT NULL, "
            "checksum TEXT NOT NULL, applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP, "
            "made_by TEXT NOT NULL DEFAULT '')"
        )
        if up and not _has_marks(connection, table):
            connection.execute(f"ALTER TABLE {table} ADD COLUMN made_by TEXT NOT NULL DEFAULT ''")
        noted = f"SELECT 1 FROM {table} WHERE number = ?"  # noqa: S608 - a checked word
        if (connection.execute(noted, (migration.number,)).fetchone() is not None) is up:
            _roll_back(connection)
            return False
        _guarded(connection, migration.title, statements)
        if up:
            connection.execute(
                f"INSERT INTO {table} (number, name, checksum, made_by) VALUES (?, ?, ?, ?)",  # noqa: S608 - checked
                (migration.number, migration.name, migration.checksum, mark),
            )
        else:
            connection.execute(f"DELETE FROM {table} WHERE number = ?", (migration.number,))  # noqa: S608
        connection.execute("COMMIT")
    except sqlite3.Error as broken:
        _roll_back(connection)
        raise Wrong("failed", f"migration {migration.title}: {broken}") from None
    except Wrong:
        _roll_back(connection)
        raise
    return True


def _guarded(connection: sqlite3.Connection, title: str, statements: list[str]) -> None:
    """Runs the statements. Raises Wrong for a word that is refused, sqlite3.Error for anything else."""
    refused: list[str] = []

    def judge(action: int, *_details: str | None) -> int:
        if action in _REFUSED:
            refused.append(_REFUSED[action])
            return sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_OK

    connection.set_authorizer(judge)
    try:
        for statement in statements:
            connection.execute(statement)
    except sqlite3.Error:
        if refused:
            told = f"migration {title} uses {refused[0]}, which would leave its transaction or database"
            raise Wrong("failed", told) from None
        raise
    finally:
        connection.set_authorizer(None)


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def _statements(sql: str) -> list[str]:
    """The statements of a text; SQLite itself says where one ends (triggers and strings hold semicolons)."""
    found: list[str] = []
    statement = ""
    for part in re.split(r"(?<=;)", sql):
        statement += part
        if sqlite3.complete_statement(statement):
            found.append(statement)
            statement = ""
    if statement.strip():
        found.append(statement)
    return [text for text in found if _holds_sql(text)]


def _holds_sql(text: str) -> bool:
    """Whether there is anything besides comments, blanks and semicolons."""
    without = re.sub(r"--[^\n]*|/\*(?:[^*]|\*(?!/))*\*/", "", text)
    return bool(without.strip("; \t\r\n"))


if __name__ == "__main__":
    json.dump(answer(json.load(sys.stdin)), sys.stdout)
