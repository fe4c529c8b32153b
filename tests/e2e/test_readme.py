"""The README's tour is what the commands print, but for what differs from run to run."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OUTPUT = re.compile(
    r"<!-- output: (?P<arguments>[^\n]+) -->\n```text\n\$ innominatus-ctl (?P=arguments)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
LEFT_OUT = "…"
VARYING = (
    (re.compile(r"\b[0-9A-HJKMNP-TV-Z]{26}\b"), "RUN"),
    (re.compile(r"\b(?:[0-9a-f]{64}|[0-9a-f]{12})\b"), "DIGEST"),
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z"), "TIME"),
    (re.compile(r"\b\d{4}-\d\d/"), "MONTH/"),
    (re.compile(r"\b\d+(?:\.\d+)?(?:ms|s)\b"), "DURATION"),
    (re.compile(r"\b\d+ commits"), "COMMITS"),
    (re.compile(r"\s+"), " "),
)


def masked(line: str) -> str:
    for pattern, word in VARYING:
        line = pattern.sub(word, line)
    return line.strip()


def told_in_order(wanted: list[str], printed: list[str]) -> Iterator[str]:
    """The wanted lines that do not follow in what was printed; nothing may stand between two but where `…` does."""
    at, gap = 0, True
    for line in wanted:
        if line.strip() == LEFT_OUT:
            gap = True
            continue
        found = next((i for i in range(at, len(printed)) if masked(printed[i]) == masked(line)), None)
        if found is None or (found > at and not gap):
            yield line
        else:
            at, gap = found + 1, False


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in {"NAME": "Ada Lovelace", "EMAIL": "ada@example.com"}.items():
        monkeypatch.setenv(f"GIT_AUTHOR_{name}", value)
        monkeypatch.setenv(f"GIT_COMMITTER_{name}", value)
    folder = tmp_path / "clone"
    shutil.copytree(ROOT / "workflows", folder / "workflows")
    shutil.copytree(ROOT / "docs/examples", folder / "docs/examples")
    shutil.copy(ROOT / "admin-config.yaml", folder)
    for command in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "Everything"]):
        subprocess.run(["git", *command], cwd=folder, check=True, timeout=60)
    return folder


def test_the_tour_of_the_readme_prints_what_it_shows(clone: Path) -> None:
    shown = list(OUTPUT.finditer((ROOT / "README.md").read_text(encoding="utf-8")))
    assert len(shown) == (ROOT / "README.md").read_text(encoding="utf-8").count("<!-- output: ") >= 4

    for block in shown:
        ran = subprocess.run(
            [sys.executable, "-m", "innominatus_cli", *block["arguments"].split()],
            cwd=clone,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        printed = [line for line in (ran.stderr + ran.stdout).splitlines() if line.strip()]
        wanted = [line for line in block["text"].splitlines() if line.strip()]
        assert list(told_in_order(wanted, printed)) == [], ran.stderr + ran.stdout
