"""`validate` in a process of its own: what it imports, starts and answers."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SLOW = ("pydantic", "rich", "git", "jinja2", "jsonschema", "subprocess", "socket", "importlib.metadata")
PROGRAM = f"""
import os, sys
def refuse(event, args):
    if event in {{"subprocess.Popen", "os.posix_spawn", "os.fork", "os.exec", "os.system", "socket.connect"}}:
        os._exit(99)
sys.addaudithook(refuse)
from innominatus_cli.cli.main import run
status = run(sys.argv[1:])
print("LOADED", sorted(name for name in {SLOW!r} if name in sys.modules), file=sys.stderr)
sys.exit(status)
"""

pytestmark = pytest.mark.usefixtures("unmeasured")


def _run(root: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, "-C", str(folder), "validate", *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_checking_the_project_itself_loads_nothing_slow_and_starts_nothing(root: Path) -> None:
    done = _run(root, root)
    assert "LOADED ['jinja2']" in done.stderr, "two of its workflows have templates, and nothing else is slow"
    assert done.returncode == 0, done.stdout


SELECTING = (
    "innominatus_cli.checks.ignores",
    "innominatus_cli.documents.comments",
    "innominatus_cli.findings.catalogue.ignores",
    "innominatus_cli.findings.fingerprints",
    "innominatus_cli.findings.suppressed",
    "innominatus_cli.operations.baseline",
    "innominatus_cli.operations.dependents",
    "innominatus_cli.operations.ignoring",
    "innominatus_cli.operations.judging",
    "innominatus_cli.operations.revisions",
    "innominatus_cli.operations.since",
    "innominatus_cli.system.clock",
)
"""What says which findings count, and only where somebody asks for it."""


@pytest.mark.parametrize(
    ("remark", "loaded"), [("", []), ("# innominatus: ignore-file ORC-2089 -- x\n", SELECTING[:3])]
)
def test_what_ignores_is_loaded_only_where_somebody_ignores(
    root: Path, tmp_path: Path, remark: str, loaded: list[str]
) -> None:
    text = "apiVersion: score.dev/v1b1\nmetadata: {name: shop}\ncontainers:\n  web: {image: nginx}\n"
    (tmp_path / "score.yaml").write_text(f"{remark}{text}", encoding="utf-8")
    (tmp_path / "admin-config.yaml").write_text("admin: {defaultCostCenter: shop}\n", encoding="utf-8")
    program = PROGRAM.replace(repr(SLOW), repr(SELECTING))
    command = [sys.executable, "-c", program, "-C", str(tmp_path), "validate", "score.yaml"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, timeout=60)
    assert all(name in done.stderr for name in loaded)
    assert ("LOADED []" in done.stderr) == (not loaded)


def test_the_result_for_programs_goes_to_stdout_alone(root: Path, tmp_path: Path) -> None:
    (tmp_path / "score.yaml").write_text("apiVersion: score.dev/v1b1\nmetadata: {name: shop}\n", encoding="utf-8")
    done = _run(root, tmp_path, "-o", "json", "score.yaml")
    assert done.returncode == 1
    document = json.loads(done.stdout)
    assert document["schema"] == "innominatus.dev/findings/v1"
    assert [one["code"] for one in document["findings"]] == ["ORC-1034"]


def test_text_ends_with_a_summary_and_strict_counts_warnings(root: Path, tmp_path: Path) -> None:
    text = "apiVersion: score.dev/v1b1\nmetadata: {name: shop}\ncontainers:\n  web: {image: nginx}\n"
    (tmp_path / "score.yaml").write_text(text, encoding="utf-8")
    assert _run(root, tmp_path, "score.yaml").returncode == 0
    done = _run(root, tmp_path, "--strict", "score.yaml")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "1 file checked: 1 warning"
    assert "\x1b[" not in done.stdout
