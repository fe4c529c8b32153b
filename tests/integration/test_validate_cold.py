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
    assert "LOADED []" in done.stderr
    assert done.returncode == 0, done.stdout


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
