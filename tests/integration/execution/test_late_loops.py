"""Loops over outputs, run by the real engine: what the journal says of them, and what another engine makes of it."""

from collections.abc import Callable

from innominatus_cli.documents.plan import Expansion, Plan
from innominatus_cli.documents.run_record import StepResult
from innominatus_cli.execution.engine import ExecutionOptions, execute_plan
from innominatus_cli.execution.expansion import digest_of_cells, steps_of
from innominatus_cli.execution.journal import read_journal
from innominatus_cli.execution.one_step import execute_step
from innominatus_cli.execution.setting import RunSetting

MakePlan = Callable[..., Plan]
MakeSetting = Callable[..., RunSetting]
FLOW = "deployment/application/-/flow"


def looping(make_plan: MakePlan, script: str = 'test "$N" != 3') -> Plan:
    return make_plan(
        {
            "find": {"script": "echo 'OUTPUT_n=[2, 3, 4]'", "declared_outputs": ["n"]},
            "each": {
                "needs": ["find"],
                "script": f"echo OUTPUT_got=$N; {script}",
                "env": {"N": {"$ref": "item"}},
                "declared_outputs": ["got"],
                "expansion": Expansion(for_each={"$ref": "steps.find.outputs.n"}, max_items=3, max_parallel=1),
            },
            "use": {
                "needs": ["each"],
                "script": 'test "$LAST" = 4',
                "env": {"LAST": {"$ref": "steps.each.outputs.got.2"}},
            },
        }
    )


def test_the_journal_says_once_what_a_loop_became_and_its_steps_can_be_made_again_from_it(
    make_plan: MakePlan, make_setting: MakeSetting
) -> None:
    plan = looping(make_plan, "true")
    setting = make_setting(plan)
    result = execute_plan(setting, ExecutionOptions(max_parallel=8))
    assert result.status == "succeeded"
    lines = read_journal(setting.state.journal_path(setting.run)).lines
    (expanded,) = (line for line in lines if line["type"] == "expanded")
    (end,) = (line for line in lines if line["type"] == "step_end" and line["index"] == expanded["index"])
    kept = StepResult.model_validate(end["result"])
    assert kept.cells is not None
    assert expanded["cells"] == digest_of_cells(kept.cells)
    again = steps_of(plan.steps[expanded["index"]], kept.cells)
    ended = {line["index"]: line["step"] for line in lines if line["type"] == "step_end"}
    assert {expanded["first"] + number: step.id for number, step in enumerate(again)}.items() <= ended.items()
    started = [line["step"] for line in lines if line["type"] == "step_start"]
    assert started == [f"{FLOW}/find", *(step.id for step in again), f"{FLOW}/use"]


def test_a_failed_step_of_a_loop_is_recorded_by_itself(make_plan: MakePlan, make_setting: MakeSetting) -> None:
    result = execute_plan(make_setting(looping(make_plan)))
    assert result.status == "failed"
    assert result.failures == (f"{FLOW}/each[1]",)
    assert [(one.step.rpartition("/")[2], one.status) for one in result.steps] == [
        ("find", "succeeded"),
        ("each", "succeeded"),
        ("each[0]", "succeeded"),
        ("each[1]", "failed"),
        ("each[2]", "succeeded"),
        ("use", "skipped"),
    ]


def test_single_steps_of_a_loop_run_on_another_engine(make_plan: MakePlan, make_setting: MakeSetting) -> None:
    plan = looping(make_plan, "true")
    results = [execute_step(make_setting(plan), f"{FLOW}/find", [])]
    for number in range(3):
        results.append(execute_step(make_setting(plan), f"{FLOW}/each[{number}]", results))
    results.append(execute_step(make_setting(plan), f"{FLOW}/use", results))
    assert [result.status for result in results] == ["succeeded"] * 5
    assert [result.outputs.get("got") for result in results[1:4]] == ["2", "3", "4"]
