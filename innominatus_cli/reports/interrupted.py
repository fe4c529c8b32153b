"""A line for each run that was interrupted: which one it is, and how to go on with it."""

from collections.abc import Iterable

from innominatus_cli.operations.interrupted import InterruptedRun
from innominatus_cli.reports.terminal import one_line


def interrupted_lines(runs: Iterable[InterruptedRun]) -> list[str]:
    """For stderr, beside what a command shows."""
    return [
        f"{one_line(one.application)} in {one_line(one.environment)}: run {one.run} was interrupted"
        f"{'' if one.has_record else ' and has no record yet'}; `innominatus-ctl resume {one.run}` goes on with it."
        for one in runs
    ]
