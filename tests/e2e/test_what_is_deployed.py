"""`diff` and `runs bisect`, as somebody asks them after deployments that went well and did not."""

import json
from typing import Any

DEPLOY = """\
    apiVersion: workflow.dev/v1
    kind: Workflow
    metadata: {name: deploy, description: Deploys, owner: platform-team}
    spec:
      steps:
        - name: look
          type: script
          timeout: 1m
          config: {script: "true"}
    """
GOLDEN_PATH = """\
    apiVersion: workflow.dev/v1
    kind: GoldenPath
    metadata: {name: deploy-app, description: Deploys, owner: platform-team}
    spec: {operation: deploy, workflow: workflows/deploy.yaml, parameters: {speed: {type: int, default: 1}}}
    """
FIRST = """\
    apiVersion: workflow.dev/v1
    kind: PlatformWorkflow
    metadata: {name: welcome, description: Once, owner: platform-team, phase: pre-deployment}
    spec:
      triggers: [first_deployment]
      steps: [{name: hello, type: script, timeout: 1m, config: {script: "true"}}]
    """
SCORE = "apiVersion: score.dev/v1b1\nmetadata: {name: shop}\ncontainers:\n  web: {image: 'nginx:1.27'}\n"


def deployed(workshop: Any, *options: str) -> None:
    workshop.write("admin-config.yaml", "admin: {}\n")
    workshop.write("workflows/deploy.yaml", DEPLOY)
    workshop.write("workflows/platform/welcome.yaml", FIRST)
    workshop.write("workflows/golden-paths/deploy-app.yaml", GOLDEN_PATH)
    workshop.write("score.yaml", SCORE)
    workshop.commit()
    told = workshop("run", "deploy-app", "score.yaml", *options)
    assert told.status == 0, told.all


def test_what_was_deployed_is_compared_as_it_was_asked_for_and_as_if_nothing_had_run_since(workshop: Any) -> None:
    deployed(workshop, "--param", "speed=7")
    told = workshop("diff", "shop", "--exit-code")
    assert told.status == 0, told.all
    assert "The same plan" in told.out
    workshop.replace("score.yaml", "1.27", "1.28")
    told = workshop("diff", "shop", "--exit-code", "-o", "json")
    assert told.status == 1, told.all
    changes = json.loads(told.out)["changes"]
    assert [change["name"] for change in changes] == ["score.yaml"]


def test_the_commit_that_broke_a_deployment_is_named_and_marked(workshop: Any) -> None:
    deployed(workshop)
    workshop.write("README.md", "Nothing to do with it.\n")
    workshop.commit("Write a page")
    workshop.replace("workflows/deploy.yaml", '"true"', '"false"')
    workshop.commit("Look harder")
    assert workshop("run", "deploy-app", "score.yaml").status == 4
    assert workshop("run", "deploy-app", "score.yaml").status == 4
    told = workshop("runs", "bisect", "shop", "-o", "json")
    assert told.status == 0, told.all
    found = json.loads(told.out)
    assert (found["good"]["status"], found["bad"]["status"]) == ("succeeded", "failed")
    marked = {
        one["subject"]: one["changes_a_source"] for one in found["commits"] if "innominatus" not in one["subject"]
    }
    assert marked == {"Write a page": False, "Look harder": True}
    assert found["plans"]["differs"]
    assert "ORC-6015" in workshop("runs", "bisect", "shpo").all
    text = workshop("runs", "bisect", "shop").out
    assert "* " in text
    assert "Look harder" in text
    bad = found["bad"]["run"]
    assert json.loads(workshop("runs", "bisect", "shop", "--bad", bad, "-o", "json").out)["bad"]["run"] == bad
    refused = workshop("runs", "bisect", "shop", "--good", bad)
    assert refused.status == 1
    assert "ORC-6019" in refused.all
