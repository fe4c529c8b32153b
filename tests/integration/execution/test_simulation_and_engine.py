"""A simulated run and a real one of the same plan, with the same outcomes of programs, come to the same."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from innominatus_cli.documents.plan import Expansion, Plan, PlannedRetry, PlannedStep, StepConditions
from innominatus_cli.documents.vocabulary import When
from innominatus_cli.execution.engine import execute_plan
from innominatus_cli.execution.setting import RunSetting
from innominatus_cli.execution.simulation import FakedStep, simulate
from innominatus_cli.expressions.conditions import parse_condition

MakePlan = Callable[..., Plan]
MakeSetting = Callable[..., RunSetting]
CONDITIONS = (None, "steps.{0}.outputs.n == '1'", "{0}.succeeded", "{0}.failed", "not failure()", "success()")
RETRY = PlannedRetry(attempts=2, delay_seconds=0, backoff="constant", max_delay_seconds=0, jitter="none")


@st.composite
def flows(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Up to five steps, each behind some earlier ones: how they end, what they print, and when they run."""
    found: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 5))):
        earlier = [f"s{n}" for n in range(number)]
        needs = draw(st.lists(st.sampled_from(earlier), unique=True)) if earlier else []
        asked = draw(st.sampled_from(CONDITIONS)) if needs else None
        found.append(
            {
                "name": f"s{number}",
                "needs": needs,
                "fails": draw(st.sampled_from([0, 0, 0, 1, None])),
                "n": draw(st.sampled_from(["1", "2"])),
                "when": draw(st.sampled_from(list(When))),
                "if": asked.format(needs[0]) if asked else None,
                "continue_on_error": draw(st.booleans()),
                "retry": draw(st.booleans()),
                "cleanup": number > 2 and draw(st.booleans()),
            }
        )
    return found


def fields_of(one: Mapping[str, Any], work: Path) -> dict[str, Any]:
    """The step of a plan; how often its script was started is counted in a file."""
    counter = work / f"{one['name']}.count"
    most = 99 if one["fails"] is None else one["fails"]
    script = f"""
        n=$(cat {counter} 2>/dev/null || echo 0); n=$((n + 1)); echo $n > {counter}
        if [ $n -le {most} ]; then exit 3; fi
        echo OUTPUT_n={one["n"]}
    """
    tree = parse_condition(one["if"]).tree if one["if"] else None
    return {
        "script": script,
        "needs": one["needs"],
        "conditions": StepConditions(when=one["when"], if_tree=tree, if_text=one["if"]),
        "continue_on_error": one["continue_on_error"],
        "retry": RETRY if one["retry"] else None,
        "cleanup": one["cleanup"],
        "declared_outputs": ["n"],
        "env": {"LAST": {"$ref": f"steps.{one['needs'][-1]}.outputs.n"}} if one["needs"] and not one["if"] else {},
    }


@pytest.fixture
def compared(tmp_path: Path, make_plan: MakePlan, make_setting: MakeSetting) -> Callable[[Any], None]:
    """Runs steps in both ways and compares every step's status, attempts and reason."""

    def compare(steps: list[dict[str, Any]]) -> None:
        work = tmp_path / "work"
        work.mkdir(exist_ok=True)
        for counter in work.glob("*.count"):
            counter.unlink()
        plan = make_plan({one["name"]: fields_of(one, work) for one in steps})
        by_name = {one["name"]: one for one in steps}

        def fake(step: PlannedStep) -> FakedStep:
            return FakedStep({"n": by_name[step.name]["n"]}, by_name[step.name]["fails"], exit_code=3)

        real, simulated = execute_plan(make_setting(plan)), simulate(plan, fake)
        told = {one.step.id: (one.status, one.attempts) for one in simulated.steps}
        assert told == {one.step: (one.status, len(one.attempts)) for one in real.steps}, json.dumps(steps)
        skips = {one.step.id: one.reason for one in simulated.steps if one.status == "skipped"}
        assert skips == {one.step: one.reason for one in real.steps if one.status == "skipped"}
        assert simulated.status == real.status

    return compare


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=flows())
def test_a_simulated_run_comes_to_what_a_real_one_does(
    compared: Callable[[Any], None], steps: list[dict[str, Any]]
) -> None:
    compared(steps)


def test_a_loop_over_an_output_comes_to_the_same(make_plan: MakePlan, make_setting: MakeSetting) -> None:
    expansion = Expansion(for_each={"$ref": "steps.list.outputs.names"}, max_items=3)
    plan = make_plan(
        {
            "list": {"script": """echo '{"names": ["a", "b"]}'""", "declared_outputs": ["names"]},
            "each": {
                "script": '[ "$NAME" != b ] && echo OUTPUT_said=$NAME',
                "env": {"NAME": {"$ref": "item"}},
                "needs": ["list"],
                "expansion": expansion,
                "declared_outputs": ["said"],
                "continue_on_error": True,
            },
            "tell": {"script": "true", "needs": ["each"], "env": {"LAST": {"$ref": "steps.each.outputs.said.0"}}},
        }
    )
    fakes = {
        "list": FakedStep({"names": ["a", "b"]}),
        "each[0]": FakedStep({"said": "a"}),
        "each[1]": FakedStep(fails=None),
    }
    real, simulated = execute_plan(make_setting(plan)), simulate(plan, lambda one: fakes.get(one.name, FakedStep()))
    told = {one.step.id: one.status for one in simulated.steps}
    assert told == {one.step: one.status for one in real.steps}
    assert [one.step.name for one in simulated.steps] == ["list", "each", "each[0]", "each[1]", "tell"]
    assert next(one for one in simulated.steps if one.step.name == "tell").env == {"LAST": "a"}
