"""Checks of a repository with organisations: identities, places, and whose policies hold where."""

from pathlib import Path

import pytest

from innominatus_cli.checks.placement import is_our_place
from innominatus_cli.documents.organizations import below_root, organization_of_path
from innominatus_cli.operations.checking import CheckRequest, check


def workflow(name: str, product: str = "", more: str = "") -> str:
    kind, owner = ("ProductWorkflow", f", product: {product}") if product else ("PlatformWorkflow", "")
    trigger = "product_deployment" if product else "all_deployments"
    return (
        f"apiVersion: workflow.dev/v1\nkind: {kind}\n"
        f"metadata: {{name: {name}, phase: pre-deployment, description: d, owner: o{owner}{more}}}\n"
        f"spec:\n  timeout: 5m\n  triggers: [{trigger}]\n  steps: [{{name: s, type: script, config: {{script: a}}}}]\n"
    )


POLICIES = (
    "apiVersion: workflow.dev/v1\nkind: WorkflowPolicies\nmetadata: {name: p}\n"
    "spec: {allowedStepTypes: [kubernetes], requiredPlatformWorkflows: [acme/scan]}\n"
)


@pytest.mark.parametrize(
    ("path", "organization", "ours"),
    [
        ("workflows/orgs/acme/platform/scan.yaml", "acme", True),
        ("workflows/orgs/acme/products/shop/db.yaml", "acme", True),
        ("workflows/orgs/acme/policies/p.yaml", "acme", True),
        ("workflows/orgs/acme/other/p.yaml", "", False),
        ("workflows/orgs/platform/scan.yaml", "", False),
        ("workflows/orgs/../platform/scan.yaml", "", False),
        ("workflows/platform/scan.yaml", "", True),
        ("elsewhere/orgs/acme/platform/scan.yaml", "acme", False),
    ],
)
def test_a_path_says_its_organisation(path: str, organization: str, ours: bool) -> None:
    assert organization_of_path(path) == organization
    assert is_our_place(path, "workflows") is ours


def test_a_folder_below_the_root_is_the_same_in_every_organisation() -> None:
    assert below_root("workflows/orgs/acme/products/shop", "workflows") == "products/shop"
    assert below_root("workflows/products/shop", "workflows") == "products/shop"
    assert below_root("orgs/acme/platform", ".") == "platform"
    assert below_root("other/platform", "workflows") is None


def checked(folder: Path, files: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    for path, text in {"admin-config.yaml": "{}\n", **files}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    monkeypatch.chdir(folder)
    return [f"{one.code.number} {one.place.path}" for one in check(CheckRequest((".",))).findings]


def test_one_name_may_stand_in_every_namespace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        f"workflows{below}/{path}": text
        for below in ("", "/orgs/acme", "/orgs/beta")
        for path, text in {
            "platform/scan.yaml": workflow("scan"),
            "platform/after.yaml": workflow("after", more=", dependsOn: [scan]"),
            "products/shop/db.yaml": workflow("db", "shop"),
        }.items()
    }
    assert checked(tmp_path, files, monkeypatch) == []


def test_policies_of_an_organisation_hold_for_its_own_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "workflows/platform/scan.yaml": workflow("scan"),
        "workflows/orgs/acme/platform/scan.yaml": workflow("scan"),
        "workflows/orgs/beta/platform/scan.yaml": workflow("scan"),
        "workflows/orgs/acme/policies/p.yaml": POLICIES,
    }
    assert checked(tmp_path, files, monkeypatch) == [
        "ORC-4004 workflows/orgs/acme/platform/scan.yaml",
        "ORC-2179 workflows/orgs/acme/policies/p.yaml",
    ]


def test_a_required_workflow_of_an_organisation_is_looked_for_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {
        "workflows/platform/scan.yaml": workflow("scan"),
        "workflows/orgs/acme/policies/p.yaml": POLICIES.replace("allowedStepTypes: [kubernetes], ", ""),
    }
    assert checked(tmp_path, files, monkeypatch) == ["ORC-2026 workflows/orgs/acme/policies/p.yaml"]


def test_a_file_of_another_kind_is_told_in_an_organisations_folder_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = checked(tmp_path, {"workflows/orgs/acme/policies/scan.yaml": workflow("scan")}, monkeypatch)
    assert "ORC-1032 workflows/orgs/acme/policies/scan.yaml" in found
