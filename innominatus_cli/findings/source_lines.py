"""The source line that a finding speaks of."""

from collections.abc import Mapping

from innominatus_cli.findings.finding import Place


class SourceLines:
    """The lines of sources (the text of files by the path of their places), split when first asked for."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._sources = sources
        self._lines: dict[str, list[str]] = {}

    def line(self, place: Place) -> str | None:
        """The text of the line that a place is in; None where the place has no line, or its text is not there."""
        if not place.line or place.path not in self._sources:
            return None
        if place.path not in self._lines:
            text = self._sources[place.path].removeprefix("\ufeff")
            self._lines[place.path] = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        lines = self._lines[place.path]
        return lines[place.line - 1] if place.line <= len(lines) else None
