"""`rollbackCoverage`: what a plan must be able to take back, judged before its first step."""

from typing import Any

import pytest

from innominatus_cli.documents.plan import Application, Gate, Plan, PlannedStep, PlannedWorkflow
from innominatus_cli.documents.verdict import Actor
from innominatus_cli.documents.vocabulary import Operation, Phase, Tier
from innominatus_cli.documents.yaml_reader import read_yaml
from innominatus_cli.policies.facts import JudgeFacts
from innominatus_cli.policies.policy_set import PolicySet, merge_policies
from innominatus_cli.policies.rollback_rules import Asked, asked_in, rollback_coverage

FLOW = "deployment/platform/-/w"
UNDO = {"type": "script", "inputs": {"script": "x"}, "env": {}, "input_files": [], "timeout_seconds": 1}


def policies(*texts: str) -> PolicySet:
    documents = []
    for number, text in enumerate(texts):
        found, _ = read_yaml(f"p{number}.yaml", text.encode())
        found[0].kind = "AdminConfig"
        documents += found
    return merge_policies(documents)


def plan(*steps: tuple[str, Any, bool], operation: Operation = Operation.DEPLOY, **more: Any) -> Plan:
    made = [
        PlannedStep(
            id=f"{FLOW}/{name}", name=name, type="script", phase=Phase.DEPLOYMENT, tier=Tier.PLATFORM, workflow_id=FLOW,
            rollback=rollback, gate=Gate(teams=["ops"], count=1) if gated else None,
        )
        for name, rollback, gated in steps
    ]  # fmt: skip
    flow = PlannedWorkflow(
        id=FLOW, identity="w", name="w", tier=Tier.PLATFORM, phase=Phase.DEPLOYMENT, path="w.yaml", line=1, trigger="t"
    )
    return Plan(
        operation=operation, application=Application(name="shop"), environment="prod", sources=[], inputs=[],
        workflows=[flow], steps=made, **more,
    )  # fmt: skip


def judged(of: Plan, *texts: str) -> list[str]:
    facts = JudgeFacts(Actor(name="Ada", email="ada@example.org", source="git"), "2026-01-01T00:00:00.000Z")
    return [finding.code.number for finding in rollback_coverage(of, policies(*texts), facts)]


HALF = plan(("a", UNDO, False), ("b", None, False))
RULE = "workflowPolicies: {{rollbackCoverage: {{{}}}}}\n"


@pytest.mark.parametrize(
    ("rule", "codes"),
    [
        ("minimum: 50", []),
        ("minimum: 51", ["ORC-4030"]),
        ("minimum: 100, environments: [staging]", []),
        ("minimum: 100, environments: [prod, staging]", ["ORC-4030"]),
        ("gateIrreversible: true", ["ORC-4031"]),
        ("gateIrreversible: false", []),
        ("minimum: 80, gateIrreversible: true", ["ORC-4030", "ORC-4031"]),
    ],
)
def test_a_plan_is_held_to_what_its_environment_asks(rule: str, codes: list[str]) -> None:
    assert judged(HALF, RULE.format(rule)) == codes


def test_a_gate_before_a_step_that_nothing_takes_back_is_enough() -> None:
    assert judged(plan(("a", None, True)), RULE.format("gateIrreversible: true")) == []


def test_a_removal_and_a_rollback_are_not_judged() -> None:
    everything = RULE.format("minimum: 100, gateIrreversible: true")
    assert judged(plan(("a", None, False), operation=Operation.UNDEPLOY), everything) == []
    assert judged(plan(("a", None, False), rolls_back="01JD0000000000000000000001"), everything) == []


def test_of_several_documents_the_stricter_counts_in_each_environment() -> None:
    rules = policies(
        RULE.format("minimum: 60"),
        RULE.format("minimum: 90, environments: [prod]"),
        RULE.format("gateIrreversible: true, environments: [staging]"),
    )
    assert rules.rollback_coverage is not None
    assert asked_in("prod", rules.rollback_coverage) == Asked(90, gates=False)
    assert asked_in("staging", rules.rollback_coverage) == Asked(60, gates=True)
    assert asked_in("dev", rules.rollback_coverage) == Asked(60, gates=False)


def test_an_empty_plan_needs_nothing() -> None:
    assert judged(plan(), RULE.format("minimum: 100")) == []
