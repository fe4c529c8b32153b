"""Resources in plans: who makes them, and the steps that come of it."""

from typing import Any

import pytest

from innominatus_cli.documents.plan import PlannedStep
from innominatus_cli.documents.vocabulary import Operation
from innominatus_cli.planning.request import Deployed, DeployedResource, Facts, PlanOutcome

PROVIDER = """
    apiVersion: workflow.dev/v1
    kind: Provider
    metadata: {name: data, version: 1.0.0}
    capabilities:
      resourceTypeCapabilities:
        - {type: db, operations: {create: {workflow: make}, delete: {workflow: drop}}}
    workflows: [{name: make, file: make.yaml}, {name: drop, file: drop.yaml}]
"""
MAKE = """
    apiVersion: workflow.dev/v1
    kind: Workflow
    metadata: {name: make}
    spec:
      parameters:
        - {name: resourceName, type: string, required: true}
        - {name: db_size, type: string, default: small}
        - {name: team, type: string, required: true}
        - {name: app_name, type: string}
      steps:
        - name: create
          type: script
          config: {script: "echo made"}
          env: {NAME: "${parameters.resourceName}", SIZE: "${parameters.db_size}"}
          outputs: [url, pass]
      outputs:
        url: ${steps.create.outputs.url}
        password: ${steps.create.outputs.pass}
"""
DROP = """
    apiVersion: workflow.dev/v1
    kind: Workflow
    metadata: {name: drop}
    spec:
      parameters: [{name: resource_name, type: string, required: true}]
      steps: [{name: remove, type: script, config: {script: "echo removed"}}]
"""
SCORE = """
    apiVersion: score.dev/v1b1
    metadata: {name: shop-web}
    containers:
      web: {image: "registry.example.com/web:1.2", variables: {DB: "${resources.db.url}"}}
    resources:
      db: {type: db, params: {dbSize: large, team: storefront}}
"""
FILES = {
    "admin-config.yaml": "providers: [{name: data, path: data, enabled: true}]",
    "data/provider.yaml": PROVIDER,
    "data/make.yaml": MAKE,
    "data/drop.yaml": DROP,
    "score.yaml": SCORE,
}


def steps(outcome: PlanOutcome) -> dict[str, PlannedStep]:
    assert outcome.plan is not None, outcome.findings
    return {step.name: step for step in outcome.plan.steps}


def codes(outcome: PlanOutcome) -> list[str]:
    return [one.code.number for one in outcome.findings if one.severity.value == "error"]


def test_a_providers_workflow_is_called_and_its_outputs_are_those_of_the_resource(plan: Any) -> None:
    found = steps(plan(FILES))
    call, made = found["make-db"], found["provision-db"]
    assert call.group is not None
    assert call.group.parameters == {
        "resourceName": "db",
        "db_size": "large",
        "team": "storefront",
        "app_name": "shop-web",
    }
    assert made.inputs["outputs"] == {
        "url": {"$ref": "steps.make-db.outputs.url"},
        "password": {"$ref": "steps.make-db.outputs.password"},
    }
    assert made.needs == [call.id]
    assert (made.inputs["provisioner"]["name"], made.inputs["provisioner"]["source"]) == (
        "data",
        "data/provider.yaml:6",
    )


def test_secrets_that_a_provider_gives_are_secrets_where_they_come_from(plan: Any) -> None:
    found = steps(plan(FILES))
    assert found["provision-db"].secret_outputs == ["password"]
    assert found["make-db.create"].secret_outputs == ["pass"]


def test_the_provider_and_its_workflow_are_sources_of_the_plan(plan: Any) -> None:
    outcome = plan(FILES)
    assert outcome.plan is not None
    assert {"data/provider.yaml", "data/make.yaml"} <= {source.path for source in outcome.plan.sources}
    assert "data/drop.yaml" not in {source.path for source in outcome.plan.sources}


def test_the_same_documents_give_the_same_plan(plan: Any) -> None:
    first, second = plan(FILES).plan, plan(FILES).plan
    assert first.canonical == second.canonical


def test_a_missing_parameter_and_one_too_many_are_told_at_the_resource(plan: Any) -> None:
    wrong = plan(FILES | {"score.yaml": SCORE.replace("team: storefront", "teem: storefront")})
    assert codes(wrong) == ["ORC-2194"]
    assert "has no param 'teem'" in wrong.findings[0].message
    assert wrong.findings[0].help == "Did you mean 'team'?"
    missing = plan(FILES | {"score.yaml": SCORE.replace(", team: storefront", "")})
    assert any("gives no 'team'" in one.message for one in missing.findings)


def test_a_removal_calls_the_workflow_for_delete(plan: Any) -> None:
    made = steps(plan(FILES))["provision-db"]
    inputs = {key: value for key, value in made.inputs.items() if key != "outputs"}
    facts = Facts(deployed=Deployed("record x", (DeployedResource("db", inputs),)))
    found = steps(plan(FILES, facts=facts, operation=Operation.UNDEPLOY))
    assert {"delete-db", "delete-db.remove", "deprovision-db"} <= found.keys()
    assert found["deprovision-db"].inputs["operation"] == "delete"
    assert "outputs" not in found["deprovision-db"].inputs


def test_a_removal_is_of_what_the_repository_has_now_and_of_the_record_where_it_has_it_no_more(plan: Any) -> None:
    inputs = steps(plan(FILES))["provision-db"].inputs
    facts = Facts(deployed=Deployed("record x", (DeployedResource("db", inputs),)))
    gone = plan(FILES | {"admin-config.yaml": "admin: {}"}, facts=facts, operation=Operation.UNDEPLOY)
    assert "data/drop.yaml" in {source.path for source in gone.plan.sources} if gone.plan else True
    other = FILES | {"data/provider.yaml": PROVIDER.replace(", delete: {workflow: drop}", "")}
    left = plan(other, facts=facts, operation=Operation.UNDEPLOY)
    assert [one.code.number for one in left.findings] == ["ORC-3302"]


def test_a_step_of_a_workflow_gets_the_program_of_its_type(plan: Any) -> None:
    files = {
        "admin-config.yaml": "productProvisioners: [{type: queue, name: q, command: [bash, ./q], timeout: 7s}]",
        "q": "echo",
        "workflows/platform/queues.yaml": """
            apiVersion: workflow.dev/v1
            kind: PlatformWorkflow
            metadata: {name: queues, phase: pre-deployment}
            spec:
              triggers: [all_deployments]
              steps:
                - {name: make, type: resource-provisioning, config: {resource: orders, resourceType: queue}}
        """,
    }
    made = steps(plan(files))["make"]
    assert made.inputs["provisioner"]["run"] == ["bash", "./q"]
    assert made.input_files == ["q"]
    assert made.timeout_seconds == 7
    forged = files["workflows/platform/queues.yaml"].replace(
        "resourceType: queue", "resourceType: queue, provisioner: {name: x, kind: command, type: queue, run: [sh]}"
    )
    assert "ORC-3031" in codes(plan(files | {"workflows/platform/queues.yaml": forged}))


@pytest.mark.parametrize(("environment", "expected"), [("development", []), ("production", ["ORC-3123"])])
def test_what_is_only_described_is_for_development(plan: Any, environment: str, expected: list[str]) -> None:
    score = SCORE.replace("{type: db, params: {dbSize: large, team: storefront}}", "{type: redis}")
    outcome = plan({"score.yaml": score.replace("db.url", "db.host")}, environment=environment)
    assert codes(outcome) == expected


def test_a_provider_of_another_repository_is_the_vendored_one(plan: Any) -> None:
    admin = "providers: [{name: data, type: git, repository: 'https://git.example/x.git', ref: v1, enabled: true}]"
    outcome = plan({"admin-config.yaml": admin, "score.yaml": SCORE})
    assert "ORC-3123" in codes(outcome)
    vendored = {f".innominatus/vendor/{path}": text for path, text in FILES.items() if path.startswith("data/")}
    outcome = plan({"admin-config.yaml": admin, "score.yaml": SCORE, **vendored})
    assert outcome.plan is None  # innominatus.lock does not know it: nothing of it is used
    assert any("innominatus.lock" in one.message for one in outcome.findings)
