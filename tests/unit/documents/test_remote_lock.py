"""The document of a lock on a remote: whoever may push can write one."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from innominatus_cli.documents.remote_lock import RemoteLockFacts, read_lock

FACTS = RemoteLockFacts(
    application="shop",
    environment="production",
    run="01J9Z0C4W5T3Q8R7M2X6Y1V0NB",
    who="ada@example.org",
    host="runner",
    pid=12,
    since="2026-11-20T20:00:00.000Z",
    renewed_at="2026-11-20T20:00:00.000Z",
    lease_seconds=60,
)
START = datetime(2026, 11, 20, 20, tzinfo=UTC)


def test_a_lock_is_read_as_it_was_written() -> None:
    assert read_lock(FACTS.canonical) == FACTS
    assert FACTS.canonical.endswith(b"}\n")


def test_a_renewed_lock_keeps_everything_but_the_moment_and_has_a_token() -> None:
    renewed = FACTS.renewed("2026-11-20T20:00:20.000Z", "a" * 40)
    assert read_lock(renewed.canonical) == renewed
    assert (renewed.since, renewed.renewed_at, renewed.token) == (FACTS.since, "2026-11-20T20:00:20.000Z", "a" * 40)
    assert renewed.renewed(FACTS.renewed_at, "b").run == FACTS.run


@pytest.mark.parametrize(("seconds", "overdue"), [(-30, None), (0, None), (59, None), (60, None), (61, 1), (150, 90)])
def test_a_lease_runs_out_by_our_own_clock(seconds: int, overdue: int | None) -> None:
    assert FACTS.overdue_seconds(START + timedelta(seconds=seconds)) == overdue


@pytest.mark.parametrize("moment", ["", "yesterday", "2026-11-20T20:00:00", "9" * 50])
def test_nobody_can_tell_the_age_of_a_moment_that_is_none(moment: str) -> None:
    assert FACTS.renewed(moment, "a").overdue_seconds(START) is None


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "innominatus.dev/lock/v2"},
        {"schema": None},
        {"who": None},
        {"who": 1},
        {"who": "x" * 1001},
        {"run": ["x"]},
        {"pid": "12"},
        {"pid": True},
        {"lease_seconds": 1.5},
        {"token": 1},
        {"token": "x" * 1001},
    ],
)
def test_what_is_no_lock_is_none(change: dict[str, Any]) -> None:
    content = {**json.loads(FACTS.canonical), **change}
    assert read_lock(json.dumps(content).encode()) is None


@pytest.mark.parametrize("name", ["application", "environment", "host", "pid", "since", "who", "run", "renewed_at"])
def test_a_lock_without_one_of_its_facts_is_none(name: str) -> None:
    content = json.loads(FACTS.canonical)
    del content[name]
    assert read_lock(json.dumps(content).encode()) is None


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"schema":"innominatus.dev/lock/v1"}']
)
def test_bytes_that_are_no_document_are_none(data: bytes) -> None:
    assert read_lock(data) is None


@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_trouble(data: bytes) -> None:
    assert read_lock(data) is None
