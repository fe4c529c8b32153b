"""The tests of the repository's own workflows pass, and a change of the platform that alters their plans fails them."""

import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import Workshop

TESTS = ("analytics/tests/data-pipeline", "ecommerce/tests/checkout-deployment", "ml-platform/tests/recommender")


@pytest.fixture
def project(workshop: "Workshop", root: Path) -> "Workshop":
    """The workflows, applications and policies of this repository, committed."""
    for name in ("workflows", "docs/examples", "admin-config.yaml"):
        (workshop.folder / name).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (root / name).is_dir() else shutil.copyfile
        copy(root / name, workshop.folder / name)
    workshop.commit()
    return workshop


def test_the_project_s_own_tests_pass_and_leave_nothing_behind(project: "Workshop") -> None:
    told = project("test", "--coverage")
    assert told.status == 0, told.all
    for path in (*(f"workflows/products/{name}.yaml" for name in TESTS), "workflows/platform/tests/guard-rails.yaml"):
        assert re.search(rf"^{re.escape(path)} \.+$", told.out, re.MULTILINE), told.all
    assert "Covered: " in told.out
    assert project.git("status", "--porcelain", "--ignored") == ""
    assert not (project.folder / ".git/innominatus").exists()


def test_a_change_of_the_platform_that_alters_a_product_s_plan_fails_its_tests_with_a_readable_diff(
    project: "Workshop",
) -> None:
    project.write(
        "workflows/platform/license-check.yaml",
        """\
        apiVersion: workflow.dev/v1
        kind: PlatformWorkflow
        metadata:
          name: license-check
          description: Refuses images without a license
          owner: platform-team
          phase: pre-deployment
          dependsOn: [security-scan]
        spec:
          triggers: [all_deployments]
          timeout: 5m
          steps:
            - name: read-licenses
              type: script
              config: {script: "echo licenses"}
        """,
    )
    told = project("test")
    assert told.status == 1, told.all
    for name in ("checkout-deployment/first-deployment", "data-pipeline/storage-comes-first"):
        assert f"FAILED {name}: " in told.out
    assert "tests/snapshots/checkout-deployment/first-deployment.snap: 0 lines gone, " in told.out
    added = [line[1:] for line in told.out.splitlines() if line.startswith("+ ")]
    assert "  pre-deployment/platform/-/license-check:" in added
    assert "      read-licenses:" in added
    assert "          script: echo licenses" in added
    assert re.search(r"^@@ .* @@ pre-deployment/platform/-/license-check", told.out, re.MULTILINE)


def test_a_change_of_the_platform_that_only_rewords_leaves_the_tests_alone(project: "Workshop") -> None:
    project.replace(
        "workflows/platform/security-scan.yaml", "description: Refuses", "description: |-\n    Really refuses"
    )
    project.replace("admin-config.yaml", "maxConcurrentWorkflows: 4", "maxConcurrentWorkflows: 2")
    told = project("test")
    assert told.status == 0, told.all


def test_a_removed_step_fails_the_expectation_that_names_it(project: "Workshop") -> None:
    path = project.folder / "workflows/products/ecommerce/database-setup.yaml"
    text = path.read_text()
    start, end = text.index("    - name: configure-migrations"), text.index("    - name: setup-monitoring")
    path.write_text(text[:start] + text[end:])
    told = project("test", "checkout-deployment", "-o", "json")
    assert told.status == 1
    failures = {test["name"]: {one["code"] for one in test["failures"]} for test in told.data["tests"]}
    assert failures["checkout-deployment/first-deployment"] == {"ORC-3163", "ORC-3166"}
    assert failures["checkout-deployment/later-deployment"] == set()
    assert "ORC-3164" in failures["checkout-deployment/a-failing-migration-stops-the-deployment"]


def test_the_result_is_the_same_in_several_processes(project: "Workshop") -> None:
    project.replace("workflows/platform/cost-monitoring.yaml", "alertThreshold: 80", "alertThreshold: 70")
    told = [project("test", "--coverage", "--jobs", jobs, "-o", "json") for jobs in ("1", "3")]
    texts = [re.sub(r'"duration_ms": \d+', "", one.out) for one in told]
    assert texts[0] == texts[1]
    assert [one.status for one in told] == [1, 1]
    assert json.loads(told[0].out)["summary"]["failed"] == 3


def test_reports_are_written_beside_the_text(project: "Workshop") -> None:
    told = project("test", "--report", "junit=junit.xml", "--report", "cobertura=coverage.xml", "--fail-under", "100")
    assert told.status == 1, told.all
    assert "--fail-under: error ORC-3170" in told.out
    assert 'failures="0"' in (project.folder / "junit.xml").read_text()
    assert "coverage-04.dtd" in (project.folder / "coverage.xml").read_text()


@pytest.mark.parametrize("arguments", [("--jobs", "0"), ("-o", "tap"), ("--report", "junit"), ("--fail-under", "101")])
def test_wrong_usage_is_told_as_such(project: "Workshop", arguments: tuple[str, ...]) -> None:
    assert project("test", *arguments).status == 2


def test_a_repository_without_tests_is_an_error_unless_that_is_allowed(project: "Workshop") -> None:
    for folder in (
        *(project.folder / "workflows/products").glob("*/tests"),
        project.folder / "workflows/platform/tests",
        project.folder / "workflows/shared/tests",
    ):
        shutil.rmtree(folder)
    assert "ORC-3169" in project("test").out
    assert project("test").status == 1
    assert project("test", "--allow-none").status == 0
    assert project("test", "--allow-none", "checkout").status == 1


def test_a_new_test_passes_as_it_is(project: "Workshop") -> None:
    for workflow in ("security-scan", "analytics/warehouse-report", "ml-platform/model-serving"):
        name = workflow.rpartition("/")[2]
        told = project("new", "workflow-test", name, "--workflow", workflow)
        assert told.status == 0, told.all
        told = project("test", name)
        assert told.status == 0, told.all
    assert project("check").status == 0


def test_the_whole_examples_of_the_documentation_pass(project: "Workshop", root: Path) -> None:
    page = (root / "docs/reference/workflow-tests.md").read_text(encoding="utf-8")
    examples = re.findall(r"<!-- complete: (\S+) -->\n```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert len(examples) > 0
    for path, text in examples:
        project.write(path, text)
        assert project("validate", "--strict", path).status == 0
        told = project("test", path, "--update")
        assert told.status == 0, told.all
