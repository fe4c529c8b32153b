"""Acceptance cases A3 to A8: what the product commands print."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Score = Callable[..., str]
LISTED = """\
workflowPolicies:
  allowedProductWorkflows:
    - ecommerce/database-setup
    - ecommerce/payment-integration
    - ecommerce/sample-catalog
    - analytics/data-pipeline
"""
TABLES = """\
secrets:
  stripe-api-key: {generate: true}
  paypal-client-secret: {generate: true}
healthChecks:
  stripe-connectivity: {type: file, path: admin-config.yaml}
  paypal-connectivity: {type: file, path: admin-config.yaml}
"""
GATEWAY = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: gateway}\n"


def cells(text: str) -> list[list[str]]:
    """A table's cells: columns are two spaces or more apart."""
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in text.splitlines() if line.strip()]


def holds(actual: object, expected: object) -> bool:
    """Whether `actual` says all that `expected` says; mappings may have more keys, lists have the same items."""
    if isinstance(expected, dict):
        return isinstance(actual, dict) and all(
            key in actual and holds(actual[key], value) for key, value in expected.items()
        )
    if isinstance(expected, list):
        return (
            isinstance(actual, list)
            and len(actual) == len(expected)
            and all(holds(one, other) for one, other in zip(actual, expected, strict=True))
        )
    return actual == expected


@pytest.fixture
def products(workshop: Any) -> Any:
    """Three e-commerce workflows, one of analytics, two of ml-platform that are on no list."""
    workshop.write("admin-config.yaml", LISTED)
    for name in ("database-setup", "payment-integration", "sample-catalog"):
        workshop.workflow("ecommerce", name)
    workshop.workflow("analytics", "data-pipeline")
    for name in ("model-registry", "model-serving"):
        workshop.workflow("ml-platform", name)
    workshop.commit()
    return workshop


@pytest.fixture
def ecommerce(workshop: Any) -> Any:
    """The two e-commerce workflows of the acceptance cases, and what the names in them stand for."""
    workshop.write("admin-config.yaml", LISTED + TABLES)
    workshop.write("workflows/products/ecommerce/k8s/payment-gateway/map.yaml", GATEWAY)
    workshop.take(
        "workflows/products/ecommerce/payment-integration.yaml", "workflows/products/ecommerce/payment-integration.yaml"
    )
    workshop.replace(
        "workflows/products/ecommerce/payment-integration.yaml",
        "description: Payment service integration\n",
        "description: Payment service integration and configuration\n",
    )
    workshop.workflow("ecommerce", "database-setup", "pre-deployment", steps=3)
    workshop.commit()
    return workshop


@pytest.mark.parametrize("command", [["list-products"], ["product", "list"]])
def test_a4_products_with_their_counts_and_whether_they_are_allowed(
    products: Any, acceptance: Path, command: list[str]
) -> None:
    told = products(*command)
    assert told.status == 0, told.all
    assert cells(told.out) == cells((acceptance / "expected/list-products.txt").read_text())


def test_a4_json_has_the_counts(products: Any) -> None:
    listed = products("list-products", "-o", "json").data["products"]
    assert [(p["product"], p["workflow_count"], p["allowed_count"], p["allowed"]) for p in listed] == [
        ("ecommerce", 3, 3, True),
        ("analytics", 1, 1, True),
        ("ml-platform", 2, 0, False),
    ]


def test_a3_the_workflows_of_a_product_as_json(ecommerce: Any, acceptance: Path) -> None:
    import json

    expected = json.loads((acceptance / "expected/discovery.json").read_text())
    (ecommerce.folder / "workflows/products/ecommerce/database-setup.yaml").unlink()
    told = ecommerce("list-product-workflows", "ecommerce", "-o", "json")
    assert told.status == 0, told.all
    assert holds(told.data, expected), told.out


def test_a3_allowed_says_no_where_the_list_does_not_name_it(ecommerce: Any) -> None:
    ecommerce.replace("admin-config.yaml", "    - ecommerce/payment-integration\n", "")
    workflows = ecommerce("list-product-workflows", "ecommerce", "-o", "json").data["workflows"]
    assert {workflow["name"]: workflow["allowed"] for workflow in workflows} == {
        "database-setup": True,
        "payment-integration": False,
    }


@pytest.mark.parametrize("command", [["list-product-workflows"], ["product", "workflows"]])
def test_a5_columns_and_order_of_a_products_workflows(ecommerce: Any, acceptance: Path, command: list[str]) -> None:
    told = ecommerce(*command, "ecommerce")
    assert told.status == 0, told.all
    expected = (acceptance / "expected/list-product-workflows-ecommerce.txt").read_text()
    assert [" ".join(row) for row in cells(told.out)] == [" ".join(line.split()) for line in expected.splitlines()]


def test_a5_without_a_product_the_same_grouped_by_product(ecommerce: Any, acceptance: Path) -> None:
    ecommerce.workflow("analytics", "data-pipeline", "post-deployment", steps=2)
    told = ecommerce("list-product-workflows")
    assert told.status == 0, told.all
    expected = (acceptance / "expected/list-product-workflows-ecommerce.txt").read_text()
    rows = [" ".join(line.split()) for line in told.out.splitlines() if line.strip()]
    wanted = [" ".join(line.split()) for line in expected.splitlines()]
    assert rows == [
        "analytics",
        *wanted[:2],
        "data-pipeline post-deployment 2 analytics-infrastructure-team",
        "ecommerce",
        *wanted,
    ]
    groups = ecommerce("list-product-workflows", "-o", "json").data["products"]
    assert [(group["product"], [w["name"] for w in group["workflows"]]) for group in groups] == [
        ("analytics", ["data-pipeline"]),
        ("ecommerce", ["database-setup", "payment-integration"]),
    ]


def test_a5_an_unknown_product_is_a_finding_with_near_names(ecommerce: Any) -> None:
    told = ecommerce("list-product-workflows", "ecomerce")
    assert told.status == 1
    assert "Did you mean 'ecommerce'?" in told.err


@pytest.mark.parametrize("command", [["validate-product-workflow"], ["product", "validate"]])
def test_a6_a_valid_workflow_that_is_not_allowed(ecommerce: Any, acceptance: Path, command: list[str]) -> None:
    ecommerce.replace("admin-config.yaml", "    - ecommerce/payment-integration\n", "")
    path = "workflows/products/ecommerce/payment-integration.yaml"
    told = ecommerce(*command, path)
    assert told.status == 0, told.all
    assert told.out == (acceptance / "expected/validate-product-workflow.txt").read_text()
    assert f"{path}:4:9: warning ORC-4023" in told.err
    assert ecommerce(*command, path, "--strict").status == 1


def test_a6_a_valid_workflow_that_is_allowed_gives_no_warning(ecommerce: Any) -> None:
    told = ecommerce("validate-product-workflow", "workflows/products/ecommerce/payment-integration.yaml", "--strict")
    assert told.status == 0, told.all
    assert "Warning" not in told.out


@pytest.fixture
def tested(ecommerce: Any, score: Score) -> Any:
    """A workflow and an application in the current folder, as people try things out."""
    ecommerce.take("workflows/products/ecommerce/payment-integration.yaml", "my-workflow.yaml")
    ecommerce.write("test-app.yaml", score())
    ecommerce.write("k8s/payment-gateway/map.yaml", GATEWAY)
    ecommerce.write("admin-config.yaml", LISTED + TABLES + "applications: [test-app.yaml]\n")
    ecommerce.commit("Something to test")
    return ecommerce


@pytest.mark.parametrize(
    "arguments",
    [
        ["test-product-workflow", "ecommerce/payment-integration", "test-app.yaml"],
        ["test-product-workflow", "payment-integration", "test-app.yaml"],
        ["test-product-workflow", "workflows/products/ecommerce/payment-integration.yaml", "test-app.yaml"],
        ["test-product-workflow", "my-workflow.yaml", "test-app.yaml", "--dry-run"],
        ["product", "test", "my-workflow.yaml", "test-app.yaml", "--dry-run"],
    ],
)
def test_a7_what_a_workflow_would_do_for_an_application(tested: Any, acceptance: Path, arguments: list[str]) -> None:
    tested.git("rm", "-q", "workflows/products/ecommerce/database-setup.yaml")
    if "my-workflow.yaml" not in arguments:
        tested.git("rm", "-q", "my-workflow.yaml")
    told = tested(*arguments)
    assert told.status == 0, told.all
    assert told.out == (acceptance / "expected/test-product-workflow.txt").read_text()


def test_a7_a_dry_run_writes_nothing(tested: Any) -> None:
    head = tested.git("rev-parse", "HEAD")
    assert tested("test-product-workflow", "my-workflow.yaml", "test-app.yaml").status == 0
    assert tested.git("status", "--porcelain") == ""
    assert tested.git("rev-parse", "HEAD") == head


def test_a7_execute_runs_the_workflow(tested: Any) -> None:
    told = tested("test-product-workflow", "ecommerce/database-setup", "test-app.yaml", "--execute")
    assert told.status == 0, told.all
    (record,) = tested.records("run")
    assert record["status"] == "succeeded"
    assert [step["step"].rpartition("/")[2] for step in record["steps"] if "step-" in step["step"]] == [
        "step-1",
        "step-2",
        "step-3",
    ]


def test_a7_a_workflow_of_another_product_is_not_triggered_and_the_reason_is_told(tested: Any, score: Score) -> None:
    tested.write("test-app.yaml", score(product="analytics"))
    told = tested("test-product-workflow", "ecommerce/database-setup", "test-app.yaml")
    assert told.status == 1
    assert "not triggered: database-setup" in told.out
    assert "analytics" in told.all


@pytest.mark.parametrize("group", [False, True])
def test_a8_the_four_command_lines(tested: Any, group: bool) -> None:
    short = {
        "list-products": ["product", "list"],
        "list-product-workflows": ["product", "workflows"],
        "validate-product-workflow": ["product", "validate"],
        "test-product-workflow": ["product", "test"],
    }
    for line in (
        "list-products",
        "list-product-workflows ecommerce",
        "validate-product-workflow my-workflow.yaml",
        "test-product-workflow my-workflow.yaml test-app.yaml --dry-run",
    ):
        name, *arguments = line.split()
        told = tested(*(short[name] if group else [name]), *arguments)
        assert told.status == 0, told.all
        assert told.out
