"""Records made by hand."""

from collections.abc import Callable
from typing import Any

import pytest

from innominatus_cli.documents.run_record import RunRecord
from innominatus_cli.documents.verdict import Actor


@pytest.fixture
def make_record() -> Callable[..., RunRecord]:
    """Makes a record; `number` gives it a run id and a time of its own."""

    def make(number: int = 1, **changes: Any) -> RunRecord:
        facts = {
            "kind": "run",
            "run": f"01JD0000000000000000000{number:03d}",
            "parents": [],
            "application": "checkout-service",
            "environment": "development",
            "operation": "deploy",
            "status": "succeeded",
            "plan": "sha256:" + "a" * 64,
            "actor": Actor(name="Ada Lovelace", email="ada@example.org", source="git config"),
            "started_at": f"2026-11-20T20:00:00.{number:03d}Z",
            "finished_at": f"2026-11-20T20:00:01.{number:03d}Z",
            "duration_ms": 1000,
            "dirty": False,
            "tool_version": "0.1.0",
        }
        return RunRecord.model_validate({**facts, **changes})

    return make
