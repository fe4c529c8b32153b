"""Connection strings of databases: read once, and told to each program in a form that no argument holds.

Forms: `sqlite:///name.db` (below the state folder), `postgresql://user:password@host:port/name?sslmode=…` (also
`postgres:`, and with SQLAlchemy's `+driver`), and the same behind `jdbc:`. Messages never show one.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from innominatus_cli.drivers.contract import StepContext
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.finding import Finding

_SCHEME: Final = re.compile(r"(?:jdbc:)?([a-z][a-z0-9]*)(?:\+([a-z][a-z0-9_]*))?:")
_POSTGRES: Final = frozenset({"postgres", "postgresql"})
_LIBPQ: Final[Mapping[str, str]] = {
    "application_name": "PGAPPNAME",
    "channel_binding": "PGCHANNELBINDING",
    "connect_timeout": "PGCONNECT_TIMEOUT",
    "options": "PGOPTIONS",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
}
"""Source: https://www.postgresql.org/docs/current/libpq-envars.html."""


class Connection(NamedTuple):
    """A database. `file` is that of SQLite, in whose place the other fields are empty."""

    kind: str
    """`sqlite`, `postgresql`, or what else stands before the colon."""
    dialect_driver: str = ""
    user: str = ""
    password: str = ""
    host: str = ""
    port: int | None = None
    database: str = ""
    options: tuple[tuple[str, str], ...] = ()
    file: Path | None = None

    def __repr__(self) -> str:
        """Without the password."""
        return f"Connection({self.identity})"

    @property
    def identity(self) -> str:
        """Which database it is, without user and password."""
        return f"{self.kind}:{self.file}" if self.file else f"{self.kind}://{self.host}:{self.port}/{self.database}"

    def url(self, *, dialect_driver: bool = False) -> str:
        """As URL, password and all: for a variable or a private file."""
        scheme = f"{self.kind}+{self.dialect_driver}" if dialect_driver and self.dialect_driver else self.kind
        if self.file is not None:
            return f"{scheme}:///{self.file}"
        who = quote(self.user, safe="") + (f":{quote(self.password, safe='')}" if self.password else "")
        return f"{scheme}://{who}{'@' if who else ''}{self._place}"

    @property
    def jdbc(self) -> str:
        """As URL for Java, without user and password."""
        return f"jdbc:sqlite:{self.file}" if self.file is not None else f"jdbc:{self.kind}://{self._place}"

    @property
    def libpq(self) -> dict[str, str]:
        """As variables for `psql`; it waits for a server ten seconds at most where nothing else is said."""
        told = {
            "PGHOST": self.host,
            "PGPORT": str(self.port or ""),
            "PGUSER": self.user,
            "PGPASSWORD": self.password,
            "PGDATABASE": self.database,
        }
        named = {_LIBPQ[name]: value for name, value in self.options}
        return {"PGCONNECT_TIMEOUT": "10"} | {name: value for name, value in told.items() if value} | named

    @property
    def _place(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = f":{self.port}" if self.port else ""
        query = f"?{urlencode(self.options, quote_via=quote)}" if self.options else ""
        return f"{host}{port}/{quote(self.database, safe='')}{query}"


def connection_of(ctx: StepContext, written: str | None, variable: str) -> Connection | Finding:
    """The database that a connection string names, in its absence the one in a variable of the step.

    The password may stand apart, in the step's variable PGPASSWORD.
    """
    text = written or ctx.variable(variable)
    if isinstance(text, Finding):
        return text
    scheme = _SCHEME.match(text)
    if scheme is None:
        return _unusable(ctx, "a connection string without a scheme")
    if scheme[1] == "sqlite":
        return _file(ctx, text.removeprefix("jdbc:"))
    try:
        return _server(ctx, text, scheme[1], scheme[2] or "")
    except ValueError:
        return _unusable(ctx, "the connection string is no URL")


def _server(ctx: StepContext, text: str, scheme: str, driver: str) -> Connection | Finding:
    parts = urlsplit(text.removeprefix("jdbc:").replace(f"{scheme}+{driver}:", f"{scheme}:", 1))
    if not parts.netloc or parts.fragment:
        return _unusable(ctx, "the connection string names no server")
    options = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    user = unquote(parts.username or "") or options.pop("user", "")
    password = unquote(parts.password or "") or options.pop("password", "") or ctx.env.get("PGPASSWORD", "")
    kind = "postgresql" if scheme in _POSTGRES else scheme
    unknown = sorted(options.keys() - _LIBPQ.keys()) if kind == "postgresql" else []
    database = unquote(parts.path.removeprefix("/"))
    if unknown:
        return _unusable(ctx, f"the connection string has parameters that are not known: {', '.join(unknown)}")
    if not database or "\0" in unquote(text):
        return _unusable(ctx, "the connection string names no database")
    host = unquote(parts.hostname or "")
    return Connection(kind, driver, user, password, host, parts.port, database, tuple(sorted(options.items())))


def _file(ctx: StepContext, text: str) -> Connection | Finding:
    """The SQLite file of a connection string, below the state folder."""
    written = text.removeprefix("sqlite:///")
    if written == text or not written or written.startswith(":") or any(character in written for character in "?#%"):
        return _unusable(ctx, "the connection string names no file of the state folder")
    found = ctx.state_path(written)
    if isinstance(found, Finding):
        return found
    if found.is_dir() or found == ctx.state_dir.resolve():
        return _unusable(ctx, "the connection string names a folder")
    return Connection("sqlite", file=found)


def _unusable(ctx: StepContext, why: str) -> Finding:
    return ctx.finding(codes.DATABASE_UNSUPPORTED, why)
