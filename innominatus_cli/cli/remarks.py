"""Findings beside a result: on stderr, and as the exit status."""

import sys
from collections.abc import Mapping, Sequence

from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import Finding, Severity


def told(
    findings: Sequence[Finding],
    sources: Mapping[str, str] | None = None,
    *,
    strict: bool = False,
    remarks: bool = False,
) -> int:
    """Prints findings to stderr and returns the exit status: the first error's, or 1 for a warning when strict.

    Findings of severity `info` are printed with `remarks` only.
    """
    findings = [finding for finding in findings if remarks or finding.severity is not Severity.INFO]
    if not findings:
        return int(ExitStatus.OK)
    from innominatus_cli.reports.findings_text import findings_text  # noqa: PLC0415 - most results have no findings
    from innominatus_cli.reports.terminal import to_stderr, wants_colour  # noqa: PLC0415

    shown = findings_text(findings, sources=sources, colour=wants_colour(sys.stderr))
    to_stderr(shown.rstrip("\n"))
    ordered = sorted(findings, key=lambda finding: finding.sort_key)
    for finding in ordered:
        if finding.severity is Severity.ERROR:
            return int(finding.code.exit_status)
    warned = any(finding.severity is Severity.WARNING for finding in ordered)
    return int(ExitStatus.FINDINGS if strict and warned else ExitStatus.OK)
