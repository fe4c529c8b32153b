"""Asks an SQLite database one query that can change nothing. The request has `file`, `query`, `rows` and `seconds`.

The answer has `rows`, the first column of as many rows at most as text (null stays null), and `problem`, words where
the database could not answer.
"""

import json
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

_OPERATIONS_BETWEEN_LOOKS = 10_000
_MOST_BYTES = 1024 * 1024
"""Of one value: a query can make one of a gigabyte out of nothing."""


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """What the query gives."""
    file = Path(request["file"])
    if not file.is_file():
        return {"rows": [], "problem": "the database does not exist"}
    deadline = time.monotonic() + request["seconds"]
    try:
        connection = sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=request["seconds"])
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_BYTES)
        connection.set_authorizer(_only_reads)
        connection.set_progress_handler(lambda: time.monotonic() > deadline, _OPERATIONS_BETWEEN_LOOKS)
        try:
            found = connection.execute(request["query"]).fetchmany(request["rows"])
        finally:
            connection.close()
    except (sqlite3.Error, sqlite3.Warning, ValueError) as broken:
        return {"rows": [], "problem": f"the database cannot answer: {broken}"}
    return {"rows": [_text(row[0]) for row in found], "problem": ""}


def _only_reads(action: int, *_names: str | None) -> int:
    good = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
    return sqlite3.SQLITE_OK if action in good else sqlite3.SQLITE_DENY


def _text(value: object) -> str | None:
    if isinstance(value, bytes):
        return value.hex()
    return None if value is None else str(value)


if __name__ == "__main__":
    json.dump(answer(json.load(sys.stdin)), sys.stdout)
