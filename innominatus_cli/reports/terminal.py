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


def width_of(text: str) -> int:
    """Columns of a terminal that printable text takes: wide characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width  # noqa: PLC0415 - most texts are ASCII

    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)


def wants_colour(stream: TextIO) -> bool:
    """Whether colours go to this stream: to a terminal, unless the environment says otherwise.

    `NO_COLOR` (https://no-color.org) turns them off, then `FORCE_COLOR` and `CLICOLOR_FORCE` (https://bixense.com/clicolors)
    turn them on, for logs that show them; then `CLICOLOR=0` and `TERM=dumb` turn them off.
    """
    if os.environ.get("NO_COLOR"):
        return False
    if any(os.environ.get(name, "0") not in {"", "0"} for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    if os.environ.get("CLICOLOR") == "0" or os.environ.get("TERM") == "dumb":
        return False
    return stream.isatty()


def painted(text: str, colour: str, *, on: bool) -> str:
    """`text` in a colour, or as it is."""
    return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if on else text


def unobeyed(text: str) -> str:
    """Text for people as a step of GitHub Actions may print it; anywhere else it stays what it is."""
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return text
    from innominatus_cli.reports.runner_commands import guarded  # noqa: PLC0415 - on a runner only

    return guarded(text)


def to_stderr(*lines: str) -> None:
    """Progress and remarks for people, of which a CI runner obeys nothing; a closed stderr is no reason to stop."""
    try:
        sys.stderr.write(unobeyed("".join(f"{line}\n" for line in lines)))
        sys.stderr.flush()
    except OSError:
        return
