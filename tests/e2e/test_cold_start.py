"""The command that a pre-commit hook runs imports no more than it needs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("pydantic", "pydantic_core", "rich", "git", "jinja2", "jsonschema", "subprocess", "asyncio", "hashlib")
FILE = "workflows/products/ecommerce/payment-integration.yaml"

FORMATS = ("table", "json", "sarif", "junit", "github", "gitlab")
NOT_FOR_A_GOOD_FILE = (
    "innominatus_cli.documents.event_reader",
    "innominatus_cli.findings.fingerprints",
    "innominatus_cli.reports.listing",
    "innominatus_cli.reports.runner_commands",
    "innominatus_cli.reports.step_summary",
    *(f"innominatus_cli.reports.findings_{name}" for name in FORMATS),
    "ast",
    "inspect",
    "xml",
)

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


@pytest.mark.parametrize("command", ["validate", "validate-product-workflow"])
def test_a_good_file_needs_neither_the_exact_reader_nor_what_only_click_wants(root: Path, command: str) -> None:
    assert imported_by(root, command, FILE).isdisjoint((*HEAVY, *NOT_FOR_A_GOOD_FILE))


def test_the_version_is_told_without_the_command_line_and_is_what_that_tells(root: Path) -> None:
    assert imported_by(root, "--version").isdisjoint((*HEAVY, "click", "innominatus_cli.cli.main"))
    told = [
        subprocess.run([sys.executable, *program], capture_output=True, text=True, timeout=60, check=True)
        for program in (
            ("-m", "innominatus_cli", "--version"),
            ("-c", "from innominatus_cli.cli.main import run; run(['--version'])"),
        )
    ]
    assert told[0].stdout == told[1].stdout != ""


def imported_by(root: Path, *arguments: str) -> set[str]:
    """The names of the modules that the installed command imports, as the interpreter tells them."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "innominatus_cli", *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}


@pytest.mark.parametrize("command", ["--help", "--version"])
def test_asking_for_help_needs_none_either(root: Path, command: str) -> None:
    assert modules_after(root, command).isdisjoint(HEAVY)
