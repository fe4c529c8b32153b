"""What references stand for while a run goes on."""

from typing import Any

import pytest

from innominatus_cli.documents.plan import Application, Plan, PlannedStep, PlannedWorkflow
from innominatus_cli.documents.vocabulary import Operation, Phase, Tier
from innominatus_cli.execution.values import RunValues, StepView, environment_text
from innominatus_cli.expressions.references import split_path
from innominatus_cli.expressions.values import NoValue, resolve

FLOW = "deployment/application/-/flow"
OTHER = "deployment/application/-/other"


def step(name: str, flow: str = FLOW, **more: Any) -> PlannedStep:
    fields = {"type": "script", "phase": Phase.DEPLOYMENT, "tier": Tier.APPLICATION, **more}
    return PlannedStep(id=f"{flow}/{name}", name=name, workflow_id=flow, **fields)


def workflow(flow: str = FLOW, **more: Any) -> PlannedWorkflow:
    return PlannedWorkflow(
        id=flow, identity=f"shop/{flow.rpartition('/')[2]}", name="flow", tier=Tier.APPLICATION,
        phase=Phase.DEPLOYMENT, path="flow.yaml", line=1, trigger="generated", **more,
    )  # fmt: skip


def values(*steps: PlannedStep, **flow: Any) -> RunValues:
    plan = Plan(
        operation=Operation.DEPLOY, application=Application(name="shop"), environment="test", sources=[], inputs=[],
        workflows=[workflow(**flow), workflow(OTHER)], steps=list(steps),
    )  # fmt: skip
    return RunValues(plan, {"id": "01J"}, {"key": "s3cret"}.get)


def look_up(view: StepView, name: str) -> object:
    path = split_path(name)
    assert isinstance(path, tuple)
    return view.value(path)


def test_outputs_keep_their_types_and_are_local_to_their_workflow() -> None:
    known = values()
    known.step_ended(step("a"), "succeeded", {"n": 5432, "deep": {"list": [1, {"x": "y"}]}}, {})
    view = StepView(known, FLOW)
    assert look_up(view, "steps.a.outputs.n") == 5432
    assert look_up(view, "steps.a.n") == 5432
    assert look_up(view, "steps.a.outputs.deep.list.1.x") == "y"
    assert look_up(view, "steps.a.outputs") == {"n": 5432, "deep": {"list": [1, {"x": "y"}]}}
    with pytest.raises(NoValue, match="step 'a' has not run"):
        look_up(StepView(known, OTHER), "steps.a.outputs.n")


@pytest.mark.parametrize(
    "name",
    ["steps.a.outputs.gone", "steps.b.outputs.n", "variables.gone", "resources.db.host", "secrets.none", "run.gone",
     "workflows.shop/flow.outputs.x", "parameters.x", "steps.a.outputs.deep.list.9"],
)  # fmt: skip
def test_what_has_no_value_is_said_and_never_empty(name: str) -> None:
    known = values()
    known.step_ended(step("a"), "succeeded", {"n": 1, "deep": {"list": []}}, {})
    with pytest.raises(NoValue, match=r"\$\{"):
        look_up(StepView(known, FLOW), name)


def test_variables_are_those_that_were_set_and_those_of_the_workflow() -> None:
    known = values(variables={"base": "x", "made": {"$template": [{"$ref": "variables.base"}, "!"]}})
    view = StepView(known, FLOW)
    assert look_up(view, "variables.made") == "x!"
    known.step_ended(step("a"), "succeeded", {}, {"base": "y"})
    assert look_up(view, "variables.made") == look_up(view, "workflow.variables.made") == "y!"
    with pytest.raises(NoValue):
        look_up(StepView(known, OTHER), "variables.base")


def test_variables_that_define_each_other_are_told() -> None:
    circle = {"a": {"$ref": "variables.b"}, "b": {"$ref": "variables.a"}}
    with pytest.raises(NoValue, match="defined by itself"):
        look_up(StepView(values(variables=circle), FLOW), "variables.a")


def test_resources_are_the_outputs_of_their_provisioning() -> None:
    known = values()
    provision = step("provision-db", type="resource-provisioning", inputs={"resource": "db"})
    known.step_ended(provision, "succeeded", {"host": "h"}, {})
    assert look_up(StepView(known, OTHER), "resources.db.host") == "h"


def test_workflow_outputs_are_seen_by_others_once_it_has_ended() -> None:
    flow_outputs = {"n": {"$ref": "steps.a.outputs.n"}, "none": {"$ref": "steps.gone.outputs.n"}}
    known = values(step("a"), outputs=flow_outputs)
    known.step_ended(step("a"), "succeeded", {"n": 1}, {})
    known.workflow_ended(workflow(outputs=flow_outputs))
    assert look_up(StepView(known, OTHER), "workflows.shop/flow.outputs.n") == 1
    assert known.public_outputs() == {"shop/flow": {"n": 1}}


def test_what_is_made_of_a_secret_is_secret() -> None:
    maker = step(
        "a", secret_outputs=["token"],
        set_variables={"v": {"$ref": "steps.a.outputs.token"}, "own": {"$ref": "outputs.token"}, "plain": "x"},
    )  # fmt: skip
    known = values(maker, variables={"k": {"$template": ["x", {"$ref": "secrets.key"}]}})
    view = StepView(known, FLOW)
    for name in ("secrets.key", "variables.v", "variables.own", "variables.k", "steps.a.outputs.token"):
        assert view.is_secret({"deep": [{"$template": ["-", {"$ref": name}]}]}, "z"), name
    for name in ("variables.plain", "steps.a.outputs.public", "run.id"):
        assert not view.is_secret({"$ref": name}, "z"), name


def test_statuses_are_what_conditions_ask_for() -> None:
    known = values()
    for name, status in (("a", "succeeded"), ("b", "timed_out"), ("c", "skipped"), ("d", "interrupted")):
        known.step_ended(step(name), status, {}, {})
    view = StepView(known, FLOW, failed=True)
    assert [view.status(name) for name in "abcde"] == ["succeeded", "failed", "skipped", "failed", None]
    assert view.failed()


def test_an_environment_variable_is_text() -> None:
    known = values()
    known.step_ended(step("a"), "succeeded", {"n": 1, "b": True, "m": {}}, {})
    view = StepView(known, FLOW)
    assert environment_text("X", {"$ref": "steps.a.outputs.n"}, view) == "1"
    assert (
        environment_text("X", {"$template": [{"$ref": "steps.a.outputs.b"}, "-", {"$ref": "secrets.key"}]}, view)
        == "true-s3cret"
    )
    with pytest.raises(NoValue, match=r"'X' in `env` is a mapping, where text is needed: .*`\| tojson`"):
        environment_text("X", {"$ref": "steps.a.outputs.m"}, view)
    with pytest.raises(NoValue, match="is nothing"):
        environment_text("X", None, view)
    with pytest.raises(NoValue, match="is a list"):
        environment_text("X", [1, 2], view)


def test_a_step_that_sets_variables_sees_its_own_outputs() -> None:
    view = StepView(values(), FLOW).with_outputs("me", {"n": 1})
    assert resolve({"$ref": "steps.me.outputs.n"}, view.value) == resolve({"$ref": "outputs.n"}, view.value) == 1
