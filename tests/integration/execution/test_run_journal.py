"""What a run writes into its journal, line by line, and what it does where the disk refuses it."""

from pathlib import Path
from typing import Any

import pytest

from innominatus_cli.documents.canonical import canonical_json, digest_of_bytes
from innominatus_cli.documents.run_record import Attempt, CountedApproval, StepResult
from innominatus_cli.execution.journal import Journal, read_journal
from innominatus_cli.execution.past import Earlier, Past
from innominatus_cli.execution.run_journal import RunJournal
from innominatus_cli.execution.setting import RunSetting
from innominatus_cli.execution.step_ends import BreakerTurned, StepEnd
from innominatus_cli.execution.task import Task
from innominatus_cli.findings.catalogue.execution import PROGRAM_FAILED
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.system.process_tree import boot_id
from tests.integration.execution.conftest import FLOW, MakePlan, MakeSetting

AT = "2026-11-20T20:00:00.000Z"
STEP = f"{FLOW}/a"
ATTEMPT = Attempt(number=1, started_at=AT, ending="exited", exit_code=3, duration_ms=5)
LONG = "x" * 5_000


class Told:
    """A journal of a run, and what stands in it."""

    def __init__(self, setting: RunSetting) -> None:
        self.setting = setting
        self.path = setting.state.ensure(setting.state.run_dir(setting.run)) / "journal.jsonl"
        self.raw = Journal.create(self.path, setting.clock)
        self.journal = RunJournal(self.raw, setting)

    def lines(self) -> list[dict[str, Any]]:
        """All lines so far, without what the journal itself says."""
        self.journal.flush()
        own = {"seq", "t", "wall_ms", "mono_ms", "prev", "h"}
        return [{key: value for key, value in line.items() if key not in own} for line in read_journal(self.path).lines]

    def kept(self, name: str) -> bytes:
        return (self.path.parent / "results" / f"{name}.json").read_bytes()

    def refuse(self) -> None:
        """From now on nothing can be kept beside the journal."""
        folder = self.path.parent / "results"
        if folder.is_dir():
            folder.rename(folder.with_name("before"))
        folder.write_text("in the way")


@pytest.fixture
def told(make_plan: MakePlan, make_setting: MakeSetting) -> Told:
    return Told(make_setting(make_plan({"a": {"script": "true"}, "b": {"script": "true"}})))


def result_of(status: str = "succeeded", **more: Any) -> StepResult:
    return StepResult.model_validate({"step": STEP, "status": status, "duration_ms": 7, **more})


def test_the_first_line_says_what_runs_where(told: Told) -> None:
    plan = told.setting.plan
    facts = {
        "type": "run_start", "run": told.setting.run, "plan": plan.digest, "application": "shop",
        "environment": "development", "steps": 2, "boot_id": boot_id(),
    }  # fmt: skip
    told.journal.run_starts(None)
    told.journal.run_starts(1.2345, Past("01JD"))
    assert told.lines() == [facts, {**facts, "deadline_ms": 1234, "past": "01JD"}]


def test_what_an_earlier_run_says_is_on_disk_with_its_files_before_anything_begins(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits: list[int] = []
    monkeypatch.setattr(told.journal, "commit", lambda: commits.append(len(told.lines())))
    reused, long = result_of(), result_of(outputs={"x": LONG})
    past = Past(
        "01JD",
        {
            STEP: Earlier("reuse", "it succeeded", reused, {"m/a.yaml": b"kind: A\n"}),
            f"{FLOW}/b": Earlier("reuse", "it succeeded", long),
        },
        {f"{FLOW}/c": []},
    )
    told.journal.carries(past)
    first, second, loop, last = told.lines()
    assert first == {"type": "carried", "step": STEP, "result": reused.as_json()}
    data = canonical_json(long.as_json())
    assert second == {"type": "carried", "step": f"{FLOW}/b", "result": digest_of_bytes(data)}
    assert told.kept("carried-2") == data
    assert (loop["step"], loop["result"]["reused_from"], loop["result"]["status"]) == (f"{FLOW}/c", "01JD", "succeeded")
    assert last == {"type": "carried", "count": 3}
    assert commits == [4]
    digest = digest_of_bytes(b"kind: A\n").removeprefix("sha256:")
    assert told.setting.state.artifact_path(told.setting.run, digest).read_bytes() == b"kind: A\n"


def test_what_happens_to_a_step_is_one_line_each(told: Told) -> None:
    journal, step = told.journal, told.setting.plan.steps[0]
    task = Task(step, 4, None, None)  # type: ignore[arg-type]
    task.attempt = 2
    journal.goes_on(4, Earlier("again", "it failed", result_of("failed"), attempts=(ATTEMPT,), spreads=False))
    journal.intended([[4, 2]])
    journal.attempt_starts(task)
    journal.process_started(4, 77)
    journal.pauses(4, 1.5, ATTEMPT)
    journal.breaker_turned(4, BreakerTurned("e" * 400, "open", 3))
    journal.held(STEP, 4, "r" * 400)
    approval = CountedApproval(gate=STEP, record="sha256:a", email="eve@example.org", team="ops", evidence="ssh")
    journal.approved(approval)
    lines = told.lines()
    assert lines[3].pop("start_ticks") > 0
    assert lines == [
        {"type": "goes_on", "index": 4, "attempts": [ATTEMPT.as_json()], "spreads": False},
        {"type": "intents", "attempts": [[4, 2]]},
        {"type": "step_start", "step": STEP, "index": 4, "attempt": 2, "idempotency": "once"},
        {"type": "process", "index": 4, "pid": 77},
        {"type": "retry_wait", "index": 4, "wait_ms": 1500, "attempt": ATTEMPT.as_json()},
        {"type": "breaker", "index": 4, "endpoint": "e" * 300, "state": "open", "failures": 3},
        {"type": "held", "step": STEP, "index": 4, "reason": "r" * 300},
        {"type": "approved", "approval": approval.as_json()},
    ]


def test_an_end_stands_in_its_line_or_beside_it_and_its_files_are_there_first(told: Told) -> None:
    short, long = result_of(), result_of(outputs={"x": LONG})
    told.journal.step_ended(0, StepEnd(short, artifacts={"m/a.yaml": b"kind: A\n"}))
    told.journal.step_ended(1, StepEnd(long))
    data = canonical_json(long.as_json())
    assert told.lines() == [
        {"type": "step_end", "step": STEP, "index": 0, "status": "succeeded", "result": short.as_json()},
        {"type": "step_end", "step": STEP, "index": 1, "status": "succeeded", "result": digest_of_bytes(data)},
    ]
    assert told.kept("1") == data
    digest = digest_of_bytes(b"kind: A\n").removeprefix("sha256:")
    assert told.setting.state.artifact_path(told.setting.run, digest).read_bytes() == b"kind: A\n"


def test_an_end_that_cannot_be_kept_is_told_and_the_line_says_the_rest(told: Told) -> None:
    told.refuse()
    long = result_of("failed", outputs={"x": LONG}, reason="r" * 400, started_at=AT)
    with pytest.raises(CannotContinue):
        told.journal.step_ended(1, StepEnd(long))
    (line,) = told.lines()
    assert (line["type"], line["index"], line["status"]) == ("step_end", 1, "failed")
    assert line["result"] == {
        "schema": long.as_json()["schema"], "step": STEP, "status": "failed", "started_at": AT, "duration_ms": 7,
        "reason": "r" * 300, "continued": False,
    }  # fmt: skip


def test_findings_are_numbered_where_they_do_not_fit_into_a_line(told: Told) -> None:
    for text in ("short", LONG, LONG + "y"):
        told.journal.found(Finding(PROGRAM_FAILED, text, Place("flow.yaml", 3)))
    first, second, third = told.lines()
    assert (first["type"], first["finding"]["message"]) == ("finding", "short")
    assert second["finding"] == digest_of_bytes(told.kept("finding-2"))
    assert third["finding"] == digest_of_bytes(told.kept("finding-3"))


@pytest.mark.parametrize(("signal", "outputs"), [(None, {}), (15, {"url": "https://x"})])
def test_the_last_line_says_how_it_ended(told: Told, signal: int | None, outputs: dict[str, Any]) -> None:
    told.journal.run_ends("failed", 2, AT, 99, signal, outputs)
    facts = {"type": "run_end", "status": "failed", "failures": 2, "finished_at": AT, "duration_ms": 99}
    more = {} if signal is None else {"signal": 15, "outputs": outputs}
    assert told.lines() == [{**facts, **more}]


def test_an_end_whose_outputs_cannot_be_kept_is_an_end_all_the_same(told: Told) -> None:
    told.refuse()
    with pytest.raises(CannotContinue):
        told.journal.run_ends("succeeded", 0, AT, 99, None, {"x": LONG})
    (line,) = told.lines()
    assert (line["type"], line["status"], "outputs" in line) == ("run_end", "succeeded", False)


def test_nothing_is_kept_beside_a_journal_that_is_lost(told: Told) -> None:
    told.raw.problem = "the disk is full"
    told.journal.step_ended(0, StepEnd(result_of(outputs={"x": LONG}), artifacts={"a": b"a"}))
    told.journal.found(Finding(PROGRAM_FAILED, LONG, Place("flow.yaml")))
    told.journal.run_ends("failed", 0, AT, 1, None, {"x": LONG})
    assert told.journal.problem == "the disk is full"
    assert not list(Path(told.path.parent).rglob("*.json"))
