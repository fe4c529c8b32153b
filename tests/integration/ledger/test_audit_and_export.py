"""`audit search` and `ledger export`, as users and other tools see them."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from innominatus_cli.cli.main import run
from innominatus_cli.documents.verdict import Actor
from tests.integration.ledger.test_action_records import make_action

if TYPE_CHECKING:
    from collections.abc import Callable

    from innominatus_cli.documents.run_record import RunRecord
    from tests.integration.ledger.conftest import Repository

    MakeRecord = Callable[..., RunRecord]
    Output = pytest.CaptureFixture[str]

EVE = Actor(name="Eve", email="eve@example.org", source="git config", teams=["release"])
PLAN = "sha256:" + "a" * 64
MANIFEST = ".innominatus/manifests/checkout-service/development/a.yaml"


@pytest.fixture
def written(repository: Repository, make_record: MakeRecord, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Three runs and two actions on three days."""
    store = repository.store()

    def add(day: int, **changes: Any) -> RunRecord:
        at = f"2026-11-{day:02d}T12:00:00.000Z"
        record = make_record(started_at=at, finished_at=at, **changes)
        return store.write(record, b"{}\n" if record.plan else None, {}, store.git.head()).record

    def act(day: int, **changes: Any) -> Any:
        action = make_action(at=f"2026-11-{day:02d}T11:00:00.000Z", **changes)
        return store.write_action(action, store.git.head()).record

    step = {"step": "x", "status": "succeeded", "artifacts": {MANIFEST: "sha256:" + "b" * 64}}
    tool = {"name": "kubectl", "version": "1.31", "sha256": "c" * 64}
    made = {
        "first": add(1, steps=[{**step, "tools": [tool]}], commit="1" * 40, dirty=True),
        "failed": add(2, environment="production", status="failed", actor=EVE, plan=None),
        "rollback": add(3, environment="production", kind="rollback", rolls_back="01JD0000000000000000000001"),
        "approved": act(2, actor=EVE, reason="=fine"),
        "adopted": act(3, action="adopt", application=None, environment=None, reason=""),
    }
    monkeypatch.chdir(repository.path)
    return made


def found(capfd: Output, *arguments: str) -> list[str]:
    assert run(["audit", "search", *arguments, "-o", "json"]) == 0
    return [row["id"] for row in json.loads(capfd.readouterr().out)["rows"]]


def ids(written: dict[str, Any], *names: str) -> list[str]:
    return [getattr(written[name], "run" if name in {"first", "failed", "rollback"} else "id") for name in names]


def test_everything_is_found_the_newest_first(written: dict[str, Any], capfd: Output) -> None:
    assert found(capfd) == ids(written, "rollback", "adopted", "failed", "approved", "first")
    assert found(capfd, "--limit", "2", "--offset", "1") == ids(written, "adopted", "failed")


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["--actor", "eve"], ["failed", "approved"]),
        (["--actor", "EVE@example.org"], ["failed", "approved"]),
        (["--actor", "ada*"], ["rollback", "adopted", "first"]),
        (["--actor", "[a]da"], []),
        (["--action", "approve"], ["approved"]),
        (["--action", "rollback", "--action", "adopt"], ["rollback", "adopted"]),
        (["--action", "deploy"], ["rollback", "failed", "first"]),
        (["--app", "checkout-service", "--env", "production"], ["rollback", "failed", "approved"]),
        (["--app", "other"], []),
        (["--since", "2026-11-02", "--until", "2026-11-02"], ["failed", "approved"]),
        (["--since", "2026-11-02T11:30:00Z", "--until", "2026-11-03T11:30:00+01:00"], ["failed"]),
        (["--since", "2026-11-04"], []),
        (["--run", "01jd00000000"], ["rollback"]),
    ],
)
def test_rows_are_found_by_person_action_place_time_and_run(
    written: dict[str, Any], capfd: Output, arguments: list[str], names: list[str]
) -> None:
    assert found(capfd, *arguments) == ids(written, *names)


def test_an_unknown_action_or_time_is_wrong_usage_with_a_hint(written: dict[str, Any], capfd: Output) -> None:
    assert written
    assert run(["audit", "search", "--action", "aprove"]) == 2
    assert "did you mean 'approve'" in capfd.readouterr().err
    assert run(["audit", "search", "--since", "soon"]) == 2
    assert "'soon' is no day" in capfd.readouterr().err


def test_csv_holds_every_row_and_nothing_that_a_spreadsheet_would_run(written: dict[str, Any], capfd: Output) -> None:
    assert run(["audit", "search", "-o", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capfd.readouterr().out)))
    assert len(rows) == len(written)
    approval = next(row for row in rows if row["what"] == "approve")
    assert approval["reason"] == "'=fine"
    assert (approval["email"], approval["teams"]) == ("eve@example.org", "release")
    assert approval["digest"] == written["approved"].digest


def test_the_table_says_what_was_done_and_by_whom(written: dict[str, Any], capfd: Output) -> None:
    assert written
    assert run(["audit", "search", "--action", "rollback", "--action", "approve"]) == 0
    out = capfd.readouterr().out
    assert "rollback deploy" in out
    assert "eve@example.org" in out
    assert run(["audit", "search", "--app", "nothing"]) == 0
    assert capfd.readouterr().out == "Nothing like that is in the ledger.\n"


def test_a_run_is_exported_as_an_in_toto_statement_with_slsa_provenance(written: dict[str, Any], capfd: Output) -> None:
    assert run(["ledger", "export"]) == 0
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [line["predicate"]["runDetails"]["metadata"]["invocationId"] for line in lines] == ids(
        written, "first", "failed", "rollback"
    )
    first, failed, _ = lines
    assert first["_type"] == "https://in-toto.io/Statement/v1"
    assert first["predicateType"] == "https://slsa.dev/provenance/v1"
    assert first["subject"] == [{"name": MANIFEST, "digest": {"sha256": "b" * 64}}]
    assert failed["subject"][0]["digest"] == {"sha256": written["failed"].digest.removeprefix("sha256:")}
    build, details = first["predicate"]["buildDefinition"], first["predicate"]["runDetails"]
    assert set(build) == {"buildType", "externalParameters", "internalParameters", "resolvedDependencies"}
    assert build["externalParameters"] == {
        "application": "checkout-service",
        "environment": "development",
        "operation": "deploy",
    }
    assert build["resolvedDependencies"] == [
        {"name": "repository", "digest": {"gitCommit": "1" * 40}, "annotations": {"innominatus_dirty": True}},
        {"name": f".innominatus/plans/{'a' * 64}.json", "digest": {"sha256": "a" * 64}},
        {"name": "kubectl", "digest": {"sha256": "c" * 64}, "annotations": {"version": "1.31"}},
    ]
    assert set(details) == {"builder", "metadata", "byproducts"}
    assert details["metadata"]["startedOn"] == written["first"].started_at
    assert details["metadata"]["innominatus_parents"] == []


def test_the_ledger_is_exported_as_csv_and_json(written: dict[str, Any], capfd: Output) -> None:
    assert run(["ledger", "export", "--format", "csv", "--since", "2026-11-02"]) == 0
    rows = list(csv.DictReader(io.StringIO(capfd.readouterr().out)))
    assert [row["run"] for row in rows] == ids(written, "failed", "rollback")
    assert rows[0]["digest"] == written["failed"].digest
    assert run(["ledger", "export", "--format", "json", "--env", "production"]) == 0
    document = json.loads(capfd.readouterr().out)
    assert [entry["record"]["run"] for entry in document["runs"]] == ids(written, "failed", "rollback")
    assert [entry["record"]["id"] for entry in document["actions"]] == ids(written, "approved")
    assert document["runs"][0]["record"] == written["failed"].as_json()
    assert run(["ledger", "export", "--app", "checkot"]) == 1
    assert "ORC-6015" in capfd.readouterr().err
