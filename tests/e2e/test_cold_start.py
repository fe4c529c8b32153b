"""The command that a pre-commit hook runs imports no more than it needs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("pydantic", "pydantic_core", "rich", "git", "jinja2", "jsonschema", "subprocess", "asyncio", "hashlib")
FILE = "workflows/products/ecommerce/payment-integration.yaml"

pytestmark = pytest.mark.usefixtures("unmeasured")


def modules_after(root: Path, *arguments: str) -> set[str]:
    """The names of all modules that are imported once a command has run."""
    program = (
        "import json, sys\n"
        "from innominatus_cli.cli.main import run\n"
        f"status = run({list(arguments)!r})\n"
        "print(json.dumps([status, sorted(sys.modules)]), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, timeout=60, check=True
    )
    status, modules = json.loads(done.stderr.splitlines()[-1])
    assert status == 0, done.stderr
    return set(modules)


@pytest.mark.parametrize("command", [["validate-product-workflow"], ["product", "validate"]])
def test_checking_one_good_file_needs_no_heavy_library(root: Path, command: list[str]) -> None:
    assert modules_after(root, *command, FILE).isdisjoint(HEAVY)


@pytest.mark.parametrize("command", ["--help", "--version"])
def test_asking_for_help_needs_none_either(root: Path, command: str) -> None:
    assert modules_after(root, command).isdisjoint(HEAVY)
