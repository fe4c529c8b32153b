"""Findings for programs: one versioned shape, `innominatus.dev/findings/v1`, in JSON and YAML."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from innominatus_cli.findings.finding import Finding, Fix, Place, Severity

if TYPE_CHECKING:
    from innominatus_cli.findings.suppressed import Suppressed
    from innominatus_cli.operations.validation import Validation

SCHEMA = "innominatus.dev/findings/v1"


def render(found: "Validation", output: str) -> str:
    """The result of a check as JSON or YAML (`output` names which)."""
    from innominatus_cli.reports.listing import data_text  # noqa: PLC0415 - the text needs it not

    document = findings_document(found.findings, found.files, found.suppressed)
    if found.fixed is not None:
        from innominatus_cli.reports.fixes_text import fixes_data  # noqa: PLC0415 - few results have some

        document["fixed"] = fixes_data(found.fixed)
    return data_text(document, output)


def findings_document(
    findings: Iterable[Finding], files: int, suppressed: Sequence["Suppressed"] = ()
) -> dict[str, Any]:
    """Plain data: the findings in the order of their places, their summary, and those that do not count.

    Keys are only ever added to this shape; a change of meaning would be `v2`. `files` counts the files looked at.
    """
    ordered = sorted(findings, key=lambda finding: finding.sort_key)
    return {
        "schema": SCHEMA,
        "findings": [finding_data(finding) for finding in ordered],
        "summary": {
            "errors": _count(ordered, Severity.ERROR),
            "warnings": _count(ordered, Severity.WARNING),
            "infos": _count(ordered, Severity.INFO),
            "files": files,
            "suppressed": len(suppressed),
        },
        "suppressed": [_suppressed_data(one) for one in suppressed],
    }


def finding_data(finding: Finding) -> dict[str, Any]:
    """One finding as plain data; unknown numbers of lines and columns are 0."""
    return {
        "code": finding.code.number,
        "severity": finding.severity.value,
        "title": finding.code.title,
        "message": finding.message,
        **_place_data(finding.place),
        "help": finding.help,
        "help_page": finding.code.help_page,
        "related": [{"message": related.message, **_place_data(related.place)} for related in finding.related],
        "fix": None if finding.fix is None else _fix_data(finding.fix),
    }


def _fix_data(fix: Fix) -> dict[str, Any]:
    return {"title": fix.title, "edits": [edit._asdict() for edit in fix.edits]}


def _suppressed_data(one: "Suppressed") -> dict[str, Any]:
    """A finding that does not count, with who says so (a comment, admin-config, the baseline), why and until when."""
    by = {"by": one.by, "reason": one.reason, "until": one.until or None, **_place_data(one.place)}
    return {**finding_data(one.finding), "suppression": by}


def _place_data(place: Place) -> dict[str, Any]:
    return {
        "path": place.path,
        "line": place.line,
        "column": place.column,
        "end_line": place.end_line,
        "end_column": place.end_column,
        "pointer": place.pointer,
    }


def _count(findings: list[Finding], severity: Severity) -> int:
    return sum(finding.severity is severity for finding in findings)
