"""`helm` with the real program against a real API server."""

import os
from pathlib import Path
from typing import Any

from innominatus_cli.documents.plan import Undo
from tests.integration.cluster import KubernetesServer

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
    assert run_step("helm", {**inputs, "mode": "apply"}, part="undo", env=env, undoes=UNDO).failure is None
    assert "shop" not in kubernetes_server.ask("get", "configmap", f"-n={namespace}", "-o=name")
