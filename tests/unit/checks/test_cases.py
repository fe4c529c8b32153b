"""Every case that `validate` shows, and its good twin, which is silent.

`tests/cases/err/<code>-<problem>.yaml`, or a folder of that name (a whole repository), with the expected text in
`<code>-<problem>.out`; `tests/cases/ok/` holds the same, mended. `pytest --snapshot-update` writes the expected text.
Folders with a case.yaml are of other commands: tests/integration/command_cases plays them.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_snapshot.plugin import Snapshot

from innominatus_cli.findings.catalogue import every_code
from innominatus_cli.findings.finding import Severity
from innominatus_cli.operations.validation import Validation, validate
from innominatus_cli.reports.findings_text import findings_text, summary_text

CASES = Path(__file__).resolve().parents[2] / "cases"
BLOCKS = ("ORC-1", "ORC-2")
"""The blocks whose codes `validate` shows. A block is added here when cases of its own exist."""
ELSEWHERE = {
    "ORC-1061": "a full disk: tests of the file door",
    "ORC-1089": "`lsp` without its extra: tests of the language server",
    "ORC-2092": "`list-product-workflows` of an unknown product: tests of discovery",
    "ORC-2093": "`validate-product-workflow` of another kind: tests of product validation",
    "ORC-2094": "`test-product-workflow` without a trigger: tests of the product commands",
    "ORC-2098": "`init` in a folder that is in use: tests of init",
}
"""Codes of these blocks that no input of `validate` can show, with where they are shown instead."""


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
        return validate(["."])
    there.mkdir()
    shutil.copy(case, there)
    monkeypatch.chdir(there)
    return validate([case.name])


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


def _make_pipe(folder: Path) -> str:
    os.mkfifo(folder / "score.yaml")
    return "score.yaml"


def _make_large_file(folder: Path) -> str:
    (folder / "score.yaml").write_bytes(b"#" * (1024 * 1024 + 1))
    return "score.yaml"


MADE: dict[str, Callable[[Path], str]] = {"ORC-1002": _make_pipe, "ORC-1004": _make_large_file}
"""Cases that cannot be kept in git; each makes its file and gives the name of it."""


@pytest.mark.parametrize("number", sorted(MADE))
def test_a_case_that_must_be_made_shows_its_code(number: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = validate([MADE[number](tmp_path)])
    assert [finding.code.number for finding in found.findings] == [number]
    assert found.findings[0].help


def test_every_code_of_these_blocks_has_a_case() -> None:
    shown = {f"ORC-{name[:4]}" for name in _names("err")} | set(MADE) | set(ELSEWHERE)
    assert [number for number in every_code() if number.startswith(BLOCKS) and number not in shown] == []


def test_every_case_has_a_code_an_expectation_and_a_good_twin() -> None:
    codes = every_code()
    assert [name for name in _names("err") if f"ORC-{name[:4]}" not in codes] == []
    assert [name for name in _names("err") if not (CASES / "err" / f"{Path(name).stem}.out").is_file()] == []
    assert {Path(name).stem for name in _names("err")} == {Path(name).stem for name in _names("ok")}


def test_every_code_says_what_to_do_and_why() -> None:
    codes = [code for code in every_code().values() if code.number.startswith(BLOCKS)]
    incomplete = [code.number for code in codes if not (code.title and code.remedy and code.detail)]
    assert incomplete == []


def test_numbers_and_blocks_agree() -> None:
    assert all(len(number) == len("ORC-1001") and number[4] in "123456789" for number in every_code())
    assert all(code.severity in Severity for code in every_code().values())
