"""Findings in every format, held against the formats' own schemas; `tests/cases/err` gives the findings."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree as ET

import jsonschema
import pytest
import xmlschema
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pytest_snapshot.plugin import Snapshot

from innominatus_cli.documents.schemas import schema_named
from innominatus_cli.findings.catalogue.document import DUPLICATE_KEY, NOT_OURS, OLD_SPELLING
from innominatus_cli.findings.catalogue.workflow import MISSING_OWNER
from innominatus_cli.findings.finding import Edit, Finding, Fix, Place, Related
from innominatus_cli.findings.fingerprints import fingerprints
from innominatus_cli.findings.suppressed import Suppressed
from innominatus_cli.operations.product_validation import validate_product_workflows
from innominatus_cli.operations.validation import Validation, validate
from innominatus_cli.reports.formats import FORMATS, render
from innominatus_cli.reports.product_validation import validation_document

TESTS = Path(__file__).resolve().parents[2]
SNAPSHOTS = Path(__file__).parent / "snapshots" / "formats"
CODES = (DUPLICATE_KEY, NOT_OURS, OLD_SPELLING, MISSING_OWNER)
HOSTILE = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["]]>", "<!DOCTYPE x>", "\ufffe\uffff", "\ud800", "\x00\x1b[2J", "[x](http://a)", "../..", "/etc/x"]
    ),
)
PLACES = st.builds(
    Place, HOSTILE, st.integers(0, 9), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9), pointer=HOSTILE
)
FIXES = st.builds(Fix, HOSTILE, st.tuples(st.builds(Edit, *[st.integers(1, 9)] * 4, text=HOSTILE)))
FINDINGS = st.builds(
    Finding,
    st.sampled_from(CODES),
    HOSTILE,
    PLACES,
    remedy=HOSTILE,
    related=st.lists(st.builds(Related, HOSTILE, PLACES), max_size=2).map(tuple),
    severity_override=st.none(),
    fix=st.none() | FIXES,
)
VALIDATIONS = st.lists(FINDINGS, max_size=6).map(
    lambda found: Validation(tuple(found), 1, {}, {one.place.path: ("Workflow",) for one in found[::2]})
)


@cache
def everything() -> Validation:
    """What `validate` finds in all bad cases, and findings with a fix and without a place."""
    cases = [case for case in sorted((TESTS / "cases/err").iterdir()) if not (case / "case.yaml").exists()]
    found = validate([str(case) for case in cases if case.suffix != ".out"])
    fixed = Finding(
        OLD_SPELLING, "old", Place("a b/ü.yaml", 1, 2, 1, 4), fix=Fix("Write new", (Edit(1, 2, 1, 4, "n"),))
    )
    more = (fixed, Finding(NOT_OURS, "nothing", Place("gone.yaml")))
    return found._replace(findings=(*found.findings, *more))


SOURCE = """\
kind: Workflow
steps:
  - name: bäuild
    name: bäuild
    depends_on: [a]
"""


def a_few() -> Validation:
    """One finding of each severity, one with everything that a finding can have, and one that is ignored."""
    source = {"workflows/a b.yaml": SOURCE}
    twice = Finding(
        DUPLICATE_KEY,
        "'name' stands twice & <that> is \"wrong\"",
        Place("workflows/a b.yaml", 4, 5, 4, 9, "/steps/0/name"),
        related=(Related("first defined here", Place("workflows/a b.yaml", 3, 5, 3, 9, "/steps/0/name")),),
    )
    owner = Finding(MISSING_OWNER, "nobody owns it", Place("workflows/a b.yaml", 1, 1, 5, 20))
    spelling = Finding(
        OLD_SPELLING,
        "'depends_on' is another spelling of 'dependsOn'",
        Place("workflows/a b.yaml", 5, 5, 5, 15, "/steps/0/depends_on"),
        "Write 'dependsOn'.",
        fix=Fix("Write 'dependsOn'", (Edit(5, 5, 5, 15, "dependsOn"),)),
    )
    gone = Finding(NOT_OURS, "the folder holds no document of ours", Place("gone"))
    ignored = Suppressed(owner, "comment", "it is a demo", Place("workflows/a b.yaml", 1, 1), "2027-01-31")
    ordered = sorted((twice, owner._replace(place=Place("b.yaml", 1, 1)), spelling, gone), key=lambda one: one.sort_key)
    kinds = {"workflows/a b.yaml": ("Workflow",), "good.yaml": ("Workload",)}
    return Validation(tuple(ordered), 3, source, kinds, suppressed=(ignored,))


@cache
def sarif_validator() -> jsonschema.Draft4Validator:
    schema = json.loads((TESTS / "standards/sarif-schema-2.1.0.json").read_text(encoding="utf-8"))
    return jsonschema.Draft4Validator(schema)


@cache
def junit_schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(TESTS / "standards/jenkins-junit.xsd")


def sarif_run(found: Validation) -> dict[str, Any]:
    """The one run of a valid report."""
    document = json.loads(render(found, "sarif"))
    assert [error.message for error in sarif_validator().iter_errors(document)] == []
    (run,) = document["runs"]
    return dict(run)


def addresses(value: object) -> list[dict[str, str]]:
    """Every artifactLocation in a report."""
    if isinstance(value, list):
        return [found for one in value for found in addresses(one)]
    if not isinstance(value, dict):
        return []
    own = [value["artifactLocation"]] if "artifactLocation" in value else []
    return own + [found for one in value.values() for found in addresses(one)]


@pytest.mark.parametrize("output", FORMATS)
def test_a_format_is_what_it_was(output: str, snapshot: Snapshot) -> None:
    snapshot.snapshot_dir = SNAPSHOTS
    suffix = {"text": "txt", "table": "txt", "github": "txt", "junit": "xml", "yaml": "yaml"}.get(output, "json")
    text = re.sub(
        r'"(semanticVersion|version)": "\d+\.\d+\.\d+[^"]*"(?=,\n {10})', r'"\1": "0"', render(a_few(), output)
    )
    snapshot.assert_match(text, f"{output}.{suffix}")


def test_there_is_enough_to_show() -> None:
    assert len(everything().findings) > 80


def test_sarif_is_valid_and_has_every_finding_with_its_place() -> None:
    found = everything()
    run = sarif_run(found)
    assert len(run["results"]) == len(found.findings)
    for result, finding in zip(run["results"], found.findings, strict=True):
        rule = run["tool"]["driver"]["rules"][result["ruleIndex"]]
        assert rule["id"] == result["ruleId"] == finding.code.number
        assert rule["helpUri"].endswith(f"#{finding.code.number.lower()}")
        region = result["locations"][0]["physicalLocation"].get("region", {"startLine": 0})
        assert region["startLine"] == finding.place.line
        assert len(result.get("relatedLocations", ())) == len(finding.related)
    prints = [result["partialFingerprints"]["codePathLine/v1"] for result in run["results"]]
    assert len(set(prints)) == len(prints)
    assert [result["fixes"] for result in run["results"] if "fixes" in result]


def test_sarif_columns_are_code_points_with_an_end_behind_the_last() -> None:
    run = sarif_run(a_few())
    assert run["columnKind"] == "unicodeCodePoints"
    result = next(one for one in run["results"] if one["ruleId"] == "ORC-1014")
    region = result["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 4, "startColumn": 5, "endLine": 4, "endColumn": 9}
    assert SOURCE.split("\n")[3][region["startColumn"] - 1 : region["endColumn"] - 1] == "name"


def test_sarif_says_what_is_ignored_and_why() -> None:
    (ignored,) = [result for result in sarif_run(a_few())["results"] if "suppressions" in result]
    (suppression,) = ignored["suppressions"]
    assert suppression["kind"] == "inSource"
    assert suppression["justification"] == "it is a demo (until 2027-01-31)"


@given(VALIDATIONS)
def test_sarif_is_valid_whatever_a_repository_holds(found: Validation) -> None:
    run = sarif_run(found)
    for address in addresses(run["results"]):
        parts = urlsplit(address["uri"])
        assert (parts.scheme, parts.netloc) == ("", "")
        assert not address["uri"].startswith("/")
        assert address["uri"].isascii()
        assert address["uriBaseId"] in run["originalUriBaseIds"]
    texts = [result["message"]["text"] for result in run["results"]]
    assert not any("](" in text or "\x1b" in text for text in texts)


def test_sarif_addresses_are_escaped_and_never_absolute() -> None:
    paths = ["a b/ü#?%.yaml", "c:/x.yaml", "\udcff.yaml", "/tmp/x.yaml", "//host/x.yaml", "../up.yaml"]
    findings = tuple(Finding(DUPLICATE_KEY, "x", Place(path, 1, 1)) for path in paths)
    run = sarif_run(Validation(findings, 1, {}, {}))
    found = [one["locations"][0]["physicalLocation"]["artifactLocation"] for one in run["results"]]
    assert [one["uri"] for one in found] == [
        "a%20b/%C3%BC%23%3F%25.yaml",
        "c%3A/x.yaml",
        "%FF.yaml",
        "tmp/x.yaml",
        "host/x.yaml",
        "../up.yaml",
    ]
    assert [one["uriBaseId"] for one in found] == ["%SRCROOT%"] * 3 + ["FILESYSTEM"] * 2 + ["%SRCROOT%"]
    assert "uri" not in run["originalUriBaseIds"]["%SRCROOT%"]
    assert unquote(found[0]["uri"]) == paths[0]


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
    wrong = {one.place.path for one in found.findings if one.severity == "error"}
    root = ET.fromstring(text)  # noqa: S314 - our own report
    assert {case.get("name") for case in root.iter("testcase") if case.find("failure") is not None} == wrong
    assert int(root.get("failures", 0)) == len(wrong)
    assert int(root.get("tests", 0)) == len(list(root.iter("testcase")))
    for suite in root:
        assert int(suite.get("tests", 0)) == len(suite)
        assert int(suite.get("failures", 0)) == len(suite.findall("testcase/failure"))
    told = "".join(root.itertext())
    assert all(f"{one.code.number}: {one.message}" in told for one in found.findings)


def test_warnings_are_failures_of_junit_where_they_fail_the_command() -> None:
    found = a_few()
    assert ET.fromstring(render(found, "junit")).get("failures") == "2"  # noqa: S314
    assert ET.fromstring(render(found, "junit", strict=True)).get("failures") == "3"  # noqa: S314


@given(VALIDATIONS)
def test_junit_is_valid_whatever_a_repository_holds(found: Validation) -> None:
    junit_schema().validate(render(found, "junit"))


def test_gitlab_reports_have_unique_fingerprints_and_lines() -> None:
    issues = json.loads(render(everything(), "gitlab"))
    assert len(issues) == len(everything().findings)
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)


@given(VALIDATIONS)
def test_gitlab_issues_have_lines_whatever_a_place_says(found: Validation) -> None:
    for issue in json.loads(render(found, "gitlab")):
        assert set(issue) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert issue["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert 0 < issue["location"]["lines"]["begin"] <= issue["location"]["lines"]["end"]


def test_a_fingerprint_stays_when_other_lines_move() -> None:
    before = [Finding(DUPLICATE_KEY, "twice", Place("a.yaml", line, 1)) for line in (1, 2)]
    after = [Finding(DUPLICATE_KEY, "twice", Place("a.yaml", line, 1)) for line in (3, 4)]
    first = [digest for _, digest in fingerprints(before, {"a.yaml": "a: 1\na: 1\n"})]
    second = [digest for _, digest in fingerprints(after, {"a.yaml": "# new\n\na:  1\n  a: 1\n"})]
    assert first == second
    assert len(set(first)) == 2


@given(VALIDATIONS)
def test_json_and_yaml_are_the_same_document(found: Validation) -> None:
    document = json.loads(render(found, "json"))
    assert len(document["findings"]) == len(found.findings)
    assert yaml.safe_load(render(found, "yaml")) == document


@cache
def json_schema(*, closed: bool) -> jsonschema.Draft202012Validator:
    """The published schema; `closed` refuses keys that it does not name."""
    schema = schema_named("findings") or {}
    text = json.dumps(schema)
    return jsonschema.Draft202012Validator(json.loads(text.replace("true", "false")) if closed else schema)


@given(VALIDATIONS)
def test_json_is_what_its_schema_says_and_no_more(found: Validation) -> None:
    json_schema(closed=True).validate(json.loads(render(found, "json")))


def test_the_schema_of_findings_holds_for_all_commands_and_for_newer_versions() -> None:
    json_schema(closed=True).validate(json.loads(render(everything(), "json")))
    document = json.loads(render(a_few(), "json"))
    json_schema(closed=True).validate(document)
    json_schema(closed=True).validate(validation_document(validate_product_workflows([str(TESTS / "cases/err")])))
    json_schema(closed=False).validate({**document, "newer": 1})
    with pytest.raises(jsonschema.ValidationError):
        json_schema(closed=False).validate({**document, "findings": [{"code": "ORC-1"}]})


@given(VALIDATIONS, st.sampled_from(("text", "table")))
def test_a_terminal_shows_and_obeys_nothing_of_a_repository(found: Validation, output: str) -> None:
    text = render(found, output)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text)


@pytest.mark.parametrize("output", FORMATS)
def test_every_format_takes_hostile_names(output: str) -> None:
    place = Place("\x1b]0;x\x07\n'<&\">\udcff.yaml", 1, 1, 1, 2)
    finding = Finding(DUPLICATE_KEY, "\x00]]>\ud800 \u202e", place, related=(Related("\x1b[2J", place),))
    found = Validation((finding,), 1, {}, {place.path: ("Workflow",)})
    text = render(found, output)
    assert "\x1b" not in text
    assert "\x00" not in text


@pytest.mark.parametrize("output", FORMATS)
def test_every_format_can_say_that_nothing_was_found(output: str) -> None:
    text = render(Validation((), 1, {}, {"a.yaml": ("Workflow",)}), output)
    assert text.endswith("\n")
    if output == "junit":
        junit_schema().validate(text)
    if output == "sarif":
        assert list(sarif_validator().iter_errors(json.loads(text))) == []
