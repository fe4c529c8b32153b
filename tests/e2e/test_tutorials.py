"""The tutorials, typed as they stand: every command of both, one after the other, in one shell's folder."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from innominatus_cli.operations.creation.templates import application_templates

ROOT = Path(__file__).resolve().parents[2]
TUTORIALS = ("first-deployment.md", "first-product-workflow.md")
BLOCK = re.compile(
    r"(?:<!-- complete: (?P<path>\S+) -->\n)?```(?P<language>bash|yaml)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, and `innominatus-ctl` on PATH."""
    tools = tmp_path / "bin"
    tools.mkdir()
    command = tools / "innominatus-ctl"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m innominatus_cli "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("GIT_PAGER", "cat")
    for name, value in {"NAME": "Ada", "EMAIL": "ada@example.com"}.items():
        monkeypatch.setenv(f"GIT_AUTHOR_{name}", value)
        monkeypatch.setenv(f"GIT_COMMITTER_{name}", value)
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def _type(folder: Path, script: str) -> tuple[Path, str]:
    """Runs a block; where the shell stands afterwards, and what it printed."""
    ran = subprocess.run(
        ["bash", "-euc", f"{script}\nprintf '\\n@%s' \"$PWD\""],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, f"{script}\n{ran.stdout}{ran.stderr}"
    printed, _, stands = ran.stdout.rpartition("\n@")
    return Path(stands), printed + ran.stderr


def _typed(folder: Path, page: str) -> tuple[Path, str]:
    """Types every block of a tutorial; where the shell stands afterwards, and all that was printed."""
    printed = ""
    for block in BLOCK.finditer((ROOT / "docs/tutorials" / page).read_text(encoding="utf-8")):
        assert block["language"] == "bash"
        folder, more = _type(folder, block["text"])
        printed += more
    return folder, printed


def _allow(folder: Path, lines: str) -> None:
    """Puts the list of allowed workflows that the tutorial shows in the place of the present one."""
    config = folder / "admin-config.yaml"
    wanted = lines[lines.index("  allowedProductWorkflows:") :]
    text = config.read_text(encoding="utf-8")
    changed = re.sub(r"  allowedProductWorkflows:\n(?:    - .*\n)+", lambda _: wanted, text)
    assert changed != text
    config.write_text(changed, encoding="utf-8")


def test_both_tutorials_work_as_they_stand(shell: Path) -> None:
    folder, printed = shell, ""
    for name in TUTORIALS:
        page = (ROOT / "docs/tutorials" / name).read_text(encoding="utf-8")
        for block in BLOCK.finditer(page):
            if block["path"]:
                (folder / block["path"]).parent.mkdir(exist_ok=True)
                (folder / block["path"]).write_text(block["text"], encoding="utf-8")
            elif block["language"] == "yaml":
                _allow(folder, block["text"])
            else:
                folder, more = _type(folder, block["text"])
                printed += more

    assert folder.name == "shop"
    assert printed.count("\n2 passed in ") == 1
    assert printed.count("\n3 passed in ") == 2
    assert "post-deployment/product] storefront/visit-report/report" in printed
    log = subprocess.run(["git", "log", "--format=%s"], cwd=folder, capture_output=True, text=True, check=True).stdout
    assert log.count("succeeded [skip ci]") == 3


def test_the_refusal_of_the_first_tutorial_is_what_it_says(shell: Path) -> None:
    page = (ROOT / "docs/tutorials/first-deployment.md").read_text(encoding="utf-8")
    assert "write `allowedProductWorkflows: []` in the place of the key and its entry" in page
    folder, _ = _type(
        shell, "innominatus-ctl init shop && cd shop && git init -q -b main && git add . && git commit -qm A"
    )
    _allow(folder, "  allowedProductWorkflows: []\n")
    run = "innominatus-ctl run deploy-app apps/shop/score.yaml --env development"
    _, printed = _type(folder, f"{run} || test $? = 3; git log -1 --format=%s")
    assert "workflows/products/storefront/database-setup.yaml:5:9: error ORC-4003" in printed
    assert "refused [skip ci]" in printed


def test_five_minutes_are_enough_to_deploy_an_application_of_one_s_own(shell: Path) -> None:
    folder, printed = _typed(shell, "deploy-in-five-minutes.md")

    assert folder.name == "hello"
    assert "nothing found" in printed
    assert "3 workflows, 5 steps" in printed
    assert "greeter in development: succeeded (5 succeeded" in printed
    assert (folder / ".innominatus/manifests/greeter/development").is_dir()
    log = subprocess.run(["git", "log", "--format=%s"], cwd=folder, capture_output=True, text=True, check=True).stdout
    assert log.splitlines()[0].endswith("deploy greeter to development: succeeded [skip ci]")
    status = subprocess.run(["git", "status", "--porcelain"], cwd=folder, capture_output=True, text=True, check=True)
    assert status.stdout == ""


def test_the_five_minute_tutorial_names_every_template_with_its_languages() -> None:
    page = (ROOT / "docs/tutorials/deploy-in-five-minutes.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([\w-]+)` \| [^|]+ \| ([^|]+) \|$", page, re.MULTILINE))

    told = {name: [word.strip().lower() for word in languages.split(",")] for name, languages in rows.items()}
    assert told == {name: list(found.manifest.flavours) for name, found in application_templates().items()}
