"""Which gates stand before a step: its own, its workflow's, its environment's and its resource type's."""

from typing import Any

from innominatus_cli.documents.approvers import ApprovalSettings, GateRule
from innominatus_cli.documents.plan import Application, Gate, Group, Plan, PlannedStep, PlannedWorkflow
from innominatus_cli.documents.vocabulary import Operation, Phase, Tier
from innominatus_cli.policies.gates import PlanGates

FLOW = "deployment/application/-/flow"


def step(name: str, **more: Any) -> PlannedStep:
    fields: dict[str, Any] = {"type": "script", "phase": Phase.DEPLOYMENT, "tier": Tier.APPLICATION}
    return PlannedStep(**{"id": f"{FLOW}/{name}", "name": name, "workflow_id": FLOW, **fields, **more})


def plan_of(*steps: PlannedStep, gate: Gate | None = None) -> Plan:
    flow = PlannedWorkflow(
        id=FLOW, identity="flow", name="flow", tier=Tier.APPLICATION, phase=Phase.DEPLOYMENT, path="f.yaml", line=1,
        trigger="generated", gate=gate,
    )  # fmt: skip
    return Plan(
        operation=Operation.DEPLOY,
        application=Application(name="shop"),
        environment="production",
        sources=[],
        inputs=[],
        workflows=[flow],
        steps=list(steps),
    )


def ids(plan: Plan, one: PlannedStep, environments: tuple[str, ...] = (), **settings: Any) -> list[str]:
    return [gate.id for gate in PlanGates(plan, environments, ApprovalSettings(**settings)).before(one)]


def test_a_step_without_a_gate_asks_nobody() -> None:
    assert ids(plan_of(step("a")), step("a")) == []


def test_gates_are_asked_the_widest_first() -> None:
    one = step("a", gate=Gate(teams=["owners"], count=1))
    plan = plan_of(one, gate=Gate(teams=["owners"], count=2))
    assert ids(plan, one, ("production",)) == ["environment", f"workflow:{FLOW}", one.id]


def test_an_environment_that_only_the_approvals_name_has_a_gate() -> None:
    plan = plan_of(step("a"))
    rule = {"production": GateRule(teams=["owners"], count=2, expires=60)}
    (gate,) = PlanGates(plan, (), ApprovalSettings(environments=rule)).by_id.values()
    assert (gate.id, gate.teams, gate.quorum, gate.expires_seconds) == ("environment", ("owners",), 2, 60)
    elsewhere = ApprovalSettings(environments={"staging": GateRule()})
    assert PlanGates(plan, (), elsewhere).before(step("a")) == []


def test_a_resource_type_has_one_gate_for_all_steps_that_provision_it() -> None:
    kinds = {"db": "postgres", "cache": "redis", "unknown": {"$ref": "steps.a.outputs.type"}}
    steps = [step(name, type="resource-provisioning", inputs={"resourceType": kind}) for name, kind in kinds.items()]
    plan = plan_of(*steps)
    rules = {"postgres": GateRule(teams=["dba"]), "s3": GateRule()}
    asked = {one.name: ids(plan, one, resource_types=rules) for one in steps}
    assert asked == {
        "db": ["resource:postgres"],
        "cache": [],
        "unknown": ["resource:postgres", "resource:s3"],
    }


def test_steps_of_a_called_workflow_wait_for_the_gates_of_all_calls_around_them() -> None:
    group = Group(kind="workflow", workflow="inner", gate=Gate(teams=["owners"], count=1))
    outer = step("outer", kind="barrier", group=group)
    inner = step("outer.inner", kind="barrier", group=group, within=outer.id)
    deep = step("outer.inner.deep", within=inner.id)
    assert ids(plan_of(deep, inner, outer), deep) == [f"workflow:{outer.id}", f"workflow:{inner.id}"]


def test_a_step_that_a_loop_became_while_running_waits_for_the_gates_of_its_workflow() -> None:
    loop = step("loop")
    plan = plan_of(loop, gate=Gate(teams=["owners"], count=1))
    assert ids(plan, step("loop[0]", within=loop.id)) == [f"workflow:{FLOW}"]


def test_a_gate_holds_as_long_as_it_says_else_as_admin_config_says_else_a_day() -> None:
    one, two = (
        step("a", gate=Gate(teams=["x"], count=1, expires_seconds=60)),
        step("b", gate=Gate(teams=["x"], count=1)),
    )
    plan = plan_of(one, two)
    assert [gate.expires_seconds for gate in PlanGates(plan, (), ApprovalSettings()).by_id.values()] == [60, 86_400]
    assert [gate.expires_seconds for gate in PlanGates(plan, (), ApprovalSettings(expires=9)).by_id.values()] == [60, 9]
