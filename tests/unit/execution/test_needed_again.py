"""Whose withheld outputs something refers to that is still to run: by every way in which a plan can say so."""

from typing import Any

import pytest

from innominatus_cli.documents.plan import (
    Application,
    Expansion,
    Group,
    Plan,
    PlannedProbe,
    PlannedStep,
    PlannedWorkflow,
    StepConditions,
)
from innominatus_cli.documents.run_record import StepResult
from innominatus_cli.documents.vocabulary import Idempotency, Operation, Phase, Tier, When
from innominatus_cli.execution.needed_again import needed_again

FLOW, OTHER = "deployment/application/-/flow", "deployment/product/-/other"
CALL = f"{FLOW}/call"
"""A sub-workflow, and the workflow of what stands in it."""


def step(name: str, workflow: str = FLOW, **more: Any) -> PlannedStep:
    where = {"phase": Phase.DEPLOYMENT, "tier": Tier.APPLICATION, "workflow_id": workflow}
    return PlannedStep(**{"id": f"{workflow}/{name}", "name": name, "type": "script", "needs": [], **where, **more})


def gives(name: str, workflow: str = FLOW, **more: Any) -> PlannedStep:
    return step(name, workflow, declared_outputs=["token", "address"], **more)


def ref(path: str) -> dict[str, str]:
    return {"$ref": path}


def reads(path: str, workflow: str = FLOW) -> PlannedStep:
    return step("reads", workflow, inputs={"given": ["text", {"deep": ref(path)}]})


def workflow_of(identity: str, **more: Any) -> PlannedWorkflow:
    return PlannedWorkflow(
        id=identity, identity=identity.rpartition("/")[2], name="w", tier=Tier.APPLICATION, phase=Phase.DEPLOYMENT,
        path="w.yaml", line=1, trigger="manual", **more,
    )  # fmt: skip


def again(*steps: PlannedStep, **more: Any) -> set[str]:
    """The last part of the ids of steps that run again, where those that give something are reused."""
    results = {
        one.id: StepResult(step=one.id, status="succeeded", withheld_outputs=["token"], outputs={"address": "x"})
        for one in steps
        if one.declared_outputs
    }
    flows = more.pop("workflows", [workflow_of(FLOW), workflow_of(OTHER)])
    plan = Plan(
        operation=Operation.DEPLOY, application=Application(name="shop"), environment="development", sources=[],
        inputs=[], workflows=flows, steps=list(steps),
    )  # fmt: skip
    found = needed_again(plan, {**results, **more.pop("reused", {})}, more.pop("members", {}))
    return {one.rpartition("/")[2] for one in found}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("steps.a.outputs.token", {"a"}),
        ("steps.a.token", {"a"}),
        ("steps.a.outputs", {"a"}),
        ("steps.a", {"a"}),
        ("steps.a.outputs.address", set()),
        ("steps.a.address", set()),
        ("steps.a.outputs.unknown", {"a"}),
        ("steps.b.outputs.token", set()),
        ("application.name", set()),
        ("a.token", set()),
    ],
)
def test_a_step_is_named_by_an_output_or_as_a_whole(path: str, found: set[str]) -> None:
    assert again(gives("a"), reads(path)) == found


def test_a_step_of_another_workflow_is_not_meant() -> None:
    assert again(gives("a"), reads("steps.a.token", OTHER)) == set()
    assert again(gives("a", OTHER), gives("a"), reads("steps.a.token", OTHER)) == {"a"}


@pytest.mark.parametrize(
    "where",
    [
        {"env": {"T": ref("steps.a.token")}},
        {"set_variables": {"T": ref("steps.a.token")}},
        {"probe": PlannedProbe(inputs={"script": ref("steps.a.token")})},
        {"expansion": Expansion(for_each=ref("steps.a.token"), max_items=3)},
        {"conditions": StepConditions(if_tree={"op": "==", "left": {"ref": "steps.a.token"}, "right": 1})},
        {"conditions": StepConditions(if_tree={"all": [{"not": {"ref": ["steps", "a", "token"]}}]})},
        {"conditions": StepConditions(unless_tree={"ref": "steps.a.token"})},
    ],
)
def test_everything_that_a_step_says_may_refer_to_an_output(where: dict[str, Any]) -> None:
    assert again(gives("a"), step("b", **where)) == {"a"}
    name, value = next(iter(where.items()))
    assert again(gives("a"), gives("b", **{name: value})) == set()  # it is reused itself


def test_what_runs_again_needs_what_it_was_given_in_its_turn() -> None:
    middle = gives("b", inputs={"x": ref("steps.a.token")})
    assert again(gives("a"), middle, gives("c"), reads("steps.b.token")) == {"a", "b"}


def test_what_is_started_by_hand_only_needs_nothing() -> None:
    by_hand = StepConditions(when=When.MANUAL)
    assert again(gives("a"), step("b", conditions=by_hand, env={"T": ref("steps.a.token")})) == set()


@pytest.mark.parametrize(
    ("result", "found"),
    [
        ({"status": "succeeded", "withheld_outputs": []}, {"a"}),  # it is secret, or too large for a record
        ({"status": "succeeded", "outputs": {"token": "t"}}, set()),
        ({"status": "failed", "withheld_outputs": ["token"]}, set()),
    ],
)
def test_only_what_the_record_of_a_success_lacks_is_needed(result: dict[str, Any], found: set[str]) -> None:
    giver = step("a", secret_outputs=["token"])
    reused = {giver.id: StepResult(step=giver.id, **result)}
    assert again(giver, reads("steps.a.token"), reused=reused) == found


def test_an_output_that_a_step_declares_and_did_not_give_is_not_there_to_be_needed() -> None:
    giver = step("a", declared_outputs=["token"])
    reused = {giver.id: StepResult(step=giver.id, status="succeeded")}
    assert again(giver, reads("steps.a.token"), reused=reused) == set()
    assert again(giver, reads("steps.a"), reused=reused) == set()


@pytest.mark.parametrize("path", ["variables.v", "workflow.variables.v", "workflow.v"])
def test_a_variable_is_what_the_workflow_says_or_a_step_sets(path: str) -> None:
    flows = [workflow_of(FLOW, variables={"v": ref("steps.a.token")}), workflow_of(OTHER)]
    assert again(gives("a"), reads(path), workflows=flows) == {"a"}
    assert again(gives("a"), reads(path, OTHER), workflows=flows) == set()
    sets = gives("a", set_variables={"v": "x", "w": "y"})
    assert again(sets, reads(path)) == {"a"}
    assert again(sets, reads("variables.other")) == set()
    assert again(sets, reads(path, OTHER)) == set()
    kept = {sets.id: StepResult(step=sets.id, status="succeeded", variables={"v": "x"})}
    assert again(sets, reads(path), reused=kept) == set()


CALLED = Group(
    kind="workflow", parameters={"p": ref("steps.a.token")}, variables={"v": ref("steps.a.token")},
    outputs={"o": ref("steps.inner.token"), "plain": "x"},
)  # fmt: skip


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("parameters.call.p", {"a"}),
        ("parameters.call.q", set()),
        ("parameters.a.p", set()),
        ("variables.call/v", {"a"}),
        ("variables.call/w", set()),
        ("variables.a/v", set()),
        ("steps.call.outputs.o", {"inner"}),
        ("steps.call.o", {"inner"}),
        ("steps.call.plain", set()),
        ("steps.call", {"inner"}),
    ],
)
def test_a_sub_workflow_is_what_it_is_given_and_what_it_gives(path: str, found: set[str]) -> None:
    call = step("call", kind="barrier", group=CALLED)
    assert again(gives("a"), call, gives("inner", within=CALL), reads(path)) == found


def test_a_loop_over_values_of_the_plan_is_all_of_its_rounds_or_one() -> None:
    loop = step("each", kind="barrier", group=Group(kind="loop", size=2, declared_outputs=["token"]))
    rounds = [gives(f"each[{number}]", within=loop.id) for number in (0, 1)]
    assert again(loop, *rounds, gives("other"), reads("steps.each.token")) == {"each[0]", "each[1]"}
    assert again(loop, *rounds, reads("steps.each[1].token")) == {"each[1]"}


def test_a_loop_over_outputs_is_the_steps_that_it_became() -> None:
    loop = step("each", expansion=Expansion(for_each=[1, 2], max_items=3), secret_outputs=["token"])
    ids = [f"{loop.id}[{number}]" for number in (0, 1)]
    reused = {one: StepResult(step=one, status="succeeded") for one in (*ids, loop.id)}
    with_them = {"reused": reused, "members": {loop.id: ids}}
    assert again(loop, reads("steps.each.token"), **with_them) == {"each[0]", "each[1]"}
    assert again(loop, reads("steps.each[1].token"), **with_them) == {"each[1]"}
    assert again(loop, reads("steps.none[1].token"), **with_them) == set()
    assert again(loop, reads("steps.each.other"), reused={}, members={loop.id: ids}) == set()


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("workflows.other.outputs.o", {"a"}),
        ("workflows.other.o", {"a"}),
        ("workflows.other.outputs", set()),
        ("workflows.other", {"a", "b"}),
        ("workflows.flow.o", set()),
        ("workflows.none.o", set()),
    ],
)
def test_a_workflow_is_its_outputs(path: str, found: set[str]) -> None:
    outputs = {"o": ref("steps.a.token"), "p": ref("steps.b.token")}
    flows = [workflow_of(FLOW), workflow_of(OTHER, outputs=outputs)]
    assert again(gives("a", OTHER), gives("b", OTHER), reads(path), workflows=flows) == found


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("resources.db.token", {"provision"}),
        ("resources.db", {"provision"}),
        ("resources.db.address", set()),
        ("resources.cache.token", set()),
    ],
)
def test_a_resource_is_the_step_that_makes_it(path: str, found: set[str]) -> None:
    makes = gives("provision", type="resource-provisioning", inputs={"resource": "db"})
    like = gives("like", inputs={"resource": "db"})
    assert again(makes, like, reads(path)) == found


def test_variables_that_name_each_other_in_a_circle_end() -> None:
    flows = [workflow_of(FLOW, variables={"v": ref("variables.w"), "w": [ref("variables.v"), ref("steps.a.token")]})]
    assert again(gives("a"), reads("variables.v"), workflows=flows) == {"a"}


def test_a_step_in_doubt_is_nothing_to_reuse() -> None:
    unknown = gives("a", idempotency=Idempotency.ONCE)
    reused = {unknown.id: StepResult(step=unknown.id, status="interrupted", withheld_outputs=["token"])}
    assert again(unknown, reads("steps.a.token"), reused=reused) == set()
