"""A line for each run that was interrupted or waits: which one it is, and how to go on with it."""

from collections.abc import Iterable

from innominatus_cli.operations.interrupted import InterruptedRun
from innominatus_cli.reports.terminal import one_line


def interrupted_lines(runs: Iterable[InterruptedRun]) -> list[str]:
    """For stderr, beside what a command shows."""
    return [f"{one_line(one.application)} in {one_line(one.environment)}: run {one.run} {_rest(one)}" for one in runs]


def _rest(one: InterruptedRun) -> str:
    if one.waits:
        return f"waits; `innominatus-ctl resume {one.run}` says for what, and goes on with it where nothing is lacking."
    record = "" if one.has_record else " and has no record yet"
    return f"was interrupted{record}; `innominatus-ctl resume {one.run}` goes on with it."
