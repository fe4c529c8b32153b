"""A repository reads what is asked for, once, and gathers what is wrong."""

import os
from pathlib import Path

import pytest

from innominatus_cli.documents.repository import Repository
from innominatus_cli.documents.snapshot import MAX_FILE, WorkingTreeSnapshot
from innominatus_cli.findings.catalogue import document as codes
from innominatus_cli.findings.finding import Finding, Severity

ADMIN = "workflowPolicies: {workflowsRoot: ./flows}\napplications: [apps/*.yaml]\n"
SCORE = "apiVersion: score.dev/v1b1\nmetadata: {name: my-app}\ncontainers: {main: {image: x}}\n"


def workflow(kind: str, name: str, more: str = "") -> str:
    return (
        f"apiVersion: workflow.dev/v1\nkind: {kind}\nmetadata: {{name: {name}{more}}}\n"
        "spec:\n  triggers: [manual]\n  steps: []\n"
    )


class CountingSnapshot(WorkingTreeSnapshot):
    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.read_paths: list[str] = []

    def read(self, path: str, limit: int = MAX_FILE) -> bytes | Finding:
        self.read_paths.append(path)
        return super().read(path, limit)


def repository(root: Path, files: dict[str, str]) -> Repository:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return Repository(CountingSnapshot(root))


def read_paths(found: Repository) -> list[str]:
    assert isinstance(found.snapshot, CountingSnapshot)
    return found.snapshot.read_paths


def errors(found: Repository) -> list[tuple[object, str]]:
    return [(f.code, str(f.place)) for f in found.findings if f.severity is Severity.ERROR]


FILES = {
    "workflows/platform/b.yaml": workflow("PlatformWorkflow", "b"),
    "workflows/platform/a.yml": workflow("PlatformWorkflow", "a"),
    "workflows/platform/deeper/c.yaml": workflow("PlatformWorkflow", "c"),
    "workflows/platform/README.md": "text",
    "workflows/products/shop/setup.yaml": workflow("ProductWorkflow", "setup", ", product: shop"),
    "workflows/products/other/x.yaml": workflow("ProductWorkflow", "x", ", product: other"),
    "workflows/golden-paths/deploy.yaml": "kind: GoldenPath\nmetadata: {name: deploy}\n",
    "goldenpaths.yaml": "goldenpaths: {task: ./workflows/task.yaml}\n",
    "workflows/policies/p.yaml": "kind: WorkflowPolicies\nmetadata: {name: p}\nspec: {maxStepsPerWorkflow: 3}\n",
    "workflows/task.yaml": workflow("Workflow", "task"),
    "score.yaml": SCORE,
    "apps/score-two.yaml": SCORE,
    "tests/score.yaml": SCORE,
    "docs/tests/score.yaml": SCORE,
}


def test_documents_come_by_folder_and_in_order(tmp_path: Path) -> None:
    found = repository(tmp_path, FILES)
    assert found.admin_config() is None
    assert not found.has_admin_config
    assert [w.model.metadata.name for w in found.platform_workflows()] == ["a", "b"]
    assert found.products() == ["other", "shop"]
    assert [w.model.metadata.name for w in found.product_workflows("shop")] == ["setup"]
    assert [g.model.metadata.name for g in found.golden_paths()] == ["task", "deploy"]
    assert [p.model.spec.max_steps_per_workflow for p in found.policies()] == [3]
    assert found.application_paths() == ["apps/score-two.yaml", "score.yaml"]
    assert errors(found) == []


def test_one_product_is_read_and_not_everybodys(tmp_path: Path) -> None:
    found = repository(tmp_path, FILES)
    found.platform_workflows()
    found.product_workflows("shop")
    assert "workflows/products/other/x.yaml" not in read_paths(found)


def test_each_file_is_read_once(tmp_path: Path) -> None:
    found = repository(tmp_path, {**FILES, "workflows/platform/broken.yaml": "a: [\n"})
    for _ in range(3):
        found.platform_workflows()
        found.workflow("workflows/platform/a.yml")
    assert len(read_paths(found)) == len(set(read_paths(found)))
    assert errors(found) == [(codes.YAML_SYNTAX, "workflows/platform/broken.yaml:2:1")]


def test_admin_config_says_where_workflows_and_applications_are(tmp_path: Path) -> None:
    files = {"admin-config.yaml": ADMIN, "flows/platform/a.yaml": workflow("PlatformWorkflow", "a"), **FILES}
    found = repository(tmp_path, files)
    assert found.workflows_root == "flows"
    assert [w.document.path for w in found.platform_workflows()] == ["flows/platform/a.yaml"]
    assert found.application_paths() == ["apps/score-two.yaml"]


def test_a_malformed_admin_config_is_an_error_and_never_ignored(tmp_path: Path) -> None:
    found = repository(tmp_path, {"admin-config.yaml": "workflowPolicies: {allowedStepTypez: []}\n"})
    assert found.has_admin_config
    assert found.admin_config() is None
    assert errors(found) == [(codes.UNKNOWN_KEY, "admin-config.yaml:1:20")]


@pytest.mark.parametrize("what", ["a link out", "a link to nowhere", "a pipe", "a folder"])
def test_an_admin_config_that_cannot_be_read_is_an_error_and_never_absent(tmp_path: Path, what: str) -> None:
    path = tmp_path / "admin-config.yaml"
    match what:
        case "a link out":
            path.symlink_to("/etc/passwd")
        case "a link to nowhere":
            path.symlink_to("nowhere")
        case "a pipe":
            os.mkfifo(path)
        case _:
            path.mkdir()
    found = Repository(WorkingTreeSnapshot(tmp_path))
    assert found.has_admin_config
    assert found.admin_config() is None
    assert [str(finding.place) for finding in found.findings if finding.severity is Severity.ERROR] == [path.name]


def test_a_folder_of_workflows_behind_a_link_out_of_the_repository_is_one_error(tmp_path: Path) -> None:
    outside, root = tmp_path / "outside", tmp_path / "root"
    repository(outside, FILES)
    root.mkdir()
    (root / "workflows").symlink_to(outside / "workflows")
    found = Repository(WorkingTreeSnapshot(root))
    assert (found.platform_workflows(), found.product_workflows("shop"), found.policies()) == ([], [], [])
    assert errors(found) == [(codes.OUTSIDE_REPOSITORY, "workflows")]


@pytest.mark.parametrize("root", ["/etc", "../elsewhere", "~/x"])
def test_workflows_outside_of_the_repository_are_a_finding(tmp_path: Path, root: str) -> None:
    found = repository(tmp_path, {"admin-config.yaml": f"workflowPolicies:\n  workflowsRoot: {root}\n"})
    assert found.workflows_root == "workflows"
    assert errors(found) == [(codes.OUTSIDE_REPOSITORY, "admin-config.yaml:2:18")]


@pytest.mark.parametrize("product", ["../platform", "..", "a/b", "", "A", "x" * 64, "a..b"])
def test_a_products_name_that_is_no_name_reads_nothing(tmp_path: Path, product: str) -> None:
    found = repository(tmp_path, FILES)
    assert found.product_workflows(product) == []
    assert [code for code, _ in errors(found)] == [codes.BAD_PRODUCT_NAME]
    assert read_paths(found) == []


def test_a_product_folder_with_a_bad_name_is_a_finding_once(tmp_path: Path) -> None:
    found = repository(tmp_path, {"workflows/products/My Shop/x.yaml": workflow("ProductWorkflow", "x")})
    assert found.products() == []
    assert found.products() == []
    assert errors(found) == [(codes.BAD_PRODUCT_NAME, "workflows/products/My Shop/x.yaml")]


@pytest.mark.parametrize(
    ("text", "place"),
    [(workflow("ProductWorkflow", "x"), "2:7"), ("{apiVersion: v1, kind: Pod}", "1:24"), ("[1]", "1:1")],
)
def test_a_document_of_another_kind_in_a_folder_is_a_finding(tmp_path: Path, text: str, place: str) -> None:
    found = repository(tmp_path, {"workflows/platform/x.yaml": text})
    assert found.platform_workflows() == []
    assert found.platform_workflows() == []
    assert errors(found) == [(codes.WRONG_KIND_HERE, f"workflows/platform/x.yaml:{place}")]


def test_a_workflow_by_its_path_may_share_its_file(tmp_path: Path) -> None:
    found = repository(tmp_path, {"x.yaml": f"{SCORE}---\n{workflow('Workflow', 'x')}", "y.yaml": SCORE})
    shared = found.workflow("./x.yaml")
    assert shared is not None
    assert shared.model.metadata.name == "x"
    workload = found.workload("x.yaml")
    assert workload is not None
    assert workload.model.metadata.name == "my-app"
    assert errors(found) == []
    assert found.workflow("y.yaml") is None
    assert errors(found) == [(codes.WRONG_KIND_HERE, "y.yaml:1:1")]


def test_a_missing_or_outside_file_is_a_finding(tmp_path: Path) -> None:
    found = repository(tmp_path, {})
    assert found.workload("score.yaml") is None
    assert found.workflow("../x.yaml") is None
    assert errors(found) == [(codes.NOT_READABLE, "score.yaml"), (codes.OUTSIDE_REPOSITORY, "../x.yaml")]
