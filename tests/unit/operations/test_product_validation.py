from collections.abc import Callable
from pathlib import Path

import pytest

from innominatus_cli.operations.product_validation import ProductValidation, validate_product_workflows
from innominatus_cli.reports.product_validation import validation_document, validation_text

GOOD = """\
apiVersion: workflow.dev/v1
kind: ProductWorkflow
metadata: {name: setup, description: Sets up, product: shop, owner: shop-team, phase: deployment}
spec:
  triggers: [product_deployment]
  steps:
    - {name: only, type: script, config: {script: 'true'}}
"""
PATH = "workflows/products/shop/setup.yaml"
Check = Callable[..., ProductValidation]


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """Checks one product workflow in a repository with an admin-config.yaml."""

    def run(text: str, admin: str = "{}\n", *more: str) -> ProductValidation:
        (tmp_path / "workflows/products/shop").mkdir(parents=True)
        (tmp_path / PATH).write_text(text)
        (tmp_path / "admin-config.yaml").write_text(admin)
        return validate_product_workflows([PATH, *more], str(tmp_path))

    return run


def test_a_good_file_gets_three_good_answers(check: Check) -> None:
    found = check(GOOD)
    assert validation_text(found) == "✅ Workflow structure valid\n✅ All step types allowed\n✅ Metadata complete\n"
    assert not found.fails(strict=True)


def test_a_file_that_is_not_allowed_fails_only_when_strict(check: Check) -> None:
    found = check(GOOD, "workflowPolicies: {allowedProductWorkflows: []}\n")
    assert validation_text(found).splitlines()[3:] == [
        "⚠️  Warning: Workflow not in admin-config.yaml allowedProductWorkflows"
    ]
    assert not found.fails(strict=False)
    assert found.fails(strict=True)


def test_a_step_type_that_is_not_allowed_is_an_error_of_its_own_line(check: Check) -> None:
    found = check(GOOD, "workflowPolicies: {allowedStepTypes: [kubernetes]}\n")
    assert validation_text(found).splitlines()[:2] == [
        "✅ Workflow structure valid",
        "❌ Step types not allowed: 1 error",
    ]
    assert [str(finding.place) for finding in found.files[0].step_types] == [f"{PATH}:7:26"]
    assert found.fails(strict=False)


def test_missing_metadata_are_one_warning(check: Check) -> None:
    found = check(GOOD.replace("description: Sets up, ", "").replace("owner: shop-team, ", ""))
    assert "⚠️  Warning: Metadata incomplete: the workflow has no description; the workflow has no owner" in (
        validation_text(found).splitlines()
    )
    assert not found.fails(strict=False)


def test_a_broken_file_is_told_with_its_place_and_nothing_is_claimed_of_the_rest(check: Check) -> None:
    found = check("kind: ProductWorkflow\nsteps: [\n")
    assert validation_text(found) == "❌ Workflow structure invalid: 1 error\n"
    (answer,) = validation_document(found)["files"]
    assert answer == {
        "path": PATH,
        "structure_valid": False,
        "step_types_allowed": None,
        "metadata_complete": None,
        "allowed": None,
    }


def test_a_file_of_another_kind_is_no_product_workflow(check: Check) -> None:
    found = check(GOOD.replace("ProductWorkflow", "PlatformWorkflow").replace("product_deployment", "all_deployments"))
    assert "ORC-2093" in [finding.code.number for finding in found.findings]
    assert found.fails(strict=False)


def test_a_malformed_admin_config_is_never_ignored(check: Check) -> None:
    found = check(GOOD, "workflowPolicies: {allowedStepType: [script]}\n")
    assert [finding.place.path for finding in found.findings] == ["admin-config.yaml"]
    assert found.fails(strict=False)


def test_several_files_are_answered_below_their_paths(check: Check, tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(GOOD.replace("name: setup", "name: other"))
    found = check(GOOD, "{}\n", "other.yaml")
    lines = validation_text(found).splitlines()
    assert lines[0] == f"{PATH}:"
    assert lines[4] == "other.yaml:"
    assert all(line.startswith("  ") for line in (*lines[1:4], *lines[5:]))


def test_in_a_folder_other_kinds_are_passed_over_and_by_name_they_are_findings(check: Check, tmp_path: Path) -> None:
    platform = (
        GOOD.replace("ProductWorkflow", "PlatformWorkflow")
        .replace("product: shop, ", "")
        .replace("product_deployment", "all_deployment")
    )
    (tmp_path / "workflows/platform").mkdir(parents=True)
    (tmp_path / "workflows/platform/setup.yaml").write_text(platform)
    check(GOOD)
    inside = validate_product_workflows(["workflows"], str(tmp_path))
    assert ([file.path for file in inside.files], inside.findings) == ([PATH], ())
    named = validate_product_workflows(["workflows/platform/setup.yaml"], str(tmp_path))
    assert "ORC-2093" in {finding.code.number for finding in named.findings}
    (without,) = validate_product_workflows(["workflows/platform"], str(tmp_path)).findings
    assert (without.code.number, without.message) == ("ORC-2093", "there is no ProductWorkflow here")


def test_what_is_ignored_with_a_reason_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = (
        "# innominatus: ignore-file ORC-2021 -- the team is founded next week\n"
        "apiVersion: workflow.dev/v1\nkind: ProductWorkflow\n"
        "metadata: {name: a, product: shop, description: x, phase: deployment}\n"
        "spec:\n  triggers: [product_deployment]\n  steps:\n"
        "    - {name: work, type: script, config: {script: make}}\n"
    )
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    found = validate_product_workflows(["a.yaml"])
    assert found.findings == ()
    assert [one.finding.code.number for one in found.suppressed] == ["ORC-2021"]
    assert found.as_validation().suppressed == found.suppressed
