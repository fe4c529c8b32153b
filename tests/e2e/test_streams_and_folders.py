"""Streams that take nothing, and a folder that is gone: the documented status, and the record is safe."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

OUTPUT_LOST = 74
CTL = f"{sys.executable} -m innominatus_cli"


def shell(line: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["bash", "-c", line], cwd=folder, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize("where", [">&-", pytest.param(">/dev/full", marks=pytest.mark.skipif(
    not Path("/dev/full").exists(), reason="there is no /dev/full"))])  # fmt: skip
@pytest.mark.parametrize("command", ["--help", "version", "list", "list -o json", "validate", "history"])
def test_output_that_nobody_takes_is_told_by_the_status(example: Any, command: str, where: str) -> None:
    told = shell(f"{CTL} {command} {where}", example.folder)
    assert told.returncode == OUTPUT_LOST, told
    assert "ORC-9001" not in told.stderr


@pytest.mark.parametrize("command", ["--help", "version", "list", "validate", "validate -o json", "explain --list"])
def test_a_reader_that_went_away_is_told_by_the_status(example: Any, command: str) -> None:
    told = shell(f"(sleep 0.05; {CTL} {command} || echo $? >&2) | true", example.folder)
    assert told.stderr == f"{OUTPUT_LOST}\n"


def test_wrong_usage_is_told_by_the_status_although_nobody_reads_why(example: Any) -> None:
    told = shell(f"exec 3>&1; (sleep 0.05; {CTL} validate --jobs 0 2>&1 || echo $? >&3) | true", example.folder)
    assert told.stdout == "2\n"


def test_reports_are_written_although_nobody_reads_the_log(example: Any) -> None:
    told = shell(f"(sleep 0.05; {CTL} validate --report sarif=found.sarif || echo $? >&2) | true", example.folder)
    assert told.stderr == f"{OUTPUT_LOST}\n"
    assert json.loads((example.folder / "found.sarif").read_text())["version"] == "2.1.0"


@pytest.mark.parametrize("where", [">&-", "2>&-", ">&- 2>&- <&-"])
def test_a_run_without_streams_is_recorded_all_the_same(example: Any, where: str) -> None:
    score = "docs/examples/checkout-service/score.yaml"
    told = shell(f"{CTL} run deploy-app {score} --env development {where}", example.folder)
    assert told.returncode == (0 if where == "2>&-" else OUTPUT_LOST), told
    assert "deploy checkout-service to development: succeeded" in example.git("log", "-1", "--format=%s")
    assert example.git("status", "--porcelain") == ""
    assert example.git("fsck") == ""


@pytest.mark.parametrize("command", ["validate", "list", "plan score.yaml", "run deploy-app score.yaml", "init"])
def test_a_folder_that_is_gone_is_told(tmp_path: Path, command: str) -> None:
    told = shell(f"mkdir gone && cd gone && rmdir ../gone && {CTL} {command}", tmp_path)
    assert told.returncode == 1, told
    assert "the current folder is gone" in told.stderr
