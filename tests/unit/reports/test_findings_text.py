"""Findings as text: places, excerpts and carets that hold for any line, and nothing that a terminal would obey."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from innominatus_cli.findings.catalogue.workflow import DUPLICATE_STEP_NAME, MISSING_OWNER
from innominatus_cli.findings.finding import Finding, Place, Related, Severity
from innominatus_cli.reports.findings_text import findings_text, summary_text
from innominatus_cli.reports.terminal import width_of


def _finding(place: Place, message: str = "something is wrong", **more: object) -> Finding:
    return Finding(DUPLICATE_STEP_NAME, message, place, **more)  # type: ignore[arg-type]  # keywords of one dataclass


def test_a_finding_shows_place_line_caret_related_places_and_help() -> None:
    finding = _finding(
        Place("a.yaml", 2, 9, 2, 14), remedy="Rename it.", related=(Related("first", Place("b.yaml", 1, 1)),)
    )
    assert findings_text([finding], sources={"a.yaml": "one:\n- name: build\n"}) == (
        "a.yaml:2:9: error ORC-2001: something is wrong\n"
        "    2 | - name: build\n"
        "      |         ^~~~~\n"
        "  first: b.yaml:1:1\n"
        "  help: Rename it.\n"
    )


def test_a_related_place_shows_its_line_unless_it_is_the_line_of_the_finding() -> None:
    sources = {"a.yaml": "- name: build\n- name: build\n", "b.yaml": "x: 1\n"}
    related = (
        Related("first defined here", Place("a.yaml", 1, 9, 1, 14)),
        Related("its key", Place("a.yaml", 2, 3, 2, 7)),
        Related("read by", Place("b.yaml", 1, 1, 1, 2)),
        Related("the file", Place("c.yaml")),
    )
    text = findings_text(
        [_finding(Place("a.yaml", 2, 9, 2, 14), remedy="Rename it.", related=related)], sources=sources
    )
    assert text == (
        "a.yaml:2:9: error ORC-2001: something is wrong\n"
        "    2 | - name: build\n"
        "      |         ^~~~~\n"
        "  first defined here: a.yaml:1:9\n"
        "    1 | - name: build\n"
        "      |         ^~~~~\n"
        "  its key: a.yaml:2:3\n"
        "  read by: b.yaml:1:1\n"
        "    1 | x: 1\n"
        "      | ^\n"
        "  the file: c.yaml\n"
        "  help: Rename it.\n"
    )


def test_of_many_related_places_all_are_named_and_the_first_are_shown() -> None:
    sources = {"a.yaml": "".join(f"line {number}\n" for number in range(1, 30))}
    related = tuple(Related("needs", Place("a.yaml", number, 1, number, 5)) for number in range(2, 29))
    text = findings_text([_finding(Place("a.yaml", 1, 1), related=related)], sources=sources)
    assert text.count("  needs: a.yaml:") == 27
    assert text.count("^") == 9


def test_the_general_remedy_stands_in_where_the_case_has_none() -> None:
    assert f"help: {DUPLICATE_STEP_NAME.remedy}" in findings_text([_finding(Place("a.yaml"))])


def test_findings_are_sorted_by_place_whatever_the_order_of_the_rules() -> None:
    early, late = _finding(Place("a.yaml", 1, 1)), _finding(Place("a.yaml", 10, 1))
    assert findings_text([late, early]) == findings_text([early, late])


def test_tabs_and_wide_and_combining_characters_keep_the_caret_below_its_text() -> None:
    line = "\t日本e\u0301: x"
    text = findings_text([_finding(Place("a.yaml", 1, 8, 1, 9))], sources={"a.yaml": line})
    shown, caret = text.splitlines()[1:3]
    assert width_of(shown[: shown.index("x")]) == caret.index("^")


def test_a_long_line_is_cut_around_the_place() -> None:
    line = "a" * 500 + "WRONG" + "b" * 500
    shown, caret = findings_text([_finding(Place("a.yaml", 1, 501, 1, 506))], sources={"a.yaml": line}).splitlines()[
        1:3
    ]
    assert len(shown) < 130
    assert shown[caret.index("^") : caret.index("^") + 5] == "WRONG"


def test_a_long_line_of_wide_characters_fits_a_terminal() -> None:
    line = "日" * 300 + "X" + "本" * 300
    text = findings_text([_finding(Place("a.yaml", 1, 301, 1, 302))], sources={"a.yaml": line})
    shown, caret = text.splitlines()[1:3]
    assert width_of(shown) <= 120
    assert width_of(shown[: shown.index("X")]) == caret.index("^")


def test_a_place_behind_the_end_of_its_file_gives_no_excerpt() -> None:
    text = findings_text([_finding(Place("a.yaml", 9, 9))], sources={"a.yaml": "one\n"})
    assert "|" not in text


def test_a_place_of_several_lines_is_marked_to_the_end_of_its_first() -> None:
    text = findings_text([_finding(Place("a.yaml", 1, 3, 2, 2))], sources={"a.yaml": "a: [x,\n y]\n"})
    assert text.splitlines()[2].endswith(" ^~~~")


def test_colours_are_only_there_when_asked_for() -> None:
    finding = _finding(Place("a.yaml", 1, 1))
    assert "\x1b[" not in findings_text([finding])
    assert "\x1b[31merror ORC-2001\x1b[0m" in findings_text([finding], colour=True)


def test_the_summary_counts_by_severity() -> None:
    place = Place("a.yaml")
    findings = [
        _finding(place),
        Finding(MISSING_OWNER, "x", place),
        Finding(MISSING_OWNER, "x", place),
        _finding(place, severity_override=Severity.INFO),
    ]
    assert summary_text(findings, 2) == "2 files checked: 1 error, 2 warnings, 1 info"
    assert summary_text([], 1) == "1 file checked: nothing found"


@given(st.text(max_size=200), st.text(max_size=60), st.integers(0, 250), st.integers(0, 250))
def test_nothing_that_a_repository_writes_reaches_a_terminal_as_a_command(
    line: str, message: str, column: int, end: int
) -> None:
    place = Place(f"{message[:9]}.yaml", 1, column, 1, end)
    related = (Related(message, place),)
    text = findings_text([_finding(place, message, remedy=message, related=related)], sources={place.path: line})
    assert all(unicodedata.category(char) not in {"Cc", "Cs"} or char == "\n" for char in text)
    assert not set(text) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069\u200b\ufeff\u2028\u2029")
