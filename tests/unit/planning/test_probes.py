"""The probe of a step in the plan: what it is made of, what it sees, and what is refused."""

from collections.abc import Callable
from typing import Any

import pytest

from innominatus_cli.documents.vocabulary import Idempotency
from innominatus_cli.planning.request import PlanOutcome

Planner = Callable[..., PlanOutcome]

GOLDEN_PATH = """
    apiVersion: workflow.dev/v1
    kind: GoldenPath
    metadata: {name: deploy-app}
    spec: {operation: deploy, workflow: workflows/deploy.yaml}
"""
WORKFLOW = """
    apiVersion: workflow.dev/v1
    kind: Workflow
    metadata: {name: deploy}
    spec:
      variables: {where: here}
      steps:
        - name: open
          type: script
          config: {script: "true"}
          PROBE
"""


def planned(plan: Planner, probe: str, **files: str) -> PlanOutcome:
    return plan(
        {
            "workflows/golden-paths/deploy-app.yaml": GOLDEN_PATH,
            "workflows/deploy.yaml": WORKFLOW.replace("PROBE", probe),
            "admin-config.yaml": "secrets: {token: {}}\n" if "secrets" in probe else "{}\n",
            **files,
        },
        golden_path="deploy-app",
    )


def step_of(outcome: PlanOutcome) -> Any:
    assert outcome.plan is not None, outcome.findings
    (step,) = (step for step in outcome.plan.steps if step.name == "open")
    return step


def test_a_step_with_a_probe_is_check_where_it_says_nothing(plan: Planner) -> None:
    step = step_of(planned(plan, "probe: {script: test -e done}"))
    assert step.idempotency is Idempotency.CHECK
    assert step.probe.inputs["script"] == "test -e done"
    bare = planned(plan, "")
    assert step_of(bare).probe is None
    assert step_of(bare).idempotency is Idempotency.ONCE
    said = step_of(planned(plan, "probe: {script: x}\n          idempotency: once"))
    assert said.idempotency is Idempotency.ONCE


def test_the_plans_digest_covers_the_probe(plan: Planner) -> None:
    digests = {planned(plan, f"probe: {{command: [{program}]}}").plan.digest for program in ("true", "false")}  # type: ignore[union-attr]
    assert len(digests) == 2


def test_a_probe_sees_what_its_step_sees(plan: Planner) -> None:
    step = step_of(planned(plan, 'probe: {command: [look, "${variables.where}", "${application.name}"]}'))
    assert step.probe.inputs["command"] == ["look", "here", "shop-web"]


@pytest.mark.parametrize(
    "probe",
    ["probe: {}", "probe: {script: a, command: [b]}", "probe: {skript: a}", "probe: {command: []}", "probe: true"],
)
def test_a_probe_is_one_program(plan: Planner, probe: str) -> None:
    outcome = planned(plan, probe)
    assert outcome.plan is None, "a probe without a program, or with two, plans nothing"


def test_a_secret_is_no_argument_of_a_probe(plan: Planner) -> None:
    outcome = planned(plan, 'probe: {command: [look, "${secrets.token}"]}')
    assert "ORC-3048" in {finding.code.number for finding in outcome.findings}
