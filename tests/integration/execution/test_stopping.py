"""How a run is stopped: by signals, by somebody who asks for it, by its own time; and what cleans up then."""

import os
import signal
import threading
import time
from collections.abc import Callable

import pytest

from innominatus_cli.documents.plan import Plan, PlannedRetry
from innominatus_cli.execution import journal as journal_module
from innominatus_cli.execution.engine import ExecutionOptions, ExecutionResult, execute_plan
from innominatus_cli.execution.journal import read_journal
from innominatus_cli.execution.setting import RunSetting
from innominatus_cli.execution.stopping import StopAsked, Way
from innominatus_cli.findings.catalogue.locks import LOCK_LOST, RUN_CANCELLED
from innominatus_cli.findings.finding import Finding, Place
from innominatus_cli.system.child import StopLadder

MakePlan = Callable[..., Plan]
MakeSetting = Callable[..., RunSetting]
QUICK = ExecutionOptions(ladder=StopLadder(0.5, 0.5))
PATIENT = ExecutionOptions(ladder=StopLadder(60, 60))
CANCELLED = Finding(RUN_CANCELLED, "ada@example.org cancelled it", Place("run"))
HANGS = "trap '' INT TERM; echo $$ > pid; while :; do sleep 0.1; done"


def statuses(result: ExecutionResult) -> dict[str, str]:
    return {step.step.rpartition("/")[2]: step.status for step in result.steps}


def retry(attempts: int, seconds: int) -> PlannedRetry:
    return PlannedRetry(
        attempts=attempts, delay_seconds=seconds, backoff="constant", max_delay_seconds=seconds, jitter="none"
    )


def send(setting: RunSetting, *files: str, number: signal.Signals = signal.SIGINT) -> None:
    """Sends a signal whenever the next of these files has been written."""

    def sends() -> None:
        for name in files:
            path = setting.work_dir / name
            for _ in range(2000):
                if path.exists() and path.read_text().strip():
                    break
                time.sleep(0.005)
            os.kill(os.getpid(), number)
            time.sleep(0.3)

    threading.Thread(target=sends, daemon=True).start()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("portable", [False, True])
def test_a_signal_interrupts_what_runs_and_then_what_has_begun_is_cleaned_up(
    make_plan: MakePlan, make_setting: MakeSetting, number: signal.Signals, portable: bool
) -> None:
    plan = make_plan(
        {
            "a": {"script": "echo $$ > pid; sleep 60"},
            "b": {"needs": ["a"], "script": "true"},
            "retrying": {"script": "false", "retry": retry(3, 50)},
            "c": {"needs": ["b", "retrying"], "script": "touch cleaned", "cleanup": True},
        }
    )
    setting = make_setting(plan)
    send(setting, "pid", number=number)
    options = ExecutionOptions(ladder=QUICK.ladder, pidfd=not portable, subreaper=not portable)
    result = execute_plan(setting, options)
    assert (result.status, result.signal) == ("interrupted", number)
    assert [finding.code.number for finding in result.findings] == ["ORC-5005"]
    assert statuses(result) == {"a": "interrupted", "b": "skipped", "retrying": "interrupted", "c": "succeeded"}
    assert (setting.work_dir / "cleaned").exists()
    assert read_journal(setting.state.journal_path(setting.run)).lines[-1]["status"] == "interrupted"
    pid = int((setting.work_dir / "pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_second_and_third_signal_are_harder(make_plan: MakePlan, make_setting: MakeSetting) -> None:
    setting = make_setting(make_plan({"a": {"script": HANGS}}))
    send(setting, "pid", "pid", "pid")
    started = time.monotonic()
    result = execute_plan(setting, PATIENT)
    assert result.status == "interrupted"
    assert result.steps[0].attempts[0].signal == signal.SIGKILL
    assert time.monotonic() - started < 30


def test_a_second_signal_ends_what_cleans_up_at_once_and_no_more_of_it_starts(
    make_plan: MakePlan, make_setting: MakeSetting
) -> None:
    plan = make_plan(
        {
            "a": {"script": "echo $$ > pid; sleep 60"},
            "c": {"needs": ["a"], "script": "trap '' INT TERM; echo 1 > cleans; sleep 60", "cleanup": True},
            "d": {"needs": ["c"], "script": "touch cleaned", "cleanup": True},
        }
    )
    setting = make_setting(plan)
    send(setting, "pid", "cleans")
    started = time.monotonic()
    result = execute_plan(setting, PATIENT)
    assert statuses(result) == {"a": "interrupted", "c": "interrupted", "d": "skipped"}
    assert result.steps[1].attempts[0].signal == signal.SIGKILL
    assert time.monotonic() - started < 30


def test_what_cleans_up_already_goes_on_when_a_signal_comes(make_plan: MakePlan, make_setting: MakeSetting) -> None:
    plan = make_plan(
        {
            "a": {"script": "false"},
            "c": {"needs": ["a"], "script": "echo 1 > cleans; sleep 1; touch cleaned", "cleanup": True},
        }
    )
    setting = make_setting(plan)
    send(setting, "cleans")
    result = execute_plan(setting, QUICK)
    assert (result.status, statuses(result)) == ("interrupted", {"a": "failed", "c": "succeeded"})
    assert (setting.work_dir / "cleaned").exists()


def test_who_asks_for_that_lets_steps_end_with_all_their_attempts(
    make_plan: MakePlan, make_setting: MakeSetting
) -> None:
    plan = make_plan(
        {
            "a": {"script": "echo 1 > pid; sleep 1; test -e second || { touch second; false; }", "retry": retry(2, 1)},
            "b": {"needs": ["a"], "script": "true"},
            "c": {"needs": ["b"], "script": "touch cleaned", "cleanup": True},
        }
    )
    setting = make_setting(plan, asked_to_end=lambda: StopAsked(CANCELLED, Way.FINISH))
    send(setting, "pid")
    result = execute_plan(setting, QUICK)
    assert (result.status, [finding.code for finding in result.findings]) == ("interrupted", [RUN_CANCELLED])
    assert statuses(result) == {"a": "succeeded", "b": "skipped", "c": "succeeded"}
    assert len(result.steps[0].attempts) == 2


def test_a_signal_behind_that_interrupts(make_plan: MakePlan, make_setting: MakeSetting) -> None:
    plan = make_plan(
        {
            "a": {"script": "echo 1 > pid; sleep 60"},
            "c": {"needs": ["a"], "script": "touch cleaned", "cleanup": True},
        }
    )
    setting = make_setting(plan, asked_to_end=lambda: StopAsked(CANCELLED, Way.FINISH))
    send(setting, "pid", "pid")
    result = execute_plan(setting, QUICK)
    assert statuses(result) == {"a": "interrupted", "c": "succeeded"}


def test_who_asks_for_that_has_everything_killed_at_once(make_plan: MakePlan, make_setting: MakeSetting) -> None:
    plan = make_plan({"a": {"script": HANGS}, "c": {"needs": ["a"], "script": "touch cleaned", "cleanup": True}})
    setting = make_setting(plan, asked_to_end=lambda: StopAsked(CANCELLED, Way.KILL))
    send(setting, "pid")
    started = time.monotonic()
    result = execute_plan(setting, PATIENT)
    assert statuses(result) == {"a": "interrupted", "c": "skipped"}
    assert time.monotonic() - started < 30


def test_nothing_cleans_up_where_another_run_may_work(make_plan: MakePlan, make_setting: MakeSetting) -> None:
    lost = StopAsked(Finding(LOCK_LOST, "it was taken away", Place("run")), cleans_up=False)
    plan = make_plan(
        {"a": {"script": "echo 1 > pid; sleep 60"}, "c": {"needs": ["a"], "script": "true", "cleanup": True}}
    )
    setting = make_setting(plan, asked_to_end=lambda: lost)
    send(setting, "pid")
    result = execute_plan(setting, QUICK)
    assert statuses(result) == {"a": "interrupted", "c": "skipped"}


def test_nothing_cleans_up_that_the_journal_would_not_know_of(
    make_plan: MakePlan, make_setting: MakeSetting, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = make_plan(
        {
            "a": {"script": "echo 1 > pid; sleep 60"},
            "c": {"needs": ["a"], "script": "touch cleaned", "cleanup": True},
        }
    )
    setting = make_setting(plan)
    real = journal_module._sync_data

    def fails_later(descriptor: int) -> None:
        if (setting.work_dir / "pid").exists():
            raise OSError(5, "Input/output error")
        real(descriptor)

    monkeypatch.setattr(journal_module, "_sync_data", fails_later)
    send(setting, "pid")
    result = execute_plan(setting, QUICK)
    assert statuses(result)["c"] != "succeeded"
    assert not (setting.work_dir / "cleaned").exists()


def test_a_tenth_of_the_time_of_a_run_is_kept_to_clean_up(make_plan: MakePlan, make_setting: MakeSetting) -> None:
    plan = make_plan(
        {
            "a": {"script": "sleep 60"},
            "b": {"needs": ["a"], "script": "true"},
            "c": {"needs": ["b"], "script": "touch cleaned", "cleanup": True},
        }
    )
    setting = make_setting(plan)
    result = execute_plan(setting, ExecutionOptions(ladder=QUICK.ladder, deadline_seconds=5))
    assert (result.status, statuses(result)) == ("timed_out", {"a": "timed_out", "b": "skipped", "c": "succeeded"})
    (finding,) = result.findings
    assert finding.message == "it took longer than 4.5s; the rest of 5s cleans up"
    assert (setting.work_dir / "cleaned").exists()


def test_what_cleans_up_has_no_more_than_that(make_plan: MakePlan, make_setting: MakeSetting) -> None:
    plan = make_plan(
        {
            "a": {"script": "sleep 60"},
            "c": {"needs": ["a"], "script": "sleep 60", "cleanup": True},
            "d": {"needs": ["c"], "script": "touch cleaned", "cleanup": True},
        }
    )
    started = time.monotonic()
    setting = make_setting(plan)
    result = execute_plan(setting, ExecutionOptions(ladder=QUICK.ladder, deadline_seconds=3))
    assert (result.status, statuses(result)) == ("timed_out", {"a": "timed_out", "c": "timed_out", "d": "skipped"})
    assert len(result.findings) == 1
    assert time.monotonic() - started < 20


def test_a_run_without_clean_up_has_all_of_its_time(make_plan: MakePlan, make_setting: MakeSetting) -> None:
    result = execute_plan(
        make_setting(make_plan({"a": {"script": "sleep 60"}})),
        ExecutionOptions(ladder=QUICK.ladder, deadline_seconds=1),
    )
    assert [finding.message for finding in result.findings] == ["it took longer than 1s"]
