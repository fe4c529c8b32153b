"""Globs over repository paths: `**` crosses folders, `*` and `?` do not, `[…]` is a set."""

import re
from functools import cache

_PARTS = re.compile(r"(\*\*/|\*\*|\*|\?|\[!?[^\]]+\])")


def matches(path: str, glob: str) -> bool:
    """Whether a repository-relative path matches as a whole. A glob without `/` matches at the root only."""
    return _compiled(glob).match(path) is not None


@cache
def _compiled(glob: str) -> re.Pattern[str]:
    return re.compile("".join(_translated(part) for part in _PARTS.split(glob.removeprefix("./"))) + r"\Z", re.DOTALL)


def _translated(part: str) -> str:
    match part:
        case "**/":
            return "(?:[^/]+/)*"
        case "**":
            return ".*"
        case "*":
            return "[^/]*"
        case "?":
            return "[^/]"
        case _ if _PARTS.fullmatch(part):
            inner = part[1:-1].replace("\\", "\\\\").replace("[", "\\[").replace("^", "\\^")
            return f"(?!/)[{'^' + inner[1:] if inner.startswith('!') else inner}]"
        case _:
            return re.escape(part)
