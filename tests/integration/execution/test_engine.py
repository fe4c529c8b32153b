"""Whole runs with real processes: order, outputs, retries, deadlines, logs, journals, signals."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from innominatus_cli.documents.plan import Gate, Plan, PlannedRetry, PlannedStep
from innominatus_cli.documents.run_record import CountedApproval, StepResult
from innominatus_cli.documents.vocabulary import When
from innominatus_cli.drivers.contract import DriverSteps, StepContext
from innominatus_cli.drivers.registry import driver_for
from innominatus_cli.execution import journal as journal_module
from innominatus_cli.execution.engine import ExecutionOptions, ExecutionResult, execute_plan
from innominatus_cli.execution.gates import NobodyApproves
from innominatus_cli.execution.journal import read_journal
from innominatus_cli.execution.setting import RunSetting
from innominatus_cli.findings.catalogue.execution import INPUT_CHANGED
from innominatus_cli.findings.finding import Finding, Place
from innominatus_cli.system.child import StopLadder

MakePlan = Callable[..., Plan]
MakeSetting = Callable[..., RunSetting]
QUICK = ExecutionOptions(ladder=StopLadder(0.5, 0.5))


def results(result: ExecutionResult) -> dict[str, StepResult]:
    return {step.step.rpartition("/")[2]: step for step in result.steps}


def statuses(result: ExecutionResult) -> dict[str, str]:
    return {name: step.status for name, step in results(result).items()}


def events(setting: RunSetting) -> list[dict[str, Any]]:
    return list(read_journal(setting.state.journal_path(setting.run)).lines)


def retry(attempts: int = 3, **more: Any) -> PlannedRetry:
    fields: dict[str, Any] = {"delay_seconds": 0, "backoff": "constant", "max_delay_seconds": 1, "jitter": "none"}
    return PlannedRetry(attempts=attempts, **{**fields, **more})


def test_outputs_flow_from_step_to_step_with_their_types(make_plan: MakePlan, make_setting: MakeSetting) -> None:
    plan = make_plan(
        {
            "make": {
                "script": 'echo noise; echo \'{"port": 5432, "tags": ["a"]}\'; echo OUTPUT_host=db; '
                'echo "::set-output name=user::me"; echo "from=file" >> "$INNOMINATUS_OUTPUT"',
                "declared_outputs": ["port", "tags", "host", "user", "from"],
                "set_variables": {"url": {"$template": ["pg://", {"$ref": "steps.make.outputs.host"}]}},
            },
            "use": {
                "needs": ["make"],
                "script": 'echo "$PORT $URL" > seen',
                "env": {
                    "PORT": {"$ref": "steps.make.outputs.port"},
                    "URL": {"$template": [{"$ref": "variables.url"}, "/shop"]},
                },
            },
        },
        outputs={"port": {"$ref": "steps.make.outputs.port"}},
    )
    setting = make_setting(plan)
    result = execute_plan(setting, QUICK)
    assert result.status == "succeeded", results(result)
    assert results(result)["make"].outputs == {
        "port": 5432, "tags": ["a"], "host": "db", "user": "me", "from": "file"
    }  # fmt: skip
    assert results(result)["make"].variables == {"url": "pg://db"}
    assert (setting.work_dir / "seen").read_text() == "5432 pg://db/shop\n"
    assert result.outputs == {"flow": {"port": 5432}}


def test_what_is_secret_is_used_and_not_recorded(make_plan: MakePlan, make_setting: MakeSetting) -> None:
    plan = make_plan(
        {
            "make": {
                "script": 'echo "OUTPUT_token=$KEY-t0ken"',
                "env": {"KEY": {"$ref": "secrets.key"}},
                "declared_outputs": ["token"],
                "secret_outputs": ["token"],
                "set_variables": {"copy": {"$ref": "steps.make.outputs.token"}},
            },
            "use": {"needs": ["make"], "script": 'test "$T" = s3cret-t0ken', "env": {"T": {"$ref": "variables.copy"}}},
        },
        outputs={"leak": {"$ref": "steps.make.outputs.token"}, "too": {"$ref": "variables.copy"}},
    )
    setting = make_setting(plan, secrets={"key": "s3cret"}.get)
    result = execute_plan(setting, QUICK)
    assert result.status == "succeeded", results(result)
    made = results(result)["make"]
    assert (made.outputs, made.withheld_outputs, made.variables) == ({}, ["token"], {})
    assert result.outputs == {"flow": {}}
    run = setting.state.run_dir(setting.run)
    for path in run.rglob("*"):
        if path.is_file() and path.parent.name != "logs":
            assert b"t0ken" not in path.read_bytes(), path


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"script": "exit 3"}, "ORC-5103"),
        ({"script": "true", "declared_outputs": ["url"]}, "ORC-5008"),
        ({"script": "true", "env": {"A": {"$ref": "steps.gone.outputs.x"}}}, "ORC-5006"),
        ({"script": "true", "env": {"A": {"$ref": "secrets.none"}}}, "ORC-5006"),
        ({"script": "echo '{' > out.json", "output_file": "out.json"}, "ORC-5009"),
        ({"script": "true", "output_file": "never-written"}, "ORC-5009"),
        ({"script": "true", "conditions": {"if_tree": {"ref": "steps.gone.outputs.x", "at": 0}}}, "ORC-5007"),
        ({"type": "no-such-type"}, "ORC-5013"),
        ({"inputs": {"command": ["no-such-program"]}}, "ORC-5102"),
        ({"inputs": {"command": {"$ref": "run.id"}, "workingDir": "../.."}}, "ORC-5104"),
        ({"type": "kubernetes", "inputs": {"operation": {"$ref": "run.id"}}}, "ORC-5014"),
    ],
)
def test_what_goes_wrong_is_a_finding_at_the_step(
    make_plan: MakePlan, make_setting: MakeSetting, fields: dict[str, Any], code: str
) -> None:
    result = execute_plan(make_setting(make_plan({"a": fields, "b": {"needs": ["a"], "script": "true"}})), QUICK)
    failed = results(result)["a"]
    assert failed.finding is not None
    assert (result.status, failed.status, failed.finding.code) == ("failed", "failed", code)
    assert (failed.finding.path, failed.finding.line) == ("flow.yaml", 3)
    assert results(result)["b"].reason == "step 'a' failed"


def test_a_closed_gate_lets_the_rest_finish_and_then_the_run_waits(
    make_plan: MakePlan, make_setting: MakeSetting
) -> None:
    gate = Gate(teams=["sre"], count=1)
    steps = {
        "held": {"script": "touch held", "gate": gate},
        "behind": {"needs": ["held"], "script": "touch behind"},
        "free": {"script": "touch free"},
        "later": {"needs": ["free"], "script": "touch later"},
    }
    setting = make_setting(make_plan(steps))
    result = execute_plan(setting, QUICK)
    assert (result.status, result.failures) == ("waiting", ())
    assert statuses(result) == {"held": "planned", "behind": "planned", "free": "succeeded", "later": "succeeded"}
    assert results(result)["behind"].reason == "step 'held' waits for an approval"
    assert sorted(path.name for path in setting.work_dir.iterdir() if path.name in steps) == ["free", "later"]
    assert [finding.code.number for finding in result.findings] == ["ORC-5012"]
    told = {line["type"] for line in events(setting) if line.get("index") == 0}
    assert told == {"held", "step_end"}
    intended = [number for line in events(setting) if line["type"] == "intents" for number, _ in line["attempts"]]
    assert sorted(intended) == [2, 3]


APPROVAL = CountedApproval(gate="x", record="sha256:0", email="anna@x.example", team="sre", evidence="ssh")


class Approved(NobodyApproves):
    """One approval opens every gate."""

    def closed(self, step: PlannedStep) -> str:
        del step
        return ""

    def counted(self) -> list[CountedApproval]:
        return [APPROVAL]


def test_an_open_gate_lets_its_step_start(make_plan: MakePlan, make_setting: MakeSetting) -> None:
    plan = make_plan({"a": {"script": "true", "gate": Gate(teams=["sre"], count=1)}})
    setting = make_setting(plan, gates=Approved())
    result = execute_plan(setting, QUICK)
    assert (result.status, result.approvals) == ("succeeded", (APPROVAL,))
    assert [line["approval"] for line in events(setting) if line["type"] == "approved"] == [APPROVAL.as_json()]


def test_an_attempt_that_fails_is_repeated_and_each_is_told(make_plan: MakePlan, make_setting: MakeSetting) -> None:
    plan = make_plan({"a": {"script": "echo x >> tries; test $(wc -l < tries) -ge 3", "retry": retry()}})
    setting = make_setting(plan)
    result = execute_plan(setting, QUICK)
    assert [(attempt.number, attempt.exit_code) for attempt in results(result)["a"].attempts] == [
        (1, 1),
        (2, 1),
        (3, 0),
    ]
    assert [line["attempt"] for line in events(setting) if line["type"] == "step_start"] == [1, 2, 3]
    assert result.status == "succeeded"


@pytest.mark.parametrize(
    ("on", "attempts"),
    [([], 2), ([7], 2), ([8], 1), (["busy"], 2), (["never said"], 1), (["timeout"], 1)],
)
def test_only_what_retry_names_is_repeated(
    make_plan: MakePlan, make_setting: MakeSetting, on: list[int | str], attempts: int
) -> None:
    plan = make_plan({"a": {"script": "echo the disk is busy >&2; exit 7", "retry": retry(2, on=on)}})
    assert len(results(execute_plan(make_setting(plan), QUICK))["a"].attempts) == attempts


def test_outputs_and_what_retry_looks_for_are_found_at_the_end_of_much_text(
    make_plan: MakePlan, make_setting: MakeSetting
) -> None:
    noise = "head -c 1500000 /dev/zero | tr '\\0' z | fold -w 99; echo"
    cut = "head -c 1048560 /dev/zero | tr '\\0' '\\n'"
    plan = make_plan(
        {
            "late": {"script": f"{noise}; echo OUTPUT_x=1", "declared_outputs": ["x"]},
            "cut": {"script": f"{cut}; echo OUTPUT_url=https://shop.example", "declared_outputs": ["url"]},
            "lost": {"script": f"{noise}; echo OUTPUT_x=1; {noise}", "declared_outputs": ["x"]},
            "again": {"script": f"{noise}; echo busy; exit 1", "retry": retry(2, on=["busy"])},
        }
    )
    found = results(execute_plan(make_setting(plan), QUICK))
    assert (found["late"].outputs, found["cut"].outputs) == ({"x": "1"}, {"url": "https://shop.example"})
    assert len(found["again"].attempts) == 2
    assert found["lost"].reason.endswith(
        "it gave no output 'x'; of 3,030,315 bytes that it printed, only those at the begin (1 MiB) and at the end "
        "(64 KiB) are read"
    )


def test_a_step_that_takes_too_long_is_stopped_and_may_be_tried_again(
    make_plan: MakePlan, make_setting: MakeSetting
) -> None:
    script = "if mkdir once; then sleep 60; fi"
    plan = make_plan(
        {
            "slow": {"script": "sleep 60", "timeout_seconds": 1},
            "again": {"script": script, "timeout_seconds": 1, "retry": retry(2, on=["timeout"])},
        }
    )
    result = execute_plan(make_setting(plan), QUICK)
    assert statuses(result) == {"slow": "timed_out", "again": "succeeded"}
    assert [attempt.ending for attempt in results(result)["again"].attempts] == ["timed_out", "exited"]
    finding = results(result)["slow"].finding
    assert finding is not None
    assert finding.code == "ORC-5002"


def test_a_failure_is_let_pass_where_the_step_says_so(make_plan: MakePlan, make_setting: MakeSetting) -> None:
    plan = make_plan({"a": {"script": "false", "continue_on_error": True}, "b": {"needs": ["a"], "script": "true"}})
    result = execute_plan(make_setting(plan), QUICK)
    assert (result.status, result.failures) == ("succeeded", ())
    assert results(result)["a"].continued
    assert statuses(result) == {"a": "failed", "b": "succeeded"}


def test_conditions_see_what_happened(make_plan: MakePlan, make_setting: MakeSetting) -> None:
    tree = {"status": "a", "is": "failed", "at": 0}
    asked = {"if_tree": tree, "if_text": "a.failed", "when": When.ALWAYS}
    denied = {"unless_tree": tree, "unless_text": "a.failed", "when": When.ALWAYS}
    plan = make_plan(
        {
            "a": {"script": "false"},
            "b": {"needs": ["a"], "script": "true", "conditions": asked},
            "c": {"needs": ["a"], "script": "true", "conditions": denied},
        }
    )
    result = execute_plan(make_setting(plan), QUICK)
    assert statuses(result) == {"a": "failed", "b": "succeeded", "c": "skipped"}
    assert results(result)["c"].reason == "'unless: a.failed' holds"


def test_a_workflow_has_a_deadline_that_leaves_time_for_finally(make_plan: MakePlan, make_setting: MakeSetting) -> None:
    plan = make_plan(
        {
            "slow": {"script": "sleep 60"},
            "next": {"needs": ["slow"], "script": "true"},
            "clean": {"needs": ["next"], "script": "echo cleaned > cleaned", "cleanup": True},
        },
        timeout_seconds=2,
    )
    setting = make_setting(plan)
    result = execute_plan(setting, QUICK)
    assert statuses(result) == {"slow": "timed_out", "next": "skipped", "clean": "succeeded"}
    finding = results(result)["slow"].finding
    assert finding is not None
    assert finding.code == "ORC-5003"
    assert result.status == "failed"
    assert (setting.work_dir / "cleaned").exists()


def test_a_run_has_a_deadline(make_plan: MakePlan, make_setting: MakeSetting) -> None:
    plan = make_plan({"a": {"script": "sleep 60"}, "b": {"needs": ["a"], "script": "true"}})
    result = execute_plan(make_setting(plan), ExecutionOptions(deadline_seconds=0.5, ladder=QUICK.ladder))
    assert (result.status, statuses(result)) == ("timed_out", {"a": "timed_out", "b": "skipped"})
    assert result.findings[0].code.number == "ORC-5004"


def test_a_file_that_changed_since_the_plan_stops_its_step(make_plan: MakePlan, make_setting: MakeSetting) -> None:
    asked: list[str] = []

    def compare(step: PlannedStep) -> Finding | None:
        asked.append(step.name)
        return Finding(INPUT_CHANGED, "it changed", Place("x.sql"))

    plan = make_plan({"a": {"script": "touch ran", "input_files": ["x.sql"]}, "b": {"script": "true"}})
    setting = make_setting(plan, compare_inputs=compare)
    assert statuses(execute_plan(setting, QUICK)) == {"a": "failed", "b": "succeeded"}
    assert asked == ["a"]
    assert not (setting.work_dir / "ran").exists()


def test_everything_that_steps_print_is_logged_and_none_of_it_recorded(
    make_plan: MakePlan, make_setting: MakeSetting
) -> None:
    plan = make_plan({"quiet": {"script": "true"}, "loud": {"script": "echo out; echo err >&2"}})
    setting = make_setting(plan)
    result = execute_plan(setting, QUICK)
    assert setting.state.log_path(setting.run, 1, "stdout").read_bytes() == b"out\n"
    assert setting.state.log_path(setting.run, 1, "stderr").read_bytes() == b"err\n"
    assert not setting.state.log_path(setting.run, 0, "stdout").exists()
    digest = results(result)["loud"].stdout
    assert digest is not None
    assert digest.bytes == 4
    for path in setting.state.run_dir(setting.run).rglob("*"):
        assert path.stat().st_mode & 0o077 == 0
    assert not setting.state.scratch_dir(setting.run).exists()


def test_a_step_gets_an_environment_of_its_own(make_plan: MakePlan, make_setting: MakeSetting, tmp_path: Path) -> None:
    plan = make_plan({"a": {"script": "env -0 > env", "env": {"MINE": "1"}}})
    outside = {
        "PATH": f"{tmp_path}/work/bin:relative:{os.environ['PATH']}",
        "HOME": "/home/me", "LD_PRELOAD": "x", "PYTHONPATH": "x", "GIT_DIR": "x", "AWS_KEY": "x", "OK": "1",
    }  # fmt: skip
    setting = make_setting(plan, outside=outside, allowed_env=("OK",))
    assert execute_plan(setting, QUICK).status == "succeeded"
    env = dict(line.split("=", 1) for line in (setting.work_dir / "env").read_text().split("\0") if line)
    for name in ("PWD", "SHLVL", "_", "OLDPWD"):
        env.pop(name, None)
    assert env.pop("INNOMINATUS_OUTPUT").startswith(str(setting.state.scratch_dir(setting.run)))
    assert env == {
        "PATH": os.environ["PATH"], "HOME": "/home/me", "OK": "1", "MINE": "1",
        "INNOMINATUS_RUN": setting.run, "INNOMINATUS_STEP": "deployment/application/-/flow/a",
        "INNOMINATUS_APPLICATION": "shop", "INNOMINATUS_ENVIRONMENT": "development",
        "INNOMINATUS_STATE_DIR": str(setting.tool_state_dir),
    }  # fmt: skip


def test_intent_is_in_the_journal_before_a_step_runs_and_its_end_before_the_next(
    make_plan: MakePlan, make_setting: MakeSetting
) -> None:
    setting = make_setting(make_plan({}))
    path = setting.state.journal_path(setting.run)
    script = f"cp '{path}' \"$INNOMINATUS_STEP_NAME\""
    plan = make_plan(
        {
            "a": {"script": script, "env": {"INNOMINATUS_STEP_NAME": "at-a"}},
            "b": {"needs": ["a"], "script": script, "env": {"INNOMINATUS_STEP_NAME": "at-b"}},
        }
    )
    execute_plan(make_setting(plan, run=setting.run), QUICK)
    at_a = [(line["type"], line.get("index")) for line in read_journal(setting.work_dir / "at-a").lines]
    assert at_a[:3] == [("run_start", None), ("intents", None), ("step_start", 0)]
    at_b = [(line["type"], line.get("index")) for line in read_journal(setting.work_dir / "at-b").lines]
    ended = at_b.index(("step_end", 0))
    assert [event for event, _ in at_b[ended:]][:3] == ["step_end", "intents", "step_start"]
    assert [line["type"] for line in events(setting)][-1] == "run_end"


def test_intents_of_many_steps_are_put_on_disk_together(
    make_plan: MakePlan, make_setting: MakeSetting, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(journal_module, "_sync_data", synced.append)
    setting = make_setting(make_plan({f"s{number}": {"inputs": {"command": ["true"]}} for number in range(40)}))
    execute_plan(setting, ExecutionOptions(max_parallel=2))
    lines = events(setting)
    intended: set[int] = set()
    for line in lines:
        if line["type"] == "intents":
            intended.update(index for index, _ in line["attempts"])
        elif line["type"] == "step_start":
            assert line["index"] in intended
    assert [line["index"] for line in lines if line["type"] == "step_start"] == list(range(40))
    assert len([line for line in lines if line["type"] == "intents"]) < 10


def test_a_disk_that_refuses_the_journal_starts_nothing_more(
    make_plan: MakePlan, make_setting: MakeSetting, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []

    def fails_later(fd: int) -> None:
        synced.append(fd)
        if len(synced) > 1:
            raise OSError(5, os.strerror(5))

    monkeypatch.setattr(journal_module, "_sync_data", fails_later)
    plan = make_plan({"a": {"script": "touch a"}, "b": {"needs": ["a"], "script": "touch b"}})
    setting = make_setting(plan)
    result = execute_plan(setting, QUICK)
    assert statuses(result) == {"a": "succeeded", "b": "interrupted"}
    assert result.status == "failed"
    assert [finding.code.number for finding in result.findings] == ["ORC-5011"]
    assert not (setting.work_dir / "b").exists()


def test_a_log_that_cannot_be_written_is_a_warning_and_disturbs_no_step(
    make_plan: MakePlan, make_setting: MakeSetting
) -> None:
    setting = make_setting(make_plan({"a": {"script": "echo out"}}))
    setting.state.log_path(setting.run, 0, "stdout").mkdir(parents=True)
    result = execute_plan(setting, QUICK)
    assert result.status == "succeeded"
    assert [finding.code.number for finding in result.findings] == ["ORC-5020"]
    digest = results(result)["a"].stdout
    assert digest is not None
    assert digest.bytes == len("out\n")


def test_a_bug_in_a_driver_fails_its_step_and_keeps_what_it_said(
    make_plan: MakePlan, make_setting: MakeSetting
) -> None:
    def broken(_context: StepContext) -> DriverSteps:
        raise LookupError("s3cret")

    plan = make_plan({"a": {"script": "true"}, "b": {"script": "true", "type": "validation"}})
    setting = make_setting(plan, driver_for=lambda name: broken if name == "script" else driver_for(name))
    result = execute_plan(setting, QUICK)
    assert statuses(result) == {"a": "failed", "b": "succeeded"}
    finding = results(result)["a"].finding
    assert finding is not None
    assert finding.code == "ORC-5015"
    assert "LookupError" in finding.message
    assert b"s3cret" not in setting.state.journal_path(setting.run).read_bytes()


def test_a_step_that_leaves_processes_says_so(make_plan: MakePlan, make_setting: MakeSetting) -> None:
    plan = make_plan({"a": {"script": "sleep 77 >/dev/null 2>&1 & true"}})
    result = execute_plan(make_setting(plan), QUICK)
    assert result.status == "succeeded"
    assert [finding.code.number for finding in result.findings] == ["ORC-5021"]


def test_all_attempts_together_have_no_more_time_than_the_retry_says(
    make_plan: MakePlan, make_setting: MakeSetting
) -> None:
    plan = make_plan(
        {
            "fails": {
                "script": "false",
                "retry": retry(9, delay_seconds=2, max_delay_seconds=2, max_duration_seconds=3),
            },
            "hangs": {"script": "sleep 60", "retry": retry(9, max_duration_seconds=1), "timeout_seconds": 50},
            "hangs-twice": {"script": "sleep 60", "retry": retry(9, max_duration_seconds=3), "timeout_seconds": 2},
        }
    )
    found = results(execute_plan(make_setting(plan), QUICK))
    assert {name: (step.status, len(step.attempts)) for name, step in found.items()} == {
        "fails": ("failed", 2), "hangs": ("timed_out", 1), "hangs-twice": ("timed_out", 2)
    }  # fmt: skip
    assert found["hangs"].reason == "step 'hangs': its attempts took longer than 1s"
    assert found["hangs-twice"].duration_ms < 6000
