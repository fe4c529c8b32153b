"""The record that a run writes is the replay of its journal, byte for byte; any beginning of a journal has a record."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from innominatus_cli.documents.plan import Expansion, Plan, PlannedRetry
from innominatus_cli.documents.run_record import RunRecord
from innominatus_cli.documents.verdict import Actor
from innominatus_cli.documents.vocabulary import Idempotency
from innominatus_cli.execution.engine import execute_plan
from innominatus_cli.execution.kept import read_value
from innominatus_cli.execution.opening import open_run, read_run
from innominatus_cli.execution.options import ExecutionOptions, ExecutionResult
from innominatus_cli.execution.past import is_in_doubt
from innominatus_cli.execution.replay import concluded, replay
from innominatus_cli.execution.run_events import RunEvents, events_of, may_have_begun
from innominatus_cli.execution.setting import RunSetting
from innominatus_cli.findings.finding import CannotContinue
from tests.integration.execution.conftest import MakePlan, MakeSetting

LONG = "x" * 5000
RETRY = PlannedRetry(attempts=3, delay_seconds=0, backoff="constant", max_delay_seconds=1, jitter="none")
PLANS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "success": {"a": {"script": "echo OUTPUT_n=1", "declared_outputs": ["n"]}, "b": {"script": "true", "needs": ["a"]}},
    "failure": {
        "a": {"script": "exit 3", "retry": RETRY},
        "b": {"script": "true", "needs": ["a"]},
        "c": {"script": "exit 4", "continue_on_error": True},
        "d": {"script": "true", "needs": ["b"], "cleanup": True},
    },
    "outputs that no line can hold": {
        "long": {"script": f"echo OUTPUT_long={LONG}", "declared_outputs": ["long"]},
        "fraction": {"script": 'echo \'{"n": 1.0, "\U0001f600": 1e22}\'', "declared_outputs": ["n"]},
        "secret": {
            "script": "echo OUTPUT_key=hush-hush",
            "declared_outputs": ["key"],
            "secret_outputs": ["key"],
        },
    },
    "what it left running": {"a": {"script": "setsid sleep 60 >/dev/null 2>&1 &\nsleep 0.2"}},
    "a loop": {
        "find": {"script": "echo '{\"list\": [1, 2, 3]}'", "declared_outputs": ["list"]},
        "each": {
            "script": "test $INNOMINATUS_STEP != deployment/application/-/flow/each[1]",
            "needs": ["find"],
            "expansion": Expansion(for_each={"$ref": "steps.find.outputs.list"}, max_items=9),
        },
        "use": {"script": "true", "needs": ["each"]},
    },
}


def opening_of(setting: RunSetting) -> RunRecord:
    at = "2026-11-25T10:00:00.000Z"
    return RunRecord(
        kind="run", run=setting.run, parents=[], application="shop", environment="development", operation="deploy",
        status="interrupted", plan=setting.plan.digest, actor=Actor(name="Me", email="me@example.org", source="test"),
        started_at=at, finished_at=at, duration_ms=0, dirty=False, tool_version="1",
    )  # fmt: skip


def run(setting: RunSetting) -> tuple[RunRecord, ExecutionResult]:
    opening = opening_of(setting)
    digest = open_run(setting.state, opening, setting.plan)
    told = replace(setting, opening=digest, started_at=opening.started_at)
    return opening, execute_plan(told, ExecutionOptions(max_parallel=1))


def events_in(folder: Path, lines: int | None = None) -> RunEvents:
    stored = read_run(folder)
    return events_of(stored.journal.lines[:lines], lambda name, written: read_value(folder, name, written))


@pytest.fixture(params=[*PLANS])
def planned(request: pytest.FixtureRequest, make_plan: MakePlan) -> Plan:
    outputs = {"success": {"number": {"$ref": "steps.a.outputs.n"}}}
    return make_plan({name: dict(step) for name, step in PLANS[request.param].items()},
                     outputs=outputs.get(request.param, {}))  # fmt: skip


def test_the_record_of_a_run_is_the_replay_of_its_journal(planned: Plan, make_setting: MakeSetting) -> None:
    setting = make_setting(planned)
    opening, result = run(setting)
    stored = read_run(setting.state.run_dir(setting.run))
    again = replay(stored.opening, stored.plan, events_in(stored.folder))
    assert again.canonical == concluded(opening, result).canonical
    assert (stored.plan.canonical, stored.opening.canonical) == (planned.canonical, opening.canonical)


def test_every_beginning_of_a_journal_gives_every_planned_step_one_final_state(
    planned: Plan, make_setting: MakeSetting
) -> None:
    setting = make_setting(planned)
    opening, result = run(setting)
    folder = setting.state.run_dir(setting.run)
    ended: dict[str, str] = {}
    for count in range(1, len(read_run(folder).journal.lines) + 1):
        record = replay(opening, planned, events_in(folder, count))
        states = {step.step: step.status for step in record.steps}
        assert len(states) == len(record.steps)
        assert {step.id for step in planned.steps} <= states.keys()
        assert ended.items() <= states.items(), "what had ended has ended"
        ended = {step: status for step, status in states.items() if status not in {"planned", "interrupted"}}
        assert record.finished_at >= record.started_at[:4]
    assert ended == {step.step: step.status for step in result.steps}


def test_a_step_whose_run_was_killed_in_a_pause_is_in_no_doubt_until_its_next_attempt_begins(
    make_plan: MakePlan, make_setting: MakeSetting
) -> None:
    plan = make_plan({"a": {"script": "exit 3", "retry": RETRY, "idempotency": Idempotency.ONCE}})
    setting = make_setting(plan)
    opening, _ = run(setting)
    folder = setting.state.run_dir(setting.run)
    lines = read_run(folder).journal.lines
    doubts: dict[str, list[tuple[bool, bool, int]]] = {}
    for count in range(1, len(lines)):
        events = events_in(folder, count)
        (step,) = replay(opening, plan, events).steps
        events.begun.update(may_have_begun(plan, events))
        (at_most,) = replay(opening, plan, events).steps
        type_ = lines[count - 1]["type"]
        said = (is_in_doubt(step), is_in_doubt(at_most), len(step.attempts))
        doubts.setdefault(type_, []).append(said)
    assert doubts["step_start"] == [(True, True, 1), (True, True, 2), (True, True, 3)]
    assert doubts["retry_wait"] == [(False, False, 1), (False, False, 2)]
    assert doubts["intents"] == [(False, True, 0), (False, True, 1), (False, True, 2)], "it may have begun: a power cut"


def test_a_secret_output_is_in_no_file_of_the_run(make_plan: MakePlan, make_setting: MakeSetting) -> None:
    plan = make_plan({"a": {"script": "echo OUTPUT_key=$(printf hush)-hush >$INNOMINATUS_OUTPUT; "
                            "echo key=$(printf hush)-hush >$INNOMINATUS_OUTPUT",
                            "declared_outputs": ["key"], "secret_outputs": ["key"]}})  # fmt: skip
    setting = make_setting(plan)
    _, result = run(setting)
    assert result.steps[0].withheld_outputs == ["key"]
    files = [path for path in setting.state.root.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if b"hush-hush" in path.read_bytes()]


def damaged_opening(folder: Path) -> Path:
    path = folder / "opening.json"
    path.write_bytes(path.read_bytes().replace(b"me@example.org", b"eve@example.rg"))
    return path


def damaged_plan(folder: Path) -> Path:
    path = folder / "plan.json"
    path.write_bytes(path.read_bytes().replace(b"development", b"productions", 1))
    return path


def lost_result(folder: Path) -> Path:
    path = folder / "results" / "0.json"
    path.unlink()
    return path


def damaged_result(folder: Path) -> Path:
    path = folder / "results" / "0.json"
    path.write_bytes(path.read_bytes().replace(b"xxx", b"xxy", 1))
    return path


@pytest.mark.parametrize("damage", [damaged_opening, damaged_plan, lost_result, damaged_result])
def test_a_file_that_is_not_what_the_run_wrote_is_named(
    damage: Callable[[Path], Path], make_plan: MakePlan, make_setting: MakeSetting
) -> None:
    setting = make_setting(make_plan({"a": {"script": f"echo OUTPUT_long={LONG}", "declared_outputs": ["long"]}}))
    run(setting)
    folder = setting.state.run_dir(setting.run)
    path = damage(folder)
    with pytest.raises(CannotContinue) as caught:
        events_in(folder)
    (finding,) = caught.value.findings
    assert (finding.code.number, finding.place.path) == ("ORC-5200", str(path))
    assert caught.value.exit_status == 65
