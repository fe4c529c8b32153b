"""Findings as a JUnit report: a suite for each kind of document, a case for each file, a failure for each error."""

from collections import defaultdict
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from innominatus_cli.findings.finding import Finding, Severity
from innominatus_cli.operations.validation import Validation
from innominatus_cli.reports.terminal import printable


def render(found: Validation) -> str:
    """The report; warnings and remarks are what a case printed, errors are its failures."""
    of_file: dict[str, list[Finding]] = defaultdict(list)
    for finding in found.findings:
        of_file[finding.place.path].append(finding)
    suites: dict[str, dict[str, list[Finding]]] = defaultdict(dict)
    for path in sorted({*found.kinds, *of_file}):
        kinds = sorted(kind for kind in set(found.kinds.get(path, ())) if kind)
        suites[" ".join(kinds) or "files"][path] = of_file[path]
    errors = sum(_is_error(finding) for finding in found.findings)
    cases = sum(len(files) for files in suites.values())
    body = "".join(_suite(name, files) for name, files in sorted(suites.items()))
    head = f'<testsuites name="innominatus-ctl" tests="{cases}" failures="{errors}" errors="0">\n'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{head}{body}</testsuites>\n'


def _suite(name: str, files: dict[str, list[Finding]]) -> str:
    errors = sum(_is_error(finding) for findings in files.values() for finding in findings)
    cases = "".join(_case(path, name, findings) for path, findings in files.items())
    attributes = f'name={_quoted(name)} tests="{len(files)}" failures="{errors}" errors="0"'
    return f"  <testsuite {attributes}>\n{cases}  </testsuite>\n"


def _case(path: str, suite: str, findings: Sequence[Finding]) -> str:
    failures = "".join(_failure(finding) for finding in findings if _is_error(finding))
    others = "".join(f"{_line(finding)}\n" for finding in findings if not _is_error(finding))
    printed = f"      <system-out>{escape(others)}</system-out>\n" if others else ""
    head = f"    <testcase name={_quoted(path)} classname={_quoted(suite)}"
    return f"{head}>\n{failures}{printed}    </testcase>\n" if failures or printed else f"{head}/>\n"


def _failure(finding: Finding) -> str:
    said = "\n".join((_line(finding), *([f"help: {printable(finding.help)}"] if finding.help else [])))
    kind, message = _quoted(finding.code.number), _quoted(finding.message)
    return f"      <failure type={kind} message={message}>{escape(said)}</failure>\n"


def _line(finding: Finding) -> str:
    return printable(f"{finding.place}: {finding.severity} {finding.code.number}: {finding.message}")


def _quoted(text: str) -> str:
    """An attribute's value; what XML 1.0 cannot hold is shown as an escape."""
    return quoteattr(printable(text))


def _is_error(finding: Finding) -> bool:
    return finding.severity is Severity.ERROR
