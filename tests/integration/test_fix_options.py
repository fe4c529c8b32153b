"""`validate --fix` and `--diff` on the command line: what is printed where, and the exit status."""

import json
import subprocess
from pathlib import Path

import pytest

from innominatus_cli.cli.main import run

OLD = """\
apiVersion: workflow.dev/v1
kind: Workflow
metadata:
  name: flow
spec:
  steps:
    - name: build   # by make
      type: terraform
      working_dir: ./infra
      config:
        operation: plan
"""
NEW = """\
apiVersion: workflow.dev/v1
kind: Workflow
metadata:
  name: flow
spec:
  steps:
    - name: build   # by make
      type: terraform
      config:
        workingDir: ./infra
        operation: plan
"""


@pytest.fixture
def flow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "main.tf").write_text("")
    path = tmp_path / "flow.yaml"
    path.write_text(OLD)
    return path


def test_fix_says_what_it_did_and_then_what_is_left(flow: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["validate", "--fix", "flow.yaml"]) == 0
    told = capsys.readouterr()
    assert told.out.splitlines()[:3] == [
        "flow.yaml: 2 findings mended",
        "  fixed ORC-1051: Move 'working_dir' into 'config'",
        "  fixed ORC-1051: Write 'workingDir'",
    ]
    assert told.err == "2 findings mended in 1 file\n"
    assert flow.read_text() == NEW


def test_what_is_left_decides_the_exit_status(flow: Path) -> None:
    flow.write_text(OLD.replace("type: terraform", "type: terraform\n      nonsense: 1"))
    assert run(["validate", "--fix", "flow.yaml"]) == 1
    assert "workingDir: ./infra" in flow.read_text()


def test_diff_can_be_applied(flow: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["validate", "--diff", "flow.yaml"]) == 1
    told = capsys.readouterr()
    assert flow.read_text() == OLD
    assert told.err == "2 findings would be mended in 1 file\n"
    subprocess.run(["git", "apply"], input=told.out, text=True, check=True)
    assert flow.read_text() == NEW


def test_what_a_diff_does_not_show_is_counted(flow: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flow.write_text(NEW.replace("type: terraform", "type: terraform\n      nonsense: 1"))
    assert run(["validate", "--diff", "flow.yaml"]) == 1
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "nothing would be mended; 1 error left, not shown with --diff\n")
    assert run(["validate", "--fix", "--diff", "flow.yaml"]) == 1
    assert capsys.readouterr().err == "nothing was mended\n"


def test_diff_of_a_file_without_an_end_of_its_last_line_can_be_applied(
    flow: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flow.write_bytes(OLD.rstrip("\n").replace("\n", "\r\n").encode())
    assert run(["validate", "--diff", "flow.yaml"]) == 1
    diff = capsys.readouterr().out
    subprocess.run(["git", "apply"], input=diff.encode(), check=True)
    assert flow.read_bytes() == NEW.rstrip("\n").replace("\n", "\r\n").encode()


def test_fix_with_diff_writes_and_shows(flow: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["validate", "--fix", "--diff", "flow.yaml"]) == 0
    told = capsys.readouterr()
    assert told.out.startswith("--- a/flow.yaml\n+++ b/flow.yaml\n")
    assert "1 file checked" in told.out
    assert flow.read_text() == NEW


def test_json_lists_what_was_mended(flow: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["validate", "--fix", "-o", "json", "flow.yaml"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["summary"]["infos"] == 0
    assert document["fixed"] == [
        {
            "path": "flow.yaml",
            "written": True,
            "fixes": [
                {"code": "ORC-1051", "title": "Move 'working_dir' into 'config'"},
                {"code": "ORC-1051", "title": "Write 'workingDir'"},
            ],
        }
    ]
    flow.write_text(OLD)
    assert run(["validate", "--diff", "-o", "json", "flow.yaml"]) == 1
    (file,) = json.loads(capsys.readouterr().out)["fixed"]
    assert file["written"] is False
    assert "+        workingDir: ./infra\n" in file["diff"]
    assert flow.read_text() == OLD


def test_without_the_options_json_has_no_such_key(flow: Path, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: ARG001
    assert run(["validate", "-o", "json", "flow.yaml"]) == 0
    assert "fixed" not in json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--diff", "-o", "sarif"], "cannot show a diff"),
        (["--fix", "--override-property", "metadata.team=shop"], "cannot be used with overrides"),
    ],
)
def test_what_does_not_go_together_is_wrong_usage(
    flow: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["validate", *arguments, "flow.yaml"]) == 2
    assert said in capsys.readouterr().err
    assert flow.read_text() == OLD


def test_a_diff_of_a_hostile_name_is_printable(
    flow: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "a\x1b[31m.yaml"
    (flow.parent / name).write_text(OLD)
    monkeypatch.chdir(flow.parent)
    run(["validate", "--diff", name])
    assert "\x1b" not in capsys.readouterr().out
