"""Which files `validate` reads, by which repository it judges them, and what it says of odd paths."""

import os
from pathlib import Path

import pytest

from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.operations.overriding import Overriding
from innominatus_cli.operations.validation import validate

WORKFLOW = """\
apiVersion: workflow.dev/v1
kind: PlatformWorkflow
metadata: {name: scan, description: Scans, owner: platform-team, phase: deployment}
spec:
  triggers: [all_deployments]
  steps:
    - name: scan
      type: script
      config: {script: make scan}
"""
SCORE = """\
apiVersion: score.dev/v1b1
metadata: {name: web-shop}
containers:
  web: {image: "registry.example.com/web-shop:1.0.0"}
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _codes(*paths: str) -> list[tuple[str, str]]:
    return [(one.code.number, one.place.path) for one in validate(paths).findings]


def test_without_paths_everything_of_the_repository_is_checked(here: Path) -> None:
    _write(here / "admin-config.yaml", "admin: {defaultCostCenter: shop}\n")
    _write(here / "workflows/platform/scan.yaml", WORKFLOW)
    _write(here / "workflows/platform/k8s/deployment.yaml", "apiVersion: apps/v1\nkind: Deployment\n")
    _write(here / "apps/score.yaml", SCORE)
    _write(here / "tests/score.yaml", "apiVersion: score.dev/v1b1\n")
    _write(here / "notes.yaml", "a: [\n")
    found = validate([])
    assert found.findings == ()
    assert set(found.kinds) == {"admin-config.yaml", "workflows/platform/scan.yaml", "apps/score.yaml"}


def test_an_empty_folder_is_told_how_to_begin(here: Path) -> None:
    found = validate([])
    assert [one.code.number for one in found.findings] == ["ORC-1030"]
    assert "init" in found.findings[0].help
    assert found.exit_status(strict=False) is ExitStatus.FINDINGS
    assert here.is_dir()


def test_the_nearest_admin_config_above_a_path_judges_it(here: Path) -> None:
    _write(here / "inner/admin-config.yaml", "workflowPolicies: {allowedStepTypes: [kubernetes]}\n")
    _write(here / "inner/workflows/platform/scan.yaml", WORKFLOW)
    _write(here / "admin-config.yaml", "workflowPolicies: {allowedStepTypes: [script]}\n")
    assert _codes("inner/workflows") == [("ORC-4004", "inner/workflows/platform/scan.yaml")]
    assert _codes("inner") == _codes("inner/workflows")


def test_an_absolute_path_is_shown_as_it_was_written(here: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    _write(elsewhere / "score.yaml", SCORE.replace("1.0.0", "latest"))
    assert _codes(str(elsewhere / "score.yaml")) == [("ORC-2089", str(elsewhere / "score.yaml"))]
    assert here != elsewhere


def test_every_path_that_cannot_be_read_is_a_finding_and_the_others_are_checked(here: Path) -> None:
    _write(here / "score.yaml", SCORE.replace("1.0.0", "latest"))
    (here / "empty").mkdir()
    os.mkfifo(here / "pipe.yaml")
    (here / "link.yaml").symlink_to("/etc/passwd")
    (here / "loop.yaml").symlink_to("loop.yaml")
    (here / "binary.yaml").write_bytes(b"\0\1\2")
    paths = ("nowhere.yaml", "empty", "pipe.yaml", "link.yaml", "loop.yaml", "binary.yaml", "/dev/null", "score.yaml")
    assert _codes(*paths) == [
        ("ORC-1002", "/dev/null"),
        ("ORC-1006", "binary.yaml"),
        ("ORC-1030", "empty"),
        ("ORC-1003", "link.yaml"),
        ("ORC-1001", "loop.yaml"),
        ("ORC-1001", "nowhere.yaml"),
        ("ORC-1002", "pipe.yaml"),
        ("ORC-2089", "score.yaml"),
    ]


def test_a_broken_file_in_a_folder_is_told_only_where_it_looks_like_ours(here: Path) -> None:
    _write(here / "chart.yaml", "{{ if .Values.x }}\na: [\n")
    _write(here / "service.yaml", "apiVersion: score.dev/v1b1\na: [\n")
    _write(here / "workflows/platform/scan.yaml", "a: [\n")
    assert {path for _, path in _codes(".")} == {"service.yaml", "workflows/platform/scan.yaml"}


def test_warnings_fail_only_when_strict(here: Path) -> None:
    _write(here / "score.yaml", SCORE.replace("1.0.0", "latest"))
    found = validate(["score.yaml"])
    assert (found.exit_status(strict=False), found.exit_status(strict=True)) == (ExitStatus.OK, ExitStatus.FINDINGS)


def test_a_named_file_is_held_against_those_that_it_speaks_of(here: Path) -> None:
    _write(here / "admin-config.yaml", "admin: {defaultCostCenter: shop}\n")
    _write(here / "workflows/platform/scan.yaml", WORKFLOW)
    tag = WORKFLOW.replace("name: scan,", "name: tag, dependsOn: [scan],")
    _write(here / "workflows/platform/tag.yaml", tag)
    assert _codes("workflows/platform/tag.yaml") == []
    _write(here / "workflows/platform/tag.yaml", tag.replace("[scan]", "[scna]"))
    assert _codes("workflows/platform/tag.yaml") == [("ORC-2013", "workflows/platform/tag.yaml")]


def test_policies_that_disagree_are_told_at_the_second(here: Path) -> None:
    _write(here / "admin-config.yaml", "workflowPolicies: {maxStepsPerWorkflow: 20}\n")
    _write(
        here / "workflows/policies/organisation.yaml",
        "apiVersion: workflow.dev/v1\nkind: WorkflowPolicies\nmetadata: {name: organisation}\n"
        "spec:\n  resources: {maxStepsPerWorkflow: 10}\n",
    )
    assert _codes() == [("ORC-4020", "workflows/policies/organisation.yaml")]


def test_an_overrides_file_may_be_anywhere_and_is_shown_with_its_path(here: Path) -> None:
    _write(here / "app" / "score.yaml", SCORE)
    _write(here / "env" / "prod.yaml", "containers: {web: {image: 5}}\n")
    overriding = Overriding("env/prod.yaml", ("metadata.x=[",))
    found = validate(["app/score.yaml"], overriding=overriding)
    assert [str(one.place) for one in found.findings] == ["--override-property:1:13"]
    found = validate(["app/score.yaml"], overriding=Overriding("env/prod.yaml", ("containers.web.args=1",)))
    assert [str(one.place) for one in found.findings] == ["--override-property:1:21", "env/prod.yaml:1:27"]
    assert {"app/score.yaml", "env/prod.yaml", "--override-property"} <= set(found.sources)
    assert found.files == 1


def test_an_overrides_file_that_cannot_be_read_is_a_finding(here: Path) -> None:
    _write(here / "score.yaml", SCORE)
    found = validate(["score.yaml"], overriding=Overriding("nope.yaml"))
    assert [(one.code.number, str(one.place)) for one in found.findings] == [("ORC-1001", "nope.yaml")]


def test_a_file_that_is_called_overrides_is_no_application_of_its_own(here: Path) -> None:
    _write(here / "admin-config.yaml", "workflowPolicies: {}\n")
    _write(here / "score.yaml", SCORE)
    _write(here / "score.overrides.prod.yaml", "containers: {web: {image: 'a:2'}}\n")
    _write(here / "overrides.prod.yaml", "containers: {web: {image: 'a:2'}}\n")
    assert validate([]).findings == validate(["."]).findings == validate(["score.overrides.prod.yaml"]).findings == ()
    (finding,) = validate(["overrides.prod.yaml"]).findings
    assert finding.code.number == "ORC-1030"
    assert "--overrides-file overrides.prod.yaml" in finding.help


@pytest.mark.parametrize("closed", ["workflows", "workflows/products", "workflows/products/shop"])
def test_a_folder_of_workflows_that_nobody_lets_us_look_into_is_told(
    closed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "workflows" / "products" / "shop").mkdir(parents=True)
    (tmp_path / "data").mkdir()
    (tmp_path / "admin-config.yaml").write_text("limits:\n  maxParallel: 2\n", encoding="utf-8")
    look = os.scandir

    def scandir(folder: str) -> object:
        if os.path.relpath(folder, tmp_path) in {closed, "data"}:
            raise PermissionError(13, "Permission denied")
        return look(folder)

    monkeypatch.setattr(os, "scandir", scandir)
    for paths in ((), (str(tmp_path),)):
        found = validate(paths, str(tmp_path))
        assert [(one.code.number, one.place.path) for one in found.findings] == [("ORC-1002", closed)]
