"""The servers of tests are the real ones: each answers as its makers wrote it."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

from tests.integration.cloud import MotoServer, VaultServer
from tests.integration.cluster import KubernetesServer
from tests.integration.containers import ContainerEngine, ImageRegistry
from tests.integration.forges import GiteaServer
from tests.integration.services import Postgres

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "registry.invalid/web:1"}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: once}
spec:
  template:
    spec: {restartPolicy: Never, containers: [{name: once, image: "registry.invalid/once:1"}]}
"""


def test_kubernetes_rolls_out_a_deployment_and_completes_a_job(kubernetes_server: KubernetesServer) -> None:
    namespace = f"--namespace={kubernetes_server.new_namespace()}"
    kubernetes_server.ask("apply", "--server-side", namespace, "--filename=-", text=DEPLOYMENT)
    kubernetes_server.ask("rollout", "status", namespace, "deployment/web", "--timeout=30s")
    kubernetes_server.ask("wait", namespace, "job/once", "--for=condition=Complete", "--timeout=30s")
    served = json.loads(kubernetes_server.ask("version", "--output=json"))["serverVersion"]
    assert served["gitVersion"].startswith("v1.36.")
    kubernetes_server.ask("delete", namespace, "deployment/web", "job/once", "--wait=true", "--timeout=30s")
    assert kubernetes_server.ask("get", "pods", namespace, "--output=name") == ""


def test_postgresql_keeps_what_is_written(postgres: Postgres) -> None:
    database = postgres.new_database()
    postgres.sql(database, "CREATE TABLE kept (n integer); INSERT INTO kept VALUES (7);")
    assert postgres.sql(database, "SELECT n FROM kept;") == "7"


def test_gitea_takes_a_push_over_http(gitea_server: GiteaServer, tmp_path: Path) -> None:
    name = gitea_server.new_repository()
    clone = tmp_path / "clone"
    who = ("-c", "user.name=t", "-c", "user.email=t@example.com")
    for arguments in (
        ("clone", "--quiet", gitea_server.git_url(name), str(clone)),
        ("-C", str(clone), *who, "commit", "--quiet", "--allow-empty", "--message=second"),
        ("-C", str(clone), "push", "--quiet", "origin", "HEAD:refs/heads/topic"),
    ):
        subprocess.run(["git", *arguments], check=True, capture_output=True)
    pull = {"title": "topic", "head": "topic", "base": "main"}
    made = gitea_server.ask("POST", f"repos/{gitea_server.user}/{name}/pulls", pull)
    assert (made["number"], made["state"]) == (1, "open")


def test_vault_gives_back_a_secret(vault_server: VaultServer) -> None:
    engine = vault_server.new_engine()
    vault_server.ask("POST", f"{engine}/data/token", {"data": {"value": "s3cr3t"}})
    assert vault_server.ask("GET", f"{engine}/data/token")["data"]["data"] == {"value": "s3cr3t"}
    assert vault_server.ask("GET", f"{engine}/data/other") is None


def test_moto_answers_the_aws_client(moto_server: MotoServer, tool: Callable[[str], Path]) -> None:
    env = {**os.environ, **moto_server.environment}
    aws = str(tool("aws"))
    subprocess.run(
        [
            aws,
            "s3api",
            "create-bucket",
            "--bucket=one",
            "--create-bucket-configuration=LocationConstraint=eu-central-1",
        ],
        env=env,
        check=True,
        capture_output=True,
    )
    listed = subprocess.run([aws, "s3api", "list-buckets", "--output=json"], env=env, check=True, capture_output=True)
    assert "one" in [bucket["Name"] for bucket in json.loads(listed.stdout)["Buckets"]]


def _image(folder: Path, busybox: Path) -> None:
    (folder / "busybox").write_bytes(busybox.read_bytes())
    (folder / "busybox").chmod(0o755)
    (folder / "Dockerfile").write_text(
        'FROM scratch\nCOPY busybox /bin/busybox\nCMD ["/bin/busybox", "echo", "hello"]\n'
    )


def _tags(registry: ImageRegistry, name: str) -> list[str]:
    with urlopen(f"{registry.url}/v2/{name}/tags/list", timeout=10) as reply:  # noqa: S310
        tags: list[str] = json.loads(reply.read())["tags"]
    return tags


def test_buildah_builds_and_the_registry_keeps_the_image(
    buildah: ContainerEngine, image_registry: ImageRegistry, busybox: Path, tmp_path: Path
) -> None:
    _image(tmp_path, busybox)
    name = f"{image_registry.address}/by-buildah:1"
    buildah.run("build", f"--tag={name}", ".", folder=tmp_path)
    buildah.run("push", "--tls-verify=false", name, folder=tmp_path)
    assert _tags(image_registry, "by-buildah") == ["1"]


def test_docker_builds_runs_and_pushes(
    docker_engine: ContainerEngine, image_registry: ImageRegistry, busybox: Path, tmp_path: Path
) -> None:
    _image(tmp_path, busybox)
    name = f"{image_registry.address}/by-docker:1"
    docker_engine.run("build", "--network=none", f"--tag={name}", ".", folder=tmp_path)
    assert docker_engine.run("run", "--rm", "--network=host", name, folder=tmp_path) == "hello\n"
    docker_engine.run("push", name, folder=tmp_path)
    assert _tags(image_registry, "by-docker") == ["1"]
