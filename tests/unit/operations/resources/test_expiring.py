"""What is there for a time, told from records alone."""

from datetime import UTC, datetime
from typing import Any

from innominatus_cli.documents.run_record import Attempt, RunRecord, StepResult
from innominatus_cli.documents.verdict import Actor
from innominatus_cli.operations.resources.expiring import Expiry, expiries
from tests.unit.ledger.test_facts import FakeStore

STEP = "deployment/application/-/workload/deploy-application"
SOON, LATER = "2026-11-26T08:00:00.000Z", "2026-11-26T10:00:00.000Z"


def ran(number: int, *, step: str = STEP, **more: Any) -> RunRecord:
    """A record of a run in whose only step something was done."""
    attempt = Attempt(number=1, started_at="2026-11-26T07:00:00.000Z", duration_ms=1, ending="exited")
    given: dict[str, Any] = {
        "kind": "run",
        "run": f"01J{number:023d}",
        "parents": [],
        "application": "shop",
        "environment": "preview-1",
        "operation": "deploy",
        "status": "succeeded",
        "actor": Actor(name="Ada", email="ada@example.com", source="config", teams=()),
        "started_at": "2026-11-26T07:00:00.000Z",
        "finished_at": "2026-11-26T07:00:01.000Z",
        "duration_ms": 1000,
        "dirty": False,
        "tool_version": "1.0.0",
        "steps": [StepResult(step=step, status="succeeded", attempts=[attempt])],
    }
    return RunRecord(**{**given, **more})


def found(*records: RunRecord) -> list[tuple[str, str]]:
    return [(one.environment, one.at) for one in expiries(FakeStore(records))]


def test_the_one_that_ends_first_comes_first() -> None:
    records = (ran(1, expires_at=LATER), ran(2, environment="preview-2", expires_at=SOON), ran(3, environment="dev"))

    assert found(*records) == [("preview-2", SOON), ("preview-1", LATER)]


def test_the_last_deployment_decides_also_where_it_failed() -> None:
    assert found(ran(1, expires_at=SOON), ran(2, expires_at=LATER, status="failed")) == [("preview-1", LATER)]
    assert found(ran(1, expires_at=SOON), ran(2)) == []


def test_what_was_removed_is_there_no_longer_until_it_is_deployed_again() -> None:
    first, removed = ran(1, expires_at=SOON), ran(2, operation="undeploy")

    assert found(first, removed) == []
    assert found(first, ran(2, operation="undeploy", status="failed")) == [("preview-1", SOON)]
    assert found(first, removed, ran(3, expires_at=LATER)) == [("preview-1", LATER)]


def test_a_deployment_that_was_rolled_back_does_not_count() -> None:
    undo = STEP.replace("deploy-application", "undo-deploy-application")
    first, second = ran(1, expires_at=SOON), ran(2, expires_at=LATER)

    rolled_back = ran(3, step=undo, kind="rollback", rolls_back=second.run)

    assert found(first, second, rolled_back) == [("preview-1", SOON)]


def test_a_moment_is_past_when_it_has_come() -> None:
    expiry = Expiry("shop", "preview-1", SOON, "01J")

    assert expiry.is_past(datetime(2026, 11, 26, 8, tzinfo=UTC))
    assert not expiry.is_past(datetime(2026, 11, 26, 7, 59, 59, tzinfo=UTC))
