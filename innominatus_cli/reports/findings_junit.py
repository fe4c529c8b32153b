"""Findings as a JUnit report: a suite for each kind of document, a case for each file.

Jenkins and GitLab show one failure of a case. So all that fails in a file is in one, and the rest is what the case
printed.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

from innominatus_cli.findings.finding import Finding, Severity
from innominatus_cli.operations.validation import Validation
from innominatus_cli.reports.findings_text import findings_text
from innominatus_cli.reports.terminal import one_line

_NO_KIND = "files"
_NEVER_IN_XML = {ord(char): f"\\u{ord(char):04x}" for char in "\ufffe\uffff"}
"""`printable` shows the other characters that XML 1.0 forbids as escapes."""


def render(found: Validation, *, strict: bool = False) -> str:
    """The report; a case fails for errors, and for warnings too when `strict`."""
    of_file: dict[str, list[Finding]] = defaultdict(list)
    for finding in found.findings:
        of_file[finding.place.path].append(finding)
    suites: dict[str, dict[str, list[Finding]]] = defaultdict(dict)
    for path in sorted({*found.kinds, *of_file}):
        kinds = dict.fromkeys(kind for kind in found.kinds.get(path, ()) if kind)
        suites[next(iter(kinds), _NO_KIND)][path] = of_file[path]
    failing = {Severity.ERROR, Severity.WARNING} if strict else {Severity.ERROR}
    bodies = [_Suite(name, files, found.sources, failing) for name, files in sorted(suites.items())]
    tests, failures = sum(one.tests for one in bodies), sum(one.failures for one in bodies)
    head = f'<testsuites name="innominatus-ctl" tests="{tests}" failures="{failures}" errors="0">\n'
    body = "".join(one.text for one in bodies)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{head}{body}</testsuites>\n'.translate(_NEVER_IN_XML)


class _Suite:
    """The files of one kind, as text, and how many there are and fail."""

    def __init__(
        self, name: str, files: Mapping[str, Sequence[Finding]], sources: Mapping[str, str], failing: set[Severity]
    ) -> None:
        self.tests = len(files)
        self.failures = sum(any(one.severity in failing for one in findings) for findings in files.values())
        head = f'name={_quoted(name)} tests="{self.tests}" failures="{self.failures}" errors="0"'
        cases = "".join(_case(path, name, findings, sources, failing) for path, findings in files.items())
        self.text = f"  <testsuite {head}>\n{cases}  </testsuite>\n"


def _case(
    path: str, suite: str, findings: Sequence[Finding], sources: Mapping[str, str], failing: set[Severity]
) -> str:
    bad = [one for one in findings if one.severity in failing]
    rest = [one for one in findings if one.severity not in failing]
    head = f"    <testcase name={_quoted(path or suite)} classname={_quoted(suite)}"
    if not findings:
        return f"{head}/>\n"
    below = ""
    if bad:
        more = f" (and {len(bad) - 1} more)" if len(bad) > 1 else ""
        about = f"type={_quoted(bad[0].code.number)} message={_quoted(f'{bad[0].message}{more}')}"
        below = f"      <failure {about}>{escape(findings_text(bad, sources=sources))}</failure>\n"
    if rest:
        below += f"      <system-out>{escape(findings_text(rest, sources=sources))}</system-out>\n"
    return f"{head}>\n{below}    </testcase>\n"


def _quoted(text: str) -> str:
    return quoteattr(one_line(text))
