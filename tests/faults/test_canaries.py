"""No secret leaves a run, whatever its steps do; `canaries.py` prints the figures of the long hunt."""

import json
from pathlib import Path

from tests.faults.canaries import ENCODINGS, Hunt, hunt, lines


def test_no_secret_in_any_encoding_is_in_anything_that_a_run_leaves(tmp_path: Path) -> None:
    result = hunt(tmp_path, 24)

    assert list(lines(result))[-1].endswith(" 0 leaks")
    assert {"terminal", "arguments", "journal", "logs", "records", "git objects", "results"} <= result.sinks.keys()
    assert all(result.sinks.values())
    assert result.redactions > 24 * len(ENCODINGS)
    record = next((tmp_path / "repository" / ".innominatus" / "runs").rglob("*.json"))
    steps = {step["step"].rpartition("/")[2]: step for step in json.loads(record.read_text())["steps"]}
    assert {name: (step["status"], step.get("finding", {}).get("code")) for name, step in steps.items()} == {
        "tell-0": ("succeeded", None),
        "argue-0": ("failed", "ORC-5284"),
        "render-0": ("failed", "ORC-5283"),
        "fail-0": ("failed", "ORC-5103"),
    }
    assert steps["tell-0"]["outputs"] == {}
    assert sorted(steps["tell-0"]["withheld_outputs"]) == ["hidden", "namespace", "plain", "told"]


def test_the_hunt_finds_what_is_there() -> None:
    result = Hunt(1, {"terminal": 3}, [("terminal", "hex", 0)])
    assert "LEAK of secret 0 as hex in terminal" in list(lines(result))
