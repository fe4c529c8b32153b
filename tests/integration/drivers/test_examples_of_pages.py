"""The first example of a step type's page, run as it stands: types that need no server but one of sockets."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.drivers.page_examples import blocks
from tests.integration.drivers.page_runs import OpenPage, secret
from tests.integration.drivers.servers import WebServer, web_server

RUN_FAILED = 4
WAITS_FOR_APPROVAL = 6
ORDERS = """\
-- migrate:up
CREATE TABLE orders (id INTEGER PRIMARY KEY);
INSERT INTO orders VALUES (1), (2), (3);
-- migrate:down
DROP TABLE orders;
"""
A_DATABASE = """\
- name: provision-database
  type: resource-provisioning
  config: {resource: orders, resourceType: sqlite}
  outputs: [path]

- name: fill-it
  type: database-migration
  config: {migrationsPath: ./migrations, connectionString: "sqlite:///${steps.provision-database.outputs.path}"}

"""


@pytest.fixture
def web() -> Iterator[WebServer]:
    with web_server() as server:
        yield server


def databases(root: Path) -> list[Path]:
    """The SQLite files below the state folder."""
    return sorted((root / ".git").rglob("databases/*.db"))


def rows(path: Path, query: str) -> list[Any]:
    """What a query of a SQLite file gives."""
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def test_the_example_of_script_works(page: OpenPage, tool: Any) -> None:
    tool("sqlite3")
    tool("make")
    example = page(
        "script",
        before=A_DATABASE,
        files={"migrations/001_orders.sql": ORDERS, "backend/Makefile": "test:\n\techo made with $(JOBS)\n"},
    )
    assert example.deploy() == 0, example.said
    assert example.outputs("count-orders") == {"orders": "3"}
    assert "made with 2" in example.step("test")["stdout"]["head"]


def test_the_example_of_resource_provisioning_works_and_is_taken_back(page: OpenPage) -> None:
    example = page("resource-provisioning")
    assert example.deploy() == 0, example.said
    (path,) = databases(example.root)
    assert example.outputs("provision-database")["path"] == f"databases/{path.name}"
    assert example.ctl("rollback", "checkout", "--env", "development") == 0, example.said
    assert databases(example.root) == []


def test_the_example_of_workflow_works(page: OpenPage) -> None:
    example = page("workflow", files={"workflows/shared/backup.yaml": blocks("workflow", "yaml-workflow")[0]})
    assert example.deploy() == 0, example.said
    assert example.outputs("save[1].save") == {"file": "backups/customers.tar"}
    assert "the first one is backups/orders.tar" in example.step("report")["stdout"]["head"]


def test_the_example_of_approval_waits_for_two_people(page: OpenPage, tmp_path: Path) -> None:
    keys = {}
    for name in ("bob", "carl"):
        argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(tmp_path / name)]
        subprocess.run(argv, check=True)
        keys[f"{name}@shop.example"] = {"ssh": [(tmp_path / f"{name}.pub").read_text(encoding="utf-8").strip()]}
    team = {"members": sorted(keys), "signers": keys}
    behind = "\n- name: ship\n  type: script\n  config: {script: echo shipped}\n"
    example = page("approval", admin={"teams": {"release-managers": team}}, text=blocks("approval", "yaml")[0] + behind)
    assert example.deploy() == WAITS_FOR_APPROVAL, example.said
    assert example.ctl("approvals") == 0
    assert "The load test of staging is green" in example.said
    for name in ("bob", "carl"):
        assert example.step("ship")["status"] == "planned"
        example.acts(name)
        assert example.ctl("approve", "latest", "--key", str(tmp_path / name), "--reason", "green") == 0, example.said
    example.acts("zoe")
    assert example.ctl("resume", "latest") == 0, example.said
    assert example.step("ship")["status"] == "succeeded"


def test_the_example_of_wait_looks_until_the_shop_answers(page: OpenPage, web: WebServer) -> None:
    example = page("wait", hosts={"https://shop.example.com": web.url})
    assert example.deploy() == 0, example.said
    assert example.outputs("until-the-shop-answers") == {"passed": 1, "looks": 1}
    assert example.step("until-the-shop-answers")["duration_ms"] >= 2000
    assert [(one.method, one.path) for one in web.received] == [("GET", "/healthz")]


def test_the_example_of_http_works(page: OpenPage, web: WebServer) -> None:
    web.status, web.answer = 201, '{"data": {"id": "svc-7", "note": "private-4711"}}'
    example = page(
        "http",
        admin={"secrets": {"registry-authorization": secret("REGISTRY")}},
        env={"REGISTRY": "Bearer t0ken-8d1"},
        hosts={"https://registry.example.com": web.url},
    )
    assert example.deploy() == 0, example.said
    assert example.outputs("register") == {"status": 201, "service": "svc-7"}
    (received,) = web.received
    assert (received.method, received.path) == ("POST", "/api/services")
    assert received.json == {"name": "checkout", "environment": "development"}
    assert received.headers["Authorization"] == "Bearer t0ken-8d1"
    kept = b"".join(path.read_bytes() for path in example.root.rglob("*") if path.is_file())
    assert b"private-4711" not in kept
    assert b"t0ken-8d1" not in kept


def test_the_example_of_notification_tells_the_team(page: OpenPage, web: WebServer) -> None:
    example = page(
        "notification",
        admin={"secrets": {"slack-webhook": secret("HOOK")}},
        env={"HOOK": f"{web.url}/services/T0/B0/hush"},
    )
    assert example.deploy() == 0, example.said
    (received,) = web.received
    assert received.json["text"].endswith("checkout is in development")
    kept = b"".join(path.read_bytes() for path in example.root.rglob("*") if path.is_file())
    assert b"B0/hush" not in kept


DEPLOYMENT = """\
- name: rendered
  type: kubernetes
  config:
    objects:
      - apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          replicas: 2
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers:
                - {name: web, image: "registry.example.com/web:IMAGE", resources: {limits: {memory: 64Mi}}}

"""


def test_the_example_of_policy_judges_what_was_rendered(page: OpenPage) -> None:
    example = page("policy", before=DEPLOYMENT.replace("IMAGE", "1.0.0"))
    assert example.deploy() == 0, example.said
    assert example.outputs("judge-manifests") == {"judged": 2}
    example.write("workflows/products/shop/example.yaml", example.workflow.replace("web:1.0.0", "web:latest"))
    example.git("commit", "-qam", "An image without a version")
    assert example.deploy() == RUN_FAILED
    assert "name a version" in example.said


def test_the_example_of_security_scans_and_does_not_pass_a_key(page: OpenPage) -> None:
    example = page("security", files={"config/app.yaml": "region: eu\n", "k8s/a.yaml": "kind: ConfigMap\n"})
    assert example.deploy() == 0, example.said
    assert example.outputs("scan")["findings"] == 0
    key = "AKIA" + "Z7Q2M4X9R1T5V8W3"
    example.write("config/app.yaml", f"key: {key}\n")
    example.git("commit", "-qam", "A key")
    assert example.deploy() == RUN_FAILED
    assert "config/app.yaml" in example.said
    assert key not in example.said


def test_the_example_of_tagging_gives_tags(page: OpenPage) -> None:
    example = page("tagging")
    assert example.deploy() == 0, example.said
    tags = example.outputs("resource-tagging")["tags"]
    assert (tags["team"], tags["cost-center"]) == ("shop", "retail")
    assert tags["application"] == "checkout"
    assert tags["environment"] == "development"


def test_the_example_of_test_is_judged_by_its_report(page: OpenPage) -> None:
    bin_of_python = Path(sys.executable).parent
    example = page(
        "test",
        files={"tests/contracts/test_api.py": "def test_it_answers() -> None:\n    assert 1 + 1 == 2\n"},
        env={"PATH": f"{bin_of_python}{os.pathsep}{os.environ['PATH']}"},
    )
    assert example.deploy() == 0, example.said
    outputs = example.outputs("contract-tests")
    assert (outputs["tests"], outputs["failures"]) == (1, 0)


def test_the_example_of_cost_analysis_prices_the_workload(page: OpenPage) -> None:
    prices = {name: {"monthlyCents": cents, "unit": unit} for name, cents, unit in (
        ("cpu", 2400, "core"), ("memory", 320, "GiB"), ("storage", 12, "GiB")
    )}  # fmt: skip
    example = page("cost-analysis", admin={"admin": {"defaultBudget": 500}, "prices": prices})
    assert example.deploy() == 0, example.said
    assert example.outputs("budget-check")["monthly_cents"] == 2400 // 4 + 320 // 16
