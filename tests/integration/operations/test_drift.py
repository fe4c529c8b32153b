"""`drift` and `preview` with real tools: kubectl against a real API server, and a database of migrations."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.integration.cluster import KubernetesServer

WORKFLOW = """\
apiVersion: workflow.dev/v1
kind: PlatformWorkflow
metadata:
  name: settings
  description: Settings of every application
  owner: platform-team
  phase: pre-deployment
spec:
  triggers: [all_deployments]
  steps:
    - name: cluster
      type: kubernetes
      config:
        operation: apply
        namespace: ${metadata.name}-space
        manifest:
          apiVersion: v1
          kind: ConfigMap
          metadata: {name: settings}
          data: {level: info}
"""
SCORE = """\
apiVersion: score.dev/v1b1
metadata: {name: shop}
containers:
  web: {image: "registry.example.com/shop@sha256:%s"}
""" % ("a" * 64)
ADMIN = """\
policies: {allowedEnvironments: [staging]}
workflowPolicies: {allowedStepTypes: [kubernetes]}
env: [KUBECONFIG]
environments:
  staging: {kubernetes: {mode: apply}}
"""


@pytest.fixture
def ctl(tmp_path: Path, kubernetes_server: KubernetesServer) -> Any:
    """The installed command in a repository whose staging is a real cluster."""
    folder = tmp_path / "shop"
    for path, text in {
        "workflows/platform/settings.yaml": WORKFLOW,
        "score.yaml": SCORE,
        "admin-config.yaml": ADMIN,
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    (bin_folder / "kubectl").symlink_to(kubernetes_server.kubectl)
    env = {
        **os.environ,
        "KUBECONFIG": str(kubernetes_server.kubeconfig),
        "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_AUTHOR_EMAIL": "ada@example.com",
        "GIT_COMMITTER_NAME": "Ada",
        "GIT_COMMITTER_EMAIL": "ada@example.com",
    }
    for argv in (["git", "init", "-q", "-b", "main"], ["git", "add", "-A"], ["git", "commit", "-qm", "shop"]):
        subprocess.run(argv, cwd=folder, env=env, check=True)

    def run(*arguments: str) -> tuple[int, str, str]:
        program = Path(sys.executable).parent / "innominatus-ctl"
        done = subprocess.run(
            [str(program), *arguments], cwd=folder, env=env, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout, done.stderr

    yield run
    kubernetes_server.ask("delete", "namespace", "shop-space", "shop", "--ignore-not-found", "--timeout=60s")


def test_a_change_behind_the_tools_back_is_told_by_drift_and_by_the_next_preview(
    ctl: Any, kubernetes_server: KubernetesServer
) -> None:
    status, out, err = ctl("preview", "score.yaml", "--env", "staging", "-o", "json")
    assert status == 0, (out, err)
    before = json.loads(out)["found"]
    assert {one["action"] for one in before} == {"create"}
    assert "ConfigMap/settings" in {one["object"] for one in before}
    status, _, err = ctl("run", "deploy-app", "score.yaml", "--env", "staging")
    assert status == 0, err
    status, out, err = ctl("drift", "shop")
    assert (status, out) == (0, "shop in staging: no drift (2 steps asked)\n"), err
    kubernetes_server.ask(
        "patch", "configmap", "settings", "--namespace=shop-space", "--type=merge", '--patch={"data":{"level":"debug"}}'
    )
    status, out, err = ctl("drift", "shop", "-o", "json")
    assert status == 1, err
    found = json.loads(out)["found"]
    assert [(one["object"], one["what"]) for one in found] == [("ConfigMap/settings", "differs from what was applied")]
    status, out, _ = ctl("preview", "score.yaml", "--env", "staging", "-o", "json")
    assert [(one["action"], one["object"]) for one in json.loads(out)["found"]] == [("update", "ConfigMap/settings")]
    kubernetes_server.ask("delete", "deployment", "shop", "--namespace=shop")
    status, out, _ = ctl("drift", "shop")
    assert status == 1
    assert "Deployment/shop" in out
    assert "is not there" in out


def test_what_cannot_be_asked_is_no_good_news(ctl: Any) -> None:
    assert ctl("drift", "shop")[0] == 1  # nothing is deployed
    status, _, err = ctl("run", "deploy-app", "score.yaml", "--env", "staging")
    assert status == 0, err


def test_asking_leaves_nothing_behind(ctl: Any, tmp_path: Path) -> None:
    ctl("preview", "score.yaml", "--env", "staging")
    folder = tmp_path / "shop"
    told = subprocess.run(["git", "status", "--porcelain"], cwd=folder, capture_output=True, text=True, check=True)
    assert told.stdout == ""
    assert not list((folder / ".git" / "innominatus" / "runs").glob("*"))
