"""Drivers whose work a child program does: migrations, secrets and scans, with real processes and real files."""

import json
import sqlite3
import stat
import threading
from pathlib import Path
from typing import Any

import pytest
import yaml

GENERATED = {"name": "stripe-api-key", "generate": True}
AKIA = "AKIA" + "IOSFODNN7EXAMPLE"


@pytest.fixture
def migrations(repository: Path) -> Path:
    folder = repository / "migrations"
    folder.mkdir()
    (folder / "0001_orders.up.sql").write_text("CREATE TABLE orders (id INTEGER PRIMARY KEY);\n")
    (folder / "0001_orders.down.sql").write_text("DROP TABLE orders;\n")
    return folder


def migrate(run_step: Any, **inputs: Any) -> Any:
    written = {"migrationPath": "migrations", "connectionString": "sqlite:///databases/orders.db", **inputs}
    return run_step("database-migration", written)


def test_a_provisioned_database_is_migrated_up_and_down(run_step: Any, state: Path, migrations: Path) -> None:
    provisioned = run_step("resource-provisioning", {"resource": "orders", "resourceType": "sqlite"})
    connection = provisioned.outputs["connection_string"]
    result = migrate(run_step, connectionString=connection)
    assert result.failure is None
    assert result.outputs == {"version": "1", "applied": ["1_orders"], "pending": 0}
    database = sqlite3.connect(state / provisioned.outputs["path"])
    assert database.execute("SELECT count(*) FROM orders").fetchone() == (0,)
    database.close()
    assert migrate(run_step, connectionString=connection, operation="down").outputs["version"] == ""
    (migrations / "0001_orders.up.sql").unlink()
    assert migrate(run_step, connectionString=connection).failure.code.number == "ORC-5131"


def test_sql_that_is_wrong_fails_with_its_reason(run_step: Any, migrations: Path) -> None:
    (migrations / "0002_bad.sql").write_text("SELEKT 1;")
    result = migrate(run_step)
    assert result.failure.code.number == "ORC-5133"
    assert 'near "SELEKT": syntax error' in result.failure.message
    assert migrate(run_step, operation="status").outputs["version"] == "1"


def test_two_runs_at_once_apply_each_migration_once(run_step: Any, migrations: Path) -> None:
    (migrations / "0002_row.sql").write_text("INSERT INTO orders DEFAULT VALUES;")
    results: list[Any] = []
    threads = [threading.Thread(target=lambda: results.append(migrate(run_step))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [result.failure for result in results] == [None] * 4
    assert sorted(name for result in results for name in result.outputs["applied"]) == ["1_orders", "2_row"]
    assert migrate(run_step, operation="status").outputs == {"version": "2", "applied": [], "pending": 0}


def test_a_secret_is_generated_once_and_seen_nowhere(run_step: Any, state: Path, outcomes: Any) -> None:
    first = run_step("vault-setup", {"secrets": [GENERATED]})
    assert first.outputs == {"bound": ["stripe-api-key"], "generated": ["stripe-api-key"], "changed": []}
    file = state / "secrets" / "stripe-api-key"
    value = file.read_bytes()
    assert len(value) == 32
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    second = run_step("vault-setup", {"secrets": [GENERATED]})
    assert second.outputs["generated"] == []
    assert file.read_bytes() == value
    seen = [outcome.stdout.head + outcome.stderr.head for outcome in outcomes]
    seen += [data for result in (first, second) for data in result.artifacts.values()]
    seen += [repr(first).encode(), repr(second).encode()]
    assert not any(value in data for data in seen)
    assert yaml.safe_load(next(iter(first.artifacts.values())))["kind"] == "ExternalSecret"


def test_a_secret_that_others_may_read_is_refused(run_step: Any, state: Path) -> None:
    run_step("vault-setup", {"secrets": [GENERATED]})
    (state / "secrets" / "stripe-api-key").chmod(0o644)
    assert run_step("vault-setup", {"secrets": [GENERATED]}).failure.code.number == "ORC-5151"


def test_a_secret_that_nobody_made_is_missing(run_step: Any) -> None:
    assert run_step("vault-setup", {"secrets": [{"name": "a"}]}).failure.code.number == "ORC-5150"


def test_a_scan_finds_a_secret_in_a_file_and_does_not_show_it(run_step: Any, repository: Path) -> None:
    (repository / "config").mkdir()
    (repository / "config" / "app.env").write_text(f"region=eu\nkey={AKIA}\n")
    result = run_step("security", {"paths": ["config"]})
    assert result.failure.code.number == "ORC-5180"
    assert "CRITICAL config/app.env:2: an AWS access key id" in result.failure.message
    assert AKIA not in result.failure.message
    (repository / "config" / "app.env").write_text("region=eu\n")
    assert run_step("security", {"paths": ["config"]}).outputs == {"scanned": 1, "findings": 0}


def test_a_missing_scanner_fails_the_scan(run_step: Any, tmp_path: Path) -> None:
    result = run_step("security", {"scanner": "trivy", "paths": ["."]}, env={"PATH": str(tmp_path)})
    assert result.failure.code.number == "ORC-5102"


def test_children_import_nothing_that_the_repository_or_the_environment_holds(run_step: Any, repository: Path) -> None:
    for name in ("json", "sqlite3", "re", "sitecustomize", "usercustomize"):
        (repository / f"{name}.py").write_text("raise SystemExit('hijacked')\n")
    env = {"PYTHONPATH": str(repository), "PYTHONSTARTUP": str(repository / "json.py"), "PYTHONHOME": "/nonexistent"}
    result = run_step("vault-setup", {"secrets": [GENERATED]}, env=env)
    assert result.failure is None


def test_a_child_that_runs_out_of_time_is_a_failure_and_leaves_no_half_secret(run_step: Any, state: Path) -> None:
    checks = [{"name": "slow", "type": "dns", "host": "no-such-host.invalid", "retries": 100, "interval": 10}]
    result = run_step("validation", {"checks": checks}, timeout_seconds=1)
    assert result.failure.code.number == "ORC-5107"
    assert "ran out of time" in result.failure.message
    assert list(state.iterdir()) == []


def test_rendered_manifests_of_one_step_pass_the_scan_and_the_rules_of_another(run_step: Any) -> None:
    workload = {
        "apiVersion": "score.dev/v1b1",
        "metadata": {"name": "checkout"},
        "containers": {"web": {"image": "r.example/w:1", "resources": {"limits": {"memory": "1Gi"}}}},
    }
    rendered = run_step("kubernetes", {"workload": workload})
    rule = {
        "name": "memory",
        "kinds": ["Deployment"],
        "path": "spec.template.spec.containers[*].resources.limits.memory",
        "operator": "exists",
    }
    judged = run_step("policy", {"rules": [rule]}, manifests=rendered.artifacts)
    assert judged.outputs == {"judged": 2}
    scanned = run_step("security", {"workload": workload}, manifests=rendered.artifacts)
    assert scanned.failure is None
    json.dumps([rendered.outputs, judged.outputs, scanned.outputs])
