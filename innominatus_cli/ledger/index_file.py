"""The SQLite file of an index of records: what is in it, and how it shows that it was damaged.

It is a cache in the git directory, derived from commits and never the other way round. Whatever is wrong with it (other
bytes, another version, a lock, a disk that refuses) raises `IndexUnusable`: whoever asked reads the records then.

A row's sum shows where the row was damaged, but not that a query does not find it any more. So a sum over the whole
file stands beside it (`.sum`), written while nobody else can write, and compared when it is opened.
"""

import json
import os
import sqlite3
import stat
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from innominatus_cli import __version__
from innominatus_cli.system.owned_files import replace_owned

_VERSION: Final = 2
_DAMAGE: Final = (sqlite3.Error, zlib.error, OSError, ValueError, TypeError, LookupError, RecursionError, OverflowError)
_PATIENCE_SECONDS: Final = 0.25
_CHUNK: Final = 1024 * 1024
_SCHEMA: Final = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE records (
    kind TEXT, id TEXT, path TEXT, blob TEXT, application TEXT, environment TEXT, related INTEGER,
    body TEXT, problem TEXT, sum INTEGER, PRIMARY KEY (kind, id, path)
) WITHOUT ROWID;
CREATE TABLE skims (id TEXT, path TEXT, application TEXT, body BLOB, sum INTEGER, PRIMARY KEY (id, path)) WITHOUT ROWID;
CREATE TABLE folders (path TEXT PRIMARY KEY, stamp TEXT, below TEXT, sum INTEGER) WITHOUT ROWID;
"""


class IndexUnusable(Exception):  # noqa: N818 - nobody sees it
    """The index cannot answer."""


class Row(NamedTuple):
    """A committed record file: `body` is its summary as JSON, or `problem` says what is wrong with it."""

    kind: str
    """`run` or `action`."""
    id: str
    path: str
    blob: str
    application: str
    environment: str
    related: int
    """Whether it names another run."""
    body: str | None
    problem: str | None


class Skim(NamedTuple):
    """What statistics need of a run's record: JSON, compressed, for names of steps repeat themselves."""

    id: str
    path: str
    application: str
    body: bytes


class Folder(NamedTuple):
    """A folder of the working tree whose record files are all committed: its stamp, and the folders in it as JSON."""

    path: str
    stamp: str
    below: str


@contextmanager
def usable() -> Iterator[None]:
    """Turns whatever SQLite, or data that is none, raises into `IndexUnusable`."""
    try:
        yield
    except (
        sqlite3.Error,
        OSError,
        ValueError,
        TypeError,
        LookupError,
        RecursionError,
        OverflowError,
        zlib.error,
    ) as problem:
        raise IndexUnusable(str(problem)) from problem


class IndexFile:
    """An open index. Every method raises IndexUnusable."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with usable():
            # Open for as long as SQLite has it: to close any descriptor of a file gives back all locks on it.
            self._fd = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
            try:
                self._require_file()
                self._base = sqlite3.connect(path, timeout=_PATIENCE_SECONDS, isolation_level=None)
                if self._version() != (_VERSION,):
                    self._begin_anew()
                else:
                    self._require_whole()
                    if self.said("by") != __version__:
                        self._begin_anew()
            except BaseException:
                self.close()
                raise

    def _require_file(self) -> None:
        """Raises OSError for a pipe, of which SQLite would wait for a writer."""
        if not stat.S_ISREG(os.fstat(self._fd).st_mode):
            raise OSError(f"{self._path} is no regular file")

    def _version(self) -> object:
        return self._base.execute("PRAGMA user_version").fetchone()

    def _require_whole(self) -> None:
        """Raises ValueError where the file is not what was last written."""
        self._base.execute("BEGIN")
        self._version()  # from here on nobody writes
        try:
            if self._sum_file.read_text() != self._sum_now():
                raise ValueError("the file is not what was written")
        finally:
            self._base.execute("COMMIT")

    @property
    def _sum_file(self) -> Path:
        return self._path.with_name(f"{self._path.name}.sum")

    def _sum_now(self) -> str:
        found, at = 0, 0
        while chunk := os.pread(self._fd, _CHUNK, at):
            found, at = zlib.crc32(chunk, found), at + len(chunk)
        return f"{found:08x} {at}\n"

    def _begin_anew(self) -> None:
        with self.changing():
            names = self._base.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            for (name,) in names:
                self._base.execute(f"DROP TABLE {json.dumps(name)}")
            for statement in _SCHEMA.split(";")[:-1]:
                self._base.execute(statement)
            self.say("by", __version__)
            self._base.execute(f"PRAGMA user_version = {_VERSION}")

    def close(self) -> None:
        """Ends it."""
        with usable():
            if hasattr(self, "_base"):
                self._base.close()
            os.close(self._fd)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """One transaction, in which nobody else writes, nor until the file's sum is noted."""
        with usable():
            self._base.execute("PRAGMA locking_mode = EXCLUSIVE")
            try:
                self._base.execute("BEGIN IMMEDIATE")
                yield
                self._base.execute("COMMIT")
                replace_owned(self._path.parent, self._sum_file.name, self._sum_now().encode(), 0o600, durable=False)
            except BaseException:
                if self._base.in_transaction:
                    self._base.execute("ROLLBACK")
                raise
            finally:
                self._base.execute("PRAGMA locking_mode = NORMAL")
                self._version()  # gives the lock back

    def said(self, name: str) -> str:
        """What is noted under a name; empty where nothing is."""
        with usable():
            found = self._base.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
            return str(found[0]) if found else ""

    def say(self, name: str, value: str) -> None:
        """Notes something."""
        with usable():
            self._base.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def rows(self, condition: str, values: Sequence[object] = ()) -> list[Row]:
        """The rows that a condition (`WHERE …`, `ORDER BY …`) chooses, each held against its sum."""
        with usable():
            return [Row(*row) for row in self._summed(f"SELECT * FROM records {condition}", values)]  # noqa: S608 - ours

    def count_of(self, condition: str, values: Sequence[object] = ()) -> int:
        """How many rows a condition chooses; none of them is read."""
        with usable():
            found = self._base.execute(f"SELECT count(*) FROM records {condition}", values).fetchone()  # noqa: S608 - ours
            return int(found[0])

    def skims(self, condition: str, values: Sequence[object] = ()) -> list[Skim]:
        """The same for statistics."""
        with usable():
            return [Skim(*row) for row in self._summed(f"SELECT * FROM skims {condition}", values)]  # noqa: S608 - ours

    def folders(self) -> dict[str, Folder]:
        """All folders that are noted, by path."""
        with usable():
            return {row[0]: Folder(*row) for row in self._summed("SELECT * FROM folders", ())}

    def skims_of(self, identity: str, path: str) -> bool:
        """Whether a record is there for statistics."""
        return bool(self.skims("WHERE id = ? AND path = ?", (identity, path)))

    def blobs(self) -> dict[str, str]:
        """By path the object id of every record file that is in it."""
        return {row.path: row.blob for row in self.rows("")}

    def put(self, rows: Iterable[Row], skims: Iterable[Skim]) -> None:
        """Adds rows, in the place of those of the same id and path."""
        with usable():
            marks = ", ".join("?" * (len(Row._fields) + 1))
            made = ((*row, _sum(row)) for row in rows)
            self._base.executemany(f"INSERT OR REPLACE INTO records VALUES ({marks})", made)  # noqa: S608 - marks only
            self._base.executemany(
                "INSERT OR REPLACE INTO skims VALUES (?, ?, ?, ?, ?)", ((*s, _sum(s)) for s in skims)
            )

    def remove(self, keys: Iterable[tuple[str, str, str]]) -> None:
        """Takes rows out, by kind, id and path."""
        with usable():
            going = list(keys)
            self._base.executemany("DELETE FROM records WHERE kind = ? AND id = ? AND path = ?", going)
            self._base.executemany("DELETE FROM skims WHERE id = ? AND path = ?", (key[1:] for key in going))

    def clear(self) -> None:
        """Takes everything out."""
        with usable():
            for table in ("records", "skims", "folders"):
                self._base.execute(f"DELETE FROM {table}")  # noqa: S608 - ours

    def put_folders(self, folders: Iterable[Folder], gone: Iterable[str]) -> None:
        """Notes folders, and forgets others."""
        with usable():
            self._base.executemany("DELETE FROM folders WHERE path = ?", ((path,) for path in gone))
            self._base.executemany(
                "INSERT OR REPLACE INTO folders VALUES (?, ?, ?, ?)", ((*f, _sum(f)) for f in folders)
            )

    def _summed(self, statement: str, values: Sequence[object]) -> Iterator[tuple[Any, ...]]:
        for *row, noted in self._base.execute(statement, values):
            if _sum(row) != noted:
                raise ValueError("a row is not what was written")
            yield tuple(row)


def _sum(values: Sequence[object]) -> int:
    return zlib.crc32(repr(tuple(values)).encode("utf-8", "surrogateescape"))
