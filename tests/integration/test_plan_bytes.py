"""The same repository gives the same plan, byte for byte, wherever and however the command runs."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

WORLDS = (
    {"TZ": "UTC", "LC_ALL": "C", "PYTHONHASHSEED": "0"},
    {"TZ": "Pacific/Chatham", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "1"},
    {"TZ": "America/St_Johns", "LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "4242", "PYTHONUTF8": "0"},
)
SCORE = "docs/examples/checkout-service/score.yaml"


@pytest.fixture(scope="module")
def clones(tmp_path_factory: pytest.TempPathFactory, root: Path) -> list[Path]:
    """Copies of the example repository in different folders, their files written in different orders."""
    found = []
    for number, name in enumerate(("a", "a much longer/path with spaces", "c")):
        target = tmp_path_factory.mktemp("clone") / name
        target.mkdir(parents=True)
        parts = ["admin-config.yaml", "workflows", "docs/examples"]
        for part in parts if number % 2 else reversed(parts):
            source = root / part
            (target / part).parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target / part)
            else:
                shutil.copy(source, target / part)
        subprocess.run(["git", "init", "--quiet", str(target)], check=True)
        found.append(target)
    return found


def planned(folder: Path, world: dict[str, str], *arguments: str) -> bytes:
    done = subprocess.run(
        [sys.executable, "-m", "innominatus_cli", "plan", *arguments],
        cwd=folder,
        env={**os.environ, **world},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert b"Traceback" not in done.stderr
    return done.stdout


def test_clones_in_other_folders_zones_locales_and_hash_seeds_give_the_same_bytes(clones: list[Path]) -> None:
    outputs = {planned(clone, world, SCORE, "-o", "json") for clone, world in zip(clones, WORLDS, strict=True)}
    assert len(outputs) == 1
    (output,) = outputs
    assert json.loads(output)["digest"].startswith("sha256:")


def test_the_folder_in_which_the_command_starts_changes_nothing(clones: list[Path]) -> None:
    at_root = planned(clones[0], WORLDS[0], SCORE, "--digest")
    below = planned(clones[0] / "docs" / "examples" / "checkout-service", WORLDS[1], "score.yaml", "--digest")
    assert at_root == below


def test_spelling_defaults_out_changes_nothing(clones: list[Path]) -> None:
    short = planned(clones[2], WORLDS[0], SCORE, "--digest")
    spelled = planned(clones[2], WORLDS[0], SCORE, "--env", "development", "--golden-path", "deploy-app", "--digest")
    assert short == spelled


def test_a_changed_file_that_a_step_reads_changes_the_digest(clones: list[Path], tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    shutil.copytree(clones[0], clone)
    before = planned(clone, WORLDS[0], SCORE, "--digest")
    changed = next((clone / "workflows/products/ecommerce/migrations").glob("*.sql"))
    changed.write_text(changed.read_text() + "-- more\n")
    assert planned(clone, WORLDS[0], SCORE, "--digest") != before


def test_the_text_says_why_each_step_is_there_and_why_others_are_not(clones: list[Path]) -> None:
    text = planned(clones[0], WORLDS[0], SCORE, "--explain").decode()
    assert "workflows/platform/security-scan.yaml:" in text
    assert "(all_deployments)" in text
    assert "analytics/data-pipeline: it is for product 'analytics'" in text
    order = [text.index(word) for word in ("pre-deployment Phase", "deployment Phase (", "post-deployment Phase")]
    assert order[0] < order[2]
    platform, product, application = (
        text.index(word) for word in ("platform-security-scan", "product-ecommerce-", "application-checkout-service-")
    )
    assert platform < product < application
