"""One step by itself, as another engine would run it."""

from collections.abc import Callable

import pytest

from innominatus_cli.documents.plan import Plan
from innominatus_cli.documents.run_record import StepResult
from innominatus_cli.execution.engine import execute_plan
from innominatus_cli.execution.one_step import execute_step
from innominatus_cli.execution.setting import RunSetting

MakePlan = Callable[..., Plan]
MakeSetting = Callable[..., RunSetting]


def test_a_run_of_single_steps_gives_what_the_engine_gives(make_plan: MakePlan, make_setting: MakeSetting) -> None:
    plan = make_plan(
        {
            "make": {
                "script": 'echo OUTPUT_n=7; echo "{\\"list\\": [1]}" > "$INNOMINATUS_OUTPUT"',
                "declared_outputs": ["n", "list"],
                "set_variables": {"twice": {"$template": [{"$ref": "steps.make.outputs.n"}, "7"]}},
            },
            "use": {"needs": ["make"], "script": 'test "$N" = 77', "env": {"N": {"$ref": "variables.twice"}}},
            "fail": {"needs": ["use"], "script": "exit 4"},
        }
    )
    single: list[StepResult] = []
    for step in plan.steps:
        passed_on = [StepResult.model_validate_json(result.model_dump_json(by_alias=True)) for result in single]
        single.append(execute_step(make_setting(plan), step.id, passed_on))
    whole = execute_plan(make_setting(plan))
    assert [result.status for result in single] == ["succeeded", "succeeded", "failed"]
    for alone, together in zip(single, whole.steps, strict=True):
        volatile = {"started_at", "duration_ms", "attempts"}
        assert alone.model_dump(exclude=volatile) == together.model_dump(exclude=volatile)
        assert [attempt.exit_code for attempt in alone.attempts] == [attempt.exit_code for attempt in together.attempts]


def test_a_step_that_the_plan_does_not_have_is_no_step(make_plan: MakePlan, make_setting: MakeSetting) -> None:
    with pytest.raises(KeyError):
        execute_step(make_setting(make_plan({})), "deployment/application/-/flow/none", [])
