"""`scale`, `restart`, `redeploy`, `exec`, `port-forward` and health of workloads, on a real API server.

No container runs there, so that what needs one (`exec`, `port-forward`) is held by a kubectl that says what it was
asked, and by how far the real one comes.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.cluster import KubernetesServer

Make = Callable[..., Any]
SCORE = """
    apiVersion: score.dev/v1b1
    metadata: {name: shop}
    containers: {web: {image: "registry.example.com/web:1.2"}}
"""
EXTRA = """
    apiVersion: workflow.dev/v1
    kind: PlatformWorkflow
    metadata: {name: worker, description: A worker, owner: platform, phase: deployment}
    spec:
      triggers: [all_deployments]
      steps:
        - name: worker
          type: kubernetes
          config:
            operation: apply
            objects:
              - apiVersion: apps/v1
                kind: Deployment
                metadata: {name: worker}
                spec:
                  replicas: 2
                  selector: {matchLabels: {app: worker}}
                  template:
                    metadata: {labels: {app: worker}}
                    spec: {containers: [{name: worker, image: "registry.example.com/worker:1"}]}
"""


@pytest.fixture
def cluster(kubernetes_server: KubernetesServer, monkeypatch: pytest.MonkeyPatch) -> KubernetesServer:
    monkeypatch.setenv("KUBECONFIG", str(kubernetes_server.kubeconfig))
    monkeypatch.setenv("PATH", f"{kubernetes_server.kubectl.parent}{os.pathsep}{os.environ['PATH']}")
    return kubernetes_server


@pytest.fixture
def namespace(cluster: KubernetesServer) -> str:
    return cluster.new_namespace()


@pytest.fixture
def there(repository: Make, cluster: KubernetesServer, namespace: str) -> Any:
    del cluster
    target = {"mode": "apply", "context": "test", "namespace": namespace}
    admin = {"env": ["KUBECONFIG"], "environments": {"staging": {"kubernetes": target}}}
    made = repository(
        {"admin-config.yaml": yaml.safe_dump(admin), "score.yaml": SCORE, "workflows/platform/worker.yaml": EXTRA}
    )
    done = made.ask("run", "deploy-app", "score.yaml", "--env", "staging")
    assert done.status == 0, done.err
    return made


def replicas(cluster: KubernetesServer, namespace: str, name: str) -> str:
    return cluster.ask("get", f"deployment/{name}", f"--namespace={namespace}", "--output=jsonpath={.spec.replicas}")


def actions(there: Any) -> list[dict[str, Any]]:
    paths = sorted((there.root / ".innominatus/actions").rglob("*.json"))
    return [json.loads(path.read_text()) for path in paths]


def test_a_workload_is_scaled_told_by_the_next_plan_and_put_back(
    there: Any, cluster: KubernetesServer, namespace: str
) -> None:
    done = there.ask("scale", "shop", "worker", "--replicas", "4", "--reason", "sale", "-o", "json")
    assert done.status == 0, done.err
    assert (done.data["workload"], done.data["replicas"], done.data["namespace"]) == ("Deployment/worker", 4, namespace)
    assert replicas(cluster, namespace, "worker") == "4"
    (action,) = actions(there)
    assert (action["action"], action["reason"], action["details"]["replicas"]) == ("scale", "sale", 4)
    assert done.data["action"] == action["id"]
    planned = there.ask("plan", "score.yaml", "--env", "staging")
    assert "ORC-6172" in planned.err
    assert "Deployment/worker was scaled to 4 by Ada" in planned.err
    drift = there.ask("drift", "shop", "-o", "json")
    assert drift.status == 1
    assert [row["object"] for row in drift.data["found"]] == ["Deployment/worker"]
    again = there.ask("redeploy", "shop")
    assert again.status == 0, again.err
    assert replicas(cluster, namespace, "worker") == "2"
    assert "ORC-6172" not in there.ask("plan", "score.yaml", "--env", "staging").err
    assert there.ask("drift", "shop").status == 0


def test_a_restart_replaces_pods_and_is_no_drift(there: Any, cluster: KubernetesServer, namespace: str) -> None:
    where = ("--namespace", namespace, "--output=jsonpath={.items[*].metadata.name}")
    before = set(cluster.ask("get", "pods", "--selector=app.kubernetes.io/name=shop", *where).split())
    done = there.ask("restart", "shop")
    assert done.status == 0, done.err
    assert "Deployment/shop of shop in staging" in done.out
    after = set(cluster.ask("get", "pods", "--selector=app.kubernetes.io/name=shop", *where).split())
    assert after - before
    assert [action["action"] for action in actions(there)] == ["restart"]
    assert there.ask("drift", "shop").status == 0


def test_health_tells_what_is_ready_and_what_is_gone(there: Any, cluster: KubernetesServer, namespace: str) -> None:
    found = there.ask("resource", "health", "shop", "-o", "json")
    assert found.status == 0, found.err
    healths = {row["object"]: (row["health"], row["message"]) for row in found.data["resources"]}
    assert healths["Deployment/worker"] == ("healthy", "2 of 2 ready")
    cluster.ask("delete", "deployment/worker", f"--namespace={namespace}")
    found = there.ask("resource", "health", "shop", "-o", "json")
    assert found.status == 1
    healths = {row["object"]: (row["health"], row["message"]) for row in found.data["resources"]}
    assert healths["Deployment/worker"] == ("unhealthy", "it is not there")
    refused = there.ask("scale", "shop", "worker", "--replicas", "1")
    assert refused.status != 0
    assert "NotFound" in refused.err
    (action,) = actions(there)
    assert (action["action"], action["details"]["replicas"], action["details"]["status"]) == ("scale", 1, "failed")


def test_a_workload_that_is_not_there_is_told_with_near_names(there: Any) -> None:
    told = there.ask("restart", "shop", "workr")
    assert told.status == 1
    assert "ORC-6174" in told.err
    assert "worker" in told.err
    assert there.ask("scale", "shop", "--", "--replicas=3").status == 2


KUBECTL = """#!/bin/sh
for word in "$@"; do case $word in get | version) exec {real} "$@" ;; esac; done
printf '%s\\n' "$@" > {said}
exit 7
"""


@pytest.fixture
def said(there: Any, cluster: KubernetesServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a stand-in for kubectl was asked; what only looks is the real one's."""
    del there
    folder = tmp_path_factory.mktemp("bin")
    program = folder / "kubectl"
    program.write_text(KUBECTL.format(real=cluster.kubectl, said=folder / "said"))
    program.chmod(0o755)
    os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"
    return folder / "said"


def test_a_command_reaches_its_pod_as_it_was_written(there: Any, said: Path, namespace: str) -> None:
    told = there.ask("exec", "shop", "--container=-x", "--", "sh", "-c", "echo $HOME; --token=s3cret")
    assert told.status == 7
    assert said.read_text().splitlines() == [
        "--context=test",
        "exec",
        f"--namespace={namespace}",
        "--container=-x",
        "deployment/shop",
        "--",
        "sh",
        "-c",
        "echo $HOME; --token=s3cret",
    ]
    (action,) = actions(there)
    assert action["action"] == "exec"
    assert action["details"]["program"] == "sh"
    assert "s3cret" not in json.dumps(action)


def test_a_program_is_recorded_by_a_plain_name_only(there: Any, said: Path) -> None:
    for word in ("sh -c 'echo s3cret'", "TOKEN=s3cret", f"ghp_{'0123456789' * 3}abcdef"):
        assert there.ask("exec", "shop", "--", word).status == 7
        assert said.read_text().splitlines()[-1] == word
    told = [action["details"]["program"] for action in actions(there)]
    assert told == ["(not a plain name)"] * 3


def test_who_is_killed_in_a_command_has_left_a_record(there: Any, said: Path) -> None:
    program = Path(os.environ["PATH"].partition(os.pathsep)[0]) / "kubectl"
    program.write_text(program.read_text().replace("exit 7", "sleep 60"))
    argv = [sys.executable, "-m", "innominatus_cli", "exec", "shop", "--", "sh"]
    running = subprocess.Popen(argv, cwd=there.root)
    for _ in range(600):
        if said.exists():
            break
        time.sleep(0.05)
    running.kill()
    running.wait()
    assert [action["action"] for action in actions(there)] == ["exec"]


def test_ports_lead_to_the_pod_and_are_recorded(there: Any, said: Path, namespace: str) -> None:
    told = there.ask("port-forward", "shop", "9000:8080", "8081", "--workload", "worker")
    assert told.status == 7
    assert said.read_text().splitlines() == [
        "--context=test",
        "port-forward",
        f"--namespace={namespace}",
        "--address=127.0.0.1",
        "deployment/worker",
        "9000:8080",
        "8081",
    ]
    (action,) = actions(there)
    assert (action["action"], action["details"]["workload"]) == ("port_forward", "Deployment/worker")
    assert action["details"]["ports"] == ["9000:8080", "8081"]
    found = there.ask("audit", "search", "--action", "port-forward", "-o", "json")
    assert [row["by"] for row in found.data["rows"]] == ["Ada"]
    for wrong in ("0", "70000", "--address", "8080:", "web"):
        assert there.ask("port-forward", "shop", "--", wrong).status == 2


def test_the_real_kubectl_finds_the_pod(there: Any) -> None:
    argv = [sys.executable, "-m", "innominatus_cli", "exec", "shop", "--", "true"]
    done = subprocess.run(argv, cwd=there.root, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode != 0  # a node on paper has no kubelet that could run it
    assert "not found" not in done.stderr
    assert "paper-0" in done.stderr or "dial" in done.stderr or "connect" in done.stderr


def test_without_kubectl_its_installation_is_told(there: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path.parent / "only-git"
    folder.mkdir(exist_ok=True)
    for name in ("git", "sh"):
        (folder / name).symlink_to(f"/usr/bin/{name}")
    monkeypatch.setenv("PATH", str(folder))
    told = there.ask("restart", "shop")
    assert told.status == 69
    assert "kubectl" in told.err
    assert "Install" in told.err
