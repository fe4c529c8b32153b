"""A folder of Terraform that an earlier step names: planned, checked when it runs, and taken back."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from innominatus_cli.cli.main import run

FLOW = """\
apiVersion: workflow.dev/v1
kind: PlatformWorkflow
metadata: {name: build, description: d, owner: o, phase: deployment}
spec:
  triggers: [manual]
  steps:
    - {name: choose, type: script, outputs: [folder], config: {script: "echo OUTPUT_folder=$(cat ../folder)"}}
    - {name: apply, type: terraform, config: {workingDir: "${steps.choose.outputs.folder}"}}
"""
MODULE = 'resource "terraform_data" "it" { input = "made" }\noutput "it" { value = terraform_data.it.output }\n'


@pytest.fixture
def shop(tree: Any, tool: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> Any:
    tool("terraform")
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ada@shop.example")
    tree.commit({"admin-config.yaml": "{}\n", "workflows/platform/build.yaml": FLOW, "infra/db/main.tf": MODULE})
    return tree


def results(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The results of the newest run by their steps' names."""
    capsys.readouterr()
    assert run(["ledger", "show", "latest", "-o", "json"]) == 0
    record = json.loads(capsys.readouterr().out)["record"]
    return {one["step"].rpartition("/")[2]: one for one in record["steps"]}


def test_a_folder_that_an_earlier_step_names_is_applied_and_taken_back(
    shop: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    (shop.root.parent / "folder").write_text("infra/db\n")
    assert run(["run", "build"]) == 0, capsys.readouterr().err
    assert results(capsys)["apply"]["outputs"]["plan_summary"]["add"] == 1
    assert run(["rollback", "latest"]) == 0, capsys.readouterr().err


@pytest.mark.parametrize(
    "folder", ["..", "../elsewhere", "/etc", ".git", "./.git/hooks", ".innominatus/runs", "infra/link"]
)
def test_what_it_names_stays_inside_the_repository(shop: Any, capsys: pytest.CaptureFixture[str], folder: str) -> None:
    (shop.root.parent / "elsewhere").mkdir()
    (shop.root.parent / "elsewhere" / "main.tf").write_text(MODULE)
    (shop.root / "infra" / "link").symlink_to("../../elsewhere")
    (shop.root / ".innominatus" / "runs").mkdir(parents=True)
    (shop.root.parent / "folder").write_text(folder)
    assert run(["run", "build"]) == 4
    found = results(capsys)["apply"]
    assert (found["finding"]["code"], found.get("outputs", {})) == ("ORC-5104", {})


def test_a_folder_that_is_not_there_is_told_when_it_runs(shop: Any, capsys: pytest.CaptureFixture[str]) -> None:
    (shop.root.parent / "folder").write_text("infra/dbb")
    assert run(["run", "build"]) == 4
    assert results(capsys)["apply"]["finding"]["code"] == "ORC-5105"


def test_the_module_of_a_generating_step_can_be_planned(shop: Any, capsys: pytest.CaptureFixture[str]) -> None:
    generating = "{name: choose, type: terraform-generate, config: {resource: s3}}"
    text = "\n".join(f"    - {generating}" if "name: choose" in line else line for line in FLOW.splitlines())
    shop.commit({"workflows/platform/build.yaml": text.replace("outputs.folder", "outputs.module") + "\n"})
    assert run(["plan", "--golden-path", "build", "-o", "json"]) == 0, capsys.readouterr().err
    steps = json.loads(capsys.readouterr().out)["plan"]["steps"]
    inputs = next(step["inputs"] for step in steps if step["name"] == "apply")
    assert inputs["workingDir"] == {"$ref": "steps.choose.outputs.module"}
