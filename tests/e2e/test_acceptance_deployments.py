"""Acceptance cases A1, A2, A9 to A12 and A14 to A16: what is deployed, and what is refused."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

Score = Callable[..., str]
PAYMENT = "workflows/products/ecommerce/payment-integration.yaml"
SETUP = "workflows/products/your-product/setup-infrastructure.yaml"
GATEWAY = "workflows/products/payments/gateway-setup.yaml"


def identities(told: Any) -> list[str]:
    """The workflows of a printed plan, in its order."""
    assert told.status == 0, told.all
    return [workflow["identity"] for workflow in told.data["plan"]["workflows"]]


class TestA1:
    """The payment integration in the shipped example."""

    @pytest.fixture
    def shop(self, example: Any) -> Any:
        example.take(PAYMENT, PAYMENT)
        if example.git("status", "--porcelain"):
            example.commit("The workflow as the product's requirements have it")
        return example

    def test_it_validates(self, shop: Any) -> None:
        told = shop("validate-product-workflow", PAYMENT, "--strict")
        assert told.status == 0, told.all

    def test_it_is_planned_with_the_namespace_beside_config_in_config(self, shop: Any) -> None:
        told = shop("plan", "docs/examples/checkout-service/score.yaml", "--env", "development", "-o", "json")
        assert told.status == 0, told.all
        steps = {step["name"]: step for step in told.data["plan"]["steps"] if "payment-integration" in step["id"]}
        assert steps["configure-payment-gateway"]["inputs"]["namespace"] == "checkout-service-payment"
        assert [secret["name"] for secret in steps["setup-payment-vault"]["inputs"]["secrets"]] == [
            "stripe-api-key",
            "paypal-client-secret",
        ]

    def test_it_runs(self, shop: Any) -> None:
        told = shop("run", "deploy-app", "docs/examples/checkout-service/score.yaml", "--env", "development")
        assert told.status == 0, told.all
        (record,) = shop.records("run")
        done = {step["step"]: step["status"] for step in record["steps"] if "payment-integration" in step["step"]}
        assert len(done) == 3
        assert set(done.values()) == {"succeeded"}
        assert shop.git("status", "--porcelain") == ""

    @pytest.mark.parametrize(
        ("wrong", "right"),
        [("stripe-api-kye", "stripe-api-key"), ("paypal-connectivty", "paypal-connectivity")],
    )
    def test_an_undefined_name_is_a_finding_with_near_names(self, shop: Any, wrong: str, right: str) -> None:
        shop.replace(PAYMENT, f'"{right}"', f'"{wrong}"')
        told = shop("validate-product-workflow", PAYMENT)
        assert told.status == 1
        assert f"'{wrong}' is not defined" in told.err
        assert f"'{right}'" in told.err
        planned = shop("plan", "docs/examples/checkout-service/score.yaml", "--env", "development")
        assert planned.status == 1, planned.all
        assert wrong in planned.err


class TestA2:
    """`product: ecommerce` brings the e-commerce workflows in."""

    @pytest.fixture
    def shop(self, workshop: Any, acceptance: Path) -> Any:
        workshop.write("admin-config.yaml", "{}\n")
        workshop.workflow("ecommerce", "database-setup", "pre-deployment")
        workshop.workflow("analytics", "data-pipeline")
        fragment = (acceptance / "score.fragment.yaml").read_text()
        workshop.write(
            "score.yaml",
            f"apiVersion: score.dev/v1b1\n{fragment}containers: {{web: {{image: 'registry.example.com/web:1.0.0'}}}}\n",
        )
        workshop.commit()
        return workshop

    def test_with_it_the_products_workflows_are_planned(self, shop: Any) -> None:
        assert "ecommerce/database-setup" in identities(shop("plan", "score.yaml", "-o", "json"))

    def test_without_it_only_the_platform_and_application_tiers(self, shop: Any) -> None:
        shop.replace("score.yaml", "  product: ecommerce\n", "")
        told = shop("plan", "score.yaml", "-o", "json")
        assert {workflow["tier"] for workflow in told.data["plan"]["workflows"]} == {"application"}

    def test_a_name_that_begins_like_a_product_brings_nothing_in(self, shop: Any) -> None:
        shop.replace("score.yaml", "name: checkout-service\n  product: ecommerce\n", "name: ecommerce-web\n")
        told = shop("plan", "score.yaml", "-o", "json")
        assert {workflow["tier"] for workflow in told.data["plan"]["workflows"]} == {"application"}


class TestA9:
    """A product workflow, registered and not."""

    @pytest.fixture
    def shop(self, workshop: Any, score: Score, acceptance: Path) -> Any:
        registered = (acceptance / "admin-config.registered.yaml").read_text()
        alerts = """\
        alerts:
          error_rate: {expression: "rate(errors_total[5m]) > 1"}
          latency: {expression: "latency_seconds > 1"}
        """
        workshop.write("admin-config.yaml", registered + dedent(alerts))
        workshop.take(SETUP, SETUP)
        workshop.write("terraform/your-product/main.tf", "")
        workshop.write("score.yaml", score("my-app", "your-product"))
        workshop.commit()
        return workshop

    def test_registered_it_resolves_so(self, shop: Any, acceptance: Path) -> None:
        told = shop("plan", "score.yaml")
        assert told.status == 0, told.all
        lines = [" ".join(line.split()) for line in told.out.splitlines()]
        for line in (acceptance / "expected/resolution.txt").read_text().splitlines():
            assert " ".join(line.split()) in lines, told.out

    def test_not_registered_the_deployment_is_refused_with_file_and_line(self, shop: Any) -> None:
        shop.replace("admin-config.yaml", "    - your-product/setup-infrastructure\n", "")
        shop.commit("Not registered")
        told = shop("run", "deploy-app", "score.yaml")
        assert told.status == 3, told.all
        assert f"{SETUP}:4:9: error ORC-4003" in told.err
        assert [record["findings"][0]["code"] for record in shop.records("refusal")] == ["ORC-4003"]


class TestA10:
    """An admin-config.yaml of two keys."""

    def test_it_loads_and_everything_else_has_its_default(self, workshop: Any, score: Score, acceptance: Path) -> None:
        workshop.write("admin-config.yaml", (acceptance / "admin-config.two-keys.yaml").read_text())
        workshop.workflow("ecommerce", "payment-integration")
        workshop.write("score.yaml", score())
        workshop.commit()
        assert workshop("validate").status == 0
        assert "ecommerce/payment-integration" in identities(workshop("plan", "score.yaml", "-o", "json"))
        told = workshop("run", "deploy-app", "score.yaml")
        assert told.status == 0, told.all


class TestA11:
    """A workflow as the quick start has it: no description, owner or config."""

    @pytest.fixture
    def shop(self, workshop: Any, score: Score) -> Any:
        workshop.write("admin-config.yaml", "workflowPolicies: {allowedProductWorkflows: [payments/gateway-setup]}\n")
        workshop.take(GATEWAY, GATEWAY)
        workshop.write("score-spec.yaml", score("my-app", "payments"))
        workshop.commit()
        return workshop

    def test_what_is_missing_is_a_warning_and_no_error(self, shop: Any) -> None:
        told = shop("validate-product-workflow", GATEWAY)
        assert told.status == 0, told.all
        assert "Metadata incomplete: the workflow has no description; the workflow has no owner" in told.out
        assert "step 'setup-vault' has no config" in told.out
        assert shop("validate-product-workflow", GATEWAY, "--strict").status == 1

    def test_it_runs_once_it_is_allowed_and_says_that_it_binds_no_secrets(self, shop: Any) -> None:
        told = shop("run", "deploy-app", "score-spec.yaml")
        assert told.status == 0, told.all
        assert "no secrets" in told.all
        (record,) = shop.records("run")
        (step,) = [step for step in record["steps"] if step["step"].endswith("/setup-vault")]
        assert step["status"] == "succeeded"

    def test_before_that_it_is_refused(self, shop: Any) -> None:
        shop.write("admin-config.yaml", "workflowPolicies: {allowedProductWorkflows: []}\n")
        shop.commit("Not allowed")
        assert shop("run", "deploy-app", "score-spec.yaml").status == 3


class TestA12:
    """A product workflow that is on no list."""

    def test_the_deployment_is_blocked_before_any_step_and_the_refusal_recorded(
        self, workshop: Any, score: Score
    ) -> None:
        workshop.write("admin-config.yaml", "workflowPolicies: {allowedProductWorkflows: [ecommerce/other]}\n")
        workshop.workflow("ecommerce", "database-setup", "pre-deployment")
        workshop.replace(
            "workflows/products/ecommerce/database-setup.yaml", "script: 'echo 1'", "script: 'touch executed'"
        )
        workshop.write("score.yaml", score())
        workshop.commit()
        told = workshop("run", "deploy-app", "score.yaml")
        assert told.status == 3, told.all
        assert "workflows/products/ecommerce/database-setup.yaml:4:9: error ORC-4003" in told.err
        assert not (workshop.folder / "executed").exists()
        (refusal,) = workshop.records("refusal")
        assert refusal["status"] == "refused"
        assert refusal["steps"] == []
        assert refusal["actor"]["verification"] == "unverified"
        assert [finding["code"] for finding in refusal["findings"] if finding["severity"] == "error"] == ["ORC-4003"]
        assert workshop.records("run") == []


class TestA14:
    """Seven allowed step types."""

    TYPES = ("terraform", "kubernetes", "ansible", "database-migration", "vault-setup", "monitoring", "validation")

    @pytest.fixture
    def shop(self, workshop: Any, score: Score, acceptance: Path) -> Any:
        workshop.write("admin-config.yaml", (acceptance / "admin-config.step-types.yaml").read_text())
        workshop.write("terraform/main.tf", "")
        workshop.write("site.yaml", "[]\n")
        workshop.write("sql/0001_create.up.sql", "create table a (b integer);\n")
        workshop.write("k8s/map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: map}\n")
        configs = {
            "terraform": "working_dir: ./terraform, operation: plan",
            "kubernetes": "manifests: ./k8s",
            "ansible": "playbook: ./site.yaml",
            "database-migration": "migrationsPath: ./sql, connectionString: 'sqlite:///a.db'",
            "vault-setup": "secrets: []",
            "monitoring": "service: shop",
            "validation": "script: 'true'",
        }
        steps = [f"{{name: a-{kind}, type: {kind}, config: {{{config}}}}}" for kind, config in configs.items()]
        workshop.workflow("ecommerce", "everything")
        workshop.replace(
            "workflows/products/ecommerce/everything.yaml",
            "    - {name: step-1, type: script, config: {script: 'echo 1'}}\n",
            "".join(f"    - {step}\n" for step in steps),
        )
        workshop.write("score.yaml", score())
        workshop.commit()
        return workshop

    def test_these_seven_pass(self, shop: Any) -> None:
        told = shop("run", "deploy-app", "score.yaml", "--dry-run")
        assert told.status == 0, told.all
        assert shop("validate-product-workflow", "workflows/products/ecommerce/everything.yaml").status == 0

    def test_an_eighth_is_refused_with_file_and_line(self, shop: Any) -> None:
        path = "workflows/products/ecommerce/everything.yaml"
        text = (shop.folder / path).read_text() + "    - {name: an-eighth, type: script, config: {script: 'true'}}\n"
        shop.write(path, text)
        line = len(text.splitlines())
        told = shop("run", "deploy-app", "score.yaml", "--dry-run")
        assert told.status == 3, told.all
        assert f"{path}:{line}:7: error ORC-4004" in told.err
        checked = shop("validate-product-workflow", path)
        assert checked.status == 1
        assert f"{path}:{line}:" in checked.err


class TestA15:
    """The order of tiers within each phase."""

    def test_platform_then_product_then_application_in_each_phase(self, example: Any) -> None:
        plans = {
            app: example("plan", f"docs/examples/{app}/score.yaml", "--env", "development", "-o", "json")
            for app in ("checkout-service", "clickstream-collector", "product-recommender")
        }
        phases = ["pre-deployment", "deployment", "post-deployment"]
        tiers = ["platform", "product", "application"]
        found: set[str] = set()
        for told in plans.values():
            found |= set(identities(told))
            order = [
                (phases.index(workflow["phase"]), tiers.index(workflow["tier"]))
                for workflow in told.data["plan"]["workflows"]
            ]
            assert order == sorted(order)
            self.barriers_hold(told.data["plan"])
        assert {
            "security-scan",
            "cost-monitoring",
            "compliance-check",
            "ecommerce/database-setup",
            "ecommerce/payment-integration",
            "analytics/data-pipeline",
            "ml-platform/model-serving",
        } <= found

    def barriers_hold(self, plan: dict[str, Any]) -> None:
        """Every step comes behind all steps of earlier tiers, by the graph and not by the list alone."""
        phases = ["pre-deployment", "deployment", "post-deployment"]
        tiers = ["platform", "product", "application"]
        steps = {step["id"]: step for step in plan["steps"]}
        behind: dict[str, set[str]] = {}
        for step_id, step in steps.items():
            behind[step_id] = {need for direct in step["needs"] for need in (direct, *behind[direct])}
        for step_id, step in steps.items():
            rank = (phases.index(step["phase"]), tiers.index(step["tier"]))
            earlier = {
                other["id"]
                for other in steps.values()
                if (phases.index(other["phase"]), tiers.index(other["tier"])) < rank and other["kind"] == "step"
            }
            assert earlier <= behind[step_id], step_id

    def test_the_application_tier_provisions_resources_deploys_containers_and_configures_routes(
        self, example: Any
    ) -> None:
        told = example("plan", "docs/examples/checkout-service/score.yaml", "--env", "development", "-o", "json")
        names = [
            step["name"]
            for step in told.data["plan"]["steps"]
            if step["tier"] == "application" and step["kind"] == "step"
        ]
        assert set(names[:2]) == {"provision-database", "provision-receipts"}
        assert names[2:] == ["deploy-application", "provision-address"]


class TestA16:
    """A repository without admin-config.yaml, and one with a broken one."""

    @pytest.fixture
    def bare(self, workshop: Any, score: Score) -> Any:
        workshop.workflow("ecommerce", "database-setup")
        workshop.write("score.yaml", score())
        workshop.commit()
        return workshop

    def test_score_files_deploy_in_the_application_tier_alone_with_a_warning(self, bare: Any) -> None:
        told = bare("run", "deploy-app", "score.yaml")
        assert told.status == 0, told.all
        assert "admin-config.yaml" in told.err
        assert "platform" in told.err
        assert "init" in told.err
        (record,) = bare.records("run")
        assert {step["step"].split("/")[1] for step in record["steps"]} == {"application"}

    @pytest.mark.parametrize(
        "text",
        [
            "workflowPolicies: [\n",
            "workflowPolicies: {allowedProductWorkflow: []}\n",
            "workflowPolicies: {maxStepsPerWorkflow: many}\n",
            "",
        ],
        ids=["no YAML", "an unknown key", "a wrong type", "nothing"],
    )
    def test_a_malformed_one_is_never_ignored(self, bare: Any, text: str) -> None:
        bare.write("admin-config.yaml", text)
        for command in (
            ["plan", "score.yaml"],
            ["run", "deploy-app", "score.yaml"],
            ["validate-product-workflow", "workflows/products/ecommerce/database-setup.yaml"],
            ["list-products"],
        ):
            told = bare(*command)
            assert told.status == 1, f"{command}: {told.all}"
            assert "admin-config.yaml" in told.err
