"""The shipped example in staging, with real tools: Terraform, PostgreSQL, Vault, gitleaks, promtool, Kubernetes.

The repository is the project's own. Servers are named by the variables that its admin-config.yaml speaks of; only the
addresses of the two payment sandboxes, which are not on loopback, are replaced.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
import yaml

from tests.integration.cloud import VaultServer
from tests.integration.cluster import KubernetesServer
from tests.integration.services import Postgres

ROOT = Path(__file__).resolve().parents[2]
SCORE = "docs/examples/checkout-service/score.yaml"
TABLES = ["customers", "order_lines", "orders", "payments", "products"]
NAMESPACES = ("checkout-service", "checkout-service-payment")


class Staging(NamedTuple):
    """The repository, and what its steps find in staging."""

    root: Path
    kubernetes: KubernetesServer
    postgres: Postgres
    database: str
    vault: VaultServer

    def ctl(self, *arguments: str) -> str:
        """What the command line says; it has to end well."""
        argv = [sys.executable, "-m", "innominatus_cli", *arguments]
        done = subprocess.run(argv, cwd=self.root, capture_output=True, text=True, timeout=240, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def objects(self, namespace: str) -> set[str]:
        """Names of what was made in a namespace."""
        kinds = "deployments,services,configmaps,persistentvolumeclaims,ingresses,pods"
        found = self.kubernetes.ask("get", kinds, f"--namespace={namespace}", "--output=name").split()
        return {name for name in found if name != "configmap/kube-root-ca.crt" and not name.startswith("pod/")}

    def tables(self) -> list[str]:
        """Tables of the order database, without the migrations' own."""
        text = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'innominatus%';"
        return sorted(self.postgres.sql(self.database, text).split())

    def infrastructure(self) -> list[str]:
        """Addresses in all Terraform states."""
        (state,) = self.root.glob(".git/**/*.tfstate")
        return [f"{one['type']}.{one['name']}" for one in json.loads(state.read_text())["resources"]]

    def nothing_is_left(self) -> bool:
        """Asserts that each server, and Terraform's state, is as it was."""
        assert self.infrastructure() == []
        assert self.tables() == []
        assert self.secrets() == {}
        assert "ecommerce-payments-read" not in self.vault.ask("GET", "sys/policy")["policies"]
        assert [self.objects(namespace) for namespace in NAMESPACES] == [set(), set()]
        left = self.kubernetes.ask("get", "namespaces", "--output=name").split()
        assert [name for name in left if name.startswith("namespace/checkout-service")] == []
        return True

    def secrets(self) -> dict[str, str]:
        """The payment secrets as Vault has them."""
        found = {}
        for name in ("stripe-api-key", "paypal-client-secret"):
            held = self.vault.ask("GET", f"secret/data/ecommerce/payments/checkout-service/staging/{name}")
            if held is not None:
                found[name] = held["data"]["data"]["value"]
        return found


def _sandboxes_at(root: Path, vault: VaultServer) -> None:
    """Something that answers in the place of the payment sandboxes."""
    path = root / "admin-config.yaml"
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    there = {"type": "tcp", "host": "127.0.0.1", "port": urlsplit(vault.url).port}
    for check in ("stripe-connectivity", "paypal-connectivity"):
        config["healthChecks"][check]["environments"]["staging"] = there
    path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")


@pytest.fixture
def staging(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tool: Callable[[str], Path],
    kubernetes_server: KubernetesServer,
    postgres: Postgres,
    vault_server: VaultServer,
) -> Staging:
    root = tmp_path / "repository"
    shutil.copytree(ROOT / "workflows", root / "workflows")
    shutil.copytree(ROOT / "docs" / "examples", root / "docs" / "examples")
    for name in ("admin-config.yaml", ".gitattributes"):
        shutil.copy(ROOT / name, root)
    vault_server.new_engine("secret")
    _sandboxes_at(root, vault_server)
    config = json.loads(kubernetes_server.kubeconfig.read_text())
    config["contexts"][0]["name"] = config["current-context"] = "staging"
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(json.dumps(config))
    database = postgres.new_database()
    folders = dict.fromkeys(str(tool(name).parent) for name in ("kubectl", "terraform", "gitleaks", "promtool"))
    found = [*folders, str(postgres.programs), os.environ["PATH"]]
    for name, value in {
        "PATH": os.pathsep.join(found),
        "KUBECONFIG": str(kubeconfig),
        "ORDERS_DATABASE_URL": postgres.url(database),
        "VAULT_ADDR": vault_server.url,
        "VAULT_TOKEN": vault_server.token,
        **{f"GIT_{who}_{what}": "ada@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }.items():
        monkeypatch.setenv(name, value)
    for arguments in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "Everything"]):
        subprocess.run(["git", *arguments], cwd=root, check=True)
    return Staging(root, kubernetes_server, postgres, database, vault_server)


def test_the_example_deploys_to_staging_and_leaves_nothing_behind(staging: Staging) -> None:
    said = staging.ctl("run", "deploy-app", SCORE, "--env", "staging")
    assert "in staging: succeeded (4 skipped, 17 succeeded" in said

    assert staging.infrastructure() == ["terraform_data.queue"]
    assert staging.tables() == TABLES
    assert staging.postgres.sql(staging.database, "SELECT count(*) FROM products;").split() == ["5"]
    secrets = staging.secrets()
    assert {name: len(value) for name, value in secrets.items()} == {"stripe-api-key": 32, "paypal-client-secret": 48}
    assert "ecommerce-payments-read" in staging.vault.ask("GET", "sys/policy")["policies"]
    deployed = {namespace: staging.objects(namespace) for namespace in NAMESPACES}
    assert "deployment.apps/checkout-service" in deployed["checkout-service"]
    assert "deployment.apps/payment-gateway" in deployed["checkout-service-payment"]
    for namespace, name in zip(NAMESPACES, ("checkout-service", "payment-gateway"), strict=True):
        staging.kubernetes.ask("rollout", "status", f"--namespace={namespace}", f"deployment/{name}", "--timeout=1s")
    recorded = "".join(path.read_text() for path in (staging.root / ".innominatus").rglob("*") if path.is_file())
    for hidden in (*secrets.values(), staging.vault.token, staging.postgres.password):
        assert hidden not in recorded

    assert "succeeded" in staging.ctl("rollback", "checkout-service", "--env", "staging")

    assert staging.nothing_is_left()


def test_deprovisioning_removes_what_all_runs_have_made(staging: Staging) -> None:
    for _ in range(2):  # the second one loads no products, and changes nothing
        staging.ctl("run", "deploy-app", SCORE, "--env", "staging")
    assert staging.tables() == TABLES
    assert "deployment.apps/checkout-service" in staging.objects("checkout-service")

    staging.ctl("run", "observability-setup", SCORE, "--env", "staging")
    assert "deployment.apps/grafana" in staging.objects("checkout-service-observability")
    lifecycle = ("run", "db-lifecycle", SCORE, "--env", "staging", "--param")
    staging.ctl(*lifecycle, "operation=backup")
    staging.postgres.sql(staging.database, "DELETE FROM products;")
    staging.ctl(*lifecycle, "operation=restore")
    assert staging.postgres.sql(staging.database, "SELECT count(*) FROM products;").split() == ["5"]

    said = staging.ctl("deprovision", "checkout-service", "--env", "staging")

    assert "checkout-service in staging: succeeded" in said
    assert staging.nothing_is_left()
    assert not (staging.root / ".innominatus" / "manifests").exists()
    kept = json.loads(staging.ctl("history", "checkout-service", "-o", "json"))
    assert [run["operation"] for run in kept["runs"]] == ["undeploy", "task", "task", "task", "deploy", "deploy"]
