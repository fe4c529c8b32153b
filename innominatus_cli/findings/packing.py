"""Findings as plain data and back: for what crosses from one process to another, or is kept between two checks."""

from typing import Any, TypeAlias

from innominatus_cli.findings.finding import Code, Edit, Finding, Fix, Place, Related, Severity

Packed: TypeAlias = tuple[Any, ...]


def pack(finding: Finding) -> Packed:
    """A finding as tuples of texts and numbers."""
    fix = finding.fix
    return (
        finding.code.number,
        finding.message,
        tuple(finding.place),
        finding.remedy,
        tuple((related.message, tuple(related.place)) for related in finding.related),
        "" if finding.severity_override is None else finding.severity_override.value,
        None if fix is None else (fix.title, tuple(tuple(edit) for edit in fix.edits)),
    )


def unpack(packed: Packed, codes: dict[str, Code]) -> Finding:
    """The finding of what `pack` made; `codes` are the catalogue's. Raises LookupError, TypeError or ValueError."""
    number, message, place, remedy, related, severity, fix = packed
    return Finding(
        codes[number],
        message,
        Place(*place),
        remedy,
        tuple(Related(words, Place(*where)) for words, where in related),
        Severity(severity) if severity else None,
        None if fix is None else Fix(fix[0], tuple(Edit(*edit) for edit in fix[1])),
    )
