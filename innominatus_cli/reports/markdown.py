"""Markdown that what people wrote cannot break out of: code spans and blocks, as GitHub and GitLab read them."""

import re
from collections.abc import Iterable

from innominatus_cli.reports.terminal import one_line, printable

_BACKTICKS = re.compile("`+")


def code(text: str) -> str:
    """A code span (CommonMark 6.1); nobody is mentioned and nothing is linked in it."""
    shown = one_line(text)
    fence = "`" * (_longest(shown) + 1)
    space = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{space}{shown}{space}{fence}"


def fenced(lines: Iterable[str], language: str = "") -> str:
    """A block (CommonMark 4.5) that nothing in its lines can end."""
    text = printable("\n".join(lines))
    fence = "`" * max(3, _longest(text) + 1)
    return f"{fence}{language}\n{text}\n{fence}\n"


def _longest(text: str) -> int:
    return max((len(run) for run in _BACKTICKS.findall(text)), default=0)
