"""What policies make of loops and sub-workflows."""

from collections.abc import Callable
from typing import Any

import pytest

from innominatus_cli.documents.plan import Expansion, Group, Plan, PlannedStep, StepConditions
from innominatus_cli.documents.vocabulary import Tier
from innominatus_cli.policies.facts import JudgeFacts
from innominatus_cli.policies.judge import judge
from innominatus_cli.policies.policy_set import PolicySet
from innominatus_cli.policies.secret_use import secrets_by_step

Policies = Callable[[str], PolicySet]
Make = Callable[..., Any]
LATE = Expansion(for_each={"$ref": "steps.a.outputs.b"}, max_items=5)


def refused(plan: Plan, policies: PolicySet, facts: JudgeFacts) -> list[str]:
    return [f"{one.code.number} {one.message}" for one in judge(plan, policies, facts).findings]


def call(step: PlannedStep, **group: Any) -> PlannedStep:
    """A step as the barrier that ends a sub-workflow."""
    return step.model_copy(update={"kind": "barrier", "group": Group(kind="workflow", **group)})


@pytest.mark.parametrize(("most", "count"), [(7, 0), (6, 1)])
def test_a_loop_over_outputs_counts_as_the_most_steps_that_it_can_become(
    policies: Policies, facts: JudgeFacts, make_plan: Make, make_workflow: Make, make_step: Make, most: int, count: int
) -> None:
    flow = make_workflow()
    steps = [
        make_step(flow, "a"),
        make_step(flow, "each", expansion=LATE),
        call(make_step(flow, "db")),
        make_step(flow, "db.x"),
    ]
    plan = make_plan(flow, steps=steps)
    found = refused(plan, policies(f"workflowPolicies: {{maxStepsPerWorkflow: {most}}}\n"), facts)
    assert len(found) == count
    assert all("has 7 steps" in one for one in found)


def test_a_called_product_workflow_must_be_on_the_list_too(
    policies: Policies, facts: JudgeFacts, make_plan: Make, make_workflow: Make, make_step: Make
) -> None:
    flow = make_workflow()
    steps = [call(make_step(flow, "db"), workflow="ecommerce/other", product="ecommerce"), make_step(flow, "db.x")]
    rules = policies("workflowPolicies: {allowedProductWorkflows: [ecommerce/database-setup]}\n")
    assert refused(make_plan(flow, steps=steps), rules, facts) == [
        "ORC-4003 step 'db' calls 'ecommerce/other', which is not in allowedProductWorkflows"
    ]
    shared = [call(make_step(flow, "db"), workflow="workflows/shared/x.yaml"), make_step(flow, "db.x")]
    assert refused(make_plan(flow, steps=shared), rules, facts) == []


def test_a_call_is_a_step_of_type_workflow_and_its_steps_are_asked_as_well(
    policies: Policies, facts: JudgeFacts, make_plan: Make, make_workflow: Make, make_step: Make
) -> None:
    flow = make_workflow()
    steps = [call(make_step(flow, "db", "workflow", 21)), make_step(flow, "db.x", "terraform", 30)]
    found = refused(make_plan(flow, steps=steps), policies("workflowPolicies: {allowedStepTypes: [script]}\n"), facts)
    assert [one.partition(" is not")[0] for one in found] == [
        "ORC-4004 type 'workflow' of step 'db'",
        "ORC-4004 type 'terraform' of step 'db.x'",
    ]


@pytest.mark.parametrize(
    ("conditions", "late", "is_avoidable"),
    [
        (StepConditions(), False, False),
        (StepConditions(if_text="a == b", if_tree={"value": True}), False, True),
        (StepConditions(), True, True),
    ],
)
def test_a_required_workflow_has_a_step_that_runs_whatever_calls_and_loops_around_it_say(
    policies: Policies,
    facts: JudgeFacts,
    make_plan: Make,
    make_workflow: Make,
    make_step: Make,
    conditions: StepConditions,
    late: bool,
    is_avoidable: bool,
) -> None:
    flow = make_workflow("security-scan", Tier.PLATFORM)
    group = call(make_step(flow, "scan")).model_copy(update={"conditions": conditions})
    inner = make_step(flow, "scan.x", within=group.id, expansion=LATE if late else None)
    rules = policies("workflowPolicies: {requiredPlatformWorkflows: [security-scan]}\n")
    found = refused(make_plan(flow, steps=[inner, group]), rules, facts)
    assert bool(found) is is_avoidable


def test_secrets_that_variables_of_a_sub_workflow_carry_are_those_of_the_steps_that_read_them(
    make_plan: Make, make_workflow: Make, make_step: Make
) -> None:
    flow = make_workflow()
    steps = [
        make_step(flow, "a.db.x", env={"URL": {"$ref": "variables.a\\.db/URL"}}),
        call(make_step(flow, "a.db"), variables={"URL": {"$template": ["db://", {"$ref": "secrets.token"}]}}),
        make_step(flow, "other", env={"URL": {"$ref": "variables.URL"}}),
    ]
    assert secrets_by_step(make_plan(flow, steps=steps)) == {steps[0].id: ("token",)}
