"""Each policy key refuses before any step, names file and line, and the refusal is recorded."""

from collections.abc import Callable
from typing import Any

import pytest

Score = Callable[..., str]
SCORE = "docs/examples/checkout-service/score.yaml"


def refused(shop: Any, environment: str = "development", *more: str) -> dict[str, Any]:
    """Runs, expects a refusal without side effects, of which `plan` told before, and returns its record."""
    before = shop.git("rev-parse", "HEAD")
    planned = shop("plan", SCORE, "--env", environment, *more)
    told = shop("run", "deploy-app", SCORE, "--env", environment, *more)
    assert told.status == 3, told.all
    record: dict[str, Any]
    (record,) = shop.records("refusal")
    assert record["kind"] == "refusal"
    assert record["status"] == "refused"
    assert record["steps"] == []
    assert shop.records("run") == []
    errors = [finding for finding in record["findings"] if finding["severity"] == "error"]
    assert planned.status == 3, planned.all
    for error in errors:
        assert f"error {error['code']}" in planned.err
        assert f"{error['path']}:{error['line']}:{error['column']}: error {error['code']}" in told.err
        assert error["line"] > 0
        assert error["remedy"]
    assert shop.git("status", "--porcelain") == ""
    assert shop.git("rev-parse", "HEAD^").strip() == before.strip()
    return record


def codes(record: dict[str, Any]) -> set[str]:
    """The codes of a record's errors."""
    return {finding["code"] for finding in record["findings"] if finding["severity"] == "error"}


def test_a_product_workflow_that_is_taken_off_the_list(example: Any) -> None:
    example.replace("admin-config.yaml", "    - ecommerce/payment-integration\n", "")
    example.commit("Off the list")
    record = refused(example)
    (finding,) = [finding for finding in record["findings"] if finding["severity"] == "error"]
    assert finding["code"] == "ORC-4003"
    assert finding["path"] == "workflows/products/ecommerce/payment-integration.yaml"


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("    - compliance-check\n", "    - compliance-chekc\n", "ORC-4001"),
        ("    - ecommerce/database-setup\n", "", "ORC-4003"),
        ("    - database-migration\n", "", "ORC-4004"),
        ("maxWorkflowDuration: 30m", "maxWorkflowDuration: 30s", "ORC-4006"),
        ("maxStepsPerWorkflow: 20", "maxStepsPerWorkflow: 2", "ORC-4008"),
        ("allowedExecutors: [developers]", "allowedExecutors: [platform-team]", "ORC-4010"),
        ("vault-setup: read-write", "vault-setup: none", "ORC-4011"),
        ("vault-setup: read-write", "vault-setup: read-only", "ORC-4011"),
        ("allowedEnvironments: [development, ", "allowedEnvironments: [", "ORC-4012"),
    ],
)
def test_each_key(example: Any, old: str, new: str, code: str) -> None:
    example.replace("admin-config.yaml", old, new)
    example.commit("Another policy")
    assert codes(refused(example)) == {code}


def test_a_required_workflow_that_another_deployment_may_lack(example: Any) -> None:
    example.replace("workflows/platform/compliance-check.yaml", "- all_deployments", "- first_deployment")
    example.commit("Only at first")
    assert codes(refused(example)) == {"ORC-4002"}


def test_an_override_without_permission(example: Any) -> None:
    example.replace(
        "workflows/products/ecommerce/sample-catalog.yaml",
        "  name: sample-catalog\n",
        "  name: sample-catalog\n  overrides: checkout-service/deploy\n",
    )
    example.commit("Overrides")
    assert "ORC-4005" in codes(refused(example))


def test_an_override_of_a_required_workflow(example: Any) -> None:
    example.replace(
        "workflows/products/ecommerce/sample-catalog.yaml",
        "  name: sample-catalog\n",
        "  name: sample-catalog\n  overrides: cost-monitoring\n",
    )
    example.commit("Overrides")
    assert "ORC-4014" in codes(refused(example))


def test_a_stateful_resource_without_a_backup_in_production(example: Any) -> None:
    example.replace("admin-config.yaml", "requireApproval: [production]", "requireApproval: []")
    text = (example.folder / SCORE).read_text()
    example.write(SCORE, text.replace("innominatus.dev/backup", "innominatus.dev/none"))
    example.commit("No backups")
    found = codes(refused(example, "production"))
    assert "ORC-4013" in found


def test_a_change_cannot_loosen_the_policies_that_judge_it(example: Any) -> None:
    example.git("branch", "base")
    example.replace("admin-config.yaml", "    - kubernetes\n", "    - kubernetes\n    - notification\n")
    example.replace("admin-config.yaml", "maxConcurrentWorkflows: 4", "maxConcurrentWorkflows: 50")
    example.replace("admin-config.yaml", "maxStepsPerWorkflow: 20", "maxStepsPerWorkflow: 3")
    example.commit("Looser")
    record = refused(example, "development", "--policies-from", "base")
    assert codes(record) == {"ORC-4007"}
    assert record["policies_from"] == "base"


@pytest.mark.parametrize("revision", ["--help", "", "no such", "HEAD:workflows", "HEAD\nHEAD", "^HEAD", "nowhere"])
def test_policies_come_from_a_commit_and_from_nothing_else(example: Any, revision: str) -> None:
    score = "docs/examples/checkout-service/score.yaml"
    told = example("run", "deploy-app", score, "--env", "development", f"--policies-from={revision}")
    assert told.status == 1, told.all
    assert "ORC-6003" in told.err
    assert "traceback" not in told.err.lower()


def test_all_violations_are_told_at_once(example: Any) -> None:
    for old, new in (
        ("    - ecommerce/payment-integration\n", ""),
        ("maxStepsPerWorkflow: 20", "maxStepsPerWorkflow: 2"),
        ("allowedExecutors: [developers]", "allowedExecutors: []"),
        ("allowedEnvironments: [development, ", "allowedEnvironments: ["),
    ):
        example.replace("admin-config.yaml", old, new)
    example.commit("Many")
    assert codes(refused(example)) == {"ORC-4003", "ORC-4008", "ORC-4010", "ORC-4012"}


def test_policies_of_a_document_beside_admin_config_count_and_the_difference_is_told(example: Any) -> None:
    example.write(
        "workflows/policies/limits.yaml",
        """\
        apiVersion: workflow.dev/v1
        kind: WorkflowPolicies
        metadata: {name: limits}
        spec:
          resources:
            maxStepsPerWorkflow: 2
        """,
    )
    example.commit("A second document")
    record = refused(example)
    assert codes(record) == {"ORC-4008"}
    assert [finding["code"] for finding in record["findings"] if finding["severity"] == "warning"] == ["ORC-4020"]


def test_a_policies_document_that_cannot_be_read_is_never_ignored(example: Any) -> None:
    example.write("workflows/policies/limits.yaml", "kind: WorkflowPolicies\nspec: {maxStepsPerWorkflow: few}\n")
    example.commit("Broken policies")
    told = example("run", "deploy-app", SCORE, "--env", "development")
    assert told.status == 1, told.all
    assert "workflows/policies/limits.yaml:2:29" in told.err
    assert example.records("run") == []


@pytest.mark.parametrize(
    "name", ["ecommerce/payment-integration", "workflows/products/ecommerce/payment-integration.yaml"]
)
def test_a_product_workflow_run_by_itself_needs_the_list_too(example: Any, name: str) -> None:
    example.replace("admin-config.yaml", "    - ecommerce/payment-integration\n", "")
    example.commit("Off the list")
    told = example("run", name, SCORE, "--env", "development")
    assert told.status == 3, told.all
    assert "ORC-4003" in told.err


def test_a_golden_path_brings_no_product_workflow_past_the_list(example: Any) -> None:
    example.replace("admin-config.yaml", "    - ecommerce/payment-integration\n", "")
    example.write(
        "workflows/golden-paths/around.yaml",
        """\
        apiVersion: workflow.dev/v1
        kind: GoldenPath
        metadata: {name: around, description: A way around}
        spec: {operation: task, workflow: ../products/ecommerce/payment-integration.yaml}
        """,
    )
    example.commit("Around")
    told = example("run", "around", SCORE, "--env", "development")
    assert told.status == 3, told.all
    assert "ORC-4003" in told.err


def test_a_dry_run_tells_the_same_and_records_nothing(example: Any) -> None:
    example.replace("admin-config.yaml", "    - ecommerce/payment-integration\n", "")
    example.commit("Off the list")
    told = example("run", "deploy-app", SCORE, "--env", "development", "--dry-run")
    assert told.status == 3, told.all
    assert "ORC-4003" in told.err
    assert example.records("refusal") == []


def test_what_policies_refuse_is_refused_and_recorded_though_errors_stand_in_the_way_of_a_plan(example: Any) -> None:
    example.replace("admin-config.yaml", "    - ecommerce/payment-integration\n", "")
    example.replace(
        "workflows/products/ecommerce/payment-integration.yaml", "./k8s/payment-gateway", "./k8s/payment-getaway"
    )
    example.commit("Off the list, and wrong")
    record = refused(example)
    assert codes(record) == {"ORC-3032", "ORC-4003"}
    assert "plan" not in record


def test_a_revision_without_admin_config_judges_nothing_and_says_so(example: Any) -> None:
    example.git("checkout", "-q", "--orphan", "bare")
    example.git("rm", "-q", "--cached", "admin-config.yaml")
    example.git("commit", "-q", "-m", "No policies here")
    told = example("run", "deploy-app", SCORE, "--env", "development", "--dry-run", "--policies-from", "bare")
    assert told.status == 0, told.all
    assert "warning ORC-3043: there is no admin-config.yaml at bare" in told.err
