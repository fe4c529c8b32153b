"""What `status --watch` prints: a table that is drawn again in its place, or on no terminal a line a change."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from innominatus_cli.operations.watching import Watched

_UP_AND_CLEAR = "\x1b[{lines}F\x1b[J"


def redrawn(looks: Iterable[Watched], table: Callable[[Watched], str]) -> Iterator[tuple[str, str]]:
    """For each look what takes the last table away (control characters, ours), and the table."""
    lines = 0
    for look in looks:
        text = table(look) + "".join(f"{line}\n" for line in _working(look))
        yield _UP_AND_CLEAR.format(lines=lines) if lines else "", text
        lines = text.count("\n")


def changes(looks: Iterable[Watched]) -> Iterator[str]:
    """A line for every run that is new, or whose status or steps at work have changed."""
    before: dict[tuple[Any, ...], str] = {}
    for look in looks:
        for row in look.found.rows:
            key = (row["application"], row["environment"], row["run"])
            line = _line(row, look.at_work.get(row["run"] or "", ()))
            if before.get(key) != line:
                before[key] = line
                yield f"{line}\n"


def _line(row: dict[str, Any], at_work: Iterable[str]) -> str:
    where = f" in {row['environment']}" if row["environment"] else ""
    run = f" (run {row['run']})" if row["run"] else ""
    steps = ", ".join(at_work)
    return f"{row['application']}{where}: {row['status']}{run}" + (f": {steps}" if steps else "")


def _working(look: Watched) -> Iterator[str]:
    for run, steps in look.at_work.items():
        yield f"{run}: {', '.join(steps) if steps else 'between two steps'}"
