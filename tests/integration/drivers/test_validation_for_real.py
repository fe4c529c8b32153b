"""`validation` against real servers: TLS, a name server, databases."""

import os
import shutil
import socket
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.drivers.checked_servers import Authority, authority, name_server, tls_server
from tests.integration.drivers.page_examples import steps
from tests.integration.drivers.servers import web_server
from tests.integration.services import Postgres

__all__ = ["authority", "name_server"]

NOT = "the name does not resolve"
GARBAGE = [b"", bytes(12), b"\x80\x00\0\1\0\1\0\0\0\0\xc0\x0c\0\1\0\1", b"\x80\x00\0\0\xff\xff\0\0\0\0\xc0"]
"""Answers behind their number: none, no answer, a name that leads to itself, names without an end."""
GOOD = "DNS:shop.test,DNS:*.shop.test,IP:127.0.0.1"


def seen(run_step: Any, env: dict[str, str] | None = None, **check: Any) -> str:
    """What one check of a step saw; empty where it passed."""
    result = run_step("validation", {"checks": [{"name": "it", **check}]}, env=env)
    if result.failure is None:
        assert result.outputs == {"passed": 1}
        return ""
    assert result.outputs == {}
    message: str = result.failure.message
    return message.partition("failed: it: ")[2] or message


@pytest.fixture
def trusted(repository: Path, authority: Authority) -> str:
    """The authority's certificate as a file of the repository."""
    shutil.copy(authority.certificate, repository / "ca.pem")
    return "ca.pem"


@pytest.fixture(scope="session")
def good_server(authority: Authority) -> Iterator[int]:
    with tls_server(*authority.issue("good", GOOD, "-days", "90")) as port:
        yield port


def test_a_certificate_is_held_to_its_chain_its_names_and_its_days(
    run_step: Any, trusted: str, good_server: int
) -> None:
    tls: dict[str, Any] = {"type": "tls", "host": "127.0.0.1", "port": good_server}
    assert seen(run_step, **tls, caFile=trusted) == ""
    assert seen(run_step, **tls, caFile=trusted, serverName="api.shop.test", names=["shop.test", "127.0.0.1"]) == ""
    assert "unable to get local issuer certificate" in seen(run_step, **tls)
    assert "Hostname mismatch" in seen(run_step, **tls, caFile=trusted, serverName="shop.example")
    more: dict[str, Any] = {"names": ["shop.test", "a.b.shop.test", "127.0.0.2"]}
    assert seen(run_step, **tls, caFile=trusted, **more) == "the certificate is not of a.b.shop.test, 127.0.0.2"
    days = seen(run_step, **tls, caFile=trusted, minDays=91)
    assert days == "the certificate holds for 89 more days, and 91 are needed"


def test_a_certificate_that_has_ended_or_ends_soon_fails(run_step: Any, trusted: str, authority: Authority) -> None:
    with tls_server(*authority.issue("ended", GOOD, "-days", "-1")) as port:
        assert "certificate has expired" in seen(run_step, type="tls", host="127.0.0.1", port=port, caFile=trusted)
    with tls_server(*authority.issue("soon", GOOD, "-days", "10")) as port:
        told = seen(run_step, type="tls", host="127.0.0.1", port=port, caFile=trusted)
        assert told == "the certificate holds for 9 more days, and 14 are needed"
        assert seen(run_step, type="tls", host="127.0.0.1", port=port, caFile=trusted, minDays=9) == ""


def test_what_is_no_tls_server_or_says_nothing_fails(run_step: Any, repository: Path, trusted: str) -> None:
    with web_server() as web:
        port = int(web.url.rpartition(":")[2])
        assert seen(run_step, type="tls", host="127.0.0.1", port=port, caFile=trusted).startswith("no TLS connection")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        told = seen(run_step, type="tls", host="127.0.0.1", port=port, caFile=trusted, timeout=1)
        assert told == "no TLS connection (timed out)"
    (repository / "empty.pem").write_text("no certificate")
    told = seen(run_step, type="tls", host="127.0.0.1", port=port, caFile="empty.pem")
    assert told == "the file of trusted certificates holds none"
    assert "'none.pem' does not exist" in seen(run_step, type="tls", host="127.0.0.1", caFile="none.pem")
    assert "leads out" in seen(run_step, type="tls", host="127.0.0.1", caFile="../ca.pem")


@pytest.mark.parametrize(
    ("host", "record", "expect"),
    [
        ("api.shop.test", None, ["192.0.2.7", "192.0.2.8"]),
        ("api.shop.test.", "AAAA", ["2001:db8::7"]),
        ("www.shop.test", "CNAME", ["api.shop.test"]),
        ("www.shop.test", "A", ["192.0.2.7"]),
        ("shop.test", "MX", ["mail.shop.test."]),
        ("shop.test", "NS", ["NS.shop.test"]),
        ("note.shop.test", "TXT", ["verified=yes"]),
        ("many.shop.test", "A", ["198.51.100.119"]),
    ],
)
def test_a_name_server_is_asked(
    run_step: Any, name_server: str, host: str, record: str | None, expect: list[str]
) -> None:
    dns: dict[str, Any] = {"type": "dns", "host": host, "server": name_server}
    dns |= {"record": record} if record else {}
    assert seen(run_step, **dns, expect=expect) == ""
    assert seen(run_step, **dns, expect=[*expect, "192.0.2.99"]) == "192.0.2.99 is not among the answers"


def test_a_name_that_is_not_there_and_a_server_that_is_silent_fail(run_step: Any, name_server: str) -> None:
    dns: dict[str, Any] = {"type": "dns", "server": name_server}
    assert seen(run_step, **dns, host="none.shop.test") == f"{NOT} (there is no such name)"
    assert seen(run_step, **dns, host="ns.shop.test", record="AAAA") == f"{NOT} (it has no such record)"
    assert seen(run_step, **dns, host="elsewhere.test") == f"{NOT} (refused)"
    assert seen(run_step, **dns, host=f"{'a' * 64}.test").startswith(NOT)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        server = f"127.0.0.1:{silent.getsockname()[1]}"
        told = seen(run_step, type="dns", host="a.test", server=server, timeout=1)
    assert told == "no answer from the resolver within 1 s"


@pytest.mark.parametrize("answer", GARBAGE)
def test_garbage_of_a_name_server_is_no_answer(run_step: Any, answer: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as liar:
        liar.bind(("127.0.0.1", 0))

        def lie() -> None:
            asked, who = liar.recvfrom(512)
            liar.sendto(asked[:2] + answer, who)

        thread = threading.Thread(target=lie, daemon=True)
        thread.start()
        server = f"127.0.0.1:{liar.getsockname()[1]}"
        assert seen(run_step, type="dns", host="a.test", server=server, timeout=2).startswith(
            "the name does not resolve"
        )
        thread.join()


def test_the_machines_resolver_is_asked_for_an_address(run_step: Any) -> None:
    assert seen(run_step, type="dns", host="localhost", expect=["127.0.0.1"], record="A") == ""
    assert seen(run_step, type="dns", host="localhost", expect=["192.0.2.1"]) == "192.0.2.1 is not among the answers"


def test_a_query_on_sqlite_is_held_to_rows_and_value(run_step: Any, state: Path) -> None:
    connection = sqlite3.connect(state / "shop.db")
    connection.executescript(
        "CREATE TABLE orders (id INTEGER, what TEXT); INSERT INTO orders VALUES (1, 'a'), (2, NULL)"
    )
    connection.close()
    sql: dict[str, Any] = {"type": "sql", "connectionString": "sqlite:///shop.db"}
    assert seen(run_step, **sql, query="SELECT what FROM orders", rows=2, value="a") == ""
    assert seen(run_step, **sql, query="SELECT count(*) FROM orders", value=2) == ""
    assert seen(run_step, **sql, query="SELECT count(*) FROM orders", value=3) == "the first value is another one"
    assert seen(run_step, **sql, query="SELECT * FROM orders", rows=3) == "the query gives 2 rows instead of 3"
    assert seen(run_step, **sql, query="SELECT 1 FROM orders WHERE id = 9") == "the query gives no row"
    assert seen(run_step, **sql, query="SELECT 1 FROM orders WHERE id = 9", rows=0) == ""
    assert "no such table" in seen(run_step, **sql, query="SELECT 1 FROM users")
    for changing in ("DELETE FROM orders", "ATTACH 'x.db' AS x", "PRAGMA journal_mode = wal"):
        assert "not authorized" in seen(run_step, **sql, query=changing)
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT count(*) FROM n"
    assert "interrupted" in seen(run_step, **sql, query=endless, timeout=1)
    assert "too big" in seen(run_step, **sql, query="SELECT hex(zeroblob(900000000))")
    assert (
        seen(run_step, type="sql", connectionString="sqlite:///none.db", query="SELECT 1")
        == "the database does not exist"
    )
    assert not (state / "none.db").exists()


def test_a_query_on_postgresql_is_held_to_rows_and_value(run_step: Any, postgres: Postgres, tmp_path: Path) -> None:
    database = postgres.new_database()
    postgres.sql(
        database, "CREATE TABLE orders (id int, price numeric(9, 2)); INSERT INTO orders VALUES (1, 2.50), (2, 3);"
    )
    postgres.sql(database, "CREATE SEQUENCE numbers;")
    env = {"PATH": f"{postgres.programs}{os.pathsep}{os.environ['PATH']}", "DATABASE_URL": postgres.url(database)}
    sql: dict[str, Any] = {"type": "sql", "env": env}
    assert seen(run_step, **sql, query="SELECT price, id FROM orders ORDER BY id;", rows=2, value="2.50") == ""
    other = "the first value is another one"
    assert seen(run_step, **sql, query="SELECT count(*) FROM orders -- all", value=3) == other
    assert seen(run_step, **sql, query="SELECT 1, 2 FROM orders WHERE false", rows=0) == ""
    assert seen(run_step, **sql, query="SELECT null", value="null") == other
    assert seen(run_step, **sql, query="SELECT generate_series(1, 5000)", rows=1000) == (
        "the query gives over 1000 rows instead of 1000"
    )
    assert "does not exist" in seen(run_step, **sql, query="SELECT 1 FROM users")
    assert "syntax error" in seen(run_step, **sql, query="DELETE FROM orders")
    assert "syntax error" in seen(run_step, **sql, query=f"SELECT 1\n\\! touch {tmp_path}/ran")
    two = seen(run_step, **sql, query="SELECT 1) AS found; DELETE FROM orders; SELECT (1")
    assert "cannot open multi-query plan as cursor" in two
    assert "read-only" in seen(run_step, **sql, query="SELECT setval('numbers', 7)")
    assert not (tmp_path / "ran").exists()
    assert postgres.sql(database, "SELECT count(*) FROM orders;") == "2"
    assert "statement timeout" in seen(run_step, **sql, query="SELECT pg_sleep(30)", timeout=1)


def test_a_database_that_cannot_be_reached_fails_the_check_without_the_password(
    run_step: Any, postgres: Postgres
) -> None:
    url = "postgresql://owner:hush-hush@127.0.0.1:1/shop"
    env = {"PATH": f"{postgres.programs}{os.pathsep}{os.environ['PATH']}", "WHERE": url}
    told = seen(run_step, env, type="sql", connectionFrom="WHERE", query="SELECT 1", retries=1, interval=0)
    assert "Connection refused" in told
    assert "hush" not in told
    assert told.endswith("after 2 tries")


def test_what_no_try_mends_ends_the_step(run_step: Any, tmp_path: Path) -> None:
    def failed(env: dict[str, str] | None = None, **check: Any) -> tuple[str, str]:
        result = run_step(
            "validation", {"checks": [{"name": "it", "type": "sql", "query": "SELECT 1", **check}]}, env=env
        )
        return result.failure.code.number, result.failure.message

    assert failed()[0] == "ORC-5106"
    assert failed(connectionString="mysql://h/d")[0] == "ORC-5130"
    assert failed({"PATH": str(tmp_path)}, connectionString="postgresql://h/d")[0] == "ORC-5102"
    (tmp_path / "psql").write_text("#!/bin/sh\necho no json\n")
    (tmp_path / "psql").chmod(0o755)
    assert failed({"PATH": f"{tmp_path}:{os.environ['PATH']}"}, connectionString="postgresql://h/d")[0] == "ORC-5492"


def test_the_first_example_of_the_page_runs(
    run_step: Any, repository: Path, state: Path, authority: Authority, good_server: int
) -> None:
    shutil.copy(authority.certificate, repository / "ca.pem")
    connection = sqlite3.connect(state / "orders.db")
    connection.execute("CREATE TABLE orders (id INTEGER)")
    connection.close()
    [step] = steps("validation")
    with web_server() as web:
        web.answer = "ready"
        for check in step["config"]["checks"]:
            if check["type"] == "http":
                check["url"] = check["url"].replace("http://localhost:8080", web.url)
            if check["type"] == "tls":
                check |= {"host": "127.0.0.1", "port": good_server, "serverName": check["host"]}
        result = run_step("validation", step["config"], env=step.get("env"))
    assert result.failure is None
    assert result.outputs == {"passed": len(step["config"]["checks"])}
