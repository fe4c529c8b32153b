"""`doctor` in the shipped repository, on a machine that has git and Python and nothing else."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCORE = "docs/examples/checkout-service/score.yaml"
MISSING = 69
STAGING = {"bash", "gitleaks", "kubectl", "psql", "terraform"}
"""Scripts, scan-sources, applied manifests, migrate-order-server and create-order-queue: all that is shipped."""
SETTINGS = {"store vault", "variable ORDERS_DATABASE_URL", "variable VAULT_TOKEN"}


class Machine:
    """A clone of what is shipped, and a PATH with what has been installed so far."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "repository"
        self.programs = folder / "bin"
        self.programs.mkdir()
        self.variables: dict[str, str] = {}
        for name in ("workflows", "docs/examples"):
            shutil.copytree(ROOT / name, self.root / name)
        shutil.copy(ROOT / "admin-config.yaml", self.root)
        self.install("python3", Path(sys.executable))
        git = shutil.which("git")
        assert git is not None
        self.install("git", Path(git))
        subprocess.run([git, "init", "-q", str(self.root)], check=True)

    def install(self, name: str, program: Path) -> None:
        (self.programs / name).symlink_to(program)

    def doctor(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        """The exit status, and what is not as it should be, by name."""
        done = subprocess.run(
            [sys.executable, "-m", "innominatus_cli", "doctor", *arguments, "--output=json"],
            cwd=self.root,
            env={"PATH": str(self.programs), "HOME": str(self.root), **self.variables},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        checks = json.loads(done.stdout)["checks"]
        return done.returncode, {check["name"]: check for check in checks if check["state"] != "ok"}


@pytest.fixture
def bare(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "programs", "settings"),
    [
        ((), STAGING, SETTINGS),
        (("--env", "staging"), STAGING, SETTINGS),
        ((SCORE, "--env", "staging"), STAGING, SETTINGS),
        ((SCORE, "--env", "development"), {"bash"}, set()),
    ],
    ids=["everything", "staging", "one-application-in-staging", "one-application-in-development"],
)
def test_a_bare_machine_is_told_exactly_what_the_workflows_need(
    bare: Machine, arguments: tuple[str, ...], programs: set[str], settings: set[str]
) -> None:
    status, lacking = bare.doctor(*arguments)
    assert status == MISSING
    assert set(lacking) == programs | settings
    for name, check in lacking.items():
        assert check["needed_by"], name
        assert check["install"], name
        assert "or put its folder on PATH" not in check["install"], f"nobody says how {name} is installed"
    for name in programs:
        where = lacking[name]["needed_by"][0]
        assert (bare.root / where.partition(":")[0]).is_file(), where


def test_what_doctor_asks_for_is_all_that_it_asks_for(
    bare: Machine, tool: Callable[[str], Path], tmp_path: Path
) -> None:
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "staging", "cluster": {"server": "https://127.0.0.1:1"}}],
        "users": [{"name": "me", "user": {}}],
        "contexts": [{"name": "staging", "context": {"cluster": "staging", "user": "me"}}],
    }
    (tmp_path / "kubeconfig").write_text(json.dumps(config))
    for name in sorted(STAGING):
        bare.install(name, tool(name))
    _, lacking = bare.doctor(SCORE, "--env", "staging")
    assert set(lacking) == {*SETTINGS, "context staging"}
    bare.variables = {
        "KUBECONFIG": str(tmp_path / "kubeconfig"),
        "ORDERS_DATABASE_URL": "postgresql://orders@127.0.0.1:1/orders",
        "VAULT_ADDR": "http://127.0.0.1:1",
        "VAULT_TOKEN": "a-token",
    }
    assert bare.doctor(SCORE, "--env", "staging") == (0, {})
