"""`vault-setup` on a real Vault: what it makes, that a second time changes nothing, and what a rollback takes back."""

import time
from collections.abc import Callable
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest

from innominatus_cli.documents.plan import Undo
from tests.integration.cloud import VaultServer
from tests.integration.drivers.page_examples import blocks
from tests.integration.drivers.page_runs import OpenPage, secret

TYPE = "vault-setup"
UNDOES = Undo(step="deployment/application/-/workload/the-step", runs=["01JD0000000000000000000000"], how="itself")
READS = 'path "kv/data/shop/*" {\n  capabilities = ["read"]\n}\n'
Setup = Callable[..., Any]


class Stage:
    """A KV engine, an AppRole method and names of the test's own in the one Vault of the session."""

    def __init__(self, vault: VaultServer, run_step: Any) -> None:
        self.vault = vault
        self.run_step = run_step
        self.name = f"t{token_hex(4)}"
        vault.ask("POST", f"sys/mounts/{self.name}", {"type": "kv", "options": {"version": "2"}})
        vault.ask("POST", f"sys/auth/{self.name}", {"type": "approle"})
        for _ in range(100):  # the engine is upgraded for a moment after it was mounted
            try:
                self.put("ready", {"value": "yes"})
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError("the KV engine does not answer")

    @property
    def config(self) -> dict[str, str]:
        return {"address": self.vault.url, "mount": self.name, "approleMount": self.name}

    def secret(self, name: str, **more: Any) -> dict[str, Any]:
        return {"name": name, "store": "vault", "key": "shop/{environment}/{name}", "vault": self.config, **more}

    def step(self, *, part: str | None = None, env: dict[str, str] | None = None, **inputs: Any) -> Any:
        undoes: dict[str, Any] = {"undoes": UNDOES, "id": "deployment/application/-/undo"} if part == "undo" else {}
        return self.run_step(TYPE, inputs, part=part, env=env or {"VAULT_TOKEN": self.vault.token}, **undoes)

    def put(self, key: str, data: dict[str, str]) -> None:
        self.vault.ask("POST", f"{self.name}/data/{key}", {"data": data})

    def get(self, key: str) -> Any:
        found = self.vault.ask("GET", f"{self.name}/data/{key}")
        return None if found is None else found["data"]["data"]

    @property
    def everything(self) -> dict[str, Any]:
        return {
            "secrets": [self.secret("given"), self.secret("made", generate={"length": 40}, field="password")],
            "policies": [{"name": f"{self.name}-read", "rules": READS}, "default"],
            "roles": [{"name": "shop", "mount": self.name, "policies": [f"{self.name}-read"], "tokenTtl": "20m"}],
        }


@pytest.fixture
def stage(vault_server: VaultServer, run_step: Any) -> Stage:
    return Stage(vault_server, run_step)


def test_everything_is_made_once_and_a_rollback_takes_back_what_the_run_made(stage: Stage, outcomes: Any) -> None:
    stage.put("shop/development/given", {"value": "correct-horse-7"})
    stage.put("shop/development/made", {"user": "shop"})
    inputs = stage.everything
    assert stage.step(part="probe", **inputs).outputs == {"done": False}
    assert [change["action"] for change in stage.step(part="preview", **inputs).outputs["changes"]] == ["create"] * 3
    done = stage.step(**inputs)
    assert done.failure is None
    assert done.outputs == {
        "bound": ["given", "made"],
        "generated": ["made"],
        "changed": [f"policy {stage.name}-read", "role shop"],
    }
    made = stage.get("shop/development/made")
    assert made["user"] == "shop"
    assert len(made["password"]) == 40
    assert b"remoteRef" in next(iter(done.artifacts.values()))
    policy = stage.vault.ask("GET", f"sys/policies/acl/{stage.name}-read")["data"]["policy"]
    assert policy == READS
    role = stage.vault.ask("GET", f"auth/{stage.name}/role/shop")["data"]
    assert (role["token_policies"], role["token_ttl"]) == ([f"{stage.name}-read"], 1200)
    again = stage.step(**inputs)
    assert (again.outputs["generated"], again.outputs["changed"]) == ([], [])
    assert stage.get("shop/development/made") == made
    assert stage.vault.ask("GET", f"{stage.name}/metadata/shop/development/made")["data"]["current_version"] == 2
    assert stage.step(part="probe", **inputs).outputs == {"done": True}
    assert stage.step(part="drift", **inputs).outputs == {"drift": []}
    undone = stage.step(part="undo", **inputs)
    assert undone.failure is None
    assert sorted(undone.outputs["removed"]) == [f"policy {stage.name}-read", "role shop", "secret made"]
    assert stage.get("shop/development/made") == {"user": "shop"}
    assert stage.get("shop/development/given") == {"value": "correct-horse-7"}
    assert stage.vault.ask("GET", f"auth/{stage.name}/role/shop") is None
    printed = [outcome.stdout.head + outcome.stderr.head for outcome in outcomes]
    hidden = [made["password"], "correct-horse-7", stage.vault.token]
    assert not any(value.encode() in text for value in hidden for text in printed)


def test_a_secret_that_only_the_run_wrote_goes_with_all_its_versions(stage: Stage) -> None:
    inputs: dict[str, Any] = {"secrets": [stage.secret("made", generate=True)]}
    assert stage.step(**inputs).outputs["generated"] == ["made"]
    assert stage.step(part="undo", **inputs).outputs["removed"] == ["secret made"]
    assert stage.vault.ask("GET", f"{stage.name}/metadata/shop/development/made") is None
    assert stage.step(**inputs).outputs["generated"] == ["made"]
    stage.put("shop/development/made", {"value": "rotated-by-hand"})
    assert stage.step(part="undo", **inputs).outputs["removed"] == []
    assert stage.get("shop/development/made") == {"value": "rotated-by-hand"}


def test_what_was_changed_behind_its_back_has_drifted_and_comes_back(stage: Stage) -> None:
    stage.put("shop/development/given", {"value": "correct-horse-7"})
    inputs = stage.everything
    stage.step(**inputs)
    stage.vault.ask("DELETE", f"auth/{stage.name}/role/shop")
    stage.vault.ask("POST", f"sys/policies/acl/{stage.name}-read", {"policy": 'path "x" { capabilities = ["list"] }'})
    stage.vault.ask("DELETE", f"{stage.name}/metadata/shop/development/given")
    assert stage.step(part="drift", **inputs).outputs["drift"] == [
        {"object": "secret given", "what": "is not there"},
        {"object": f"policy {stage.name}-read", "what": "is not as declared"},
        {"object": "role shop", "what": "is not there"},
    ]
    refused = stage.step(part="undo", **inputs)
    assert f"policy '{stage.name}-read' was changed by something else" in refused.failure.message
    missing = stage.step(**inputs)
    assert missing.failure.code.number == "ORC-5150"
    stage.put("shop/development/given", {"value": "correct-horse-8"})
    assert stage.step(**inputs).outputs["changed"] == [f"policy {stage.name}-read", "role shop"]


def test_a_policy_that_was_there_is_put_back_as_it_was(stage: Stage, repository: Path) -> None:
    old = 'path "old" { capabilities = ["list"] }'
    stage.vault.ask("POST", f"sys/policies/acl/{stage.name}-read", {"policy": old})
    (repository / "read.hcl").write_text(READS)
    inputs: dict[str, Any] = {"policies": [{"name": f"{stage.name}-read", "file": "read.hcl"}], "vault": stage.config}
    assert stage.step(**inputs).outputs["changed"] == [f"policy {stage.name}-read"]
    assert stage.step(part="undo", **inputs).failure is None
    assert stage.vault.ask("GET", f"sys/policies/acl/{stage.name}-read")["data"]["policy"] == old


def test_an_approle_logs_in_and_goes_as_far_as_its_policy(stage: Stage) -> None:
    rules = f'path "{stage.name}/data/shop/*" {{ capabilities = ["read", "create", "update"] }}'
    rules += f'\npath "{stage.name}/metadata/shop/*" {{ capabilities = ["read", "update"] }}'
    policy = {"name": f"{stage.name}-ci", "rules": rules}
    role = {"name": "ci", "mount": stage.name, "policies": [f"{stage.name}-ci"]}
    assert stage.step(policies=[policy], roles=[role], vault=stage.config).failure is None
    identity = stage.vault.ask("GET", f"auth/{stage.name}/role/ci/role-id")["data"]["role_id"]
    secret = stage.vault.ask("POST", f"auth/{stage.name}/role/ci/secret-id", {})["data"]["secret_id"]
    env = {"VAULT_ROLE_ID": identity, "VAULT_SECRET_ID": secret}
    assert stage.step(secrets=[stage.secret("made", generate=True)], env=env).outputs["generated"] == ["made"]
    refused = stage.step(secrets=[stage.secret("other", key="else/where", generate=True)], env=env)
    assert refused.failure.code.number == "ORC-5496"
    assert "Vault answers 403 for 'else/where'" in refused.failure.message
    assert secret not in refused.failure.message


def test_a_vault_that_is_not_there_or_gets_no_token_is_a_finding(stage: Stage) -> None:
    gone = stage.step(secrets=[{"name": "a", "store": "vault", "vault": {"address": "http://127.0.0.1:1"}}])
    assert gone.failure.code.number == "ORC-5496"
    assert "Connection refused" in gone.failure.message
    bare = stage.step(secrets=[stage.secret("a")], env={"HOME": "/"})
    assert "no token" in bare.failure.message
    nameless = stage.step(secrets=[{"name": "a", "store": "vault"}])
    assert "VAULT_ADDR" in nameless.failure.message
    undeclared = stage.step(secrets=[stage.secret("a", generate=True)], policies=["no-such-policy"])
    assert "policy no-such-policy is not in Vault" in undeclared.failure.message


def test_the_example_of_the_page_works(page: OpenPage) -> None:
    local = {"store": "local", "generate": True}
    example = page(TYPE, admin={"secrets": {"stripe-api-key": local, "paypal-client-secret": local}})
    assert example.deploy() == 0, example.said
    outputs = example.outputs("setup-payment-vault")
    assert outputs["bound"] == outputs["generated"] == ["stripe-api-key", "paypal-client-secret"]
    kept = [path.read_text() for path in (example.root / ".git").rglob("secrets/*") if path.is_file()]
    assert len({value for value in kept if value}) >= len(outputs["bound"])
    recorded = "".join(path.read_text() for path in (example.root / ".innominatus").rglob("*") if path.is_file())
    assert "stripe-api-key" in recorded
    assert not any(value in recorded for value in kept if value)


def test_the_second_example_of_the_page_works(page: OpenPage, stage: Stage) -> None:
    if "approle/" not in stage.vault.ask("GET", "sys/auth")["data"]:
        stage.vault.ask("POST", "sys/auth/approle", {"type": "approle"})
    in_vault = {"store": "vault", "key": "shop/{environment}/{name}", "generate": True}
    example = page(
        TYPE,
        text=blocks(TYPE, "yaml")[1],
        admin={
            "secrets": {"orders-database": in_vault, "vault-token": secret("TOKEN_OF_VAULT")},
            "secretStores": {"vault": stage.config},
        },
        env={"TOKEN_OF_VAULT": stage.vault.token},
        files={"vault/orders-read.hcl": READS},
    )
    assert example.deploy() == 0, example.said
    assert example.outputs("setup-orders-vault")["changed"] == ["policy orders-read", "role orders"]
    assert stage.get("shop/development/orders-database")["value"]
    assert example.ctl("rollback", "checkout", "--env", "development") == 0, example.said
    assert not stage.get("shop/development/orders-database")
    assert stage.vault.ask("GET", "auth/approle/role/orders") is None
