"""A code that no case shows is a promise that nobody checks: each has a bad case, a good twin and its section."""

import re
from pathlib import Path

import pytest

from innominatus_cli.findings.catalogue import every_code
from innominatus_cli.findings.finding import Severity
from innominatus_cli.reports.code_examples import examples_of
from innominatus_cli.reports.findings_page import findings_page

CASES = Path(__file__).resolve().parents[2] / "cases"
CODES = every_code()


def stems(folder: str) -> set[str]:
    """The names of the cases, files without their suffix."""
    entries = (entry for entry in (CASES / folder).iterdir() if entry.suffix != ".out")
    return {entry.name if entry.is_dir() else entry.stem for entry in entries}


def number(stem: str) -> str:
    return f"ORC-{stem[:4]}"


def test_every_code_has_a_bad_case() -> None:
    assert sorted(CODES.keys() - {number(stem) for stem in stems("err")}) == []


def test_every_case_is_about_a_code_of_the_catalogue() -> None:
    assert sorted(stem for stem in stems("err") if number(stem) not in CODES) == []


def test_every_bad_case_has_a_good_twin_and_the_other_way_round() -> None:
    assert sorted(stems("err") ^ stems("ok")) == []


def test_every_bad_case_has_an_expected_output_that_shows_its_code() -> None:
    outputs = {path.stem: path.read_text(encoding="utf-8") for path in (CASES / "err").glob("*.out")}
    assert sorted(outputs.keys() ^ stems("err")) == []
    assert sorted(stem for stem, text in outputs.items() if f" {number(stem)}: " not in text) == []


@pytest.mark.parametrize("code", CODES.values(), ids=CODES)
def test_every_code_says_what_is_wrong_what_to_do_and_why(code: object) -> None:
    found = next(one for one in CODES.values() if one is code)
    assert found.title
    assert found.remedy.endswith((".", "!", "?"))
    assert found.detail.endswith((".", "`"))
    assert found.detail not in {found.title, found.remedy}
    assert found.severity in Severity
    assert re.fullmatch(r"ORC-[1-9][0-9]{3}", found.number)


@pytest.fixture(scope="module")
def sections(root: Path) -> dict[str, str]:
    """The page's sections by code."""
    parts = re.split(r'<a id="(orc-[0-9]{4})"></a>', findings_page(examples_of(root / "tests" / "cases" / "err")))
    return {anchor.upper(): text for anchor, text in zip(parts[1::2], parts[2::2], strict=True)}


@pytest.mark.parametrize("name", CODES)
def test_every_section_explains_its_code_and_shows_it(name: str, sections: dict[str, str]) -> None:
    code = CODES[name]
    assert code.detail in sections[name]
    assert f"**What to do:** {code.remedy}" in sections[name]
    assert re.search(rf"says(, for example)?:\n\n```text\n(.*\n)*?.*{name}: ", sections[name])
