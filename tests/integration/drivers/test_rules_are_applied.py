"""Rules and dashboards that `monitoring` renders reach a real API server through a `kubernetes` step."""

import contextlib
import io
import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml

from innominatus_cli.cli.main import run
from tests.integration.cluster import KubernetesServer
from tests.integration.drivers.page_examples import blocks

CRD = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: prometheusrules.monitoring.coreos.com}
spec:
  group: monitoring.coreos.com
  scope: Namespaced
  names: {kind: PrometheusRule, plural: prometheusrules, singular: prometheusrule}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
"""
WORKFLOW = """\
apiVersion: workflow.dev/v1
kind: PlatformWorkflow
metadata: {name: watch, description: Watches the application, owner: platform-team, phase: post-deployment}
spec:
  triggers: [all_deployments]
  steps:
"""
SCORE = """\
apiVersion: score.dev/v1b1
metadata: {name: shop}
containers: {web: {image: "registry.example.com/web:1.2"}}
"""


def ask(*words: str) -> tuple[int, str]:
    told = io.StringIO()
    with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
        return run(words), told.getvalue()


@pytest.fixture
def namespace(kubernetes_server: KubernetesServer) -> str:
    kubernetes_server.ask("apply", "--filename=-", text=CRD)
    kubernetes_server.ask(
        "wait", "--for=condition=Established", "crd/prometheusrules.monitoring.coreos.com", "--timeout=30s"
    )
    return kubernetes_server.new_namespace()


@pytest.fixture
def shop(tmp_path: Path, namespace: str, kubernetes_server: KubernetesServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    [tables] = blocks("monitoring", "yaml-tables")
    [applying] = blocks("monitoring", "yaml-applied")
    target = {"mode": "apply", "context": "test", "namespace": namespace}
    admin = {"env": ["KUBECONFIG"], "environments": {"staging": {"kubernetes": target}}, **yaml.safe_load(tables)}
    steps = applying.replace("shop-staging", namespace)
    (tmp_path / "workflows/platform").mkdir(parents=True)
    (tmp_path / "workflows/platform/watch.yaml").write_text(
        WORKFLOW + "".join(f"    {line}\n" for line in steps.splitlines())
    )
    (tmp_path / "admin-config.yaml").write_text(yaml.safe_dump(admin))
    (tmp_path / "score.yaml").write_text(SCORE)
    for words in (("init", "-q"), ("config", "user.name", "Ada"), ("config", "user.email", "ada@shop.example")):
        subprocess.run(("git", *words), cwd=tmp_path, check=True)
    subprocess.run(("git", "add", "-A"), cwd=tmp_path, check=True)
    subprocess.run(("git", "commit", "-qm", "start"), cwd=tmp_path, check=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KUBECONFIG", str(kubernetes_server.kubeconfig))
    monkeypatch.setenv("PATH", f"{kubernetes_server.kubectl.parent}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


def test_rules_and_dashboards_are_applied_as_they_were_rendered_and_taken_back(
    shop: Path, namespace: str, kubernetes_server: KubernetesServer
) -> None:
    status, told = ask("run", "deploy-app", "score.yaml", "--env", "staging")
    assert status == 0, told
    where = (f"--namespace={namespace}", "--output=json")
    rules = json.loads(kubernetes_server.ask("get", "prometheusrule/shop-alerts", *where))
    board = json.loads(kubernetes_server.ask("get", "configmap/shop-orders-dashboard", *where))
    [artifact] = (shop / ".innominatus/manifests").rglob("rules.yaml")
    rendered = {one["kind"]: one for one in yaml.safe_load_all(artifact.read_text())}
    assert rules["spec"] == rendered["PrometheusRule"]["spec"]
    assert [rule["alert"] for rule in rules["spec"]["groups"][0]["rules"]] == ["connection_count", "disk_usage"]
    assert board["data"] == rendered["ConfigMap"]["data"]
    assert ask("drift", "shop", "--env", "staging")[0] == 0
    status, told = ask("rollback", "shop", "--env", "staging")
    assert status == 0, told
    left = kubernetes_server.ask("get", "prometheusrules", f"--namespace={namespace}", "--output=name")
    assert left.strip() == ""
