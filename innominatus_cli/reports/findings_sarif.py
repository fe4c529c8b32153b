"""Findings as SARIF 2.1.0 (OASIS, with errata 01): what code scanning services read.

Columns count Unicode code points, as `columnKind` says. Addresses are relative: to the root of the checkout, or to that
of the file system for a file outside that the user named with an absolute path.
"""

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from innominatus_cli import __version__
from innominatus_cli.findings.finding import Code, Edit, Finding, Fix, Place, Severity
from innominatus_cli.findings.fingerprints import fingerprints
from innominatus_cli.findings.help_pages import help_address
from innominatus_cli.findings.suppressed import Suppressed
from innominatus_cli.operations.validation import Validation
from innominatus_cli.reports.terminal import printable

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FINGERPRINT = "codePathLine/v1"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_CHECKOUT, _FILE_SYSTEM = "%SRCROOT%", "FILESYSTEM"
_BASES = {
    _CHECKOUT: {"description": {"text": "The root of the checkout."}},
    _FILE_SYSTEM: {"uri": "file:///", "description": {"text": "The root of the machine's file system."}},
}


def render(found: Validation) -> str:
    """One run: all findings, those too that are ignored or known, and the rules that they break."""
    suppressed = {id(one.finding): one for one in found.suppressed}
    findings = (*found.findings, *(one.finding for one in found.suppressed))
    codes = sorted({finding.code for finding in findings}, key=lambda code: code.number)
    numbers = {code.number: index for index, code in enumerate(codes)}
    results = [
        _result(finding, numbers[finding.code.number], fingerprint, suppressed.get(id(finding)))
        for finding, fingerprint in fingerprints(findings, found.sources)
    ]
    driver = {
        "name": "innominatus-ctl",
        "version": __version__,
        "semanticVersion": __version__,
        "informationUri": help_address(),
        "rules": [_rule(code) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "newlineSequences": ["\r\n", "\n", "\r"],
        "originalUriBaseIds": {base: _BASES[base] for base in _bases_of(findings)},
        "results": results,
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=True) + "\n"


def _rule(code: Code) -> dict[str, Any]:
    why = code.detail or f"{code.title}."
    return {
        "id": code.number,
        "name": "".join(word.capitalize() for word in code.title.split() if word.isalnum()),
        "shortDescription": {"text": code.title},
        "fullDescription": {"text": why},
        "helpUri": help_address(code),
        "help": {"text": f"{why}\n\n{code.remedy}", "markdown": f"{why}\n\n**What to do:** {code.remedy}"},
        "defaultConfiguration": {"level": _LEVELS[code.severity]},
        "properties": {"exitStatus": int(code.exit_status)},
    }


def _result(finding: Finding, rule: int, fingerprint: str, suppressed: Suppressed | None) -> dict[str, Any]:
    said = f"{finding.message}. {finding.help}" if finding.help else finding.message
    result: dict[str, Any] = {
        "ruleId": finding.code.number,
        "ruleIndex": rule,
        "level": _LEVELS[finding.severity],
        "message": _message(said),
        "locations": [_location(finding.place)],
        "partialFingerprints": {FINGERPRINT: fingerprint},
    }
    if finding.related:
        result["relatedLocations"] = [
            {"id": number, "message": _message(one.message), **_location(one.place)}
            for number, one in enumerate(finding.related, 1)
        ]
    if finding.fix is not None:
        result["fixes"] = [_fix(finding.place.path, finding.fix)]
    if suppressed is not None:
        result["suppressions"] = [_suppression(suppressed)]
    return result


def _message(text: str) -> dict[str, str]:
    """A message without the links that SARIF lets a text embed (3.11.6): names of a repository make none."""
    return {"text": printable(text).replace("](", "] (")}


def _suppression(suppressed: Suppressed) -> dict[str, Any]:
    until = f" (until {suppressed.until})" if suppressed.until else ""
    return {
        "kind": "inSource" if suppressed.by == "comment" else "external",
        "status": "accepted",
        "justification": printable(f"{suppressed.reason}{until}"),
        "location": _location(suppressed.place),
    }


def _location(place: Place) -> dict[str, Any]:
    location: dict[str, Any] = {}
    if place.path:
        location["physicalLocation"] = {"artifactLocation": _artifact(place.path)}
        if place.line:
            location["physicalLocation"]["region"] = _region(place)
    if place.pointer:
        location["logicalLocations"] = [{"fullyQualifiedName": printable(place.pointer)}]
    return location


def _region(place: Place) -> dict[str, int]:
    region = {"startLine": place.line, "startColumn": max(place.column, 1)}
    if (place.end_line, place.end_column) > (place.line, place.column):
        region |= {"endLine": place.end_line, "endColumn": max(place.end_column, 1)}
    return region


def _artifact(path: str) -> dict[str, str]:
    """An address without scheme, percent-encoded (RFC 3986); a name that is no UTF-8 keeps its bytes."""
    try:
        written = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        written = path.encode("utf-8", "replace")
    return {"uri": quote(written.lstrip(b"/"), safe="/"), "uriBaseId": _base(path)}


def _base(path: str) -> str:
    return _FILE_SYSTEM if path.startswith("/") else _CHECKOUT


def _bases_of(findings: Sequence[Finding]) -> list[str]:
    """The bases that addresses of these findings use, and always that of the checkout."""
    places = [place for one in findings for place in (one.place, *(related.place for related in one.related))]
    return list(dict.fromkeys((_CHECKOUT, *(_base(place.path) for place in places))))


def _fix(path: str, fix: Fix) -> dict[str, Any]:
    replacements = [{"deletedRegion": _deleted(edit), "insertedContent": {"text": edit.text}} for edit in fix.edits]
    changes = [{"artifactLocation": _artifact(path), "replacements": replacements}]
    return {"description": {"text": printable(fix.title)}, "artifactChanges": changes}


def _deleted(edit: Edit) -> dict[str, int]:
    return {
        "startLine": edit.line,
        "startColumn": edit.column,
        "endLine": edit.end_line,
        "endColumn": edit.end_column,
    }
