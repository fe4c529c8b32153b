"""Loops and sub-workflows as a user has them: checked, planned, run, recorded, told."""

from typing import Any

import pytest

ROLLOUT = """\
    apiVersion: workflow.dev/v1
    kind: PlatformWorkflow
    metadata: {name: rollout, description: Rolls out, owner: platform-team, phase: pre-deployment}
    spec:
      triggers: [all_deployments]
      timeout: 5m
      steps:
        - name: prepare
          type: script
          forEach: [eu, us]
          outputs: [host]
          env: {REGION: "${item}"}
          config: {script: 'echo "OUTPUT_host=$REGION.example.com"'}
        - name: database
          type: workflow
          workflow: shared/database.yaml
          parameters: {host: "${steps.prepare.outputs.host.1}"}
        - name: tables
          type: script
          outputs: [names]
          env: {URL: "${steps.database.outputs.url}"}
          config:
            script: |
              echo "from $URL"
              echo 'OUTPUT_names=["orders", "lines"]'
        - name: index
          type: script
          forEach: ${steps.tables.outputs.names}
          maxItems: 4
          env: {TABLE: "${item}", NUMBER: "${item.index}"}
          config: {script: 'echo "index $NUMBER of $TABLE"'}
"""
DATABASE = """\
    apiVersion: workflow.dev/v1
    kind: Workflow
    metadata: {name: database, description: A database, owner: platform-team}
    spec:
      parameters: [{name: host, required: true}]
      outputs: {url: "db://${parameters.host}/${steps.create.outputs.id}"}
      steps:
        - name: create
          type: script
          outputs: [id]
          config: {script: echo OUTPUT_id=7}
      finally:
        - name: report
          type: script
          config: {script: echo done}
"""
SCORE = """\
    apiVersion: score.dev/v1b1
    metadata: {name: shop}
    containers: {web: {image: "registry.example.com/shop:1.2"}}
"""
FLOW = "pre-deployment/platform/-/rollout"


@pytest.fixture
def shop(workshop: Any) -> Any:
    """A repository with a platform workflow that has loops and calls another."""
    workshop.git("init", "-q")
    workshop.write("admin-config.yaml", "{}\n")
    workshop.write("score.yaml", SCORE)
    workshop.write("workflows/platform/rollout.yaml", ROLLOUT)
    workshop.write("workflows/shared/database.yaml", DATABASE)
    workshop.commit("A shop")
    return workshop


def test_a_deployment_with_loops_and_a_sub_workflow_runs_and_is_recorded(shop: Any) -> None:
    assert shop("validate", ".").status == 0
    told = shop("deploy", "score.yaml")
    assert told.status == 0, told.all
    assert "up to 10 steps" in told.err
    assert "rollout/index … ok: 2 steps of at most 4" in told.err
    assert "rollout/index[1] (lines) … ok" in told.err
    (record,) = shop.records("run")
    results = {step["step"].removeprefix(f"{FLOW}/"): step for step in record["steps"]}
    assert list(results)[:9] == [
        "prepare[0]", "prepare[1]", "database.create", "database.report", "tables",
        "index", "index[0]", "index[1]", "deployment/application/-/workload/deploy-application",
    ]  # fmt: skip
    assert results["prepare[1]"]["outputs"] == {"host": "us.example.com"}
    assert results["index"]["cells"] == [{"index": 0, "item": "orders"}, {"index": 1, "item": "lines"}]
    assert "from db://us.example.com/7" in shop("logs", "latest", "--step", "tables").out
    index = shop("logs", "latest", "--step", "index").out
    assert index.index("index 0 of orders") < index.index("index 1 of lines")
    assert "done" in shop("logs", "latest", "--step", "database").out


def test_a_plan_shows_what_will_be_expanded_and_is_the_same_after_the_run(shop: Any) -> None:
    first = shop("plan", "score.yaml", "--digest").out
    assert shop("deploy", "score.yaml").status == 0
    told = shop("plan", "score.yaml")
    assert "rollout/index" in told.out
    assert "script, up to 4 times" in told.out
    assert "The same plan as in" in told.out
    assert shop("plan", "score.yaml", "--digest").out == first


def test_a_failed_step_of_a_sub_workflow_is_told_by_its_place_in_the_called_file(shop: Any) -> None:
    shop.replace("workflows/shared/database.yaml", "echo OUTPUT_id=7", "exit 3")
    told = shop("deploy", "score.yaml")
    assert told.status == 4, told.all
    assert "rollout/database.create … FAILED" in told.err
    assert "rollout/database.report … ok" in told.err
    assert "workflows/shared/database.yaml:8:" in told.err
    assert f"failed  {FLOW}/database.create" in told.out + told.err


def test_a_policy_counts_the_steps_that_loops_and_sub_workflows_become(shop: Any) -> None:
    shop.write("admin-config.yaml", "workflowPolicies: {maxStepsPerWorkflow: 8}\n")
    told = shop("deploy", "score.yaml")
    assert told.status == 3, told.all
    assert "workflow 'rollout' has 9 steps; maxStepsPerWorkflow is 8" in told.err
