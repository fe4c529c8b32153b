"""What `stats` prints."""

import csv
import io
from collections.abc import Iterator, Sequence

from innominatus_cli.documents.durations import took_text
from innominatus_cli.documents.statistics import Statistics, Tally
from innominatus_cli.documents.words import counted
from innominatus_cli.reports.table import table_lines
from innominatus_cli.reports.terminal import one_line, painted

_FEW = 10
"""Lines of a table before the rest is only counted."""


def statistics_text(told: Statistics, *, wide: bool = False, colour: bool = False) -> str:
    """The statistics as tables; `wide` leaves out nothing."""
    time = f"since {told.since[:10]}" if told.since else "of all time"
    failed = f", {told.failed} failed" if told.failed else ""
    head = f"{counted(told.runs, 'run')} {time}{failed}; {counted(told.refusals, 'refusal')}"
    lines = [painted(head, "bold", on=colour)]
    for title, first, tallies in (
        ("Environments", "Environment", told.by_environment),
        ("Applications", "Application", told.by_application),
        ("Workflows", "Workflow", told.by_workflow),
        ("Step types", "Type", told.by_step_type),
    ):
        if tallies:
            rows = list(map(_row, tallies))
            lines += _section(title, (first, "Runs", "Failed", "Rate", "Median"), rows, wide=wide, colour=colour)
    for title, headers, cells in _others(told):
        if cells:
            lines += _section(title, headers, cells, wide=wide, colour=colour)
    lines += _leftovers(told, wide=wide)
    return "".join(f"{line}\n" for line in lines)


def statistics_csv(told: Statistics) -> str:
    """Every tally in a line, with what it is of, for spreadsheets (RFC 4180, but for line ends)."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("of", "name", "runs", "failed", "failure_rate", "median_ms"))
    for of, tallies in (
        ("application", told.by_application),
        ("environment", told.by_environment),
        ("workflow", told.by_workflow),
        ("step type", told.by_step_type),
    ):
        writer.writerows((of, one.name, one.runs, one.failed, one.failure_rate, one.median_ms) for one in tallies)
    return text.getvalue()


def _row(tally: Tally) -> Sequence[object]:
    return tally.name, tally.runs, tally.failed, f"{tally.failure_rate:.0%}", took_text(tally.median_ms)


def _others(told: Statistics) -> Iterator[tuple[str, Sequence[str], list[Sequence[object]]]]:
    yield (
        "Products",
        ("Product", "Runs", "Applications", "Workflows run"),
        [
            (one.name, one.runs, len(one.applications), f"{one.workflows_run} of {one.workflows_defined}")
            for one in told.products
        ],
    )
    yield (
        "Refused by",
        ("Code", "Times", "Applications", "Because"),
        [(one.code, one.count, len(one.applications), one.title) for one in told.refused_by],
    )
    yield (
        "Required platform workflows",
        ("Workflow", "Covers", "Not covered"),
        [
            (
                one.workflow,
                f"{one.covered} of {counted(one.deployments, 'deployment')}",
                _some([f"{lack.application} in {lack.environment} ({lack.reason})" for lack in one.uncovered]),
            )
            for one in told.coverage
        ],
    )


def _some(texts: Sequence[str]) -> str:
    more = f" and {len(texts) - 3} more" if len(texts) > 3 else ""  # noqa: PLR2004 - a cell's width
    return ", ".join(texts[:3]) + more


def _section(
    title: str, headers: Sequence[str], rows: Sequence[Sequence[object]], *, wide: bool, colour: bool
) -> Iterator[str]:
    shown = rows if wide else rows[:_FEW]
    yield ""
    yield painted(title, "bold", on=colour)
    yield from (f"  {line}" for line in table_lines(headers, shown))
    if len(rows) > len(shown):
        yield f"  … and {len(rows) - len(shown)} more (-o wide)"


def _leftovers(told: Statistics, *, wide: bool) -> Iterator[str]:
    for what, names in (("Never run", told.idle_workflows), ("Never deployed", told.never_deployed)):
        if names:
            listed = ", ".join(names if wide else names[:_FEW])
            more = "" if wide or len(names) <= _FEW else f" and {len(names) - _FEW} more"
            yield ""
            yield one_line(f"{what}: {listed}{more}")
