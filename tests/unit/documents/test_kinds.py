"""Which documents are ours, and which are somebody else's."""

import pytest

from innominatus_cli.documents.kinds import kind_of, not_ours
from innominatus_cli.documents.loading import load
from innominatus_cli.documents.yaml_reader import read_yaml
from innominatus_cli.findings.catalogue.document import NOT_OURS, UNKNOWN_KIND


@pytest.mark.parametrize(
    ("path", "text", "kind"),
    [
        ("x.yaml", "{apiVersion: workflow.dev/v1, kind: PlatformWorkflow}", "PlatformWorkflow"),
        ("x.yaml", "{kind: ProductWorkflow}", "ProductWorkflow"),
        ("x.yaml", "{apiVersion: innominatus.io/v1alpha1, kind: Workflow}", "Workflow"),
        ("x.yaml", "{apiVersion: argoproj.io/v1alpha1, kind: Workflow, spec: {steps: [{type: x}]}}", ""),
        ("x.yaml", "{steps: [{name: a, type: b}]}", "Workflow"),
        ("x.yaml", "{steps: [{name: a, uses: b}]}", ""),
        ("x.yaml", "{apiVersion: scaffolder.backstage.io/v1beta3, kind: Template, spec: {steps: [{id: a}]}}", ""),
        ("x.yaml", "{goldenpaths: {a: b}}", "GoldenPaths"),
        ("x.yaml", "{apiVersion: workflow.dev/v1, kind: GoldenPath}", "GoldenPath"),
        ("x.yaml", "{kind: WorkflowPolicies}", "WorkflowPolicies"),
        ("x.yaml", "{kind: StepType}", "StepType"),
        ("x.yaml", "{apiVersion: v1, kind: Provider}", "Provider"),
        ("x.yaml", "{apiVersion: pkg.crossplane.io/v1, kind: Provider}", ""),
        ("x.yaml", "{apiVersion: v1, kind: Config, clusters: []}", ""),
        ("x.yaml", "{apiVersion: v1, kind: Pod, spec: {containers: []}}", ""),
        ("x.yaml", "{apiVersion: kubernaut.ai/v1alpha1, kind: RemediationWorkflow}", "RemediationWorkflow"),
        ("x.yaml", "{apiVersion: kubernaut.ai/v1alpha1, kind: ActionType}", "ActionType"),
        ("x.yaml", "{apiVersion: score.dev/v1b1}", "Workload"),
        ("x.yaml", "{metadata: {name: a}, containers: {}}", "Workload"),
        ("a/score-x.yaml", "{metadata: {name: a}}", "Workload"),
        ("admin-config.yaml", "{prices: {}}", "AdminConfig"),
        ("x.yaml", "{workflowPolicies: {}}", "AdminConfig"),
        ("x.yaml", "{openapi: 3.0.0, paths: {}}", ""),
        ("x.yaml", "{repos: [{repo: x, hooks: []}]}", ""),
        ("x.yaml", "[{hosts: all, tasks: []}]", ""),
        ("x.yaml", "text", ""),
        ("x.yaml", "{}", ""),
    ],
)
def test_a_kind_is_decided_by_what_the_document_says(path: str, text: str, kind: str) -> None:
    documents, _ = read_yaml(path, text.encode())
    assert kind_of(documents[0]) == kind


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{apiVersion: workflow.dev/v1, kind: PlatfromWorkflow}", "PlatformWorkflow"),
        ("{apiVersion: workflow.dev/v1, kind: Banana}", "Use PlatformWorkflow"),
        ("{apiVersion: workflow.dev/v1, metadata: {name: x}}", "Use PlatformWorkflow"),
        ("{apiVersion: kubernaut.ai/v1alpha1, kind: ActionTypes}", "ActionType"),
    ],
)
def test_an_unknown_kind_of_our_own_group_is_a_finding_with_near_names(text: str, words: str) -> None:
    (finding,) = load("x.yaml", text.encode()).findings
    assert finding.code is UNKNOWN_KIND
    assert words in finding.help


@pytest.mark.parametrize("text", ["{kind: Pod}", "{a: 1}", "[1]", "text"])
def test_a_document_of_others_is_silent_until_the_user_names_it(text: str) -> None:
    found = load("x.yaml", text.encode())
    assert found.findings == ()
    assert not_ours(found.documents[0]).code is NOT_OURS
