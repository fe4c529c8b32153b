"""Rules that are not asked, because a file has nothing that they need, would have found nothing."""

import shutil
from pathlib import Path

import pytest

from innominatus_cli.checks import checking
from innominatus_cli.checks.needs import needs
from innominatus_cli.operations.validation import Validation, validate

CASES = Path(__file__).resolve().parents[2] / "cases"
FOLDERS = sorted(
    entry
    for folder in ("err", "repos")
    for entry in (CASES / folder).iterdir()
    if entry.suffix != ".out" and not (entry / "case.yaml").exists()
)


@pytest.mark.parametrize("case", FOLDERS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_asking_every_rule_finds_no_more(case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = tmp_path / "case"
    if case.is_dir():
        shutil.copytree(case, there, symlinks=True)
    else:
        there.mkdir()
        shutil.copy(case, there)
    monkeypatch.chdir(there)
    usually = everything()
    every_rule = checking.rules_for
    monkeypatch.setattr(checking, "rules_for", lambda kind, *_, **__: every_rule(kind))
    assert everything().findings == usually.findings


def everything() -> Validation:
    return validate(["."])


def test_a_key_is_looked_for_in_both_spellings_and_a_text_as_it_is() -> None:
    wanted = needs("dependsOn", texts=("latest",))
    assert wanted.are_met({"depends_on"}, "x")
    assert wanted.are_met({"dependsOn"}, "x")
    assert wanted.are_met({"a"}, "image:latest")
    assert not wanted.are_met({"depends"}, "x")


def test_what_nobody_knows_may_be_there() -> None:
    assert needs("a").are_met(None, "x")
    assert needs(texts=("a",)).are_met({"b"}, "")
    assert needs().are_met({"b"}, "x")


@pytest.mark.parametrize(
    "key",
    ['"depends\\u004fn"', "'dependsOn'", "depends_on", "? dependsOn\n      "],
    ids=["escaped", "quoted", "old", "?"],
)
def test_a_key_is_found_however_it_is_written(key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "flow.yaml").write_text(
        "apiVersion: workflow.dev/v1\nkind: Workflow\nmetadata: {name: flow}\nspec:\n  steps:\n"
        f"    - name: a\n      type: script\n      config: {{script: make}}\n      {key}: [a]\n"
    )
    monkeypatch.chdir(tmp_path)
    assert "ORC-2011" in {finding.code.number for finding in validate(["flow.yaml"]).findings}


def test_a_secret_is_found_under_a_key_that_is_written_with_escapes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "flow.yaml").write_text(
        "apiVersion: workflow.dev/v1\nkind: Workflow\nmetadata: {name: flow}\nspec:\n  steps:\n"
        '    - name: a\n      type: script\n      config: {script: make}\n      env: {"P\\x41SSWORD": Xk3-9vv.1}\n'
    )
    monkeypatch.chdir(tmp_path)
    assert "ORC-2158" in {finding.code.number for finding in validate(["flow.yaml"]).findings}
