"""Values that nobody means well with, or that a script got wrong: a finding, an exit status, and nothing done."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from innominatus_cli.documents.canonical import canonical_json, digest_of_bytes

SCORE = """\
    apiVersion: score.dev/v1b1
    metadata: {name: shop, product: ecommerce}
    containers:
      web: {image: "registry.example.com/shop:1.4.2"}
    """
WORKFLOW = """\
    apiVersion: workflow.dev/v1
    kind: ProductWorkflow
    metadata: {name: migrate, description: Migrates., product: ecommerce, owner: shop, phase: pre-deployment}
    spec:
      triggers: [product_deployment]
      steps:
        - {name: seldom, type: script, if: "environment.name == 'production'", config: {script: "true"}}
        - {name: always, type: script, config: {script: "true"}}
    """
PREVIEW = """\
    apiVersion: workflow.dev/v1
    kind: GoldenPath
    metadata: {name: preview-app, description: For a time., owner: platform, category: environment}
    spec:
      operation: deploy
      expiresAfter: ttl
      parameters:
        ttl: {type: duration, default: 2h}
    """


@pytest.fixture
def shop(workshop: Any) -> Any:
    workshop.write("apps/score.yaml", SCORE)
    workshop.write("workflows/products/ecommerce/migrate.yaml", WORKFLOW)
    workshop.write("workflows/golden-paths/preview-app.yaml", PREVIEW)
    workshop.write("admin-config.yaml", "environments: {staging: {}, development: {}}\n")
    workshop.commit()
    return workshop


def test_drift_is_told_of_a_deployment_whose_condition_left_a_step_out(shop: Any) -> None:
    assert shop("deploy", "apps/score.yaml").status == 0
    told = shop("drift", "shop")
    assert told.status == 0, told.all
    assert "no drift" in told.out


def test_a_lifetime_beyond_the_calendar_is_for_ever(shop: Any) -> None:
    told = shop("run", "preview-app", "apps/score.yaml", "--param", "ttl=9999999d")
    assert told.status == 0, told.all
    (record,) = shop.records("run")
    assert record["expires_at"] == "9999-12-31T23:59:59.999Z"
    assert shop("stats", "--since", "99999999w", "-o", "json").data["runs"] == 1


@pytest.mark.parametrize(
    ("key", "value"),
    [("duration_ms", "NaN"), ("duration_ms", "1e999"), ("plan", '"../../../etc/passwd"'), ("steps", "[[]]")],
)
def test_no_record_of_a_stranger_ends_a_command_with_a_bug(shop: Any, key: str, value: str) -> None:
    shop("deploy", "apps/score.yaml")
    (path,) = sorted((shop.folder / ".innominatus/runs").rglob("*.json"))
    record = json.loads(path.read_bytes())
    was = f'"{key}":{json.dumps(record[key], separators=(",", ":"))}'
    text = path.read_text(encoding="utf-8")
    assert was in text or key == "steps"
    forged = text.replace(was, f'"{key}":{value}') if key != "steps" else json.dumps({**record, "steps": [[]]})
    path.write_text(forged, encoding="utf-8")
    shop.commit("A record")
    run = Path(path).stem
    for command in (
        ("stats",),
        ("rollback", run, "--dry-run"),
        ("drift", "shop"),
        ("ledger", "gc", "--dry-run", "--keep-days", "0"),
    ):
        told = shop(*command)
        assert told.status in {0, 1, 65}, f"{command}: {told.all}"
        assert "ORC-9001" not in told.all, f"{command}: {told.all}"


@pytest.mark.parametrize(
    "command", ["deprovision --expired", "delete shop", "deploy apps/score.yaml", "list-resources", "restart shop"]
)
def test_an_empty_environment_is_not_every_environment(shop: Any, command: str) -> None:
    told = shop(*command.split(), "--env", "")
    assert told.status == 1, told.all
    assert "--env: error ORC-3049" in told.err
    assert "leave --env out" in told.err


@pytest.mark.parametrize("kind", ["a link that leads out", "a pipe", "a folder", "a link to nothing"])
def test_an_overlay_that_cannot_be_read_is_not_left_out(shop: Any, kind: str) -> None:
    overlay = shop.folder / "apps/score.overrides.staging.yaml"
    match kind:
        case "a link that leads out":
            overlay.symlink_to("/etc/passwd")
        case "a pipe":
            os.mkfifo(overlay)
        case "a folder":
            overlay.mkdir()
        case _:
            overlay.symlink_to("nowhere.yaml")
    told = shop("plan", "apps/score.yaml", "--env", "staging")
    assert told.status == 1, told.all
    assert "apps/score.overrides.staging.yaml: error ORC-100" in told.err
    assert shop("plan", "apps/score.yaml", "--env", "development").status == 0


GADGETS = """\
    environments: {development: {}}
    productProvisioners:
      - {product: ecommerce, type: gadget, name: gadget, version: 1.0.0, command: ./gadget, outputs: {size: any}}
    """


@pytest.mark.parametrize(
    "answer",
    [
        '{"outputs": {"size": 99999999999999999999999}}',
        '{"outputs": {"size": 1e999}}',
        r'{"outputs": {"size": "\ud800"}}',
        r'{"outputs": {"size": 1}, "hints": [{"type": "x", "label": "\ud800", "value": "y"}]}',
    ],
)
def test_what_no_record_can_hold_fails_the_step_of_the_provisioner(shop: Any, answer: str) -> None:
    shop.write("admin-config.yaml", GADGETS)
    shop.write("apps/score.yaml", dedent(SCORE) + "resources:\n  thing: {type: gadget}\n")
    (shop.folder / "gadget").write_text(f"#!/bin/sh\ncat <<'END'\n{answer}\nEND\n", encoding="utf-8")
    (shop.folder / "gadget").chmod(0o755)
    shop.commit("A provisioner")
    told = shop("deploy", "apps/score.yaml")
    assert told.status == 4, told.all
    assert "error ORC-5009" in told.err
    assert "cannot be kept" in told.err
    (record,) = shop.records("run")
    assert record["status"] == "failed"
    assert not any(step.get("outputs") for step in record["steps"])


DATABASE = """\
    apiVersion: workflow.dev/v1
    kind: ProductWorkflow
    metadata: {{name: database, description: Makes it., product: ecommerce, owner: shop, phase: pre-deployment}}
    spec:
      triggers: [product_deployment]
      steps:
        - name: apply
          type: terraform
          config: {{path: infra{config}}}
          outputs: [{declared}]
    """
MODULE = """\
resource "terraform_data" "db" { input = "shop" }
output "name" { value = terraform_data.db.output }
output "serial" { value = 9007199254740993 }
output "key" {
  value     = 9007199254740995
  sensitive = true
}
"""


@pytest.fixture
def database(shop: Any, tool: Callable[[str], Path]) -> Any:
    """The shop with a Terraform module whose outputs no record can hold, all but one."""
    tool("terraform")
    shop.write("infra/main.tf", MODULE)
    return shop


def test_an_output_that_nobody_declared_does_not_fail_what_is_applied(database: Any) -> None:
    database.write("workflows/products/ecommerce/database.yaml", DATABASE.format(declared="name", config=""))
    database.commit()
    told = database("deploy", "apps/score.yaml")
    assert told.status == 0, told.all
    assert "warning ORC-5009: step 'apply': output 'serial' is left out" in told.err
    assert "Give a large number as text" in told.err
    assert "900719925474099" not in told.all
    (record,) = database.records("run")
    (outputs,) = [step["outputs"] for step in record["steps"] if step["step"].endswith("/apply")]
    assert outputs["name"] == "shop"
    assert not {"serial", "key"} & outputs.keys()


@pytest.mark.parametrize(("declared", "config"), [("serial", ""), ("", ", outputs: [serial]")])
def test_an_output_that_is_declared_and_cannot_be_kept_fails_its_step(
    database: Any, declared: str, config: str
) -> None:
    database.write("workflows/products/ecommerce/database.yaml", DATABASE.format(declared=declared, config=config))
    database.commit()
    told = database("deploy", "apps/score.yaml")
    assert told.status == 4, told.all
    assert "error ORC-5009: step 'apply': output 'serial' cannot be kept" in told.err


def test_what_a_provisioner_says_does_not_steer_the_terminal(shop: Any) -> None:
    answer = r'{"outputs": {"size": "\u001b[2J"}, "hints": [{"type": "x", "label": "\u001b[2J", "value": "a\n b"}]}'
    shop.write("admin-config.yaml", GADGETS)
    shop.write("apps/score.yaml", dedent(SCORE) + "resources:\n  thing: {type: gadget}\n")
    (shop.folder / "gadget").write_text(f"#!/bin/sh\ncat <<'END'\n{answer}\nEND\n", encoding="utf-8")
    (shop.folder / "gadget").chmod(0o755)
    shop.commit("A provisioner")
    assert shop("deploy", "apps/score.yaml").status == 0
    for command in (
        ("resource", "show", "shop", "thing"),
        ("resource", "outputs", "shop", "thing"),
        ("list-resources",),
    ):
        told = shop(*command)
        assert told.status == 0, told.all
        assert "\x1b" not in told.all
    assert r"\x1b[2J: a\n b" in shop("resource", "show", "shop", "thing").out


@pytest.mark.parametrize(
    "forged", [{"description": 5.5}, {"type": "resource-provisioning", "needs": 1}, {"inputs": {"a": 10**30}}]
)
def test_no_plan_of_a_stranger_ends_a_command_with_a_bug(shop: Any, forged: dict[str, Any]) -> None:
    shop.write("apps/score.yaml", dedent(SCORE) + "resources:\n  data: {type: volume}\n")
    shop("deploy", "apps/score.yaml", "--no-commit")
    (path,) = sorted((shop.folder / ".innominatus/runs").rglob("*.json"))
    record = json.loads(path.read_bytes())
    plan = json.loads((shop.folder / f".innominatus/plans/{record['plan'][7:]}.json").read_bytes())
    for step in plan["steps"]:
        step.update(forged)
    data = json.dumps(plan, sort_keys=True, separators=(",", ":")).encode()
    record["plan"] = digest_of_bytes(data)
    (shop.folder / f".innominatus/plans/{record['plan'][7:]}.json").write_bytes(data + b"\n")
    path.write_bytes(canonical_json(record) + b"\n")
    shop.commit("A plan")
    for command in (
        ("resource", "show", "shop", "data"),
        ("plan", "apps/score.yaml"),
        ("drift", "shop"),
    ):
        told = shop(*command)
        assert told.status in {0, 1, 65}, f"{command}: {told.all}"
        assert "ORC-9001" not in told.all, f"{command}: {told.all}"


@pytest.mark.parametrize("command", [["explain"], ["approve"], ["show"], ["plan-diff", "x.json"]])
def test_a_name_longer_than_any_file_has_is_unknown(shop: Any, command: list[str]) -> None:
    told = shop(*command, "a" * 5000 + ".json")
    assert told.status in {1, 2}, told.all
    assert "ORC-9001" not in told.all
