"""`kubernetes` against a real API server: applied, waited for, found changed, in conflict, taken back, deleted."""

import json
import os
from typing import Any

import pytest

from innominatus_cli.documents.plan import Undo
from tests.integration.cluster import KubernetesServer
from tests.integration.drivers.page_runs import OpenPage

UNDO = Undo(step="deployment/application/-/workload/the-step", how="itself", runs=["01JD0000000000000000000000"])
SETTINGS = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"region": "eu"}}
DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web"},
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "web", "image": "registry.example/web:1"}]},
        },
    },
}


@pytest.fixture
def env(kubernetes_server: KubernetesServer) -> dict[str, str]:
    path = f"{kubernetes_server.kubectl.parent}:{os.environ['PATH']}"
    return {"PATH": path, "KUBECONFIG": str(kubernetes_server.kubeconfig)}


def test_objects_are_applied_waited_for_found_changed_and_taken_back(
    run_step: Any, env: dict[str, str], kubernetes_server: KubernetesServer
) -> None:
    namespace = kubernetes_server.new_namespace()
    inputs = {"mode": "apply", "namespace": namespace, "createNamespace": False, "objects": [SETTINGS, DEPLOYMENT]}
    assert run_step("kubernetes", inputs, env=env).failure is None
    ready = kubernetes_server.ask("get", "deployment/web", f"-n={namespace}", "-o=jsonpath={.status.readyReplicas}")
    assert ready == "2"
    assert run_step("kubernetes", inputs, part="drift", env=env).outputs["drift"] == []
    patch = json.dumps({"data": {"region": "us"}})
    kubernetes_server.ask("patch", "cm/settings", f"-n={namespace}", "--field-manager=mallory", f"--patch={patch}")
    (drift,) = run_step("kubernetes", inputs, part="drift", env=env).outputs["drift"]
    assert "settings" in drift["object"]
    conflict = run_step("kubernetes", inputs, env=env).failure
    assert conflict is not None
    assert "mallory" in conflict.message
    assert ".data.region" in conflict.message
    assert run_step("kubernetes", inputs, part="undo", env=env, undoes=UNDO).failure is None


def test_a_deletion_leaves_nothing_and_can_be_done_twice(
    run_step: Any, env: dict[str, str], kubernetes_server: KubernetesServer
) -> None:
    namespace = kubernetes_server.new_namespace()
    inputs = {"mode": "apply", "namespace": namespace, "createNamespace": False, "objects": [SETTINGS]}
    assert run_step("kubernetes", inputs, env=env).failure is None
    for _ in range(2):
        assert run_step("kubernetes", {**inputs, "operation": "delete"}, env=env).failure is None
    assert "settings" not in kubernetes_server.ask("get", "configmap", f"-n={namespace}", "-o=name")


def test_a_rollback_deletes_what_the_run_made(
    run_step: Any, env: dict[str, str], kubernetes_server: KubernetesServer
) -> None:
    namespace = kubernetes_server.new_namespace()
    inputs = {"mode": "apply", "namespace": namespace, "createNamespace": False, "objects": [SETTINGS]}
    assert run_step("kubernetes", inputs, env=env).failure is None
    assert run_step("kubernetes", inputs, part="undo", env=env, undoes=UNDO).failure is None
    assert "settings" not in kubernetes_server.ask("get", "configmap", f"-n={namespace}", "-o=name")


def job(name: str) -> dict[str, Any]:
    pod = {"restartPolicy": "Never", "containers": [{"name": "work", "image": "registry.example/work:1"}]}
    spec = {"backoffLimit": 0, "template": {"spec": pod}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": spec}


def test_a_job_is_waited_for(run_step: Any, env: dict[str, str], kubernetes_server: KubernetesServer) -> None:
    namespace = kubernetes_server.new_namespace()
    inputs = {"mode": "apply", "namespace": namespace, "createNamespace": False, "objects": [job("once")]}
    assert run_step("kubernetes", inputs, env=env).failure is None
    done = kubernetes_server.ask("get", "job/once", f"-n={namespace}", "-o=jsonpath={.status.succeeded}")
    assert done == "1"


def test_a_job_that_fails_fails_the_step_before_its_time_is_over(
    run_step: Any, env: dict[str, str], kubernetes_server: KubernetesServer
) -> None:
    namespace = kubernetes_server.new_namespace()
    late = job("late")
    late["spec"]["activeDeadlineSeconds"] = 1
    late["spec"]["template"]["spec"]["nodeSelector"] = {"kubernetes.io/hostname": "nowhere"}
    inputs = {"mode": "apply", "namespace": namespace, "createNamespace": False, "objects": [late]}
    failure = run_step("kubernetes", {**inputs, "rolloutTimeout": 50}, env=env).failure
    assert failure is not None
    assert (failure.code.number, "Job/late failed" in failure.message) == ("ORC-5123", True)


def test_the_examples_of_the_page_are_applied_and_taken_back(
    page: OpenPage, env: dict[str, str], kubernetes_server: KubernetesServer
) -> None:
    settings = json.dumps(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "gateway"}, "data": {"a": "b"}}
    )
    name = "page-of-kubernetes"
    example = page(
        "kubernetes",
        name,
        admin={"environments": {"development": {"kubernetes": {"mode": "apply", "context": "test"}}}},
        files={"k8s/payment-gateway/gateway.yaml": settings},
        env=env,
    )
    assert example.deploy() == 0, example.said
    assert example.outputs("configure-payment-gateway")["objects"] == [f"Namespace/{name}-payment", "ConfigMap/gateway"]
    assert kubernetes_server.ask("get", "cm/gateway", f"-n={name}-payment", "-o=jsonpath={.data.a}") == "b"
    assert kubernetes_server.ask("get", "cm/settings", f"-n={name}", "-o=jsonpath={.data.region}") == "eu"
    (manifest,) = example.outputs("deploy")["manifests"]
    assert "replicas: 2" in (example.root / manifest).read_text()
    kubernetes_server.ask("rollout", "status", f"deployment/{name}", f"-n={name}", "--timeout=1s")
    assert example.ctl("rollback", name, "--env", "development") == 0, example.said
    assert "settings" not in kubernetes_server.ask("get", "configmap,deployment", f"-n={name}", "-o=name")


def of_image(number: int, **labels: str) -> dict[str, Any]:
    """The Deployment with an image and labels, and nothing said of its replicas."""
    data: dict[str, Any] = json.loads(json.dumps(DEPLOYMENT))
    del data["spec"]["replicas"]
    data["metadata"]["labels"] = labels
    data["spec"]["template"]["spec"]["containers"][0]["image"] = f"registry.example/web:{number}"
    return data


@pytest.fixture
def applied_twice(
    run_step: Any, env: dict[str, str], kubernetes_server: KubernetesServer
) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """A namespace where a first step applied objects, somebody scaled one, and a second step changed them: the
    namespace, the second step's inputs, and what its rollback is told."""
    namespace = kubernetes_server.new_namespace()
    common = {"mode": "apply", "namespace": namespace, "createNamespace": False, "wait": False}
    settings = {**SETTINGS, "data": {"region": "us", "more": "x"}}
    first = {**common, "objects": [SETTINGS, of_image(1, tier="a")]}
    second = {**common, "objects": [settings, of_image(2, tier="b", team="shop")]}
    folder = "deployment/application/-/workload"
    assert run_step("kubernetes", first, env=env, id=f"{folder}/first").failure is None
    where = (f"-n={namespace}", "--field-manager=autoscaler")
    kubernetes_server.ask("patch", "deployment/web", *where, '--patch={"spec": {"replicas": 3}}')
    assert run_step("kubernetes", second, env=env, id=f"{folder}/second").failure is None
    undoes = Undo(step=f"{folder}/second", how="itself", runs=["01JD0000000000000000000000"])
    return namespace, second, {"part": "undo", "env": env, "undoes": undoes, "id": f"{folder}/undo-second"}


def live(server: KubernetesServer, what: str, namespace: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(server.ask("get", what, f"-n={namespace}", "-o=json", "--show-managed-fields"))
    return found


def test_a_rollback_puts_our_own_fields_back_and_leaves_those_of_others_to_them(
    run_step: Any, kubernetes_server: KubernetesServer, applied_twice: tuple[str, dict[str, Any], dict[str, Any]]
) -> None:
    namespace, inputs, undo = applied_twice
    assert run_step("kubernetes", inputs, **undo).failure is None
    assert live(kubernetes_server, "configmap/settings", namespace)["data"] == {"region": "eu"}
    web = live(kubernetes_server, "deployment/web", namespace)
    assert web["spec"]["template"]["spec"]["containers"][0]["image"] == "registry.example/web:1"
    assert (web["metadata"]["labels"]["tier"], web["metadata"]["labels"].get("team")) == ("a", None)
    assert web["spec"]["replicas"] == 3
    ours = [one for one in web["metadata"]["managedFields"] if one["manager"] == "innominatus-ctl"]
    assert ours
    assert not [one for one in ours if "f:replicas" in one["fieldsV1"]["f:spec"]]


def test_a_rollback_over_fields_that_others_took_since_changes_nothing(
    run_step: Any, kubernetes_server: KubernetesServer, applied_twice: tuple[str, dict[str, Any], dict[str, Any]]
) -> None:
    namespace, inputs, undo = applied_twice
    patch = json.dumps({"metadata": {"labels": {"tier": "c"}}})
    kubernetes_server.ask("patch", "deployment/web", f"-n={namespace}", "--field-manager=mallory", f"--patch={patch}")
    failure = run_step("kubernetes", inputs, **undo).failure
    assert failure is not None
    assert "mallory" in failure.message
    assert live(kubernetes_server, "configmap/settings", namespace)["data"] == {"region": "us", "more": "x"}


def test_a_deployment_is_scaled_restarted_waited_for_and_read(
    run_step: Any, env: dict[str, str], kubernetes_server: KubernetesServer
) -> None:
    namespace = kubernetes_server.new_namespace()
    inputs = {"mode": "apply", "namespace": namespace, "createNamespace": False, "objects": [DEPLOYMENT]}
    assert run_step("kubernetes", inputs, env=env).failure is None
    web = {"resourceType": "deployment", "resourceName": "web", "namespace": namespace, "mode": "apply"}
    for operation, more in (
        ("scale", {"replicas": 3}),
        ("restart", {}),
        ("wait", {"condition": "condition=Available"}),
    ):
        done = run_step("kubernetes", {**web, "operation": operation, **more}, env=env)
        assert done.failure is None, done.failure.message
    got = run_step("kubernetes", {**web, "operation": "get"}, env=env).outputs["object"]
    assert got["spec"]["replicas"] == 3
    assert "kubectl.kubernetes.io/restartedAt" in got["spec"]["template"]["metadata"]["annotations"]
    late = {**web, "operation": "wait", "condition": "condition=Never", "rolloutTimeout": 1}
    assert run_step("kubernetes", late, env=env).failure.code.number == "ORC-5123"
    nobody = {**web, "resourceName": "nobody", "operation": "scale", "replicas": 1}
    assert run_step("kubernetes", nobody, env=env).failure.code.number == "ORC-5103"
