"""Did you mean: keys, kinds, step types, workflows, parameters, resources and outputs, each with a transposition."""

import pytest

from innominatus_cli.checks.checking import check_document, check_repository
from innominatus_cli.checks.facts import Facts, RepositoryFacts
from innominatus_cli.documents.loading import load
from innominatus_cli.documents.nodes import Document
from innominatus_cli.findings.finding import Finding

HEAD = "apiVersion: workflow.dev/v1\nkind: {kind}\nmetadata: {{name: w, {more}}}\n"
SCORE_FILE = (
    "apiVersion: score.dev/v1b1\nmetadata: {name: shop}\ncontainers: {web: {image: 'a:1'}}\n"
    "resources: {database: {type: postgres}}\n"
)


def workflow(step: str, spec: str = "", kind: str = "Workflow", more: str = "") -> str:
    return f"{HEAD.format(kind=kind, more=more)}spec:\n{spec}  steps:\n    - {{name: a, type: script, {step}}}\n"


def reading(reference: str) -> str:
    return f"config: {{script: make}}, env: {{X: '${{{reference}}}'}}"


def document(text: str, path: str = "w.yaml") -> Document:
    return load(path, text.encode()).documents[0]


def found(text: str, facts: Facts | None = None) -> list[Finding]:
    loaded = load("w.yaml", text.encode())
    return [*loaded.findings, *(one for each in loaded.documents for one in check_document(each, facts or Facts()))]


READS_RESOURCE = reading("resources.databsae.host")
WITH_OUTPUTS = workflow("config: {script: make}, outputs: [image]").replace("{name: a,", "{name: build,")
TWO_STEPS = f"{WITH_OUTPUTS}    - {{name: b, type: script, {reading('steps.build.outputs.iamge')}}}\n"
PLATFORM = document(
    workflow("config: {script: make}", "  outputs: {report: x}\n", "PlatformWorkflow", "phase: pre-deployment")
)
PRODUCT = {"kind": "ProductWorkflow", "more": "product: shop, phase: deployment, description: d, owner: o"}
GOLDEN_PATH = document(HEAD.format(kind="GoldenPath", more="") + "spec: {parameters: {replicas: {type: int}}}\n")
FACTS = Facts(workflows=lambda: {"security-scan": PLATFORM}, golden_paths=lambda: [GOLDEN_PATH])
TRIGGERS = "  triggers: [product_deployment]\n"


@pytest.mark.parametrize(
    ("what", "text", "code", "near"),
    [
        ("a key", workflow("config: {script: make}, tiemout: 5m"), "ORC-1033", "timeout"),
        ("a kind", workflow("x: 1", kind="PlatfromWorkflow"), "ORC-1031", "PlatformWorkflow"),
        ("a step type", workflow("config: {}").replace("script", "kuberentes"), "ORC-2002", "kubernetes"),
        (
            "a workflow",
            workflow(reading("workflows.secuirty-scan.outputs.report"), TRIGGERS, **PRODUCT),
            "ORC-2189",
            "",
        ),
        (
            "its output",
            workflow(reading("workflows.security-scan.outputs.reprot"), TRIGGERS, **PRODUCT),
            "ORC-2189",
            "",
        ),
        ("a parameter", workflow(reading("parameters.relpicas"), TRIGGERS, **PRODUCT), "ORC-2153", "replicas"),
        ("a variable", workflow(reading("variables.MOED"), "  variables: {MODE: x}\n"), "ORC-2015", "MODE"),
        ("an output", TWO_STEPS, "ORC-2015", "image"),
        (
            "a resource",
            SCORE_FILE.replace("'a:1'", "'a:1', variables: {A: '${resources.databsae.host}'}"),
            "ORC-2082",
            "database",
        ),
        (
            "a resource of a step",
            f"{SCORE_FILE}workflows: {{deploy: {{steps: [{{name: a, type: script, {READS_RESOURCE}}}]}}}}\n",
            "ORC-2082",
            "database",
        ),
    ],
)
def test_a_near_name_is_offered(what: str, text: str, code: str, near: str) -> None:
    (finding,) = (one for one in found(text, FACTS) if one.code.number == code)
    wanted = near or ("security-scan" if what == "a workflow" else "report")
    assert finding.help.startswith(f"Did you mean '{wanted}'?"), what


def test_a_near_workflow_is_offered_for_a_dependency_too() -> None:
    texts = {name: f"phase: deployment, dependsOn: [{need}]" for name, need in (("scan", ""), ("tag", "sacn"))}
    documents = tuple(
        document(
            workflow("config: {script: x}", kind="PlatformWorkflow", more=more).replace("name: w", f"name: {name}"),
            f"workflows/platform/{name}.yaml",
        )
        for name, more in texts.items()
    )
    (finding,) = check_repository(RepositoryFacts(documents))
    assert (finding.code.number, finding.help) == ("ORC-2013", "Did you mean 'scan'?")
