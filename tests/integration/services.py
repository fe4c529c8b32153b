"""Servers that tests talk to for real: each on loopback, started once a session, gone when it ends."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex
from typing import NamedTuple
from urllib.parse import quote

import pytest

from tests.integration.starting import absent, free_port


class Postgres(NamedTuple):
    """A PostgreSQL server with one superuser who needs a password."""

    host: str
    port: int
    user: str
    password: str
    programs: Path
    """The folder of `psql` and the like."""

    def url(self, database: str, *, driver: str = "") -> str:
        """`postgresql://…`, with the password in it; `driver` is SQLAlchemy's word, as `psycopg`."""
        scheme = f"postgresql+{driver}" if driver else "postgresql"
        who = f"{self.user}:{quote(self.password, safe='')}"
        return f"{scheme}://{who}@{self.host}:{self.port}/{database}?sslmode=disable"

    def sql(self, database: str, text: str) -> str:
        """What psql prints for a text of SQL, unaligned and without headings."""
        env = {**os.environ, "PGPASSWORD": self.password}
        where = ("-h", self.host, "-p", str(self.port), "-U", self.user, "-d", database)
        argv = [str(self.programs / "psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", *where]
        done = subprocess.run(argv, input=text, text=True, capture_output=True, env=env, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def new_database(self) -> str:
        """The name of an empty database."""
        name = f"db_{token_hex(4)}"
        self.sql("postgres", f"CREATE DATABASE {name};")
        return name


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL. It refuses to run as root: the user `postgres` runs it there."""
    programs = _postgres_programs()
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    as_postgres = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if as_postgres:
        shutil.chown(folder, "postgres")
    server = Postgres("127.0.0.1", free_port(), "owner", "p@ss/w0rd-" + token_hex(4), programs)
    (folder / "password").write_text(server.password)
    if as_postgres:
        shutil.chown(folder / "password", "postgres")
    data = str(folder / "data")
    init = ("-D", data, "-U", server.user, "-A", "scram-sha-256", f"--pwfile={folder}/password", "-N")
    subprocess.run([*as_postgres, f"{programs}/initdb", *init], check=True, capture_output=True, cwd=folder)
    options = ("fsync=off", "listen_addresses=127.0.0.1", f"port={server.port}", f"unix_socket_directories={folder}")
    argv = [*as_postgres, f"{programs}/postgres", "-D", data, *(part for option in options for part in ("-c", option))]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(argv, stdout=log, stderr=log, cwd=folder)
    try:
        for _ in range(200):
            ready = [f"{programs}/pg_isready", "-q", "-h", server.host, "-p", str(server.port)]
            if subprocess.run(ready, check=False).returncode == 0:
                break
            time.sleep(0.05)
        else:
            pytest.fail(f"PostgreSQL did not start: {(folder / 'log').read_text()}")
        yield server
    finally:
        stop = [*as_postgres, f"{programs}/pg_ctl", "-D", data, "-m", "immediate", "stop"]
        subprocess.run(stop, check=False, capture_output=True, cwd=folder)
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _postgres_programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("postgres")
    if on_path is None:
        absent("PostgreSQL is missing: install it (apt install postgresql)")
        raise AssertionError
    return Path(on_path).resolve().parent
