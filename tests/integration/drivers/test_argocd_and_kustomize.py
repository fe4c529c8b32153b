"""`kustomize` and `argocd-app` on a real API server; Argo CD's controller is played by what it writes as status."""

import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.cluster import KubernetesServer
from tests.integration.drivers.page_runs import OpenPage

RUN = "01JD0000000000000000000000"
UNDOES = {"undoes": {"step": "deployment/application/-/workload/the-step", "how": "itself", "runs": [RUN]}}
CRD = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: applications.argoproj.io}
spec:
  group: argoproj.io
  scope: Namespaced
  names: {kind: Application, plural: applications, singular: application}
  versions:
    - name: v1alpha1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
"""
GOOD = {"sync": {"status": "Synced", "revision": "abc123"}, "health": {"status": "Healthy"}}


@pytest.fixture
def env(kubernetes_server: KubernetesServer) -> dict[str, str]:
    folder = kubernetes_server.kubectl.parent
    return {"KUBECONFIG": str(kubernetes_server.kubeconfig), "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


@pytest.fixture
def namespace(kubernetes_server: KubernetesServer) -> Iterator[str]:
    name = kubernetes_server.new_namespace()
    yield name
    kubernetes_server.ask("delete", "namespace", name, "--wait=false")


@pytest.fixture
def argocd(kubernetes_server: KubernetesServer, namespace: str) -> str:
    """A namespace that takes Applications."""
    kubernetes_server.ask("apply", "--filename=-", text=CRD)
    kubernetes_server.ask("wait", "--for=condition=Established", "crd/applications.argoproj.io", "--timeout=30s")
    return namespace


def kustomization(repository: Path, level: str, **more: Any) -> None:
    folder = repository / "k8s"
    folder.mkdir(exist_ok=True)
    (folder / "settings.yaml").write_text(
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: settings}}\ndata: {{level: {level}}}\n"
    )
    (folder / "kustomization.yaml").write_text(json.dumps({"resources": ["settings.yaml"], **more}))


def test_a_kustomization_is_applied_drifts_and_is_taken_back(
    run_step: Any, repository: Path, env: dict[str, str], namespace: str, kubernetes_server: KubernetesServer
) -> None:
    kustomization(repository, "info", namePrefix="shop-")
    inputs = {"operation": "apply", "path": "k8s", "namespace": namespace, "mode": "apply"}
    assert run_step("kustomize", inputs, env=env, part="probe").outputs == {"done": False}
    result = run_step("kustomize", inputs, env=env)
    assert result.failure is None
    assert result.outputs["objects"] == ["ConfigMap/shop-settings"]
    assert run_step("kustomize", inputs, env=env, part="drift").outputs == {"drift": []}
    patch = ("patch", "configmap", "shop-settings", f"--namespace={namespace}", "--type=merge")
    kubernetes_server.ask(*patch, '--patch={"data":{"level":"debug"}}')
    (drift,) = run_step("kustomize", inputs, env=env, part="drift").outputs["drift"]
    assert drift["object"] == "ConfigMap/shop-settings"
    undone = run_step("kustomize", inputs, env=env, part="undo", **UNDOES)
    assert undone.failure is None
    left = kubernetes_server.ask("get", "configmap", f"--namespace={namespace}", "--output=name")
    assert "shop-settings" not in left


def test_a_build_renders_whatever_the_mode_is(run_step: Any, repository: Path, env: dict[str, str]) -> None:
    kustomization(repository, "info")
    result = run_step("kustomize", {"operation": "build", "path": "k8s", "mode": "apply"}, env=env)
    assert result.failure is None
    assert b"level: info" in next(iter(result.artifacts.values()))


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"resources": ["https://example.com/base.yaml"]}, "ORC-5106"),
        ({"resources": ["github.com/org/repo//base?ref=v1"]}, "ORC-5106"),
        ({"resources": ["git@example.com:org/repo.git"]}, "ORC-5106"),
        ({"generators": ["gen.yaml"]}, "ORC-5106"),
        ({"helmCharts": [{"name": "x", "repo": "https://example.com"}]}, "ORC-5106"),
        ({"resources": ["../../elsewhere"]}, "ORC-5104"),
    ],
)
def test_what_would_fetch_run_or_leave_is_refused(
    run_step: Any, repository: Path, env: dict[str, str], more: dict[str, Any], code: str
) -> None:
    kustomization(repository, "info", **more)
    assert run_step("kustomize", {"path": "k8s"}, env=env).failure.code.number == code


def application(run_step: Any, env: dict[str, str], argocd: str, part: str | None = None, **more: Any) -> Any:
    step = more.pop("step", {})
    inputs = {
        "appName": "shop",
        "repoUrl": "https://git.example.com/gitops.git",
        "targetPath": "apps/shop",
        "argocdNamespace": argocd,
        "mode": "apply",
        "syncTimeout": 20,
        "cascade": False,
        **more,
    }
    return run_step("argocd-app", inputs, env=env, part=part, **step)


def says(server: KubernetesServer, argocd: str, status: dict[str, Any], name: str = "shop") -> threading.Thread:
    """What Argo CD's controller would write, as soon as the Application is there."""

    def write() -> None:
        for _ in range(100):
            if server.ask("get", "applications", f"--namespace={argocd}", "--output=name").strip():
                patch = f"--patch={json.dumps({'status': status})}"
                server.ask("patch", "applications", name, f"--namespace={argocd}", "--type=merge", patch)
                return
            time.sleep(0.1)

    thread = threading.Thread(target=write)
    thread.start()
    return thread


def test_an_application_is_waited_for_and_taken_back(
    run_step: Any, env: dict[str, str], argocd: str, kubernetes_server: KubernetesServer
) -> None:
    controller = says(kubernetes_server, argocd, GOOD)
    result = application(run_step, env, argocd)
    controller.join()
    assert result.failure is None
    assert (result.outputs["application"], result.outputs["revision"]) == ("shop", "abc123")
    found = json.loads(kubernetes_server.ask("get", "applications", "shop", f"--namespace={argocd}", "-o", "json"))
    assert found["spec"]["source"]["path"] == "apps/shop"
    assert found["operation"]["initiatedBy"]["username"] == "innominatus-ctl"
    assert application(run_step, env, argocd, "drift").outputs == {"drift": []}
    says(kubernetes_server, argocd, {"sync": {"status": "OutOfSync"}}).join()
    (drift,) = application(run_step, env, argocd, "drift").outputs["drift"]
    assert drift == {"object": "Application/shop", "what": "sync is OutOfSync"}
    undone = application(run_step, env, argocd, "undo", step=UNDOES)
    assert undone.failure is None
    assert not kubernetes_server.ask("get", "applications", f"--namespace={argocd}", "--output=name").strip()


def test_a_sync_that_fails_fails_the_step_at_once(
    run_step: Any, env: dict[str, str], argocd: str, kubernetes_server: KubernetesServer
) -> None:
    broken = {"sync": {"status": "OutOfSync"}, "operationState": {"phase": "Failed"}}
    controller = says(kubernetes_server, argocd, broken)
    result = application(run_step, env, argocd, syncPolicy="auto")
    controller.join()
    assert result.failure.code.number == "ORC-5123"
    assert "Failed" in result.failure.message
    deleted = application(run_step, env, argocd, operation="delete")
    assert deleted.failure is None


def test_an_application_that_never_gets_there_runs_out_of_time(
    run_step: Any, env: dict[str, str], argocd: str, kubernetes_server: KubernetesServer
) -> None:
    assert kubernetes_server.url
    result = application(run_step, env, argocd, syncPolicy="auto", syncTimeout=1)
    assert result.failure.code.number == "ORC-5123"
    assert "sync unknown" in result.failure.message


def test_an_application_may_be_rendered_for_gitops(run_step: Any) -> None:
    inputs = {"repoUrl": "https://git.example.com/gitops.git", "syncPolicy": "auto", "prune": True}
    result = run_step("argocd-app", inputs)
    assert result.failure is None
    (text,) = result.artifacts.values()
    assert b"kind: Application" in text
    assert b"prune: true" in text


ON_THE_CLUSTER = {"environments": {"development": {"kubernetes": {"mode": "apply", "context": "test"}}}}


def test_the_example_of_the_page_of_kustomize_works(
    page: OpenPage, env: dict[str, str], kubernetes_server: KubernetesServer
) -> None:
    example = page(
        "kustomize",
        "page-of-kustomize",
        admin=ON_THE_CLUSTER,
        files={
            "k8s/base/settings.yaml": (
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {level: info}\n"
            ),
            "k8s/base/kustomization.yaml": "resources: [settings.yaml]\n",
            "k8s/overlays/development/kustomization.yaml": "resources: [../../base]\nnamePrefix: dev-\n",
        },
        env=env,
    )
    kubernetes_server.ask("create", "namespace", "page-of-kustomize")
    assert example.deploy() == 0, example.said
    assert example.outputs("base")["objects"] == ["ConfigMap/dev-settings"]
    level = ("get", "cm/dev-settings", "-n=page-of-kustomize", "-o=jsonpath={.data.level}")
    assert kubernetes_server.ask(*level) == "info"
    assert example.ctl("rollback", "page-of-kustomize", "--env", "development") == 0, example.said
    assert "dev-settings" not in kubernetes_server.ask("get", "cm", "-n=page-of-kustomize", "-o=name")


def test_the_example_of_the_page_of_argocd_app_works(
    page: OpenPage, env: dict[str, str], argocd: str, kubernetes_server: KubernetesServer
) -> None:
    assert argocd
    if "namespace/argocd" not in kubernetes_server.ask("get", "namespaces", "--output=name"):
        kubernetes_server.ask("create", "namespace", "argocd")
    example = page("argocd-app", "page-of-argocd", admin=ON_THE_CLUSTER, env=env)
    controller = says(kubernetes_server, "argocd", GOOD, "page-of-argocd-development")
    assert example.deploy() == 0, example.said
    controller.join()
    assert example.outputs("hand-over")["revision"] == "abc123"
    name = f"applications/{example.outputs('hand-over')['application']}"
    found = json.loads(kubernetes_server.ask("get", name, "--namespace=argocd", "--output=json"))
    assert found["spec"]["source"]["repoURL"] == "https://git.example.com/platform/gitops.git"
    assert found["spec"]["syncPolicy"]["automated"] == {"prune": True, "selfHeal": True}
    kubernetes_server.ask(
        "patch", name, "--namespace=argocd", "--type=merge", '--patch={"metadata":{"finalizers":null}}'
    )
    assert example.ctl("rollback", "page-of-argocd", "--env", "development") == 0, example.said
    assert not kubernetes_server.ask("get", "applications", "--namespace=argocd", "--output=name").strip()
