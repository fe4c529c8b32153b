"""Findings for people: place, what is wrong, the source line with a caret, and what to do about it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from innominatus_cli.documents.words import counted
from innominatus_cli.findings.finding import Finding, Place, Severity
from innominatus_cli.findings.source_lines import SourceLines
from innominatus_cli.reports.terminal import one_line, painted, printable

if TYPE_CHECKING:
    from innominatus_cli.findings.suppressed import Suppressed
    from innominatus_cli.operations.validation import Validation

_WIDEST = 110
_BEFORE = 40
_TAB = "    "
_COLOUR = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "blue"}


def render(found: "Validation", *, colour: bool = False) -> str:
    """The result of a check: what was mended, every finding, then one line that counts them.

    Of a diff that nothing was written for, only the diff is shown.
    """
    fixes = ""
    if found.fixed is not None:
        from innominatus_cli.reports.fixes_text import fixes_text  # noqa: PLC0415 - few results have some

        fixes = fixes_text(found.fixed, colour=colour)
        if found.fixed.shows_diff and not found.fixed.written:
            return fixes
    shown = findings_text(found.findings, sources=found.sources, colour=colour)
    return f"{fixes}{shown}{summary_text(found.findings, found.files, found.suppressed)}\n"


def findings_text(
    findings: Iterable[Finding], *, sources: Mapping[str, str] | None = None, colour: bool = False
) -> str:
    """Every finding in the order of its place, a block of lines each; empty without findings.

    `sources` maps paths of places to the text of the files, for the source lines. Whatever a repository wrote is
    shown without its control characters.
    """
    known = SourceLines({} if sources is None else sources)
    ordered = sorted(findings, key=lambda finding: finding.sort_key)
    return "".join(_block(finding, known, colour) for finding in ordered)


def summary_text(findings: Sequence[Finding], files: int, suppressed: Sequence["Suppressed"] = ()) -> str:
    """One line: how much was found, in how many files, and how much does not count."""
    parts = []
    for severity, word in ((Severity.ERROR, "error"), (Severity.WARNING, "warning"), (Severity.INFO, "info")):
        count = sum(finding.severity is severity for finding in findings)
        if count:
            parts.append(counted(count, word))
    checked = f"{counted(files, 'file')} checked"
    known = sum(one.by == "baseline" for one in suppressed)
    aside = [f"{count} {word}" for count, word in ((len(suppressed) - known, "ignored"), (known, "known")) if count]
    left_out = f" ({', '.join(aside)})" if aside else ""
    return f"{checked}: {', '.join(parts) if parts else 'nothing found'}{left_out}"


def _block(finding: Finding, lines: SourceLines, colour: bool) -> str:
    severity = painted(f"{finding.severity} {finding.code.number}", _COLOUR[finding.severity], on=colour)
    where = f"{painted(one_line(str(finding.place)), 'bold', on=colour)}: " if finding.place.path else ""
    block = [f"{where}{severity}: {one_line(finding.message)}"]
    if finding.code.quotes_source:
        block += _excerpt(finding.place, lines.line(finding.place), colour)
    for related in finding.related:
        block.append(f"  {one_line(related.message)}: {one_line(str(related.place))}")
        if finding.code.quotes_source and not _same_line(related.place, finding.place):
            block += _excerpt(related.place, lines.line(related.place), colour)
    if finding.help:
        block.append(f"  {painted('help', 'cyan', on=colour)}: {one_line(finding.help)}")
    return "".join(f"{line}\n" for line in block)


def _same_line(one: Place, other: Place) -> bool:
    return (one.path, one.line) == (other.path, other.line)


def _excerpt(place: Place, line: str | None, colour: bool) -> list[str]:
    if line is None or not line.strip():
        return []
    start = min(max(place.column, 1) - 1, len(line))
    end = place.end_column - 1 if place.end_line == place.line and place.end_column > start + 1 else start + 1
    if place.end_line > place.line:
        end = len(line.rstrip())
    first = max(0, start - _BEFORE) if len(line) > _WIDEST else 0
    shown = line[first : first + _WIDEST]
    cut_before, cut_after = "…" if first else "", "…" if first + _WIDEST < len(line) else ""
    before = cut_before + _shown(line[first:start])
    marked = _shown(line[start : min(end, first + _WIDEST)])
    gutter = f"{place.line:>5} | "
    caret = " " * width_of(before) + "^" + "~" * (max(1, width_of(marked)) - 1)
    return [
        f"{gutter}{cut_before}{_shown(shown)}{cut_after}".rstrip(),
        " " * (len(gutter) - 2) + "| " + painted(caret, "red", on=colour),
    ]


def _shown(text: str) -> str:
    return printable(text).replace("\t", _TAB).replace("\n", "\\n")


def width_of(text: str) -> int:
    """Columns of a terminal that printable text takes: wide characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width  # noqa: PLC0415 - most sources are ASCII

    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)
