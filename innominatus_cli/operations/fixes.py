"""The fixes of what a check found in one file, without touching it: for `--fix`, and for editors."""

from collections.abc import Iterable, Sequence

from innominatus_cli.documents.edits import apply
from innominatus_cli.documents.file_fixes import FileFixes, fixes_of
from innominatus_cli.documents.loading import load
from innominatus_cli.documents.meaning import meaning_of
from innominatus_cli.documents.nodes import Node
from innominatus_cli.findings.catalogue import document as codes
from innominatus_cli.findings.catalogue import workflow
from innominatus_cli.findings.finding import Finding, Fix, Severity

_OF_FILES = frozenset(
    (
        codes.DUPLICATE_KEY,
        codes.KEY_NOT_TEXT,
        codes.OLD_SHAPE,
        codes.OLD_SPELLING,
        codes.SCORE_DIALECT,
        codes.SCORE_DEPRECATED,
    )
)
"""What reading and shaping find; its fixes are made only when somebody asks for them."""
KEEPS_MEANING = frozenset(code.number for code in (*_OF_FILES, codes.AMBIGUOUS_SCALAR))
"""Fixes of these change how a document is written, never what it means."""
_BOM = "\ufeff"


def with_fixes(path: str, data: bytes, findings: Sequence[Finding], *, verified: bool = False) -> list[Finding]:
    """Findings of a check in one file of these bytes, each with its fix where a safe one is known.

    `verified` tries every fix on its own, and takes it away where the document would mean something else then, or
    could not be read. A file that was not read to its end has no fixes.
    """
    text = text_of(data)
    fixes = None if text is None else fixes_of(text, findings)
    if text is None or fixes is None:
        return [finding._replace(fix=None) for finding in findings]
    known: dict[tuple[str, int, int, str], Fix | None] = {}
    if any(finding.code in _OF_FILES and finding.fix is None for finding in findings):
        known = {_identity(one): one.fix for one in load(path, data, with_fixes=True).findings}
    found = [finding._replace(fix=_fix_of(finding, known, fixes)) for finding in findings]
    if not verified:
        return found
    verdicts = {one.fix: keeps_meaning(path, data, one.fix, one.code.number) for one in found if one.fix is not None}
    return [one if one.fix is None or verdicts[one.fix] else one._replace(fix=None) for one in found]


def keeps_meaning(path: str, data: bytes, fix: Fix, number: str) -> bool:
    """Whether a fix of a finding of this code, applied on its own, does no harm."""
    mended = fixed_data(data, [fix])
    before, after = load(path, data), load(path, mended)
    if number in KEEPS_MEANING and meaning_of(before.documents) != meaning_of(after.documents):
        return False
    return _errors(after.findings) <= _errors(before.findings) and mended != data


def fixed_data(data: bytes, fixes: Iterable[Fix]) -> bytes:
    """The bytes of a file with fixes of which none reaches into another; a byte order mark stays."""
    text = data.decode()
    mark = _BOM if text.startswith(_BOM) else ""
    return (mark + apply(text.removeprefix(mark), [edit for fix in fixes for edit in fix.edits])).encode()


def text_of(data: bytes) -> str | None:
    """The text of a file without its byte order mark; None where it is no UTF-8."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def _errors(findings: Iterable[Finding]) -> int:
    return sum(finding.severity is Severity.ERROR for finding in findings)


def _fix_of(finding: Finding, known: dict[tuple[str, int, int, str], Fix | None], fixes: FileFixes) -> Fix | None:
    fix = finding.fix or known.get(_identity(finding))
    if fix is None and finding.code is workflow.DUPLICATE_DEPENDENCY:
        fix = fixes.drop_item(Node(finding.place.line, finding.place.column))
    return fix if fix is not None and not fixes.touches_knots(fix) else None


def _identity(finding: Finding) -> tuple[str, int, int, str]:
    return finding.code.number, finding.place.line, finding.place.column, finding.message
