"""The examples of the pages of step types, which tests run as they stand."""

import re
from pathlib import Path
from typing import Any

import yaml

PAGES = Path(__file__).resolve().parents[3] / "docs" / "reference" / "step-types"


def blocks(step_type: str, language: str) -> list[str]:
    """The blocks of that language on a step type's page, in order."""
    text = (PAGES / f"{step_type}.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def steps(step_type: str) -> list[dict[str, Any]]:
    """The steps of the page's first example."""
    found = yaml.safe_load(blocks(step_type, "yaml")[0])
    assert isinstance(found, list)
    return found


EXECUTED = {
    "ansible": "test_ansible.py::test_the_example_of_the_page_works",
    "approval": "test_examples_of_pages.py::test_the_example_of_approval_waits_for_two_people",
    "argocd-app": "test_argocd_and_kustomize.py::test_the_example_of_the_page_of_argocd_app_works",
    "cloudformation": "test_cloudformation.py::test_the_example_of_the_page_works",
    "container-build": "test_images_for_real.py::test_the_example_of_the_page_runs",
    "cost-analysis": "test_examples_of_pages.py::test_the_example_of_cost_analysis_prices_the_workload",
    "database-migration": "test_database_migration.py::test_the_example_of_the_page_works",
    "database-schema": "test_database_schema.py::test_the_example_of_the_page_works",
    "git-commit-manifests": ("test_gitea_for_real.py::test_the_example_of_the_page_of_git_commit_manifests_works"),
    "gitea-repo": "test_gitea_for_real.py::test_the_example_of_the_page_of_gitea_repo_works",
    "helm": "test_helm.py::test_the_example_of_the_page_works_and_shows_no_secret",
    "http": "test_examples_of_pages.py::test_the_example_of_http_works",
    "kubernetes": "test_kubernetes.py::test_the_examples_of_the_page_are_applied_and_taken_back",
    "kustomize": "test_argocd_and_kustomize.py::test_the_example_of_the_page_of_kustomize_works",
    "monitoring": "test_monitoring_for_real.py::test_the_example_of_the_page_is_checked_tested_and_read_by_grafana",
    "notification": "test_examples_of_pages.py::test_the_example_of_notification_tells_the_team",
    "policy": "test_examples_of_pages.py::test_the_example_of_policy_judges_what_was_rendered",
    "pulumi": "test_pulumi.py::test_the_example_of_the_page_works",
    "resource-provisioning": (
        "test_examples_of_pages.py::test_the_example_of_resource_provisioning_works_and_is_taken_back"
    ),
    "script": "test_examples_of_pages.py::test_the_example_of_script_works",
    "security": "test_examples_of_pages.py::test_the_example_of_security_scans_and_does_not_pass_a_key",
    "tagging": "test_examples_of_pages.py::test_the_example_of_tagging_gives_tags",
    "terraform": "test_terraform.py::test_the_example_of_the_page_works",
    "terraform-generate": "test_terraform_generate.py::test_the_example_of_the_page_works",
    "test": "test_examples_of_pages.py::test_the_example_of_test_is_judged_by_its_report",
    "validation": "test_validation_for_real.py::test_the_first_example_of_the_page_runs",
    "vault-setup": "test_vault_setup.py::test_the_example_of_the_page_works",
    "wait": "test_examples_of_pages.py::test_the_example_of_wait_looks_until_the_shop_answers",
    "workflow": "test_examples_of_pages.py::test_the_example_of_workflow_works",
}
"""The test of this folder that runs the first example of each page; test_docs.py holds that none is missing."""
