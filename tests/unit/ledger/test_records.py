"""Records as files: paths, bytes, versions, and whatever somebody did to them."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from innominatus_cli.documents.canonical import canonical_json, digest_of_bytes
from innominatus_cli.documents.run_record import RunRecord
from innominatus_cli.findings.finding import Finding
from innominatus_cli.ledger.records import plan_path, read_record, record_path, run_of_path, runs_folder
from innominatus_cli.ledger.store import StoredRecord, tips_of

MakeRecord = Callable[..., RunRecord]
ROOT = ".innominatus"


def problem(path: str, data: bytes) -> Finding:
    found = read_record(ROOT, path, data)
    assert isinstance(found, Finding)
    return found


def test_the_path_follows_from_the_record(make_record: MakeRecord) -> None:
    path = ".innominatus/runs/checkout-service/development/2026-11/01JD0000000000000000000001.json"
    assert record_path(ROOT, make_record()) == path
    assert run_of_path(path) == "01JD0000000000000000000001"


@pytest.mark.parametrize("name", ["..", ".", "", "a/b", "../x", ".hidden", "-x", "a\nb", "ü", "a" * 64, "a b", "a\\b"])
def test_a_name_that_leads_elsewhere_makes_no_path(make_record: MakeRecord, name: str) -> None:
    with pytest.raises(ValueError, match="safe"):
        record_path(ROOT, make_record(application=name))
    with pytest.raises(ValueError, match="safe"):
        record_path(ROOT, make_record(environment=name))
    with pytest.raises(ValueError, match="safe"):
        runs_folder(ROOT, name)


@pytest.mark.parametrize("changes", [{"run": "../../x"}, {"started_at": "../../../"}, {"run": "short"}])
def test_a_run_id_or_time_that_leads_elsewhere_makes_no_path(make_record: MakeRecord, changes: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="no path"):
        record_path(ROOT, make_record(**changes))


def test_a_plan_has_its_place_by_digest() -> None:
    assert plan_path(ROOT, "sha256:" + "0f" * 32) == f".innominatus/plans/{'0f' * 32}.json"
    for wrong in ("sha256:../../etc", "md5:" + "0" * 64, "0" * 64, "sha256:" + "0" * 63):
        with pytest.raises(ValueError, match="digest"):
            plan_path(ROOT, wrong)


def test_what_is_written_is_read_back(make_record: MakeRecord) -> None:
    record = make_record(commit="0" * 40, branch="main", failures=["x"], outputs={"url": "http://x", "ü": [1, None]})
    assert read_record(ROOT, record_path(ROOT, record), record.canonical) == record
    assert record.digest == digest_of_bytes(record.canonical[:-1])


def test_a_record_without_optional_facts_is_read_back(make_record: MakeRecord) -> None:
    record = make_record(plan=None)
    assert b'"commit"' not in record.canonical
    assert read_record(ROOT, record_path(ROOT, record), record.canonical) == record


def test_bytes_that_are_not_the_canonical_ones_are_told(make_record: MakeRecord) -> None:
    record = make_record()
    path = record_path(ROOT, record)
    spaced = json.dumps(record.as_json()).encode() + b"\n"
    twice = record.canonical.replace(b"{", b'{"run":"01JD0000000000000000000009",', 1)
    for data in (spaced, twice, record.canonical[:-1], record.canonical.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf{}"):
        assert problem(path, data).code.number == "ORC-6011"


@pytest.mark.parametrize("data", [b"", b"[]", b"null", b"{", b"\xff", b"[" * 100_000, b'{"a":NaN}', b"{}\n", b"\0"])
def test_what_is_no_record_is_told(data: bytes) -> None:
    assert problem("x.json", data).code.exit_status == 65


def test_a_record_at_another_place_is_told_with_its_own(make_record: MakeRecord) -> None:
    record = make_record()
    moved = record_path(ROOT, record).replace("development", "production")
    assert record_path(ROOT, record) in problem(moved, record.canonical).message


def test_a_record_of_a_newer_version_asks_for_a_newer_tool(make_record: MakeRecord) -> None:
    content = {**make_record().as_json(), "schema": "innominatus.dev/run-record/v2"}
    assert problem("x.json", canonical_json(content) + b"\n").code.number == "ORC-6012"


def test_an_unknown_key_or_a_missing_one_is_told(make_record: MakeRecord) -> None:
    record = make_record()
    for content in ({**record.as_json(), "extra": 1}, {k: v for k, v in record.as_json().items() if k != "actor"}):
        assert problem(record_path(ROOT, record), canonical_json(content) + b"\n").code.number == "ORC-6011"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(data=st.data())
def test_a_flipped_bit_is_a_finding_or_another_record(make_record: MakeRecord, data: Any) -> None:
    """A flip inside a text may make another valid record; its digest then differs, and the chain tells."""
    record = make_record()
    flipped = bytearray(record.canonical)
    flipped[data.draw(st.integers(0, len(flipped) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    found = read_record(ROOT, record_path(ROOT, record), bytes(flipped))
    assert isinstance(found, Finding) or found.digest != record.digest


def test_tips_are_the_records_that_nobody_follows(make_record: MakeRecord) -> None:
    def stored(record: RunRecord) -> StoredRecord:
        return StoredRecord(record, record_path(ROOT, record), record.digest)

    first = make_record(1)
    left, right = make_record(2, parents=[first.digest]), make_record(3, parents=[first.digest])
    assert tips_of([]) == []
    assert tips_of([stored(first)]) == [first.digest]
    assert tips_of(map(stored, (right, first, left))) == sorted([left.digest, right.digest])
    joined = make_record(4, parents=sorted([left.digest, right.digest]))
    assert tips_of(map(stored, (joined, right, first, left))) == [joined.digest]
