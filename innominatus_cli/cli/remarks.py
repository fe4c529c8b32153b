"""Findings beside a result: on stderr, and as the exit status."""

import sys
from collections.abc import Mapping, Sequence

from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import Finding, Severity


def told(findings: Sequence[Finding], sources: Mapping[str, str] | None = None, *, remarks: bool = False) -> int:
    """Prints findings to stderr and returns the exit status of the first error, 0 where there is none.

    Findings of severity `info` are printed with `remarks` only.
    """
    findings = [finding for finding in findings if remarks or finding.severity is not Severity.INFO]
    if not findings:
        return int(ExitStatus.OK)
    from innominatus_cli.reports.findings_text import findings_text  # noqa: PLC0415 - most results have no findings
    from innominatus_cli.reports.terminal import to_stderr, wants_colour  # noqa: PLC0415

    shown = findings_text(findings, sources=sources, colour=wants_colour(sys.stderr))
    to_stderr(shown.rstrip("\n"))
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    first = min(errors, key=lambda finding: finding.sort_key, default=None)
    return int(ExitStatus.OK if first is None else first.code.exit_status)
