"""The result of `test` as a JUnit report: a suite for each file, a case for each test.

What is wrong with a file, and so with all of its tests, is a case with an error. Jenkins and GitLab show one failure of
a case, so that all that fails in a test is in one.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from innominatus_cli.findings.finding import Finding
from innominatus_cli.operations.testing.running import CaseOutcome, SuiteReport
from innominatus_cli.reports.findings_text import findings_text
from innominatus_cli.reports.terminal import one_line, printable

_NEVER_IN_XML: Final = {ord(char): f"\\u{ord(char):04x}" for char in "\ufffe\uffff"}


def render(report: SuiteReport) -> str:
    """The report; warnings are not in it."""
    suites: dict[str, list[CaseOutcome]] = defaultdict(list)
    for outcome in report.outcomes:
        suites[outcome.path].append(outcome)
    errors: dict[str, list[Finding]] = defaultdict(list)
    for finding in report.errors:
        errors[finding.place.path].append(finding)
    body = "".join(
        _suite(path, suites.get(path, []), errors.get(path, []), report) for path in sorted({*suites, *errors})
    )
    failed = sum(not outcome.passed for outcome in report.outcomes)
    tests = len(report.outcomes) + len(errors)
    counts = f'tests="{tests}" failures="{failed}" errors="{len(errors)}"'
    head = f'<testsuites name="innominatus-ctl test" {counts} time="{_seconds(report.duration_ms)}">\n'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{head}{body}</testsuites>\n'.translate(_NEVER_IN_XML)


def _suite(path: str, outcomes: Sequence[CaseOutcome], errors: Sequence[Finding], report: SuiteReport) -> str:
    failed = sum(not outcome.passed for outcome in outcomes)
    tests = len(outcomes) + bool(errors)
    counts = f'tests="{tests}" failures="{failed}" errors="{int(bool(errors))}"'
    time = _seconds(sum(outcome.duration_ms for outcome in outcomes))
    cases = "".join(_case(outcome, report) for outcome in outcomes)
    if errors:
        about = f"type={_quoted(errors[0].code.number)} message={_quoted(errors[0].message)}"
        text = escape(findings_text(errors, sources=report.sources))
        cases += f"    <testcase name={_quoted(path)} classname={_quoted(path)}>\n"
        cases += f"      <error {about}>{text}</error>\n    </testcase>\n"
    return f'  <testsuite name={_quoted(path)} {counts} time="{time}">\n{cases}  </testsuite>\n'


def _case(outcome: CaseOutcome, report: SuiteReport) -> str:
    suite, _, name = outcome.name.partition("/")
    time = _seconds(outcome.duration_ms)
    head = f'    <testcase name={_quoted(name)} classname={_quoted(suite)} time="{time}"'
    if outcome.passed:
        return f"{head}/>\n"
    first, more = outcome.failures[0], len(outcome.failures) - 1
    message = f"{first.message} (and {more} more)" if more else first.message
    text = findings_text(outcome.failures, sources=report.sources) + printable(outcome.diff)
    about = f"type={_quoted(first.code.number)} message={_quoted(message)}"
    return f"{head}>\n      <failure {about}>{escape(text)}</failure>\n    </testcase>\n"


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:.3f}"


def _quoted(text: str) -> str:
    return quoteattr(one_line(text))
