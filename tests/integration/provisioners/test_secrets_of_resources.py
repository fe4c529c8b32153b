"""Secrets that resources give reach a workload through Secrets: never in a manifest, a plan or a record."""

import base64
import json
import os
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import yaml

from tests.integration.cluster import KubernetesServer

Make = Callable[..., Any]
TOKEN = "t0ken-of-the-queue"  # noqa: S105 - of a test
PROGRAM = f"""
    if [ "$INNOMINATUS_OPERATION" = provision ]; then
      echo '{{"outputs": {{"url": "amqp://queue", "token": "{TOKEN}", "address": "amqp://app:{TOKEN}@queue"}}}}'
    fi
"""
ADMIN = """
    provisionerFiles: [provisioners]
    productProvisioners:
      - type: queue
        name: queue
        command: [bash, ./provisioners/queue]
        outputs: {url: string, token: string, address: string}
        secretOutputs: [token]
"""
FILE = """
    - uri: template://shop/database
      type: database
      init: |
        randomPassword: {{ randAlphaNum 16 | quote }}
      state: |
        service: db-{{ .SourceWorkload }}
        password: {{ dig "password" .Init.randomPassword .State | quote }}
      outputs: |
        host: {{ .State.service }}
        connection: "Server={{ .State.service }};Password={{ encodeSecretRef .State.service "PASSWORD" }}"
        password: {{ encodeSecretRef .State.service "PASSWORD" }}
      manifests: |
        - apiVersion: v1
          kind: Secret
          metadata: {name: {{ .State.service }}}
          data: {PASSWORD: {{ .State.password | b64enc }}}
        - apiVersion: example.org/v1
          kind: Component
          metadata: {name: {{ .State.service }}}
          spec: {password: {{ .State.password }}}
        - apiVersion: v1
          kind: Service
          metadata: {name: {{ .State.service }}}
          spec: {ports: [{port: 5432}]}
      info_logs: |
        - "enter {{ .State.password }} at {{ .State.service }}"
"""
SCORE = """
    apiVersion: score.dev/v1b1
    metadata: {name: shop}
    containers:
      web:
        image: "registry.example.com/web:1.2"
        variables:
          HOST: ${resources.db.host}
          PLAIN: costs $$5
          PASSWORD: ${resources.db.password}
          CONNECTION: ${resources.db.connection}
          TOKEN: ${resources.queue.token}
          HEADER: "Bearer ${resources.queue.token}"
          ADDRESS: ${resources.queue.address}
        files:
          /etc/shop/token: {content: "${resources.queue.token}", mode: "0400"}
          /etc/shop/config: {content: "user = ${metadata.name}\\ntoken = ${resources.queue.token}\\n"}
          /etc/shop/password: {content: "${resources.db.password}"}
          /etc/shop/name: {content: "${metadata.name}"}
    resources:
      db: {type: database}
      queue: {type: queue}
"""
FILES = {
    "admin-config.yaml": ADMIN,
    "score.yaml": SCORE,
    "provisioners/10-shop.provisioners.yaml": FILE,
    "provisioners/queue": PROGRAM,
}


def _objects(path: Path) -> list[dict[str, Any]]:
    return [one for one in yaml.safe_load_all(path.read_text()) if one]


def _kept(there: Any) -> dict[str, str]:
    (path,) = (there.state.parent / "kubernetes" / "secrets").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    (secret,) = _objects(path)
    assert secret["metadata"]["name"] == "shop-secrets"
    return {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}


@pytest.fixture
def deployed(repository: Make) -> Any:
    there = repository(FILES)
    told = there.ask("run", "deploy-app", "score.yaml")
    assert told.status == 0, told.err
    return there


def _pod(there: Any) -> dict[str, Any]:
    (path,) = (there.root / ".innominatus/manifests").rglob("deploy-application.yaml")
    (pod,) = [one["spec"]["template"]["spec"] for one in _objects(path) if one["kind"] == "Deployment"]
    found: dict[str, Any] = pod
    return found


def test_variables_refer_to_keys_of_secrets(deployed: Any) -> None:
    env = {one["name"]: one for one in _pod(deployed)["containers"][0]["env"]}
    assert env["HOST"]["value"] == "db-shop"
    assert env["PLAIN"]["value"] == "costs $5"
    assert env["TOKEN"]["valueFrom"]["secretKeyRef"] == {"name": "shop-secrets", "key": "queue.token"}
    assert env["PASSWORD"]["valueFrom"]["secretKeyRef"] == {"name": "db-shop", "key": "PASSWORD"}
    assert env["ADDRESS"]["valueFrom"]["secretKeyRef"] == {"name": "shop-secrets", "key": "queue.address"}


def test_a_variable_with_other_text_is_put_together_by_kubernetes(deployed: Any) -> None:
    written = _pod(deployed)["containers"][0]["env"]
    env = {one["name"]: one for one in written}
    for name, begins, key in (
        ("HEADER", "Bearer ", {"name": "shop-secrets", "key": "queue.token"}),
        ("CONNECTION", "Server=db-shop;Password=", {"name": "db-shop", "key": "PASSWORD"}),
    ):
        part = env[name]["value"].removeprefix(begins)
        assert part.startswith("$(__ref_")
        assert env[part[2:-1]]["valueFrom"]["secretKeyRef"] == key
        names = [one["name"] for one in written]
        assert names.index(part[2:-1]) < names.index(name)


def test_files_with_secrets_come_from_secrets_and_others_from_a_config_map(deployed: Any) -> None:
    pod = _pod(deployed)
    volumes = {one["name"]: one for one in pod["volumes"]}
    found = {}
    for mount in pod["containers"][0]["volumeMounts"]:
        volume = volumes[mount["name"]]
        source = volume.get("secret") or volume["configMap"]
        (item,) = [one for one in source["items"] if one["path"] == mount["subPath"]]
        found[mount["mountPath"]] = (source.get("secretName") or source["name"], item["key"], item.get("mode"))
    assert found["/etc/shop/token"] == ("shop-secrets", "queue.token", 0o400)
    assert found["/etc/shop/password"][:2] == ("db-shop", "PASSWORD")
    assert found["/etc/shop/name"][0] == "shop-web-files"
    name, key, _ = found["/etc/shop/config"]
    assert name == "shop-secrets"
    assert _kept(deployed)[key] == f"user = shop\ntoken = {TOKEN}\n"


def test_the_workloads_secret_has_what_it_refers_to_and_nothing_else(deployed: Any) -> None:
    kept = _kept(deployed)
    assert kept["queue.token"] == TOKEN
    assert kept["queue.address"] == f"amqp://app:{TOKEN}@queue"
    assert len(kept) == 3


def test_no_secret_is_in_any_committed_file_or_in_what_is_told(repository: Make) -> None:
    there = repository(FILES)
    told = there.ask("run", "deploy-app", "score.yaml")
    password = json.loads((there.state / "database/db/.score-state.json").read_text())["password"]
    (rendered,) = (there.root / ".innominatus/manifests").rglob("provision-db.yaml")
    assert [one["kind"] for one in _objects(rendered)] == ["Service"]
    apart = _objects(there.state / "database/db/secrets.yaml")
    assert [one["kind"] for one in apart] == ["Secret", "Component"]
    for secret in (TOKEN, password):
        assert secret not in told.out + told.err
        forms = (secret.encode(), base64.b64encode(secret.encode()))
        files = [path for path in (there.root / ".innominatus").rglob("*") if path.is_file()]
        assert not [path for path in files if any(form in path.read_bytes() for form in forms)]


def test_what_was_rendered_with_secrets_can_be_removed(deployed: Any) -> None:
    told = deployed.ask("run", "undeploy-app", "score.yaml")
    assert told.status == 0, told.err
    assert not list((deployed.state.parent / "kubernetes" / "secrets").iterdir())
    assert not list((deployed.root / ".innominatus/manifests").rglob("deploy-application.yaml"))


def test_a_secret_of_the_cluster_cannot_be_a_part_of_a_file(repository: Make) -> None:
    score = SCORE.replace('content: "${resources.db.password}"', 'content: "password=${resources.db.password}"')
    told = repository({**FILES, "score.yaml": score}).ask("run", "deploy-app", "score.yaml")
    assert told.status == 4
    assert "can be a whole file, and no part of one" in told.err


def test_a_run_with_secrets_can_be_rolled_back(deployed: Any) -> None:
    told = deployed.ask("rollback", "shop")
    assert told.status == 0, told.err
    assert not list((deployed.root / ".innominatus/manifests").rglob("deploy-application.yaml"))


def test_in_mode_apply_a_cluster_gets_the_secrets_and_the_objects_of_resources_and_loses_them_again(
    repository: Make, kubernetes_server: KubernetesServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    namespace = kubernetes_server.new_namespace()
    environments = (
        f"env: [KUBECONFIG]\nenvironments: {{development: {{kubernetes: {{mode: apply, namespace: {namespace}}}}}}}\n"
    )
    component = FILE[
        FILE.index("        - apiVersion: example.org/v1") : FILE.index(
            "        - apiVersion: v1\n          kind: Service"
        )
    ]
    there = repository(
        {
            **FILES,
            "admin-config.yaml": dedent(ADMIN) + environments,
            "provisioners/10-shop.provisioners.yaml": FILE.replace(component, ""),
        }
    )
    monkeypatch.setenv("PATH", f"{kubernetes_server.kubectl.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("KUBECONFIG", str(kubernetes_server.kubeconfig))
    told = there.ask("run", "deploy-app", "score.yaml")
    assert told.status == 0, told.err
    get = ("get", "secrets,services,deployments", f"-n={namespace}", "-o=name")
    assert set(kubernetes_server.ask(*get).split()) == {
        "secret/db-shop",
        "secret/shop-secrets",
        "service/db-shop",
        "deployment.apps/shop",
    }
    written = kubernetes_server.ask(
        "get", "secret/shop-secrets", f"-n={namespace}", "-o=jsonpath={.data.queue\\.token}"
    )
    assert base64.b64decode(written).decode() == TOKEN
    told = there.ask("drift", "shop")
    assert told.status == 0, told.out + told.err
    patch = json.dumps({"metadata": {"labels": {"app.kubernetes.io/name": "other"}}})
    kubernetes_server.ask("patch", "deployment/shop", f"-n={namespace}", f"--patch={patch}")
    told = there.ask("drift", "shop")
    assert told.status != 0
    assert "Deployment/shop" in told.out + told.err
    told = there.ask("run", "undeploy-app", "score.yaml")
    assert told.status == 0, told.err
    assert kubernetes_server.ask(*get).split() == []
