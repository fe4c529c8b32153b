"""Checks of many files: nodes are let go on the way, and nothing that is found depends on it."""

from collections import Counter
from pathlib import Path

import pytest

from innominatus_cli.documents.loading import Loaded
from innominatus_cli.operations import repository_check
from innominatus_cli.operations.validation import validate
from tests.benchmarks.generated_repository import generate

WORKFLOW = """\
apiVersion: workflow.dev/v1
kind: ProductWorkflow
metadata:
  name: {name}
  description: Prepares the shop
  product: shop
  owner: shop-team
  phase: deployment
  dependsOn: [{before}]
spec:
  triggers: [product_deployment]
  timeout: 10m
  steps:
    - name: greet
      type: script
      config:
        script: echo ${{parameters.word}}
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Workflows with mistakes that only show when all are held against each other, and a golden path."""
    folder = tmp_path / "workflows" / "products" / "shop"
    folder.mkdir(parents=True)
    for number in range(12):
        before = f"setup-{number - 1}" if number else "setup-11"
        text = WORKFLOW.format(name=f"setup-{number}", before=before)
        (folder / f"setup-{number}.yaml").write_text(text)
    (folder / "again.yaml").write_text(WORKFLOW.format(name="setup-3", before="nothing"))
    (folder / "Setup-4.yaml").write_text(WORKFLOW.format(name="Setup-4", before="setup-4, setup-4"))
    (tmp_path / "workflows" / "platform").mkdir()
    overriding = WORKFLOW.format(name="base", before="base2").replace("ProductWorkflow", "PlatformWorkflow")
    overriding = overriding.replace("  product: shop\n", "  overrides: shop/setup-9\n")
    (tmp_path / "workflows" / "platform" / "base.yaml").write_text(overriding)
    quiet = WORKFLOW.format(name="quiet", before="").replace("[]", "[setup-0]").replace("  dependsOn: [setup-0]\n", "")
    (folder / "quiet.yaml").write_text(quiet)
    (tmp_path / "workflows" / "parts").mkdir()
    part = "apiVersion: workflow.dev/v1\nkind: Workflow\nmetadata: {name: part}\nspec:\n  steps: []\n"
    (tmp_path / "workflows" / "parts" / "part.yaml").write_text(part)
    (tmp_path / "workflows" / "goldenpaths.yaml").write_text(
        "goldenpaths:\n  ship:\n    description: Ships\n    workflow: parts/part.yaml\n"
        "    parameters:\n      word: {type: string}\n      unread: {type: string}\n"
    )
    (tmp_path / "admin-config.yaml").write_text("workflowPolicies:\n  workflowsRoot: ./workflows\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("shop")
def test_findings_are_the_same_whether_nodes_are_kept_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = validate(())
    codes = {finding.code.number for finding in kept.findings}
    assert codes >= {"ORC-1065", "ORC-2008", "ORC-2013", "ORC-2014", "ORC-2165"}, sorted(codes)
    monkeypatch.setattr(repository_check, "FEW", 0)
    assert validate(()).findings == kept.findings


def test_policies_of_an_organisation_hold_among_many_files_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    step = "{name: s, type: script, config: {script: a}}"
    for path, text in {
        "admin-config.yaml": "{}\n",
        "workflows/orgs/acme/platform/scan.yaml": "apiVersion: workflow.dev/v1\nkind: PlatformWorkflow\n"
        "metadata: {name: scan, phase: deployment, description: d, owner: o}\n"
        f"spec: {{timeout: 5m, triggers: [all_deployments], steps: [{step}]}}\n",
        "workflows/orgs/acme/policies/p.yaml": "apiVersion: workflow.dev/v1\nkind: WorkflowPolicies\n"
        "metadata: {name: p}\nspec: {allowedStepTypes: [kubernetes]}\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    monkeypatch.chdir(tmp_path)
    for few in (0, 100):
        monkeypatch.setattr(repository_check, "FEW", few)
        assert [finding.code.number for finding in validate(()).findings] == ["ORC-4004"]


@pytest.mark.usefixtures("shop")
def test_nodes_are_let_go_where_there_are_many_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repository_check, "FEW", 0)
    check = repository_check.RepositoryCheck(".")
    check.select_everything()
    assert list(check.findings())
    documents = [document for path in check.kinds() for document in check.documents(path)]
    gone = [document for document in documents if document._again is not None]
    assert gone
    assert gone[0].mapping.mapping("metadata").text("name")
    assert gone[0]._again is None


def test_files_without_findings_are_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generate(tmp_path / "repository", repository_check.FEW + 20)
    monkeypatch.chdir(tmp_path / "repository")
    read = repository_check.RepositoryCheck.read
    times: Counter[str] = Counter()

    def counted(check: repository_check.RepositoryCheck, path: str) -> Loaded:
        times[path] += 1
        return read(check, path)

    monkeypatch.setattr(repository_check.RepositoryCheck, "read", counted)
    found = validate([], jobs=1)
    assert found.findings == ()
    assert len(times) == found.files
    assert max(times.values()) == 1
