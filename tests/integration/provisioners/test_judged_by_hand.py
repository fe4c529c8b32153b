"""What is done by hand is judged as a run is: policies, approvals, and a record of every refusal."""

import json
import os
import subprocess
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
EVE, BOB = "eve@shop.example", "bob@shop.example"
TEAMS = {"release": {"members": [EVE]}, "developers": {"members": ["ada@shop.example", BOB]}}
BY_HAND = (
    ("scale", "shop", "--replicas", "3"),
    ("restart", "shop"),
    ("exec", "shop", "--", "sh", "-c", "echo s3cret"),
    ("port-forward", "shop", "9000:8080"),
)


class Shop:
    """A deployed application, whose policies tests change."""

    def __init__(self, there: Any, cluster: KubernetesServer, namespace: str, admin: dict[str, Any]) -> None:
        self.ask = there.ask
        self.root: Path = there.root
        self.cluster = cluster
        self.namespace = namespace
        self.admin = admin

    def rules(self, policies: dict[str, Any]) -> None:
        """Commits an admin-config with these policies."""
        admin = {**self.admin, "teams": TEAMS, "workflowPolicies": policies, "approvals": {"unsigned": "allow"}}
        (self.root / "admin-config.yaml").write_text(yaml.safe_dump(admin))
        subprocess.run(("git", "commit", "-qam", "rules"), cwd=self.root, check=True)

    @property
    def replicas(self) -> str:
        where = f"--namespace={self.namespace}"
        return self.cluster.ask("get", "deployment/shop", where, "--output=jsonpath={.spec.replicas}")

    @property
    def restarted(self) -> bool:
        where = f"--namespace={self.namespace}"
        return "restartedAt" in self.cluster.ask("get", "deployment/shop", where, "--output=json")

    def records(self, kind: str) -> list[dict[str, Any]]:
        paths = sorted((self.root / f".innominatus/{kind}").rglob("*.json"), key=lambda path: path.name)
        return [json.loads(path.read_text()) for path in paths]

    def done(self) -> list[str]:
        """What was done by hand, in order."""
        return [one["action"] for one in self.records("actions") if one["action"] not in {"approve", "reject"}]

    def refusals(self) -> list[dict[str, Any]]:
        return [record for record in self.records("runs") if record["kind"] == "refusal"]


@pytest.fixture
def shop(
    repository: Make,
    kubernetes_server: KubernetesServer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> Shop:
    folder = tmp_path_factory.mktemp("bin")  # no container runs: what needs one is told where it would have gone
    program = folder / "kubectl"
    program.write_text(
        f'#!/bin/sh\nfor word in "$@"; do case $word in exec | port-forward) echo "$word" >> {folder}/said; exit 0 ;; '
        f'esac; done\nexec {kubernetes_server.kubectl} "$@"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("KUBECONFIG", str(kubernetes_server.kubeconfig))
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("SAID", str(folder / "said"))
    namespace = kubernetes_server.new_namespace()
    target = {"mode": "apply", "context": "test", "namespace": namespace}
    admin = {"env": ["KUBECONFIG"], "environments": {"staging": {"kubernetes": target}}}
    there = repository({"admin-config.yaml": yaml.safe_dump(admin), "score.yaml": SCORE})
    done = there.ask("run", "deploy-app", "score.yaml", "--env", "staging")
    assert done.status == 0, done.err
    return Shop(there, kubernetes_server, namespace, admin)


def as_somebody(monkeypatch: pytest.MonkeyPatch, email: str) -> None:
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", email)
    monkeypatch.setenv("GIT_AUTHOR_NAME", email.partition("@")[0])


def said() -> list[str]:
    path = Path(os.environ["SAID"])
    return path.read_text().split() if path.exists() else []


def test_nothing_is_done_by_hand_without_the_approval_that_a_run_needs(shop: Shop) -> None:
    shop.rules({"security": {"requireApproval": ["staging"]}})
    for words in BY_HAND:
        told = shop.ask(*words)
        assert (told.status, told.out) == (6, ""), words
        assert "ORC-5012" in told.err
        assert "give the same command again" in told.err
    assert (shop.replicas, shop.restarted, said(), shop.done()) == ("1", False, [], [])
    refusals = shop.refusals()
    assert [record["golden_path"] for record in refusals] == ["scale", "restart", "exec", "port_forward"]
    assert {record["actor"]["email"] for record in refusals} == {"ada@shop.example"}
    assert "s3cret" not in json.dumps(shop.records("runs") + shop.records("plans"))
    waiting = shop.ask("approvals", "-o", "json").data["gates"]
    assert [(row["run"], row["message"]) for row in waiting] == [
        (refusals[0]["run"], "scale of Deployment/shop: replicas 3"),
        (refusals[1]["run"], "restart of Deployment/shop"),
        (refusals[2]["run"], "exec of Deployment/shop: program sh"),
        (refusals[3]["run"], "port-forward of Deployment/shop: ports ['9000:8080'], address 127.0.0.1"),
    ]
    assert shop.ask("redeploy", "shop").status == 6
    assert shop.ask("ledger", "verify").status == 0


def test_an_approval_is_of_one_thing_and_spent_when_that_is_done(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.rules({"security": {"requireApproval": ["staging"]}})
    assert shop.ask("scale", "shop", "--replicas", "3").status == 6
    asked = shop.refusals()[-1]["run"]
    own = shop.ask("approve", asked)
    assert "ORC-4040" in own.err
    as_somebody(monkeypatch, EVE)
    approved = shop.ask("approve", asked)
    assert approved.status == 0, approved.err
    assert "scale of Deployment/shop: replicas 3" in approved.out
    assert "resume" not in approved.out
    as_somebody(monkeypatch, BOB)
    assert shop.ask("scale", "shop", "--replicas", "4").status == 6
    assert shop.replicas == "1"
    done = shop.ask("scale", "shop", "--replicas", "3", "-o", "json")
    assert done.status == 0, done.err
    assert shop.replicas == "3"
    action = shop.records("actions")[-1]
    assert (action["actor"]["email"], action["plan"]) == (BOB, shop.refusals()[0]["plan"])
    assert [one["email"] for one in action["details"]["approvals"]] == [EVE]
    assert [row["message"] for row in shop.ask("approvals", "-o", "json").data["gates"]] == [
        "scale of Deployment/shop: replicas 4"
    ]
    assert shop.ask("scale", "shop", "--replicas", "3").status == 6
    assert shop.ask("ledger", "verify").status == 0


def test_who_asks_for_it_may_not_approve_it_whoever_does_it(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.rules({"security": {"requireApproval": ["staging"]}})
    as_somebody(monkeypatch, EVE)
    assert shop.ask("restart", "shop").status == 6
    assert "ORC-4040" in shop.ask("approve", shop.refusals()[-1]["run"]).err
    as_somebody(monkeypatch, BOB)
    assert shop.ask("restart", "shop").status == 6
    assert not shop.restarted


def test_policies_refuse_by_hand_what_they_refuse_of_a_run(shop: Shop) -> None:
    for policies, code in (
        ({"security": {"allowedExecutors": ["release"]}}, "ORC-4010"),
        ({"allowedStepTypes": ["script"]}, "ORC-4004"),
    ):
        shop.rules(policies)
        for words in BY_HAND:
            told = shop.ask(*words)
            assert (told.status, told.out) == (3, ""), (words, told.err)
            assert code in told.err
        run = shop.ask("redeploy", "shop")
        assert run.status == 3
        assert code in run.err
    assert (shop.replicas, shop.restarted, said(), shop.done()) == ("1", False, [], [])
    assert len([record for record in shop.refusals() if record["operation"] == "task"]) == 2 * len(BY_HAND)
    assert shop.ask("approvals", "-o", "json").data["gates"] == []  # no approval would help


def test_what_only_a_deployment_must_have_is_in_nobodys_way(shop: Shop) -> None:
    coverage = {"minimum": 100, "gateIrreversible": True}
    shop.rules({"requiredPlatformWorkflows": ["scan"], "rollbackCoverage": coverage, "maxStepsPerWorkflow": 1})
    for words in BY_HAND:
        told = shop.ask(*words)
        assert told.status == 0, (words, told.err)
    assert (shop.replicas, shop.restarted, said()) == ("3", True, ["exec", "port-forward"])
    assert shop.done() == ["scale", "restart", "exec", "port_forward"]
    assert shop.refusals() == []


def test_a_change_of_policies_cannot_loosen_what_judges_it(shop: Shop) -> None:
    shop.rules({"security": {"requireApproval": ["staging"]}})
    strict = subprocess.run(("git", "rev-parse", "HEAD"), cwd=shop.root, check=True, capture_output=True, text=True)
    shop.rules({})
    told = shop.ask("scale", "shop", "--replicas", "3", "--policies-from", strict.stdout.strip())
    assert told.status == 6
    assert shop.refusals()[-1]["policies_from"] == strict.stdout.strip()
    assert shop.ask("scale", "shop", "--replicas", "3").status == 0
