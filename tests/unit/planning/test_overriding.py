"""Workflows that replace others: which of the two is in the plan, and why the other one is absent."""

from collections.abc import Callable
from typing import TypeAlias

import pytest

from innominatus_cli.documents.plan import Plan
from innominatus_cli.planning.request import PlanOutcome

Planner: TypeAlias = Callable[..., PlanOutcome]

SCORE = """
    apiVersion: score.dev/v1b1
    metadata: {name: shop-web, product: shop}
    containers: {web: {image: "registry.example.com/web:1.2"}}
    workflows:
      seed: {steps: [{name: s, type: script, config: {script: "true"}}]}
      warm: {steps: [{name: s, type: script, config: {script: "true"}}]}
"""


def workflow(name: str, *, product: str = "", phase: str = "deployment", more: str = "", trigger: str = "") -> str:
    kind, owner = ("ProductWorkflow", f", product: {product}") if product else ("PlatformWorkflow", "")
    trigger = trigger or ("product_deployment" if product else "all_deployments")
    return (
        f"apiVersion: workflow.dev/v1\nkind: {kind}\n"
        f"metadata: {{name: {name}, phase: {phase}, description: d, owner: o{owner}{more}}}\n"
        f"spec:\n  triggers: [{trigger}]\n  outputs: {{x: y}}\n"
        "  steps: [{name: s, type: script, config: {script: 'true'}}]\n"
    )


def allowing(**tiers: bool) -> dict[str, str]:
    said = ", ".join(f"{tier}: {str(value).lower()}" for tier, value in tiers.items())
    return {"admin-config.yaml": f"workflowPolicies: {{workflowOverrides: {{{said}}}}}\n", "score.yaml": SCORE}


PRODUCT = "workflows/products/shop"
BOTH = {
    f"{PRODUCT}/db.yaml": workflow("db", product="shop"),
    "workflows/platform/safe-db.yaml": workflow("safe-db", more=", overrides: shop/db"),
}


def made(outcome: PlanOutcome) -> Plan:
    assert outcome.plan is not None, [f"{f.place} {f.code.number} {f.message}" for f in outcome.findings]
    return outcome.plan


def identities(plan: Plan) -> list[str]:
    return [workflow.identity for workflow in plan.workflows]


def errors(outcome: PlanOutcome) -> list[tuple[str, str]]:
    return [(one.code.number, one.message) for one in outcome.findings if one.severity == "error"]


def absent(outcome: PlanOutcome) -> dict[str, str]:
    return {one.identity: one.reason for one in outcome.absent}


def test_a_platform_workflow_takes_the_place_of_a_products_one(plan: Planner) -> None:
    outcome = plan({**allowing(platform=True), **BOTH})
    made_plan = made(outcome)
    assert "safe-db" in identities(made_plan)
    assert "shop/db" not in identities(made_plan)
    assert absent(outcome) == {"shop/db": "'safe-db' replaces it (workflows/platform/safe-db.yaml:3)"}
    step = made_plan.step("deployment/platform/-/safe-db/s")
    assert step.provenance is not None
    assert step.provenance.override_of == "shop/db"


def test_a_product_takes_the_place_of_an_applications_own_workflow_and_the_rest_keeps_its_order(plan: Planner) -> None:
    files = {
        **allowing(product=True),
        f"{PRODUCT}/seed.yaml": workflow("seed", product="shop", more=", overrides: seed"),
    }
    outcome = plan(files)
    found = identities(made(outcome))
    assert found == ["shop/seed", "shop-web/warm", "shop-web/workload"]
    assert list(absent(outcome)) == ["shop-web/seed"]


@pytest.mark.parametrize("tiers", [{}, {"platform": False}, {"product": True}])
def test_what_policies_do_not_allow_stays_beside_the_other_one_for_the_judge(
    plan: Planner, tiers: dict[str, bool]
) -> None:
    found = identities(made(plan({**allowing(**tiers), **BOTH})))
    assert {"safe-db", "shop/db"} <= set(found)


def test_a_workflow_runs_only_where_the_one_that_it_replaces_would(plan: Planner) -> None:
    other = BOTH | {f"{PRODUCT}/db.yaml": workflow("db", product="shop", trigger="manual")}
    outcome = plan({**allowing(platform=True), **other})
    assert identities(made(outcome)) == ["shop-web/seed", "shop-web/warm", "shop-web/workload"]
    assert absent(outcome)["safe-db"] == "it replaces 'shop/db', which is not in this deployment"


def test_a_generated_workflow_is_never_replaced(plan: Planner) -> None:
    files = {"workflows/platform/w.yaml": workflow("w", more=", overrides: workload")}
    outcome = plan({**allowing(platform=True), **files})
    assert "shop-web/workload" in identities(made(outcome))
    assert "w" in absent(outcome)


@pytest.mark.parametrize(
    "other",
    [
        {f"{PRODUCT}/w.yaml": workflow("w", product="shop", more=", overrides: scan")},
        {"workflows/platform/w.yaml": workflow("w", more=", overrides: scan")},
    ],
)
def test_a_workflow_of_an_upper_or_the_same_tier_is_never_replaced(plan: Planner, other: dict[str, str]) -> None:
    files = {**allowing(platform=True, product=True), "workflows/platform/scan.yaml": workflow("scan"), **other}
    outcome = plan(files)
    assert outcome.plan is None
    assert [code for code, _ in errors(outcome)] == ["ORC-2025"]


def test_the_phases_must_be_the_same(plan: Planner) -> None:
    files = BOTH | {
        "workflows/platform/safe-db.yaml": workflow("safe-db", phase="pre-deployment", more=", overrides: shop/db")
    }
    outcome = plan({**allowing(platform=True), **files})
    assert errors(outcome) == [("ORC-2025", "'shop/db' runs in deployment, 'safe-db' in pre-deployment")]


def test_one_place_is_for_one_workflow(plan: Planner) -> None:
    files = BOTH | {"workflows/platform/other-db.yaml": workflow("other-db", more=", overrides: shop/db")}
    outcome = plan({**allowing(platform=True), **files})
    assert [code for code, _ in errors(outcome)] == ["ORC-3122"]


def test_a_workflow_that_was_replaced_replaces_nothing(plan: Planner) -> None:
    files = BOTH | {f"{PRODUCT}/db.yaml": workflow("db", product="shop", more=", overrides: seed")}
    outcome = plan({**allowing(platform=True, product=True), **files})
    assert identities(made(outcome)) == ["safe-db", "shop-web/seed", "shop-web/warm", "shop-web/workload"]


def test_what_waited_for_the_replaced_one_still_starts_and_its_outputs_are_those_of_the_other(plan: Planner) -> None:
    user = workflow("use", product="shop", more=", dependsOn: [db]").replace(
        "config: {script: 'true'}", "env: {X: '${workflows.shop/db.outputs.x}'}, config: {script: 'true'}"
    )
    outcome = plan({**allowing(platform=True), **BOTH, f"{PRODUCT}/use.yaml": user})
    step = made(outcome).step("deployment/product/shop/use/s")
    assert step.env == {"X": {"$ref": "workflows.safe-db.outputs.x"}}
    assert step.needs == ["deployment/platform"]
