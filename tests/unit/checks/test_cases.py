"""Every case that `validate` shows, and its good twin, which is silent.

`tests/cases/err/<code>-<problem>.yaml`, or a folder of that name (a whole repository), with the expected text in
`<code>-<problem>.out`; `tests/cases/ok/` holds the same, mended. `pytest --snapshot-update` writes the expected text.
Folders with a case.yaml are of other commands: tests/integration/command_cases plays them.
"""

import shutil
from pathlib import Path

import pytest
from pytest_snapshot.plugin import Snapshot

from innominatus_cli.operations.checking import CheckRequest, check
from innominatus_cli.operations.validation import Validation
from innominatus_cli.reports.findings_text import findings_text, summary_text

CASES = Path(__file__).resolve().parents[2] / "cases"


def _names(folder: str) -> list[str]:
    others = {case.parent.name for case in (CASES / "err").glob("*/case.yaml")}
    return sorted(
        entry.name for entry in (CASES / folder).iterdir() if entry.suffix != ".out" and entry.name not in others
    )


def _validated(case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Validation:
    """The case checked on its own: the project's own admin-config.yaml judges no case."""
    there = tmp_path / "case"
    if case.is_dir():
        shutil.copytree(case, there, symlinks=True)
        monkeypatch.chdir(there)
        return check(CheckRequest((".",)))
    there.mkdir()
    shutil.copy(case, there)
    monkeypatch.chdir(there)
    return check(CheckRequest((case.name,)))


@pytest.mark.parametrize("name", _names("err"))
def test_a_bad_case_shows_its_code_and_no_other(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, snapshot: Snapshot
) -> None:
    found = _validated(CASES / "err" / name, tmp_path, monkeypatch)
    assert {finding.code.number for finding in found.findings} == {f"ORC-{name[:4]}"}
    text = f"{findings_text(found.findings, sources=found.sources)}{summary_text(found.findings, found.files)}\n"
    snapshot.snapshot_dir = CASES / "err"
    snapshot.assert_match(text, f"{Path(name).stem}.out")


@pytest.mark.parametrize("name", _names("ok"))
def test_a_good_case_is_silent(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = _validated(CASES / "ok" / name, tmp_path, monkeypatch)
    assert findings_text(found.findings, sources=found.sources) == ""
