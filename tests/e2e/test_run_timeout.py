"""`run --timeout`: a bound for the whole run."""

from typing import Any

import pytest

SLOW = """\
    apiVersion: workflow.dev/v1
    kind: Workflow
    metadata: {name: slow, description: Takes its time}
    spec:
      steps:
        - {name: wait, type: script, config: {script: "sleep 60"}}
"""


@pytest.fixture
def slow(workshop: Any) -> Any:
    """A repository with a workflow that takes a minute."""
    workshop.git("init", "-q")
    workshop.write("admin-config.yaml", "{}\n")
    workshop.write("workflows/slow.yaml", SLOW)
    workshop.commit("Slow")
    return workshop


def test_a_run_that_takes_too_long_is_stopped_and_recorded(slow: Any) -> None:
    told = slow("run", "workflows/slow.yaml", "--timeout", "1s")
    assert told.status == 124, told.all
    assert "\nerror ORC-5004: it took longer than 1s" in told.err
    (record,) = slow.records("run")
    assert record["status"] == "timed_out"
    assert [step["status"] for step in record["steps"]] == ["timed_out"]


@pytest.mark.parametrize("text", ["1x", "0", "-5", ""])
def test_a_timeout_is_a_duration(slow: Any, text: str) -> None:
    told = slow("run", "workflows/slow.yaml", "--timeout", text)
    assert told.status == 2, told.all
    assert "--timeout" in told.err
