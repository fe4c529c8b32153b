"""A simulated run: the engine's own decisions over steps that do nothing."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from innominatus_cli.documents.plan import (
    Application,
    Gate,
    Plan,
    PlannedRetry,
    PlannedStep,
    PlannedWorkflow,
    StepConditions,
)
from innominatus_cli.documents.run_record import StepResult
from innominatus_cli.documents.vocabulary import Operation, Phase, Tier, When
from innominatus_cli.execution.simulation import FakedStep, SimulatedStep, Simulation, simulate
from innominatus_cli.expressions.conditions import parse_condition

FLOW = "deployment/application/-/flow"
ALL_FAIL = FakedStep(fails=None)


def step(name: str, *needs: str, **more: Any) -> PlannedStep:
    script = more.pop("script", "true")
    return PlannedStep(
        id=f"{FLOW}/{name}", name=name, type="script", phase=Phase.DEPLOYMENT, tier=Tier.APPLICATION, workflow_id=FLOW,
        needs=[f"{FLOW}/{need}" for need in needs], inputs={"script": script, **more.pop("inputs", {})}, **more,
    )  # fmt: skip


def asking(text: str, when: When = When.ON_SUCCESS) -> StepConditions:
    parsed = parse_condition(text)
    return StepConditions(when=when, if_tree=parsed.tree, if_text=text)


def plan_of(*steps: PlannedStep, **flow: Any) -> Plan:
    return Plan(
        operation=Operation.DEPLOY, application=Application(name="shop"), environment="test", sources=[], inputs=[],
        workflows=[
            PlannedWorkflow(
                id=FLOW, identity="flow", name="flow", tier=Tier.APPLICATION, phase=Phase.DEPLOYMENT, path="flow.yaml",
                line=1, trigger="generated", **flow,
            )
        ],
        steps=list(steps),
    )  # fmt: skip


def faking(**fakes: FakedStep) -> Callable[[PlannedStep], FakedStep]:
    return lambda one: fakes.get(one.name, FakedStep())


def by_name(simulation: Simulation) -> dict[str, SimulatedStep]:
    return {one.step.name: one for one in simulation.steps}


def statuses(simulation: Simulation) -> dict[str, str]:
    return {one.step.name: one.status for one in simulation.steps}


def test_without_fakes_every_step_succeeds_and_reads_a_text_in_the_place_of_each_output() -> None:
    reader = step("b", "a", env={"HOST": {"$ref": "steps.a.outputs.host"}})
    done = simulate(plan_of(step("a", declared_outputs=["host"]), reader), faking())
    assert done.status == "succeeded"
    assert by_name(done)["b"].env == {"HOST": "<a.host>"}


def test_an_output_that_is_read_without_being_declared_is_made_up_as_deep_as_it_is_read() -> None:
    env = {"PORT": {"$ref": "steps.a.outputs.address.port"}, "HOST": {"$template": ["h=", {"$ref": "steps.a.name"}]}}
    done = simulate(plan_of(step("a"), step("b", "a", env=env)), faking())
    assert by_name(done)["b"].env == {"PORT": "<a.address.port>", "HOST": "h=<a.name>"}


def test_faked_outputs_reach_inputs_variables_and_outputs_of_the_workflow() -> None:
    flow = plan_of(
        step("a", declared_outputs=["host"], set_variables={"target": {"$template": ["x-", {"$ref": "outputs.host"}]}}),
        step("b", "a", script={"$template": ["curl ", {"$ref": "variables.target"}]}),
        outputs={"url": {"$ref": "steps.a.outputs.host"}},
    )
    done = simulate(flow, faking(a=FakedStep({"host": "db"})))
    assert by_name(done)["b"].inputs == {"script": "curl x-db"}
    assert done.outputs == {"flow": {"url": "db"}}


def test_a_failing_step_skips_what_stands_behind_it_and_finally_runs() -> None:
    flow = plan_of(
        step("a"),
        step("b", "a"),
        step("mourn", "b", conditions=StepConditions(when=When.ON_FAILURE)),
        step("clean", "b", cleanup=True),
        step("beside"),
    )
    done = simulate(flow, faking(a=ALL_FAIL))
    assert done.status == "failed"
    assert [one.step.name for one in done.failures] == ["a"]
    assert statuses(done) == {
        "a": "failed", "b": "skipped", "mourn": "succeeded", "clean": "succeeded", "beside": "succeeded",
    }  # fmt: skip
    assert by_name(done)["b"].reason == "step 'a' failed"


def test_continue_on_error_lets_the_run_succeed() -> None:
    done = simulate(plan_of(step("a", continue_on_error=True), step("b", "a")), faking(a=ALL_FAIL))
    assert (done.status, statuses(done)) == ("succeeded", {"a": "failed", "b": "succeeded"})


RETRY = PlannedRetry(attempts=3, delay_seconds=60, backoff="exponential", max_delay_seconds=900, jitter="full")


@pytest.mark.parametrize(
    ("fake", "on", "status", "attempts"),
    [
        (FakedStep(fails=2), [], "succeeded", 3),
        (FakedStep(fails=3), [], "failed", 3),
        (FakedStep(fails=2, exit_code=75), [75], "succeeded", 3),
        (FakedStep(fails=2, exit_code=1), [75], "failed", 1),
        (FakedStep(fails=1, prints="connection refused\n"), ["refused"], "succeeded", 2),
        (FakedStep(fails=1, prints="no such host\n"), ["refused"], "failed", 1),
        (FakedStep(fails=1, times_out=True), ["timeout"], "succeeded", 2),
        (FakedStep(fails=None, times_out=True), ["timeout"], "timed_out", 3),
    ],
)
def test_retries_are_the_engine_s_and_take_no_time(fake: FakedStep, on: list[Any], status: str, attempts: int) -> None:
    retry = RETRY.model_copy(update={"on": on})
    done = simulate(plan_of(step("a", retry=retry, timeout_seconds=86_400)), faking(a=fake))
    assert (by_name(done)["a"].status, by_name(done)["a"].attempts) == (status, attempts)


@pytest.mark.parametrize(("value", "status"), [("3", "succeeded"), ("0", "skipped")])
def test_a_condition_reads_faked_outputs(value: str, status: str) -> None:
    flow = plan_of(
        step("count", declared_outputs=["n"]), step("b", "count", conditions=asking("steps.count.outputs.n > 2"))
    )
    done = simulate(flow, faking(count=FakedStep({"n": value})))
    assert statuses(done)["b"] == status


def test_a_condition_over_an_output_that_nobody_faked_fails_its_step() -> None:
    flow = plan_of(
        step("count", declared_outputs=["n"]), step("b", "count", conditions=asking("steps.count.outputs.n > 2"))
    )
    done = simulate(flow, faking())
    failed = by_name(done)["b"]
    assert failed.status == "failed"
    assert failed.finding is not None
    assert "fakes" in failed.finding.remedy


def test_a_variable_of_an_output_that_nobody_faked_decides_nothing_either() -> None:
    flow = plan_of(
        step("a", declared_outputs=["n"], set_variables={"many": {"$ref": "outputs.n"}}),
        step("b", "a", conditions=asking("variables.many == 'x'")),
    )
    assert statuses(simulate(flow, faking()))["b"] == "failed"
    assert statuses(simulate(flow, faking(a=FakedStep({"n": "x"}))))["b"] == "succeeded"


def test_a_condition_sees_what_became_of_a_step() -> None:
    flow = plan_of(step("a", continue_on_error=True), step("b", "a", conditions=asking("a.failed")))
    assert statuses(simulate(flow, faking(a=ALL_FAIL)))["b"] == "succeeded"
    assert statuses(simulate(flow, faking()))["b"] == "skipped"


def test_inputs_that_a_faked_output_makes_wrong_fail_the_step_as_in_a_run() -> None:
    flow = plan_of(step("a"), step("b", "a", inputs={"workingDir": {"$ref": "steps.a.outputs.folder"}}))
    assert by_name(simulate(flow, faking(a=FakedStep({"folder": "src"}))))["b"].status == "succeeded"
    wrong = by_name(simulate(flow, faking(a=FakedStep({"folder": {"x": 1}}))))["b"]
    assert (wrong.status, "workingDir" in wrong.reason, "nobody" in wrong.reason) == ("failed", True, False)


def test_where_only_a_fake_is_missing_the_reason_says_so() -> None:
    env = {"X": {"$ref": "steps.a.outputs.folder.x"}}
    flow = plan_of(step("a"), step("b", "a", inputs={"workingDir": {"$ref": "steps.a.outputs.folder"}}, env=env))
    assert "(nobody faked the output 'a.folder.x')" in by_name(simulate(flow, faking()))["b"].reason


def test_a_gate_is_closed_until_everybody_has_approved() -> None:
    flow = plan_of(step("a", gate=Gate(teams=["owners"], count=2)), step("b", "a"))
    closed = simulate(flow, faking())
    assert statuses(closed) == {"a": "planned", "b": "planned"}
    assert (closed.status, by_name(closed)["a"].reason) == ("waiting", "2 of owners must approve it")
    assert not by_name(closed)["a"].began
    assert statuses(simulate(flow, faking(), approved=True)) == {"a": "succeeded", "b": "succeeded"}


def test_a_secret_is_a_text_that_says_which() -> None:
    done = simulate(plan_of(step("a", env={"TOKEN": {"$ref": "secrets.token"}}, secrets=["token"])), faking())
    assert by_name(done)["a"].env == {"TOKEN": "<secret token>"}


def test_a_file_that_a_step_would_write_is_not_looked_for() -> None:
    done = simulate(plan_of(step("a", output_file="out/values.json", declared_outputs=["x"])), faking())
    assert done.status == "succeeded"


def test_nothing_of_it_can_be_taken_for_the_result_of_a_step() -> None:
    done = simulate(plan_of(step("a"), step("b", "a")), faking(b=ALL_FAIL))
    values: list[object] = [done, *done.steps]
    fields: list[Mapping[str, object]] = [
        {name: getattr(value, name) for name in value.__slots__}  # type: ignore[attr-defined]
        for value in values
    ]
    assert not any(isinstance(inner, StepResult) for found in fields for inner in found.values())
