"""What a finding is known by when lines have moved: for baselines, and for services that follow findings over time."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from innominatus_cli.findings.finding import Finding


def fingerprints(findings: Iterable[Finding], sources: Mapping[str, str]) -> Iterator[tuple[Finding, str]]:
    """Each finding with 32 hexadecimal digits, in the order given.

    They are made of the code, the path and the text of the line (white space folded; the pointer where there is no
    line), and of how many equal ones came before. So other lines may move, and no two findings share one.
    """
    lines = _Lines(sources)
    seen: Counter[str] = Counter()
    for finding in findings:
        place = finding.place
        key = "\0".join((finding.code.number, place.path, lines.line(place.path, place.line) or place.pointer))
        seen[key] += 1
        digest = hashlib.sha256(f"{key}\0{seen[key]}".encode("utf-8", "surrogatepass"))
        yield finding, digest.hexdigest()[:32]


class _Lines:
    def __init__(self, sources: Mapping[str, str]) -> None:
        self._sources = sources
        self._lines: dict[str, list[str]] = {}

    def line(self, path: str, number: int) -> str:
        if path not in self._lines:
            text = self._sources.get(path, "").removeprefix("\ufeff")
            self._lines[path] = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        lines = self._lines[path]
        return " ".join(lines[number - 1].split()) if 0 < number <= len(lines) else ""
