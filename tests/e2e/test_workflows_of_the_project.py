"""The GitHub workflows of this repository, and those that `init` writes, as actionlint sees them."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

PLACES = (".github/workflows", "innominatus_cli/operations/templates/init/dot.github/workflows")


def test_actionlint_finds_nothing_in_our_workflows(tool: Callable[[str], Path], root: Path) -> None:
    workflows = [path for place in PLACES for path in sorted((root / place).glob("*.yml"))]
    assert len(workflows) > 1
    done = subprocess.run(
        [tool("actionlint"), "-shellcheck=", "-pyflakes=", "-no-color", *workflows],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(
    ("strict", "test", "status", "said"),
    [
        ("true", "false", 0, "check --output github --strict\n"),
        ("false", "true", 0, "check --output github\ntest --allow-none --output github\n"),
        ("yes", "", 2, "the input 'strict' is true or false, not 'yes'\n"),
        ("", "no", 2, "the input 'test' is true or false, not 'no'\n"),
    ],
)
def test_the_action_takes_true_and_false_and_nothing_else(
    strict: str, test: str, status: int, said: str, root: Path, tmp_path: Path
) -> None:
    program = tmp_path / "innominatus-ctl" / "bin" / "innominatus-ctl"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\necho "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    names = ("PATHS", "STRICT_SCORE", "SINCE", "POLICIES_FROM", "BASELINE", "SARIF", "JUNIT", "PYTHON")
    inputs = {
        **{f"INPUT_{name}": "" for name in names},
        "INPUT_STRICT": strict,
        "INPUT_TEST": test,
        "TOOL": str(root),
        "BASE": "",
    }
    environment = {"PATH": os.environ["PATH"], "RUNNER_TEMP": str(tmp_path), **inputs}
    told = subprocess.run(
        ["bash", str(root / ".github/check.sh")], env=environment, cwd=tmp_path, capture_output=True, check=False
    )
    assert told.returncode == status
    assert (told.stdout + told.stderr).decode() == said
