"""Organisations: whose workflows, policies, golden paths and step types an application has."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from innominatus_cli.documents.plan import Plan
from innominatus_cli.documents.repository import Repository
from innominatus_cli.documents.snapshot import WorkingTreeSnapshot
from innominatus_cli.documents.vocabulary import Operation
from innominatus_cli.planning.planner import plan_application
from innominatus_cli.planning.request import Facts, PlanOutcome, PlanRequest
from innominatus_cli.policies.policy_set import policy_set

Planner: TypeAlias = Callable[..., PlanOutcome]


def workflow(name: str, *, product: str = "", more: str = "", step: str = "script", config: str = "") -> str:
    kind, owner = ("ProductWorkflow", f", product: {product}") if product else ("PlatformWorkflow", "")
    trigger = "product_deployment" if product else "all_deployments"
    return (
        f"apiVersion: workflow.dev/v1\nkind: {kind}\n"
        f"metadata: {{name: {name}, phase: pre-deployment, description: d, owner: o{owner}{more}}}\n"
        f"spec:\n  triggers: [{trigger}]\n  steps: [{{name: s, type: {step}, config: {config or '{script: a}'}}}]\n"
    )


def score(more: str = ", organization: acme, product: shop", name: str = "web") -> str:
    return (
        f"apiVersion: score.dev/v1b1\nmetadata: {{name: {name}{more}}}\ncontainers: {{web: {{image: 'nginx:1.27'}}}}\n"
    )


STEP_TYPE = """
    apiVersion: workflow.dev/v1
    kind: StepType
    metadata: {name: greet, description: d, owner: o}
    spec: {inputs: {type: object, properties: {who: {type: string}}, required: [who]}, command: [echo, "${inputs.who}"]}
"""
FILES = {
    "admin-config.yaml": (
        "workflowPolicies: {maxStepsPerWorkflow: 9, allowedStepTypes: [script, kubernetes, acme/greet]}\n"
    ),
    "score.yaml": score(),
    "workflows/platform/scan.yaml": workflow("scan"),
    "workflows/products/shop/db.yaml": workflow("db", product="shop"),
    "workflows/orgs/acme/platform/scan.yaml": workflow("scan", more=", dependsOn: [base]"),
    "workflows/orgs/acme/platform/base.yaml": workflow("base", step="acme/greet", config="{who: x}"),
    "workflows/orgs/acme/products/shop/db.yaml": workflow("db", product="shop"),
    "workflows/orgs/acme/step-types/greet.yaml": STEP_TYPE,
    "workflows/orgs/acme/policies/p.yaml": (
        "apiVersion: workflow.dev/v1\nkind: WorkflowPolicies\nmetadata: {name: acme}\n"
        "spec: {maxStepsPerWorkflow: 3, requiredPlatformWorkflows: [acme/scan], "
        "allowedStepTypes: [script, acme/greet]}\n"
    ),
    "workflows/orgs/acme/golden-paths/ship.yaml": (
        "apiVersion: workflow.dev/v1\nkind: GoldenPath\n"
        "metadata: {name: ship, version: 1.2.0, description: d, owner: o}\nspec: {operation: deploy}\n"
    ),
    "workflows/orgs/beta/products/shop/db.yaml": workflow("db", product="shop"),
}


def made(outcome: PlanOutcome) -> Plan:
    assert outcome.plan is not None, [f"{f.place} {f.code.number} {f.message}" for f in outcome.findings]
    return outcome.plan


def identities(outcome: PlanOutcome) -> list[str]:
    return [one.identity for one in made(outcome).workflows]


def test_an_application_has_the_platforms_workflows_and_those_of_its_organisation(plan: Planner) -> None:
    outcome = plan(FILES)
    assert identities(outcome) == ["acme/base", "acme/scan", "scan", "acme/shop/db", "web/workload"]
    found = made(outcome)
    assert found.step("pre-deployment/platform/-/acme:scan/s").needs == ["pre-deployment/platform/-/acme:base"]
    assert found.step("pre-deployment/product/acme:shop/db/s").type == "script"
    assert found.step("pre-deployment/platform/-/acme:base/s").program is not None


def test_the_annotation_names_the_organisation_too(plan: Planner) -> None:
    more = ", annotations: {innominatus.dev/org: beta, innominatus.dev/product: shop}"
    assert identities(plan({**FILES, "score.yaml": score(more)})) == ["scan", "beta/shop/db", "web/workload"]


def test_an_application_without_one_has_nothing_of_any_organisation(plan: Planner) -> None:
    outcome = plan({**FILES, "score.yaml": score(", product: shop")})
    assert identities(outcome) == ["scan", "shop/db", "web/workload"]
    assert not any("orgs" in source.path for source in made(outcome).sources)


def test_an_organisation_that_is_not_there_stops_the_plan_for_its_policies_are_not_known(plan: Planner) -> None:
    outcome = plan({**FILES, "score.yaml": score(", organization: acmee, product: shop")})
    assert outcome.plan is None
    (finding,) = (one for one in outcome.findings if one.severity == "error")
    assert (finding.code.number, finding.help) == ("ORC-2207", "Did you mean 'acme'?")


def test_a_product_is_looked_for_in_the_organisation_only(plan: Planner) -> None:
    files = {**FILES, "workflows/products/pay/x.yaml": workflow("x", product="pay")}
    outcome = plan({**files, "score.yaml": score(", organization: acme, product: pay")})
    assert "ORC-2203" in {one.code.number for one in outcome.findings}
    assert "pay/x" not in identities(outcome)


def test_golden_paths_and_workflows_of_an_organisation_are_run_by_their_names(plan: Planner) -> None:
    assert made(plan(FILES, golden_path="acme/ship@^1")).golden_path == "ship"
    task = made(plan(FILES, task="acme/shop/db", score_path=None, operation=Operation.TASK))
    assert [one.identity for one in task.workflows] == ["acme/shop/db"]
    base = made(plan(FILES, task="acme/base", score_path=None, operation=Operation.TASK))
    assert [one.identity for one in base.workflows] == ["acme/base"]


def rules_after(tmp_path: Path, files: dict[str, str], **request: Any) -> tuple[Any, ...]:
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    repository = Repository(WorkingTreeSnapshot(tmp_path))
    plan_application(repository, PlanRequest(environment="development", **request), Facts())
    rules = policy_set(repository)
    assert rules.max_steps_per_workflow is not None
    assert rules.allowed_step_types is not None
    required = rules.required_platform_workflows
    return rules.max_steps_per_workflow.value, rules.allowed_step_types.value, required and required.value


def test_policies_of_the_organisation_come_under_the_platforms_and_the_stricter_wins(tmp_path: Path) -> None:
    in_acme = (3, ("acme/greet", "script"), ("acme/scan",))
    in_none = (9, ("acme/greet", "kubernetes", "script"), None)
    files = {
        **FILES,
        "root.yaml": score(", product: shop", "root"),
        "other.yaml": score(", organization: beta", "other"),
    }
    assert rules_after(tmp_path, files, score_path="score.yaml") == in_acme
    assert rules_after(tmp_path, {}, score_path="root.yaml") == in_none
    assert rules_after(tmp_path, {}, score_path="other.yaml") == in_none
    assert rules_after(tmp_path, {}, task="acme/shop/db", operation=Operation.TASK) == in_acme
    assert rules_after(tmp_path, {}, task="shop/db", operation=Operation.TASK) == in_none
