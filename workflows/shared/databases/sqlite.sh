#!/usr/bin/env bash
# OPERATION (health-check, backup, restore) on the SQLite database DATABASE of the application's state folder.
set -euo pipefail

python3 - <<'PYTHON'
import gzip
import os
import shutil
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

state = Path(os.environ["INNOMINATUS_STATE_DIR"])
name, operation = os.environ["DATABASE"], os.environ["OPERATION"]
database, folder = state / "databases" / f"{name}.db", state / "backups" / name
if not database.is_file():
    sys.exit(f"there is no database '{name}': deploy the application first")


def checked(path):
    """The number of tables of a database that is sound."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        (said,) = connection.execute("PRAGMA integrity_check").fetchone()
        if said != "ok":
            sys.exit(f"{path.name} is damaged: {said}")
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema WHERE type = 'table'").fetchone()
    return tables


def copied(source, target):
    """A copy that is right also while somebody writes."""
    with sqlite3.connect(source) as here, sqlite3.connect(target) as there:
        here.backup(there)


def saved():
    """Makes a backup, whole or not at all, and removes those that are too old."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    compress = os.environ["COMPRESSION"].lower() == "true"
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime()) + f"{time.time_ns() % 10**9 // 10**6:03d}Z"
    with tempfile.TemporaryDirectory(dir=folder) as draft:
        plain = Path(draft, "plain")
        copied(database, plain)
        made = plain
        if compress:
            made = Path(draft, "packed")
            with plain.open("rb") as source, gzip.open(made, "wb") as target:
                shutil.copyfileobj(source, target)
        backup = folder / (f"{stamp}.db.gz" if compress else f"{stamp}.db")
        made.rename(backup)
    retention = os.environ["RETENTION"]
    oldest = time.time() - int(retention[:-1]) * {"d": 86_400, "w": 604_800}[retention[-1]]
    for one in folder.iterdir():
        if one.is_file() and one.stat().st_mtime < oldest:
            one.unlink()
            print(f"removed {one.name}, which is older than {retention}")
    return backup


match operation:
    case "health-check":
        print(f"OUTPUT_tables={checked(database)}")
        print("OUTPUT_file=")
    case "backup":
        print(f"OUTPUT_tables={checked(database)}")
        print(f"OUTPUT_file={saved().name}")
    case "restore":
        there = sorted(one for one in folder.iterdir() if one.is_file()) if folder.is_dir() else []
        wanted = os.environ["BACKUP"]
        found = [one for one in there if wanted in {"latest", one.name}][-1:]
        if not found:
            sys.exit(f"there is no backup '{wanted}' of '{name}': {', '.join(one.name for one in there) or 'none at all'}")
        with tempfile.TemporaryDirectory(dir=folder) as draft:
            plain = Path(draft, "plain")
            opened = gzip.open(found[0]) if found[0].suffix == ".gz" else found[0].open("rb")
            with opened as source, plain.open("wb") as target:
                shutil.copyfileobj(source, target)
            tables = checked(plain)
            print(f"what is there now was saved as {saved().name}")
            copied(plain, database)
        print(f"OUTPUT_tables={tables}")
        print(f"OUTPUT_file={found[0].name}")
PYTHON
