"""Findings as GitLab's Code Quality report (https://docs.gitlab.com/ci/testing/code_quality/)."""

import json

from innominatus_cli.findings.finding import Severity
from innominatus_cli.findings.fingerprints import fingerprints
from innominatus_cli.operations.validation import Validation
from innominatus_cli.reports.terminal import printable

_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.INFO: "info"}


def render(found: Validation) -> str:
    """A list with one issue for each finding; a finding without a line is shown at the first."""
    issues = [
        {
            "description": printable(f"{finding.code.number}: {finding.message}"),
            "check_name": finding.code.number,
            "fingerprint": fingerprint,
            "severity": _SEVERITIES[finding.severity],
            "location": {
                "path": finding.place.path,
                "lines": {
                    "begin": max(finding.place.line, 1),
                    "end": max(finding.place.end_line, finding.place.line, 1),
                },
            },
        }
        for finding, fingerprint in fingerprints(found.findings, found.sources)
    ]
    return json.dumps(issues, indent=2, ensure_ascii=True) + "\n"
