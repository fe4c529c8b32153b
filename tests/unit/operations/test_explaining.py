"""`explain APP`: every step with what put it there, every absent workflow with what would bring it in."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from innominatus_cli.documents.plan_explanation import ExplainedStep, PlanExplanation
from innominatus_cli.documents.repository import Repository
from innominatus_cli.documents.snapshot import WorkingTreeSnapshot
from innominatus_cli.documents.vocabulary import Operation
from innominatus_cli.findings.finding import CannotContinue
from innominatus_cli.operations.applications import NoSuchApplicationError, score_file_of
from innominatus_cli.operations.explaining import explained, part_of
from innominatus_cli.operations.step_names import ends_like, names_step
from innominatus_cli.planning.planner import plan_application
from innominatus_cli.planning.request import Facts, PlanOutcome, PlanRequest
from innominatus_cli.policies.policy_set import policy_set
from innominatus_cli.reports.plan_explanation import explanation_table, explanation_text
from tests.strategies.generated_repositories import GeneratedRepository, repositories

Explain: TypeAlias = Callable[..., PlanExplanation]
REQUEST = PlanRequest(environment="development", score_path="score.yaml")
SCORE = """\
apiVersion: score.dev/v1b1
metadata: {name: shop-web, product: shop}
containers:
  web: {image: "registry.example.com/web:1.2"}
resources:
  db: {type: sqlite}
"""
ADMIN = """\
workflowPolicies:
  requiredPlatformWorkflows: [scan]
  allowedProductWorkflows: [shop/seed]
  allowedStepTypes: [script, kubernetes, resource-provisioning]
  maxWorkflowDuration: 30m
  maxStepsPerWorkflow: 3
  security:
    allowedExecutors: [developers]
    requireApproval: [production]
policies:
  allowedEnvironments: [development, production]
"""
SCAN = """\
apiVersion: workflow.dev/v1
kind: PlatformWorkflow
metadata: {name: scan, description: d, owner: o, phase: pre-deployment}
spec:
  triggers: [all_deployments]
  parameters: [{name: deep, type: boolean, default: false}]
  variables: {mode: quick}
  steps:
    - {name: one, type: script, parallel: true, config: {script: "true"}}
    - {name: two, type: script, parallel: true, config: {script: "true"}}
    - {name: three, type: script, config: {script: "true"}, if: "environment.name == 'production' and parameters.deep"}
    - name: four
      type: script
      dependsOn: [one]
      config: {script: "true"}
      unless: one.failed
      approval: {teams: [ops]}
  finally:
    - {name: last, type: script, config: {script: "true"}, if: variables.mode == 'quick'}
"""
SEED = """\
apiVersion: workflow.dev/v1
kind: ProductWorkflow
metadata: {name: NAME, description: d, owner: o, product: shop, phase: pre-deployment}
spec:
  triggers: [TRIGGER]
  steps:
    - {name: seed, type: script, config: {script: "true"}}
"""
FILES = {
    "score.yaml": SCORE,
    "admin-config.yaml": ADMIN,
    "workflows/platform/scan.yaml": SCAN,
    "workflows/products/shop/seed.yaml": SEED.replace("NAME", "seed").replace("TRIGGER", "first_deployment"),
    "workflows/products/shop/fix.yaml": SEED.replace("NAME", "fix").replace("TRIGGER", "manual"),
    "workflows/products/ads/fill.yaml": SEED.replace("NAME", "fill").replace("shop", "ads"),
}


def written(folder: Path, files: Mapping[str, str]) -> Path:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def planned(folder: Path, request: PlanRequest = REQUEST, facts: Facts | None = None) -> tuple[Repository, PlanOutcome]:
    repository = Repository(WorkingTreeSnapshot(folder))
    return repository, plan_application(repository, request, facts or Facts())


@pytest.fixture
def explain(tmp_path: Path) -> Explain:
    def make(request: PlanRequest = REQUEST, facts: Facts | None = None, **files: str) -> PlanExplanation:
        written(tmp_path, {**FILES, **files})
        repository, outcome = planned(tmp_path, request, facts)
        assert outcome.plan is not None, outcome.findings
        return explained(repository, outcome, policy_set(repository))

    return make


def step(explanation: PlanExplanation, name: str) -> ExplainedStep:
    return next(one for one in explanation.steps if one.name == name)


def test_a_step_says_what_it_waits_for_and_what_says_so(explain: Explain) -> None:
    found = explain()
    because = {one.name: [need.because for need in one.needs] for one in found.steps}
    assert because["one"] == []
    assert because["three"] == ["group", "group"]
    assert because["four"] == ["dependsOn"]
    assert because["last"] == ["finally", "finally"]
    assert because["seed"] == ["barrier"]
    assert because["deploy-application"] == ["workflow dependsOn"]


def test_a_condition_says_what_is_known_of_it(explain: Explain) -> None:
    found = explain()
    (never,) = step(found, "three").conditions
    assert (never.word, never.truth) == ("if", False)
    known = {one.name: (one.value, one.evidence) for one in never.known}
    assert known == {
        "environment.name": ("development", "--env, or its default"),
        "parameters.deep": (False, "its default in the workflow"),
    }
    assert step(found, "four").conditions[0].truth is None
    assert [(one.name, one.value) for one in step(found, "last").conditions[0].known] == [("variables.mode", "quick")]


def test_policies_that_speak_of_a_step_are_told_with_their_line(explain: Explain) -> None:
    found = explain()
    policies = {one.key: (one.says, f"{one.path}:{one.line}") for one in step(found, "one").policies}
    assert policies["requiredPlatformWorkflows"] == ("requires scan", "admin-config.yaml:2")
    assert policies["allowedStepTypes"] == ("allows type script", "admin-config.yaml:4")
    assert policies["maxStepsPerWorkflow"] == ("is 3; its workflow has 5", "admin-config.yaml:6")
    assert policies["security.allowedExecutors"][0] == "lets developers run it"
    assert "security.requireApproval" not in policies
    assert {one.key for one in step(found, "seed").policies} >= {"allowedProductWorkflows"}


def test_triggers_are_told_as_reasons(explain: Explain) -> None:
    found = explain()
    assert step(found, "one").because == "it is part of every deployment"
    assert "first deployment in development (no record" in step(found, "seed").because
    assert step(found, "provision-db").because == "it is generated from the Score file"


def test_absent_workflows_say_what_would_bring_them_in(explain: Explain) -> None:
    found = explain(facts=Facts(first_deployment=False, first_deployment_evidence="record x"))
    assert {one.identity: one.brought_in_by for one in found.absent} == {
        "shop/seed": "an environment in which it was never deployed",
        "shop/fix": "--workflow shop/fix",
        "ads/fill": "metadata.product: ads in the Score file",
    }
    assert next(one.reason for one in found.absent if one.identity == "shop/seed").endswith("(record x)")


LOOPS = """\
apiVersion: workflow.dev/v1
kind: PlatformWorkflow
metadata: {name: loops, description: d, owner: o, phase: pre-deployment}
spec:
  triggers: [all_deployments]
  steps:
    - {name: region, type: script, forEach: [eu, us], config: {script: "true"}}
    - name: call
      type: workflow
      workflow: shared/part.yaml
      if: environment.name == 'development'
"""
PART = """\
apiVersion: workflow.dev/v1
kind: Workflow
metadata: {name: part, description: d, owner: o}
spec:
  steps:
    - {name: first, type: script, config: {script: "true"}}
    - {name: second, type: script, config: {script: "true"}}
"""


def test_steps_of_loops_and_sub_workflows_say_how_they_came_in(explain: Explain) -> None:
    found = explain(**{"workflows/platform/loops.yaml": LOOPS, "workflows/shared/part.yaml": PART})
    regions = [one for one in found.steps if one.cell is not None]
    assert [one.cell.item for one in regions if one.cell] == ["eu", "us"]
    inner = next(one for one in found.steps if one.id.endswith("/call.second"))
    assert [(one.step, one.line) for one in inner.calls] == [("call", 8)]
    assert inner.path == "workflows/shared/part.yaml"
    assert [need.because for need in inner.needs] == ["sub-workflow"]
    assert [one.text for one in inner.conditions] == ["environment.name == 'development'"]
    text = explanation_text(part_of(found, "loops/*"))
    assert "for        item = eu" in text
    assert "called by  call at workflows/platform/loops.yaml:8" in text
    assert [one.id for one in part_of(found, "loops/call").steps] == [one.id for one in found.steps if one.calls]
    assert [one.name for one in part_of(found, "loops/region").steps] == ["region[0]", "region[1]"]


CALLS = """\
    - {name: whole, type: workflow, workflow: shared/part.yaml}
    - {name: fixed, type: workflow, workflow: shop/fix, forEach: [a, b]}
    - {name: many, type: script, forEach: "${steps.seed.outputs.x}", maxItems: 9, config: {script: "true"}}
"""


def test_policies_speak_of_the_workflow_that_calls_and_of_called_ones_of_a_product(explain: Explain) -> None:
    seed = SEED.replace("NAME", "seed").replace("TRIGGER", "product_deployment")
    calls = seed.replace('"true"}}', '"true"}, outputs: [x]}') + CALLS
    found = explain(**{"workflows/products/shop/seed.yaml": calls, "workflows/shared/part.yaml": PART})

    def told(end: str, key: str) -> list[str]:
        one = next(one for one in found.steps if one.id.endswith(end))
        return [policy.says for policy in one.policies if policy.key == key]

    assert told("/whole.first", "allowedProductWorkflows") == ["allows shop/seed"]
    assert told("/fixed[0].seed", "allowedProductWorkflows") == ["allows shop/seed", "does not allow shop/fix"]
    assert told("/seed/seed", "maxStepsPerWorkflow") == ["is 3; its workflow has 14"]


def test_the_text_shows_every_step_and_absent_workflow(explain: Explain) -> None:
    found = explain()
    text = explanation_text(found)
    assert all(one.id in text for one in found.steps)
    assert all(one.identity in text for one in found.absent)
    assert "if         environment.name == 'production' and parameters.deep → false, so it never runs" in text
    assert "approval   1 of ops" in text
    assert "\x1b" not in text
    assert "\x1b" in explanation_text(found, colour=True)
    table = explanation_table(found, "wide").splitlines()
    assert len(table) == len(found.steps) + 2


@pytest.mark.parametrize(
    ("word", "steps", "absent"),
    [
        ("pre-deployment/platform/-/scan/one", ["one"], []),
        ("scan/one", ["one"], []),
        ("one", ["one"], []),
        ("*/scan/t*", ["two", "three"], []),
        ("t*", ["two", "three"], []),
        ("shop/seed", ["seed"], []),
        ("ads/fill", [], ["ads/fill"]),
        ("fix", [], ["shop/fix"]),
    ],
)
def test_a_step_is_named_by_its_id_the_end_of_it_its_workflow_or_a_pattern(
    explain: Explain, word: str, steps: list[str], absent: list[str]
) -> None:
    found = part_of(explain(), word)
    assert [one.name for one in found.steps] == steps
    assert [one.identity for one in found.absent] == absent


@pytest.mark.parametrize("word", ["acme/scan/run", "acme:scan/run", "acme:scan/run[1]", "run", "a.b/acme/scan/run"])
def test_what_is_of_an_organisation_is_named_with_a_slash_or_as_in_ids(word: str) -> None:
    assert names_step(word, "a.b/acme:scan/run[1]")
    assert not names_step(word, "a.b/acme:scan/runs[1]")
    assert ends_like("acme/scan/rn", ["a.b/acme:scan/run"]) == ["acme/scan/run"]


def test_a_step_that_is_not_there_is_told_with_the_nearest(explain: Explain) -> None:
    with pytest.raises(CannotContinue) as found:
        part_of(explain(), "thre")
    assert found.value.findings[0].code.number == "ORC-3144"
    assert "'three'" in found.value.findings[0].message
    with pytest.raises(CannotContinue) as found:
        part_of(explain(), "shop/seed/sed")
    assert "'shop/seed/seed'" in found.value.findings[0].message


def test_an_application_is_found_by_its_file_and_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = Repository(WorkingTreeSnapshot(written(tmp_path, FILES)))
    monkeypatch.chdir(tmp_path / "workflows")
    assert score_file_of(repository, "../score.yaml") == "../score.yaml"
    assert score_file_of(repository, "shop-web") == str(tmp_path / "score.yaml")
    with pytest.raises(NoSuchApplicationError, match="'shop-web'"):
        score_file_of(repository, "shop-wed")


@settings(deadline=None, max_examples=60)
@given(generated=repositories(), first=st.booleans(), kind=st.sampled_from(["deploy", "off", "undeploy", "task"]))
def test_explain_covers_every_step_and_every_absent_workflow(
    generated: GeneratedRepository, first: bool, kind: str
) -> None:
    facts = Facts(first_deployment=first, first_deployment_evidence="a record")
    with tempfile.TemporaryDirectory() as folder:
        root = generated.write(Path(folder))
        request = asked(kind, root, generated)
        repository, outcome = planned(root, request, facts)
        if outcome.plan is None:  # a removal of what was never there
            assert kind == "undeploy"
            return
        found = explained(repository, outcome, policy_set(repository))
        assert [one.id for one in found.steps] == [one.id for one in outcome.plan.steps if one.kind == "step"]
        there = {workflow.path for workflow in outcome.plan.workflows}
        assert sorted(one.path for one in found.absent) == sorted(set(generated.workflows) - there)
        assert all(one.reason and one.brought_in_by for one in found.absent)
        for one in found.steps:
            assert one.because
            assert [need.id for need in one.needs] == outcome.plan.step(one.id).needs
            assert (root / one.path).read_text().splitlines()[one.line - 1].strip()
        told = explanation_text(found)
        assert all(f"\n{one.id}\n" in told for one in found.steps)
        assert all(one.path in told for one in found.absent)
        what_brings_it_in_does(root, request, found)


def asked(kind: str, root: Path, generated: GeneratedRepository) -> PlanRequest:
    """A deployment, one without admin-config.yaml, a removal, or a task of one of the workflows."""
    if kind == "off":
        (root / "admin-config.yaml").unlink()
    elif kind == "undeploy":
        return replace(REQUEST, operation=Operation.UNDEPLOY, golden_path="undeploy-app")
    elif kind == "task" and generated.workflows:
        return replace(REQUEST, operation=Operation.TASK, task=next(iter(generated.workflows.values())))
    return REQUEST


def what_brings_it_in_does(root: Path, request: PlanRequest, found: PlanExplanation) -> None:
    """Follows the advice for one workflow that is absent for its trigger, and finds it in the plan."""
    for absent in found.absent:
        if absent.brought_in_by.endswith(f"--workflow {absent.identity}"):
            _, outcome = planned(root, replace(request, workflows=(absent.identity,)), Facts(first_deployment=False))
        elif absent.brought_in_by == "an environment in which it was never deployed":
            _, outcome = planned(root, request, Facts(first_deployment=True))
        else:
            continue
        assert outcome.plan is not None
        assert absent.path in {workflow.path for workflow in outcome.plan.workflows}
        return
