"""Steps whose type the repository brings, run with real programs."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from innominatus_cli.documents.plan import Plan
from innominatus_cli.documents.run_record import StepResult
from innominatus_cli.execution.engine import execute_plan
from innominatus_cli.execution.setting import RunSetting

MakePlan = Callable[..., Plan]
MakeSetting = Callable[..., RunSetting]

TELL = "import json, os, sys; print(json.dumps({'argv': sys.argv[1:], 'env': os.environ.get('TO')}))"


def own(command: list[str], **more: Any) -> dict[str, Any]:
    program = {"step_type": "tell@1.0.0", "path": "workflows/step-types/tell.yaml", "command": command}
    return {"type": "tell", "program": {**program, **more.pop("program", {})}, **more}


def run(plan: Plan, setting: RunSetting) -> list[StepResult]:
    assert setting.plan is plan
    return list(execute_plan(setting).steps)


def test_inputs_stay_inside_their_arguments_whatever_they_hold(make_plan: MakePlan, make_setting: MakeSetting) -> None:
    value = "two words; $(touch gone) `id` '\" \n*"
    step = own(
        [sys.executable, "-c", TELL, "--who=${inputs.who}", "${inputs.many}", "$${inputs.who}"],
        inputs={"who": value, "many": [1, True, "x"]},
        env={"TO": value},
        declared_outputs=["argv", "env"],
    )
    plan = make_plan({"tell": step})
    (result,) = run(plan, make_setting(plan))

    assert result.status == "succeeded", result.reason
    assert result.outputs == {"argv": [f"--who={value}", '[1,true,"x"]', "${inputs.who}"], "env": value}


def test_an_output_of_an_earlier_step_is_checked_before_the_program_starts(
    make_plan: MakePlan, make_setting: MakeSetting
) -> None:
    schema = {"type": "object", "properties": {"who": {"type": "string", "pattern": "^[a-z]+$"}}}
    plan = make_plan(
        {
            "make": {"script": "echo OUTPUT_good=ada; echo OUTPUT_bad=--force", "declared_outputs": ["good", "bad"]},
            **{
                name: own(
                    [sys.executable, "-c", TELL, "${inputs.who}"],
                    needs=["make"],
                    inputs={"who": {"$ref": f"steps.make.outputs.{name}"}},
                    program={"inputs_schema": schema},
                    declared_outputs=["argv"],
                )
                for name in ("good", "bad")
            },
        }
    )
    _, good, bad = run(plan, make_setting(plan))

    assert (good.status, good.outputs["argv"]) == ("succeeded", ["ada"])
    assert bad.status == "failed"
    assert bad.finding is not None
    assert bad.finding.code == "ORC-5014"
    assert "'--force', which does not match the pattern" in bad.reason
    assert bad.stdout is None


def test_outputs_are_read_from_the_file_that_the_step_type_names_and_never_from_an_old_one(
    make_plan: MakePlan, make_setting: MakeSetting, tmp_path: Path
) -> None:
    write = "import json; json.dump({'n': 7}, open('result.json', 'w')); print('OUTPUT_n=1')"
    steps = {
        "writes": own(
            [sys.executable, "-c", write], program={"reads": "file"}, output_file="result.json", declared_outputs=["n"]
        ),
        "leaves": own(
            [sys.executable, "-c", "pass"],
            needs=["writes"],
            program={"reads": "file"},
            output_file="result.json",
            declared_outputs=["n"],
        ),
    }
    plan = make_plan(steps)
    writes, leaves = run(plan, make_setting(plan))

    assert (writes.status, writes.outputs) == ("succeeded", {"n": 7})
    assert (tmp_path / "work" / "result.json").is_file()
    assert leaves.status == "failed"
    assert "did not write 'result.json'" in leaves.reason


def test_a_tool_of_another_version_or_none_stops_the_step(make_plan: MakePlan, make_setting: MakeSetting) -> None:
    good = {"name": sys.executable, "range": ">=3.8"}
    plan = make_plan(
        {
            "good": own([sys.executable, "-c", "print('OUTPUT_x=1')"], tools=[good]),
            "old": own([sys.executable, "-c", "pass"], tools=[{"name": sys.executable, "range": "<3"}]),
            "none": own([sys.executable, "-c", "pass"], tools=[{"name": "no-such-tool", "range": ">=1"}]),
        }
    )
    results = run(plan, make_setting(plan))

    assert [result.status for result in results] == ["succeeded", "failed", "failed"]
    assert results[0].tools[0].version
    assert "<3 is needed" in results[1].reason
    assert "cannot be started" in results[2].reason


def test_a_program_that_is_not_there_fails_its_step(make_plan: MakePlan, make_setting: MakeSetting) -> None:
    plan = make_plan({"tell": own(["./tools/none.sh"])})
    (result,) = run(plan, make_setting(plan))
    assert (result.status, "does not exist" in result.reason) == ("failed", True)
