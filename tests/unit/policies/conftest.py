"""Plans and policies in a few words."""

from collections.abc import Callable
from textwrap import dedent
from typing import Any

import pytest

from innominatus_cli.documents.nodes import Document
from innominatus_cli.documents.plan import Application, Plan, PlanInput, PlannedStep, PlannedWorkflow, Provenance
from innominatus_cli.documents.verdict import Actor
from innominatus_cli.documents.vocabulary import Operation, Phase, Tier
from innominatus_cli.documents.yaml_reader import read_yaml
from innominatus_cli.policies.facts import JudgeFacts
from innominatus_cli.policies.policy_set import PolicySet, merge_policies


def document(kind: str, path: str, text: str) -> Document:
    """One document of a kind."""
    documents, findings = read_yaml(path, dedent(text).encode())
    assert findings == []
    documents[0].kind = kind
    return documents[0]


@pytest.fixture
def admin() -> Callable[[str], Document]:
    """An admin-config.yaml of this text."""
    return lambda text: document("AdminConfig", "admin-config.yaml", text)


@pytest.fixture
def policies_file() -> Callable[[str], Document]:
    """A WorkflowPolicies document of this text."""
    return lambda text: document("WorkflowPolicies", "workflows/policies/p.yaml", text)


@pytest.fixture
def policies(admin: Callable[[str], Document]) -> Callable[[str], PolicySet]:
    """The policies of an admin-config.yaml of this text."""
    return lambda text: merge_policies([admin(text)])


def workflow(identity: str = "ecommerce/database-setup", tier: Tier = Tier.PRODUCT, **more: Any) -> PlannedWorkflow:
    """A planned workflow; its line is 7."""
    return PlannedWorkflow(
        **{
            "id": f"deployment/{tier}/-/{identity}",
            "identity": identity,
            "name": identity.rpartition("/")[2],
            "tier": tier,
            "phase": Phase.DEPLOYMENT,
            "path": f"workflows/{identity}.yaml",
            "line": 7,
            "column": 3,
            "trigger": "all_deployments",
            **more,
        }
    )


def step(of: PlannedWorkflow, name: str = "build", type_: str = "script", line: int = 20, **more: Any) -> PlannedStep:
    """A planned step of a workflow."""
    provenance = Provenance(
        path=of.path, line=line, column=7, tier=of.tier, workflow=of.identity, trigger=of.trigger, product=of.product
    )
    return PlannedStep(
        id=f"{of.id}/{name}",
        name=name,
        type=type_,
        phase=of.phase,
        tier=of.tier,
        workflow_id=of.id,
        provenance=provenance,
        **more,
    )


def plan(
    *workflows: PlannedWorkflow,
    steps: list[PlannedStep] | None = None,
    environment: str = "development",
    operation: Operation = Operation.DEPLOY,
    limits: dict[str, int] | None = None,
) -> Plan:
    """A plan of these workflows; each has one step where none are given."""
    return Plan(
        operation=operation,
        application=Application(name="shop"),
        environment=environment,
        sources=[],
        inputs=[PlanInput(name="environment", value=environment, evidence="argument --env")],
        workflows=list(workflows),
        steps=[step(w) for w in workflows] if steps is None else steps,
        limits=limits or {},
    )


@pytest.fixture
def facts() -> JudgeFacts:
    """Ada, in no team."""
    return JudgeFacts(Actor(name="Ada", email="ada@shop.example", source="git config"), "2026-11-20T20:03:25.123Z")


@pytest.fixture
def make_plan() -> Callable[..., Plan]:
    """`plan`, for tests."""
    return plan


@pytest.fixture
def make_workflow() -> Callable[..., PlannedWorkflow]:
    """`workflow`, for tests."""
    return workflow


@pytest.fixture
def make_step() -> Callable[..., PlannedStep]:
    """`step`, for tests."""
    return step
