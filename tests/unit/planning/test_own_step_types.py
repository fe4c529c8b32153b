"""Steps whose type the repository brings: what the plan holds of them, and what is refused."""

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from innominatus_cli.documents.plan import Plan, PlannedStep
from innominatus_cli.planning.request import PlanOutcome

Planner: TypeAlias = Callable[..., PlanOutcome]

TYPE = """
    apiVersion: workflow.dev/v1
    kind: StepType
    metadata: {name: notify, version: 2.1.0, description: d, owner: o}
    spec:
      inputs:
        type: object
        additionalProperties: false
        required: [who]
        properties:
          who: {type: string, pattern: "^[a-z@. -]+$"}
          times: {type: integer, minimum: 1, default: 2}
          how: {enum: [mail, chat], default: mail}
          file: {type: string, x-path: true, default: notes.txt}
      command: ["./tell.sh", "--who=${inputs.who}", "${inputs.times}", "${inputs.how}", "${inputs.file}"]
      env: {TOKEN: "${secrets.token}", TO: "<${inputs.who}>"}
      outputs: {names: {id: d}}
      tools: [{name: curl, range: ">=7"}]
      timeout: 90s
"""
FILES = {
    "admin-config.yaml": "secrets: {token: {}}\n",
    "workflows/step-types/notify.yaml": TYPE,
    "workflows/step-types/notes.txt": "n\n",
    "tell.sh": "#!/bin/sh\n",
}


def workflow(config: str, more: str = "", before: str = "") -> dict[str, str]:
    return {
        **FILES,
        "workflows/platform/w.yaml": f"""
            apiVersion: workflow.dev/v1
            kind: PlatformWorkflow
            metadata: {{name: w, phase: pre-deployment, description: d, owner: o}}
            spec:
              triggers: [all_deployments]
              variables: {{N: "7"}}
              steps:
                {before}
                - {{name: tell, type: notify, config: {config}{more}}}
        """,
    }


def made(outcome: PlanOutcome) -> Plan:
    assert outcome.plan is not None, [f"{f.place} {f.code.number} {f.message}" for f in outcome.findings]
    return outcome.plan


def told(plan: Plan) -> PlannedStep:
    return plan.step("pre-deployment/platform/-/w/tell")


def messages(outcome: PlanOutcome) -> dict[str, str]:
    assert outcome.plan is None
    return {finding.code.number: f"{finding.message} @{finding.place.path}" for finding in outcome.findings}


def test_the_plan_carries_the_command_and_what_the_schema_says_where_the_step_says_nothing(plan: Planner) -> None:
    step = told(made(plan(workflow("{who: ada}"))))

    assert step.inputs == {"who": "ada", "times": 2, "how": "mail", "file": "workflows/step-types/notes.txt"}
    assert step.program is not None
    assert step.program.step_type == "notify@2.1.0"
    assert step.program.command[:2] == ["./tell.sh", "--who=${inputs.who}"]
    assert step.program.inputs_schema is None
    assert step.input_files == ["tell.sh", "workflows/step-types/notes.txt"]
    assert step.env == {"TOKEN": {"$template": [{"$json": "secrets.token"}]}, "TO": "<ada>"}
    assert (step.secrets, step.timeout_seconds, step.declared_outputs) == (["token"], 90, ["id"])
    assert [(tool.name, tool.range) for tool in step.tools] == [("curl", ">=7")]


def test_the_step_types_file_is_a_source_and_others_are_not(plan: Planner) -> None:
    files = workflow("{who: ada}") | {"workflows/step-types/other.yaml": TYPE.replace("notify", "other")}
    paths = {source.path for source in made(plan(files)).sources}
    assert "workflows/step-types/notify.yaml" in paths
    assert "workflows/step-types/other.yaml" not in paths


def test_no_step_type_is_read_where_no_step_is_of_one(plan: Planner) -> None:
    files = workflow("{}") | {"workflows/step-types/broken.yaml": "kind: StepType\nspec: [\n"}
    files["workflows/platform/w.yaml"] = files["workflows/platform/w.yaml"].replace(
        "notify, config: {}", "wait, config: {duration: 1}"
    )
    outcome = plan(files)
    assert not any(finding.place.path.startswith("workflows/step-types") for finding in outcome.findings)


def test_what_only_the_run_knows_is_checked_by_the_schema_that_the_plan_carries(plan: Planner) -> None:
    before = "- {name: find, type: script, outputs: [n], config: {script: 'echo OUTPUT_n=3'}}"
    step = told(
        made(plan(workflow('{who: "to ${steps.find.outputs.n}", times: "${steps.find.outputs.n}"}', before=before)))
    )

    assert step.inputs["times"] == {"$ref": "steps.find.outputs.n"}
    assert step.env["TO"] == {"$template": ["<", "to ", {"$ref": "steps.find.outputs.n"}, ">"]}
    assert step.program is not None
    assert step.program.inputs_schema is not None


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("{}", "needs the key 'who'"),
        ("{who: ada, hwo: bob}", "unknown key 'hwo'"),
        ("{who: ada, times: many}", "must be an integer"),
        ("{who: ada, times: 0}", "less than 1"),
        ("{who: ada, how: mial}", "not one of mail, chat"),
        ("{who: Ada}", "does not match the pattern"),
    ],
)
def test_inputs_that_the_schema_refuses_are_findings_at_the_step(plan: Planner, config: str, message: str) -> None:
    outcome = plan(workflow(config))
    assert outcome.plan is None
    (finding,) = (one for one in outcome.findings if one.severity == "error")
    assert message in finding.message
    assert finding.place.path == "workflows/platform/w.yaml"
    assert finding.related[0].place.path == "workflows/step-types/notify.yaml"


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ('{who: "${application.name}", times: "${variables.N}"}', "'times': must be an integer, not '7'"),
        ('{who: ada, how: "${metadata.team}"}', "'how': is 'storefront', which is not one of mail, chat"),
        ('{who: "${metadata.name}!"}', "'who': is 'shop-web!', which does not match the pattern"),
        ('{who: ada, times: "1${steps.find.outputs.n}"}', "must be an integer"),
    ],
)
def test_what_references_give_is_checked_when_the_plan_is_made(plan: Planner, config: str, message: str) -> None:
    before = "- {name: find, type: script, outputs: [n], config: {script: 'echo OUTPUT_n=3'}}"
    outcome = plan(workflow(config, before=before))
    assert outcome.plan is None
    assert [message in one.message for one in outcome.findings if one.severity == "error"] == [True]


def test_a_secret_reaches_the_program_through_its_environment_only(plan: Planner) -> None:
    assert "ORC-3048" in messages(plan(workflow("{who: '${secrets.token}'}")))


def test_a_step_type_that_cannot_be_read_says_why_its_step_is_refused(plan: Planner) -> None:
    files = workflow("{who: ada}") | {"workflows/step-types/notify.yaml": TYPE.replace("command", "comand")}
    found = messages(plan(files))
    assert found["ORC-1033"].endswith("@workflows/step-types/notify.yaml")


def test_two_documents_of_one_step_type_are_refused(plan: Planner) -> None:
    files = workflow("{who: ada}") | {"workflows/step-types/zz.yaml": TYPE}
    assert "ORC-2008" in messages(plan(files))


def test_an_output_that_the_step_type_does_not_name_is_unknown(plan: Planner) -> None:
    files = workflow("{who: ada}")
    more = (
        "\n                - {name: use, type: script, env: {X: '${steps.tell.outputs.di}'}, config: {script: 'true'}}"
    )
    files["workflows/platform/w.yaml"] = files["workflows/platform/w.yaml"].rstrip() + more + "\n"
    outcome = plan(files)
    (finding,) = (one for one in outcome.findings if one.severity == "error")
    assert (finding.code.number, "notify.yaml" in finding.remedy) == ("ORC-3001", True)


def test_a_plan_of_a_program_has_the_same_bytes_whatever_else_stands_in_the_folder(plan: Planner) -> None:
    first = made(plan(workflow("{who: ada}")))
    again: dict[str, Any] = workflow("{who: ada}") | {
        "workflows/step-types/a-other.yaml": TYPE.replace("notify", "a-other")
    }
    assert made(plan(again)).digest == first.digest
