"""Annotations within GitHub's budget, and the summary of a step."""

import re
from collections import Counter
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from innominatus_cli.findings.catalogue.document import DUPLICATE_KEY, OLD_SPELLING
from innominatus_cli.findings.catalogue.workflow import MISSING_OWNER
from innominatus_cli.findings.finding import Finding, Place
from innominatus_cli.operations.validation import Validation
from innominatus_cli.reports.findings_github import PER_TYPE, render
from innominatus_cli.reports.step_summary import LARGEST, step_summary
from tests.standards.github_runner import commands

ERROR, WARNING, REMARK = DUPLICATE_KEY, MISSING_OWNER, OLD_SPELLING
TEXT = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["::error::x", "\n::warning::x", "##[group]x", "a|b", "<img src=x>", "[x](http://a)", "$x$", "@a"]),
)
FINDINGS = st.lists(
    st.builds(Finding, st.sampled_from((ERROR, WARNING, REMARK)), TEXT, st.builds(Place, TEXT, st.integers(0, 9))),
    max_size=60,
)


def validation(*findings: Finding) -> Validation:
    return Validation(tuple(sorted(findings, key=lambda one: one.sort_key)), 1, {}, {})


@given(FINDINGS)
def test_as_many_are_annotated_as_github_shows_and_the_rest_is_counted(findings: list[Finding]) -> None:
    found = validation(*findings)
    told = list(commands(render(found)))
    counts = Counter(command.name for command in told)
    assert set(counts) <= {"error", "warning", "notice"}
    assert max(counts.values(), default=0) <= PER_TYPE
    assert counts["error"] == min(PER_TYPE, sum(one.severity == "error" for one in findings))
    assert counts["warning"] == min(PER_TYPE, sum(one.severity == "warning" for one in findings))
    rest = [command for command in told if command.properties["title"] == "innominatus-ctl"]
    left_out = len(findings) - (len(told) - len(rest))
    assert [int(command.data.split()[0]) for command in rest] == ([left_out] if left_out else [])


def test_ten_of_each_need_no_word_about_the_rest() -> None:
    codes = (ERROR, WARNING, REMARK)
    found = validation(*(Finding(code, "x", Place("a.yaml", line, 1)) for code in codes for line in range(1, 11)))
    told = list(commands(render(found)))
    assert Counter(command.name for command in told) == {"error": 10, "warning": 10, "notice": 10}
    assert [command.name for command in told] == ["error"] * 10 + ["warning"] * 10 + ["notice"] * 10


def test_an_annotation_says_place_code_message_and_remedy() -> None:
    finding = Finding(ERROR, "100% of 'a,b:c'\nare wrong", Place("x,y:z.yaml", 3, 4, 3, 6), "Mend it.")
    (told,) = commands(render(validation(finding)))
    assert told.properties == {
        "file": "x,y:z.yaml",
        "line": "3",
        "col": "4",
        "endLine": "3",
        "endColumn": "6",
        "title": f"ORC-1014: {ERROR.title}",
    }
    assert told.data == "x,y:z.yaml:3:4: ORC-1014: 100% of 'a,b:c'\nare wrong\nMend it."


def test_a_place_of_several_lines_is_annotated_where_it_begins() -> None:
    (told,) = commands(render(validation(Finding(ERROR, "x", Place("a.yaml", 3, 4, 9, 1)))))
    assert (told.properties["line"], told.properties["col"]) == ("3", "4")
    assert "endLine" not in told.properties


def test_a_file_without_a_line_and_a_finding_without_a_file_are_annotated_too() -> None:
    first, second = commands(render(validation(Finding(ERROR, "x", Place("")), Finding(ERROR, "y", Place("a.yaml")))))
    assert "file" not in first.properties
    assert set(second.properties) == {"file", "title"}


def test_every_file_is_annotated_before_one_is_twice_and_the_worst_file_first() -> None:
    many = [Finding(ERROR, f"{line}", Place("b.yaml", line, 1)) for line in range(1, 30)]
    others = [Finding(ERROR, "x", Place(path, 1, 1)) for path in ("a.yaml", "c.yaml")]
    told = list(commands(render(validation(*many, *others))))
    assert [command.properties["file"] for command in told[:4]] == ["b.yaml", "a.yaml", "c.yaml", "b.yaml"]
    assert told[-1].data.startswith("21 more findings are not annotated")


@given(TEXT, TEXT)
def test_a_summary_is_a_table_whatever_names_hold(path: str, message: str) -> None:
    text = step_summary(validation(Finding(ERROR, message, Place(path, 1))))
    head, row = text.rstrip("\n").rsplit("\n", 1)
    assert head.count("\n") == 5
    cells = re.split(r"(?<!\\)\|", row)
    assert len(cells) == 6
    assert not re.search(r"[<>`*_\[\]$@:!~\\]|(?<!&)#", "".join(cells[2:3] + cells[4:5]))
    assert list(commands(text)) == []


def test_a_summary_shows_what_was_said() -> None:
    text = step_summary(validation(Finding(ERROR, "<b> & `c` | www.x.y", Place("a_b.yaml", 7, 1), "See https://x.")))
    row = text.rstrip("\n").split("\n")[-1]
    assert unescape(row) == "| error | a_b.yaml:7 | ORC-1014 | <b> & `c` | www.x.y. See https://x. |"
    assert "www.x" not in row
    assert "://" not in row


@pytest.mark.parametrize("room", [LARGEST, 10_000, 500, 200])
def test_a_summary_stays_within_its_room(room: int) -> None:
    many = [Finding(WARNING, "ü" * 200, Place(f"{number}.yaml", 1)) for number in range(5000)]
    found = validation(*many, Finding(ERROR, "the worst", Place("z.yaml", 1)))
    text = step_summary(found, room)
    assert len(text.encode()) <= room
    shown = text.count("\n| error ") + text.count("\n| warning ")
    if room > 500:
        assert "the worst" in text
    if text:
        assert f"\n{5001 - shown} more are not shown here.\n" in text


def test_without_room_there_is_no_summary() -> None:
    assert step_summary(validation(Finding(ERROR, "x", Place("a.yaml", 1))), 100) == ""


def test_a_summary_of_nothing_says_so() -> None:
    assert step_summary(validation()) == "### innominatus-ctl\n\n1 file checked: nothing found\n\n"
