"""Every case of a code that a command other than `validate` shows, and its good twin, played for real."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pytest_snapshot.plugin import Snapshot

from innominatus_cli.findings.catalogue import every_code
from innominatus_cli.findings.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.integration.command_cases.conftest import Case, Circumstance, Stage

CASES = Path(__file__).resolve().parents[2] / "cases"
HEAD = re.compile(r"^(?:(?P<place>.*?): )?(?:error|warning|info) (?P<number>ORC-[0-9]{4}): ", re.MULTILINE)
"""The first line of a finding."""
LOOKS_ONLY = ("validate", "plan")
"""Commands that answer 1 for every error, whatever the status of its code."""


@pytest.fixture
def circumstances() -> "Mapping[str, Circumstance]":
    """What cannot be kept in files, by the name that `under` in a case.yaml gives it."""
    return {}


def test_a_bad_case_shows_its_code_and_no_other(bad_case: "Case", stage: "Stage", snapshot: Snapshot) -> None:
    told = stage.play(bad_case)
    snapshot.snapshot_dir = CASES / "err"
    text = f"$ innominatus-ctl {bad_case.run}\n{told.text}exit status {told.status}\n"
    snapshot.assert_match(text, f"{bad_case.name}.out")
    assert told.status == bad_case.exit, told.text
    assert {found["number"] for found in HEAD.finditer(told.text)} == {bad_case.number, *bad_case.also}, told.text
    code = every_code()[bad_case.number]
    if code.severity is Severity.ERROR and bad_case.run.split()[0] not in LOOKS_ONLY and not bad_case.also:
        assert told.status == code.exit_status


def test_a_finding_of_a_bad_case_about_a_file_says_line_and_column(bad_case: "Case") -> None:
    text = (CASES / "err" / f"{bad_case.name}.out").read_text(encoding="utf-8")
    places = [found["place"] for found in HEAD.finditer(text) if found["place"]]
    files = {path.relative_to(folder).as_posix() for folder in bad_case.folders for path in folder.rglob("*")}
    assert [place for place in places if place in files] == []


def test_a_good_twin_shows_nothing(good_twin: "Case", stage: "Stage") -> None:
    told = stage.play(good_twin)
    assert told.status == good_twin.exit, told.text
    assert {found["number"] for found in HEAD.finditer(told.text)} <= {*good_twin.also}, told.text
    assert good_twin.number not in good_twin.also
