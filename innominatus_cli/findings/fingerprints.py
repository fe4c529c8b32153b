"""What a finding is known by when lines have moved: for baselines, and for services that follow findings over time."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from innominatus_cli.findings.finding import Finding
from innominatus_cli.findings.source_lines import SourceLines

_INDEX = re.compile(r"/[0-9]+(?=/|\Z)")


def fingerprint(finding: Finding, line: str | None) -> str:
    """32 hexadecimal digits made of the finding's code, its file, where in the document it is, and its source line.

    `line` is the text of the line that the finding's place is in; None where there is none. White space does not
    count, and positions in lists do not either, so that it stays the same when other lines come, go or move. Lines that
    may hold a secret are left out: nobody should guess them from a fingerprint.
    Findings of one code on equal lines share it: `fingerprints` tells them apart.
    """
    text = line or "" if finding.code.quotes_source else ""
    return _digest(finding.code.number, finding.place.path, steady_pointer(finding), " ".join(text.split()))


def fingerprints(findings: Iterable[Finding], sources: Mapping[str, str]) -> Iterator[tuple[Finding, str]]:
    """Each finding with its fingerprint, in the order given; the second of a kind has another one, so no two share one.

    `sources` are the texts of files by the path of their places.
    """
    lines = SourceLines(sources)
    seen: Counter[str] = Counter()
    for finding in findings:
        first = fingerprint(finding, lines.line(finding.place))
        seen[first] += 1
        yield finding, first if seen[first] == 1 else _digest(first, str(seen[first]))


def steady_pointer(finding: Finding) -> str:
    """The finding's JSON pointer with `*` in the place of positions in lists."""
    return _INDEX.sub("/*", finding.place.pointer)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
