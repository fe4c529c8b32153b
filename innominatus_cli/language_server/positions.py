"""Between our places and an editor's: lines from 1 and code points here, lines from 0 and its own units there."""

from collections.abc import Sequence

from lsprotocol import types
from pygls.workspace import PositionCodec

from innominatus_cli.findings.finding import Edit, Place


def range_of(codec: PositionCodec, lines: Sequence[str], place: Place | Edit) -> types.Range:
    """The range of a place; its whole line's beginning where the column is not known, one character for a point."""
    line, column = max(place.line - 1, 0), max(place.column - 1, 0)
    end_line, end_column = place.end_line - 1, place.end_column - 1
    if isinstance(place, Place) and (end_line, end_column) <= (line, column):
        end_line, end_column = line, column + 1
    start = types.Position(line, _inside(lines, line, column))
    end = types.Position(end_line, _inside(lines, end_line, end_column))
    return codec.range_to_client_units(lines, types.Range(start, end))


def _inside(lines: Sequence[str], line: int, column: int) -> int:
    """The column, not behind the end of its line."""
    return min(column, len(lines[line].rstrip("\r\n"))) if line < len(lines) else 0
