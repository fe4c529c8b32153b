"""Resources in plans: who makes them, and the steps that come of it."""

from dataclasses import replace
from typing import Any

import pytest

from innominatus_cli.documents.plan import PlannedStep
from innominatus_cli.documents.vocabulary import Operation
from innominatus_cli.planning.request import Deployed, DeployedResource, Facts, MadeResource, PlanOutcome

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


UPDATE = """
    apiVersion: workflow.dev/v1
    kind: Workflow
    metadata: {name: resize}
    spec:
      parameters:
        - {name: resource_name, type: string, required: true}
        - {name: db_size, type: string}
        - {name: url, type: string, required: true}
      steps:
        - name: resize
          type: script
          config: {script: "echo resized"}
          env: {SIZE: "${parameters.db_size}", AT: "${parameters.url}"}
          outputs: [pass]
      outputs: {password: "${steps.resize.outputs.pass}"}
"""
READ = """
    apiVersion: workflow.dev/v1
    kind: Workflow
    metadata: {name: look}
    spec:
      parameters: [{name: resource_name, type: string, required: true}]
      steps: [{name: look, type: script, config: {script: "echo looked"}, outputs: [pass]}]
      outputs: {password: "${steps.look.outputs.pass}"}
"""


def with_update(**changed: str) -> dict[str, str]:
    provider = PROVIDER.replace("create: {workflow: make}", "create: {workflow: make}, update: {workflow: resize}")
    provider = provider.replace("workflows: [", "workflows: [{name: resize, file: resize.yaml}, ")
    return {**FILES, "data/provider.yaml": provider, "data/resize.yaml": UPDATE, **changed}


def made(outcome: PlanOutcome, **more: Any) -> Facts:
    """The facts after a run of this plan."""
    provision = steps(outcome)["provision-db"]
    resource = MadeResource(provision.inputs, "record r1", outputs={"url": "db://1"}, withheld=("password",))
    return Facts(made={"db": replace(resource, **more)})


def chosen(outcome: PlanOutcome) -> tuple[Any, str]:
    assert outcome.plan is not None, outcome.findings
    (one,) = [one for one in outcome.plan.inputs if one.name == "resources.db.operation"]
    return one.value, one.evidence


BIGGER = SCORE.replace("dbSize: large", "dbSize: huge")


def test_a_resource_that_is_there_and_is_asked_for_otherwise_is_updated(plan: Any) -> None:
    facts = made(plan(with_update()))
    outcome = plan(with_update(**{"score.yaml": BIGGER}), facts)
    found = steps(outcome)
    assert "make-db" not in found
    assert found["update-db"].group is not None
    assert found["update-db"].group.parameters == {"resource_name": "db", "db_size": "huge", "url": "db://1"}
    assert found["update-db"].description == "'update' of the provider 'data': params.dbSize: large → huge"
    assert found["provision-db"].inputs["operation"] == "update"
    assert chosen(outcome) == ({"operation": "update", "because": "params.dbSize: large → huge"}, "record r1")


def test_outputs_that_an_update_does_not_give_are_those_of_the_records(plan: Any) -> None:
    facts = made(plan(with_update()))
    found = steps(plan(with_update(**{"score.yaml": BIGGER}), facts))["provision-db"]
    assert found.inputs["outputs"] == {"url": "db://1", "password": {"$ref": "steps.update-db.outputs.password"}}
    assert found.secret_outputs == ["password"]


def test_a_resource_that_is_new_or_unchanged_is_created_and_the_plan_says_why(plan: Any) -> None:
    first = plan(with_update())
    assert chosen(first)[0] == {"operation": "create", "because": "the records know none that is there"}
    assert chosen(first)[1] == "no record of it"
    again = plan(with_update(), made(first))
    assert "make-db" in steps(again)
    assert chosen(again)[0]["because"] == "it is asked for as it was made, and 'create' makes sure of it"


def test_a_change_that_failed_half_way_and_is_taken_back_is_an_update_too(plan: Any) -> None:
    first = plan(with_update())
    tried = steps(plan(with_update(**{"score.yaml": BIGGER}), made(first)))["provision-db"].inputs
    outcome = plan(with_update(**{"score.yaml": SCORE}), made(first, attempted=tried))
    assert chosen(outcome)[0] == {
        "operation": "update",
        "because": "a run after it was made asked for something else",
    }


@pytest.mark.parametrize(
    ("score", "update", "because"),
    [
        (SCORE.replace("team: storefront", "team: payments"), UPDATE, "'update' does not change 'team'"),
        (BIGGER, UPDATE.replace("outputs: {password: ", "outputs: {pin: "), "the secret output 'password'"),
    ],
)
def test_what_an_update_cannot_do_is_created_again(plan: Any, score: str, update: str, because: str) -> None:
    facts = made(plan(with_update()))
    outcome = plan(with_update(**{"score.yaml": score, "data/resize.yaml": update}), facts)
    assert "make-db" in steps(outcome)
    assert because in chosen(outcome)[0]["because"]


def test_an_update_that_cannot_be_called_is_told_and_the_resource_is_created_again(plan: Any) -> None:
    facts = made(plan(with_update()))
    needy = UPDATE.replace("{name: url, type: string, required: true}", "{name: cluster, type: string, required: true}")
    needy = needy.replace("parameters.url", "parameters.cluster")
    outcome = plan(with_update(**{"score.yaml": BIGGER, "data/resize.yaml": needy}), facts)
    assert "make-db" in steps(outcome)
    (told,) = [one for one in outcome.findings if one.code.number == "ORC-5575"]
    assert "needs 'cluster'" in told.message


def test_a_secret_that_only_read_gives_is_read_behind_the_update(plan: Any) -> None:
    files = with_update(**{"data/resize.yaml": UPDATE.replace("{password: ", "{pin: "), "data/look.yaml": READ})
    files["data/provider.yaml"] = (
        files["data/provider.yaml"]
        .replace("create: {workflow: make}", "create: {workflow: make}, read: {workflow: look}")
        .replace("workflows: [", "workflows: [{name: look, file: look.yaml}, ")
    )
    facts = made(plan(files))
    found = steps(plan({**files, "score.yaml": BIGGER}, facts))
    assert found["provision-db"].inputs["outputs"]["password"] == {"$ref": "steps.read-db.outputs.password"}
    assert "password" in found["provision-db"].secret_outputs
    order = list(found)
    assert order.index("update-db") < order.index("read-db") < order.index("provision-db")


def test_another_providers_resource_is_not_updated(plan: Any) -> None:
    facts = made(plan(with_update()))
    provider = with_update()["data/provider.yaml"].replace("name: data,", "name: other,")
    outcome = plan(with_update(**{"score.yaml": BIGGER, "data/provider.yaml": provider}), facts)
    assert chosen(outcome)[0] == {"operation": "create", "because": "it was made by the provider 'data'"}


def test_the_same_records_give_the_same_plan(plan: Any) -> None:
    facts = made(plan(with_update()))
    files = with_update(**{"score.yaml": BIGGER})
    assert plan(files, facts).plan.digest == plan(files, facts).plan.digest
