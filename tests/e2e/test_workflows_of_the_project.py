"""The GitHub workflows of this repository, and those that `init` writes, as actionlint sees them."""

import subprocess
from collections.abc import Callable
from pathlib import Path

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
