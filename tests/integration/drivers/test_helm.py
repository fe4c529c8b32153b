"""`helm` with the real program against a real API server."""

import os
from base64 import b64decode
from pathlib import Path
from typing import Any

from innominatus_cli.documents.plan import Undo
from tests.integration.cluster import KubernetesServer
from tests.integration.drivers.page_runs import OpenPage, secret

UNDO = Undo(step="deployment/application/-/workload/the-step", how="itself", runs=["01JD0000000000000000000000"])
TEMPLATE = """apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-settings
data:
  region: {{ .Values.region }}
"""


def test_a_release_is_made_and_taken_back(
    run_step: Any, tool: Any, repository: Path, tmp_path: Path, kubernetes_server: KubernetesServer
) -> None:
    templates = repository / "charts" / "shop" / "templates"
    templates.mkdir(parents=True)
    (templates.parent / "Chart.yaml").write_text("apiVersion: v2\nname: shop\nversion: 1.0.0\n")
    (templates / "settings.yaml").write_text(TEMPLATE)
    path = f"{tool('helm').parent}:{kubernetes_server.kubectl.parent}:{os.environ['PATH']}"
    env = {"PATH": path, "KUBECONFIG": str(kubernetes_server.kubeconfig), "HOME": str(tmp_path)}
    namespace = kubernetes_server.new_namespace()
    inputs = {"release": "shop", "chartPath": "charts/shop", "namespace": namespace, "values": {"region": "us"}}
    done = run_step("helm", {**inputs, "mode": "apply"}, env=env)
    assert done.failure is None
    region = kubernetes_server.ask("get", "cm/shop-settings", f"-n={namespace}", "-o=jsonpath={.data.region}")
    assert region == "us"
    step = {**inputs, "mode": "apply"}
    assert run_step("helm", step, part="probe", env=env).outputs == {"done": True}
    assert run_step("helm", step, part="drift", env=env).outputs == {"drift": []}
    other = {**step, "values": {"region": "eu"}}
    assert run_step("helm", other, part="preview", env=env).outputs == {
        "changes": [{"action": "update", "object": "ConfigMap/shop-settings"}]
    }
    patch = ("patch", "cm/shop-settings", f"-n={namespace}", "--type=merge", '--patch={"data":{"region":"moon"}}')
    kubernetes_server.ask(*patch)
    (drift,) = run_step("helm", step, part="drift", env=env).outputs["drift"]
    assert drift["object"].endswith(f".ConfigMap.{namespace}.shop-settings")
    assert run_step("helm", {**inputs, "mode": "apply"}, part="undo", env=env, undoes=UNDO).failure is None
    assert "shop" not in kubernetes_server.ask("get", "configmap", f"-n={namespace}", "-o=name")


def test_the_example_of_the_page_works_and_shows_no_secret(
    page: OpenPage, tool: Any, tmp_path: Path, kubernetes_server: KubernetesServer
) -> None:
    chart = {
        "charts/cache/Chart.yaml": "apiVersion: v2\nname: cache\nversion: 1.0.0\n",
        "charts/cache/templates/secret.yaml": (
            "apiVersion: v1\nkind: Secret\nmetadata: {name: cache}\n"
            "stringData: {password: '{{ .Values.auth.password }}', replicas: '{{ .Values.replicas }}'}\n"
        ),
    }
    example = page(
        "helm",
        "page-of-helm",
        admin={
            "secrets": {"cache-password": secret("PASSWORD_OF_CACHE")},
            "environments": {"development": {"kubernetes": {"mode": "apply", "context": "test"}}},
        },
        files=chart,
        env={
            "PASSWORD_OF_CACHE": "correct-horse-9",
            "PATH": f"{tool('helm').parent}:{kubernetes_server.kubectl.parent}:{os.environ['PATH']}",
            "KUBECONFIG": str(kubernetes_server.kubeconfig),
            "HOME": str(tmp_path),
        },
    )
    assert example.deploy() == 0, example.said
    outputs = example.outputs("cache")
    assert (outputs["release"], outputs["namespace"], outputs["revision"]) == ("page-of-helm-cache", "page-of-helm", 1)
    password = kubernetes_server.ask("get", "secret/cache", "-n=page-of-helm", "-o=jsonpath={.data.password}")
    assert b64decode(password) == b"correct-horse-9"
    kept = b"".join(path.read_bytes() for path in example.root.rglob("*") if path.is_file())
    assert b"correct-horse-9" not in kept
    assert example.ctl("rollback", "page-of-helm", "--env", "development") == 0, example.said
    assert "secret/cache" not in kubernetes_server.ask("get", "secret", "-n=page-of-helm", "-o=name")
