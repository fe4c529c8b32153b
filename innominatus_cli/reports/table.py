"""Plain tables: columns as wide as their widest cell, four spaces between, a dashed line below the header."""

from collections.abc import Iterable, Sequence

from innominatus_cli.reports.terminal import one_line, width_of

_GAP = "    "


def table_lines(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """The lines of a table. None and empty cells are shown as `-`."""
    cells = [[one_line(_cell(value)) for value in row] for row in rows]
    widths = [max([width_of(header), *(width_of(row[i]) for row in cells)]) for i, header in enumerate(headers)]
    lines = [list(headers), ["-" * len(header) for header in headers], *cells]
    return [_GAP.join(map(_padded, line, widths)).rstrip() for line in lines]


def _padded(cell: str, width: int) -> str:
    return cell + " " * (width - width_of(cell))


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value) or "-"
    return "-" if value is None or value == "" else str(value)
