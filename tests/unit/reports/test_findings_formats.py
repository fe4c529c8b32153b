"""Findings in every format, held against the formats' own schemas; `tests/cases/err` gives the findings."""

import json
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import xmlschema
from hypothesis import given
from hypothesis import strategies as st

from innominatus_cli.findings.catalogue.document import DUPLICATE_KEY, NOT_OURS, OLD_SPELLING
from innominatus_cli.findings.catalogue.workflow import MISSING_OWNER
from innominatus_cli.findings.finding import Edit, Finding, Fix, Place, Related
from innominatus_cli.findings.fingerprints import fingerprints
from innominatus_cli.findings.suppressed import Suppressed
from innominatus_cli.operations.validation import Validation, validate
from innominatus_cli.reports.findings_github import PER_TYPE, step_summary
from innominatus_cli.reports.formats import FORMATS, render

TESTS = Path(__file__).resolve().parents[2]
CODES = (DUPLICATE_KEY, NOT_OURS, OLD_SPELLING, MISSING_OWNER)


@cache
def everything() -> Validation:
    """What `validate` finds in all bad cases, and findings with a fix and without a place."""
    found = validate([str(path) for path in sorted((TESTS / "cases/err").iterdir()) if path.suffix == ".yaml"])
    fixed = Finding(
        OLD_SPELLING, "old", Place("a b/ü.yaml", 1, 2, 1, 4), fix=Fix("Write new", (Edit(1, 2, 1, 4, "n"),))
    )
    more = (fixed, Finding(NOT_OURS, "nothing", Place("gone.yaml")))
    return found._replace(findings=(*found.findings, *more))


@cache
def sarif_validator() -> jsonschema.Draft4Validator:
    schema = json.loads((TESTS / "standards/sarif-schema-2.1.0.json").read_text(encoding="utf-8"))
    return jsonschema.Draft4Validator(schema)


@cache
def junit_schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(TESTS / "standards/jenkins-junit.xsd")


def test_there_is_enough_to_show() -> None:
    assert len(everything().findings) > 60


def test_sarif_is_valid_and_has_every_finding_with_its_place() -> None:
    found = everything()
    document = json.loads(render(found, "sarif"))
    assert [error.message for error in sarif_validator().iter_errors(document)] == []
    (run,) = document["runs"]
    assert len(run["results"]) == len(found.findings)
    for result, finding in zip(run["results"], found.findings, strict=True):
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == finding.code.number
        region = result["locations"][0]["physicalLocation"].get("region", {"startLine": 0})
        assert region["startLine"] == finding.place.line
    prints = [result["partialFingerprints"]["codePathLine/v1"] for result in run["results"]]
    assert len(set(prints)) == len(prints)
    assert [result["fixes"] for result in run["results"] if "fixes" in result]


def test_sarif_addresses_are_relative_and_escaped() -> None:
    document = json.loads(render(everything(), "sarif"))
    places = [one["locations"][0]["physicalLocation"]["artifactLocation"] for one in document["runs"][0]["results"]]
    assert "a%20b/%C3%BC.yaml" in {place["uri"] for place in places}


def test_sarif_marks_what_is_ignored_or_known_as_suppressed() -> None:
    first, second, *others = everything().findings
    aside = (
        Suppressed(first, "comment", "pinned", Place("a.yaml", 1, 1)),
        Suppressed(second, "baseline", "known", Place("known.json", 4, 1)),
    )
    document = json.loads(render(everything()._replace(findings=tuple(others), suppressed=aside), "sarif"))
    assert [error.message for error in sarif_validator().iter_errors(document)] == []
    results = document["runs"][0]["results"]
    assert len(results) == len(everything().findings)
    assert [len(one.get("suppressions", ())) for one in results] == [0] * len(others) + [1, 1]
    told = [(one["kind"], one["justification"]) for result in results[-2:] for one in result["suppressions"]]
    assert told == [("inSource", "pinned"), ("external", "known")]


def test_junit_is_valid_and_counts_what_it_holds() -> None:
    found = everything()
    text = render(found, "junit")
    junit_schema().validate(text)
    assert text.count("<failure ") == sum(one.severity == "error" for one in found.findings)
    assert f'tests="{text.count("<testcase ")}"' in text


def test_gitlab_reports_have_unique_fingerprints_and_lines() -> None:
    issues = json.loads(render(everything(), "gitlab"))
    assert len(issues) == len(everything().findings)
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)
    assert all(issue["location"]["lines"]["begin"] > 0 for issue in issues)


def test_a_fingerprint_stays_when_other_lines_move() -> None:
    before = [Finding(DUPLICATE_KEY, "twice", Place("a.yaml", line, 1)) for line in (1, 2)]
    after = [Finding(DUPLICATE_KEY, "twice", Place("a.yaml", line, 1)) for line in (3, 4)]
    first = [digest for _, digest in fingerprints(before, {"a.yaml": "a: 1\na: 1\n"})]
    second = [digest for _, digest in fingerprints(after, {"a.yaml": "# new\n\na:  1\n  a: 1\n"})]
    assert first == second
    assert len(set(first)) == 2


# GitHub Actions: the commands are read back as the runner reads them.

_COMMAND = re.compile(r"^::(?P<name>[a-z-]+)(?: (?P<properties>.*?))?::(?P<data>.*)$", re.DOTALL)


def read_back(line: str) -> tuple[str, dict[str, str], str] | None:
    """A line of output as the runner takes it; None where it is no command."""
    found = _COMMAND.match(line.lstrip())
    if found is None:
        return None
    properties = dict(pair.split("=", 1) for pair in (found["properties"] or "").split(",") if pair)
    return (
        found["name"],
        {key: unescaped(value, "%3A", "%2C") for key, value in properties.items()},
        unescaped(found["data"]),
    )


def unescaped(text: str, *also: str) -> str:
    for escape in (*also, "%0D", "%0A", "%25"):
        text = text.replace(escape, chr(int(escape[1:], 16)))
    return text


HOSTILE = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            "::error::x",
            "\n::set-env name=A::b",
            "\r::stop-commands::t",
            "##[command]x",
            "%0A::error::x",
            "a,line=9::b",
            "\u2028::x",
        ]
    ),
)


@given(
    st.lists(
        st.builds(Finding, st.sampled_from(CODES), HOSTILE, st.builds(Place, HOSTILE, st.integers(0, 9))), max_size=60
    )
)
def test_no_name_and_no_message_can_begin_a_command_of_its_own(findings: list[Finding]) -> None:
    found = Validation(tuple(findings), 1, {}, {})
    commands = []
    for line in re.split(r"\r\n|\r|\n", render(found, "github").rstrip("\n")):
        assert "##[" not in line
        if (command := read_back(line)) is not None:
            commands.append(command)
    assert {name for name, _, _ in commands} <= {"error", "warning", "notice"}
    assert all(
        set(properties) <= {"file", "line", "col", "endLine", "endColumn", "title"} for _, properties, _ in commands
    )
    assert max(Counter(name for name, _, _ in commands).values(), default=0) <= PER_TYPE
    told = sum("title" in properties and properties["title"] != "innominatus-ctl" for _, properties, _ in commands)
    assert told == sum(
        min(len([one for one in findings if one.severity is severity]), PER_TYPE - (severity == "info"))
        for severity in {one.severity for one in findings}
    )


def test_a_message_comes_back_as_it_was() -> None:
    finding = Finding(DUPLICATE_KEY, "100% of 'a,b:c'\nare wrong", Place("x,y:z.yaml", 3, 4, 3, 6), "Mend it.")
    line = render(Validation((finding,), 1, {}, {}), "github").split("\n")[0]
    command = read_back(line)
    assert command is not None
    name, properties, data = command
    assert (name, properties["file"], properties["line"], properties["endColumn"]) == ("error", "x,y:z.yaml", "3", "6")
    assert data == "100% of 'a,b:c'\nare wrong\nMend it."


def test_the_worst_come_first_and_from_every_file() -> None:
    many = [Finding(DUPLICATE_KEY, f"{number}", Place("a.yaml", number)) for number in range(1, 30)]
    one = Finding(DUPLICATE_KEY, "the other file", Place("b.yaml", 1))
    lines = render(Validation((*many, one), 2, {}, {}), "github").split("\n")
    assert "file=b.yaml" in lines[1]
    assert any("20 more findings" in line for line in lines)


@given(HOSTILE, HOSTILE)
def test_a_summary_is_a_table_whatever_names_hold(path: str, message: str) -> None:
    text = step_summary(Validation((Finding(DUPLICATE_KEY, message, Place(path, 1)),), 1, {}, {}))
    row = text.rstrip("\n").split("\n")[-1]
    assert row.count("|") == 5
    assert "<" not in row
    assert "](" not in row


def test_a_summary_stays_within_what_github_takes() -> None:
    many = tuple(Finding(DUPLICATE_KEY, "x" * 400, Place(f"{number}.yaml", 1)) for number in range(5000))
    text = step_summary(Validation(many, 1, {}, {}))
    assert len(text.encode()) < 1024 * 1024
    assert "more are not shown here" in text


@pytest.mark.parametrize("output", FORMATS)
def test_every_format_takes_hostile_names(output: str) -> None:
    place = Place("\x1b]0;x\x07\n'<&\">\udcff.yaml", 1, 1, 1, 2)
    finding = Finding(DUPLICATE_KEY, "\x00]]>\ud800 \u202e", place, related=(Related("\x1b[2J", place),))
    found = Validation((finding,), 1, {}, {place.path: ("Workflow",)})
    text: Any = render(found, output)
    assert "\x1b" not in text
    assert "\x00" not in text
    if output == "junit":
        junit_schema().validate(text)
    if output == "sarif":
        assert list(sarif_validator().iter_errors(json.loads(text))) == []


def test_a_related_place_elsewhere_is_shown_with_its_line() -> None:
    finding = Finding(
        DUPLICATE_KEY, "twice", Place("a.yaml", 2, 1, 2, 2), related=(Related("first", Place("a.yaml", 1, 1, 1, 2)),)
    )
    text = render(Validation((finding,), 1, {"a.yaml": "a: one\na: two\n"}, {}), "text")
    assert "    1 | a: one" in text
