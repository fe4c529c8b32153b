"""Findings as SARIF 2.1.0 (OASIS, with errata 01): what code scanning services read.

Columns count Unicode code points, as `columnKind` says; addresses are relative to the repository's root.
"""

import json
from typing import Any
from urllib.parse import quote

from innominatus_cli import __version__
from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import Code, Finding, Fix, Place, Severity
from innominatus_cli.findings.fingerprints import fingerprints
from innominatus_cli.findings.suppressed import Suppressed
from innominatus_cli.operations.validation import Validation

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_ROOT = "REPOSITORY"


def render(found: Validation) -> str:
    """One run with all findings, those that do not count marked as suppressed, and the rules that they break."""
    everything: list[tuple[Finding, Suppressed | None]] = [(finding, None) for finding in found.findings]
    everything += [(one.finding, one) for one in found.suppressed]
    marks = [mark for _, mark in fingerprints((finding for finding, _ in everything), found.sources)]
    codes = sorted({finding.code for finding, _ in everything}, key=lambda code: code.number)
    numbers = {code.number: index for index, code in enumerate(codes)}
    run = {
        "tool": {
            "driver": {
                "name": "innominatus-ctl",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [_rule(code) for code in codes],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the repository that was checked."}}},
        "results": [
            _result(finding, numbers[finding.code.number], mark) | _suppressions(one)
            for (finding, one), mark in zip(everything, marks, strict=True)
        ],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=True) + "\n"


def _rule(code: Code) -> dict[str, Any]:
    why = code.detail or f"{code.title}."
    return {
        "id": code.number,
        "name": "".join(word.capitalize() for word in code.title.split() if word.isalnum()),
        "shortDescription": {"text": code.title},
        "fullDescription": {"text": why},
        "help": {"text": f"{why}\n\n{code.remedy}", "markdown": f"{why}\n\n**What to do:** {code.remedy}"},
        "defaultConfiguration": {"level": _LEVELS[code.severity]},
        "properties": {"exitStatus": int(code.exit_status or ExitStatus.FINDINGS)},
    }


def _result(finding: Finding, rule: int, fingerprint: str) -> dict[str, Any]:
    said = f"{finding.message}. {finding.help}" if finding.help else finding.message
    result: dict[str, Any] = {
        "ruleId": finding.code.number,
        "ruleIndex": rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": said},
        "locations": [_location(finding.place)],
        "partialFingerprints": {"codePathLine/v1": fingerprint},
    }
    if finding.related:
        result["relatedLocations"] = [
            {"id": number, "message": {"text": one.message}, **_location(one.place)}
            for number, one in enumerate(finding.related)
        ]
    if finding.fix is not None:
        result["fixes"] = [_fix(finding.place.path, finding.fix)]
    return result


def _suppressions(one: Suppressed | None) -> dict[str, Any]:
    """Who says that a result does not count: a comment is `inSource`, all else `external` (SARIF 3.35.2)."""
    if one is None:
        return {}
    kind = "inSource" if one.by == "comment" else "external"
    return {"suppressions": [{"kind": kind, "justification": one.reason, "location": _location(one.place)}]}


def _location(place: Place) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": _artifact(place.path)}
    if place.line:
        region = {"startLine": place.line, "startColumn": max(place.column, 1)}
        if (place.end_line, place.end_column) > (place.line, place.column):
            region |= {"endLine": place.end_line, "endColumn": place.end_column}
        physical["region"] = region
    location: dict[str, Any] = {"physicalLocation": physical}
    if place.pointer:
        location["logicalLocations"] = [{"fullyQualifiedName": place.pointer}]
    return location


def _artifact(path: str) -> dict[str, str]:
    """A relative address; a path outside of the repository stays what the user typed."""
    return {"uri": quote(path.encode("utf-8", "surrogateescape"), safe="/-._~"), "uriBaseId": _ROOT}


def _fix(path: str, fix: Fix) -> dict[str, Any]:
    replacements = [
        {
            "deletedRegion": {
                "startLine": edit.line,
                "startColumn": edit.column,
                "endLine": edit.end_line,
                "endColumn": edit.end_column,
            },
            "insertedContent": {"text": edit.text},
        }
        for edit in fix.edits
    ]
    changes = [{"artifactLocation": _artifact(path), "replacements": replacements}]
    return {"description": {"text": fix.title}, "artifactChanges": changes}
