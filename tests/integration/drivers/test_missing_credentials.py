"""Real tools without credentials: each says no at once, asks nobody, and its step fails with a finding."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.integration.cluster import KubernetesServer
from tests.integration.drivers.servers import WebServer, web_server
from tests.integration.forges import GiteaServer

CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
LONGEST_SECONDS = 20


def nobody(tmp_path: Path, *folders: Path) -> dict[str, str]:
    """An environment without any configuration of tools."""
    home = tmp_path / "nobody"
    home.mkdir()
    return {"HOME": str(home), "PATH": os.pathsep.join([*map(str, folders), os.environ["PATH"]])}


def test_kubectl_and_helm_without_a_kubeconfig(
    run_step: Any, tool: Callable[[str], Path], repository: Path, tmp_path: Path
) -> None:
    env = nobody(tmp_path, tool("kubectl").parent, tool("helm").parent)
    (repository / "c").mkdir()
    (repository / "c" / "Chart.yaml").write_text("apiVersion: v2\nname: c\nversion: 1.0.0\n")
    chart = {"release": "a", "chartPath": "c", "wait": False}
    for step_type, inputs, says in (
        ("kubernetes", {"objects": [CONFIG_MAP]}, "nobody answers at its address"),
        ("kubernetes", {"objects": [CONFIG_MAP], "context": "staging"}, "the kubeconfig has no such context"),
        ("helm", chart, "nobody answers at its address"),
        ("helm", {**chart, "context": "staging"}, "the kubeconfig has no such context"),
    ):
        done = run_step(step_type, {**inputs, "mode": "apply"}, env=env, timeout_seconds=LONGEST_SECONDS)
        assert done.failure.code.number == "ORC-5406"
        assert says in done.failure.message
        assert done.outputs == {}


def test_a_cluster_that_does_not_know_us_or_forbids_it(
    run_step: Any, kubernetes_server: KubernetesServer, tmp_path: Path
) -> None:
    env = nobody(tmp_path, kubernetes_server.kubectl.parent)
    config = json.loads(kubernetes_server.kubeconfig.read_text())
    for user, says in (
        ({"token": "stolen"}, "is refused: no usable credentials"),
        ({**config["users"][0]["user"], "as": "nobody"}, "does not allow this"),
    ):
        config["users"][0]["user"] = user
        (tmp_path / "kubeconfig").write_text(json.dumps(config))
        inputs = {"objects": [CONFIG_MAP], "mode": "apply", "namespace": "default"}
        done = run_step("kubernetes", inputs, env={**env, "KUBECONFIG": str(tmp_path / "kubeconfig")})
        assert done.failure.code.number == "ORC-5406"
        assert says in done.failure.message
        assert done.outputs == {}


@pytest.mark.parametrize("token", [None, "wrong"])
def test_git_asks_nobody_for_a_password(
    run_step: Any, gitea_server: GiteaServer, tmp_path: Path, token: str | None
) -> None:
    name = gitea_server.new_repository()
    gitea_server.ask("PATCH", f"repos/{gitea_server.user}/{name}", {"private": True})
    inputs = {"url": f"{gitea_server.url}/{gitea_server.user}/{name}.git"}
    given = {} if token is None else {"TOKEN": token}
    if token is not None:
        inputs["tokenFrom"] = "TOKEN"
    started = time.monotonic()
    done = run_step(
        "git-commit-manifests",
        inputs,
        env={**nobody(tmp_path), **given},
        manifests={".innominatus/manifests/checkout/development/a.yaml": b"kind: A\n"},
        timeout_seconds=LONGEST_SECONDS,
    )
    assert time.monotonic() - started < LONGEST_SECONDS
    assert done.failure.code.number == "ORC-5407"
    assert "it does not accept the credentials, or there are none" in done.failure.message
    assert done.outputs == {}


def test_a_gitea_without_a_token_is_not_asked(run_step: Any) -> None:
    with web_server() as server:
        done = run_step("gitea-repo", {"repoName": "a"}, env={"GITEA_URL": server.url})
        assert done.failure.code.number == "ORC-5106"
        assert "GITEA_TOKEN is not set" in done.failure.message
        assert "env" in done.failure.remedy
        assert isinstance(server, WebServer)
        assert server.received == []


def test_the_aws_cli_without_credentials_says_so(
    run_step: Any, tool: Callable[[str], Path], repository: Path, tmp_path: Path
) -> None:
    (repository / "t.yaml").write_text("Resources: {}\n")
    env = {**nobody(tmp_path, tool("aws").parent), "AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": "eu-central-1"}
    done = run_step("cloudformation", {"stack": "s", "template": "t.yaml"}, env=env, timeout_seconds=LONGEST_SECONDS)
    assert done.failure.code.number == "ORC-5417"
    assert done.outputs == {}
