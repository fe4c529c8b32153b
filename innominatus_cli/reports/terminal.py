"""Text that is safe on a terminal and in a log, and the few colours that we use."""

import os
import re
import sys
from typing import TextIO

_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_COLOURS = {"red": "31", "green": "32", "yellow": "33", "blue": "34", "cyan": "36", "dim": "2", "bold": "1"}


def printable(text: str) -> str:
    """`text` with control, bidirectional and invisible characters shown as escapes; newline and tab stay."""
    return _UNSAFE.sub(lambda found: found.group().encode("unicode_escape", "surrogatepass").decode(), text)


def one_line(text: str) -> str:
    """`text` made printable, on one line."""
    return printable(text).replace("\n", "\\n").replace("\t", " ")


def wants_colour(stream: TextIO) -> bool:
    """Whether colours go to this stream: a terminal, and neither `NO_COLOR` nor `TERM=dumb` says otherwise."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return stream.isatty()


def painted(text: str, colour: str, *, on: bool) -> str:
    """`text` in a colour, or as it is."""
    return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if on else text


def to_stderr(*lines: str) -> None:
    """Progress and remarks for people; a closed stderr is no reason to stop."""
    try:
        sys.stderr.write("".join(f"{line}\n" for line in lines))
        sys.stderr.flush()
    except OSError:
        return
