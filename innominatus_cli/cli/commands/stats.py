"""`stats`: what the records in git say of a time."""

import sys

import click

from innominatus_cli.cli.output import Duration, output_option, print_document, print_text
from innominatus_cli.reports.terminal import wants_colour


@click.command("stats")
@click.option("--since", type=Duration(), help="Only runs of this long until now, as in 24h, 30d.  [default: 30d]")
@click.option("--all", "everything", is_flag=True, help="All records, whenever.")
@output_option("table", "wide", "csv", "json", "yaml", "template")
def command(since: int | None, everything: bool, output: str) -> int:
    r"""Count runs, failures and refusals, and show what is active and what required workflows do not cover.

    \b
    Examples:
      innominatus-ctl stats
      innominatus-ctl stats --since 7d
      innominatus-ctl stats --all -o json
      innominatus-ctl stats -o csv > runs.csv
    """
    from innominatus_cli.cli.remarks import told
    from innominatus_cli.operations.history import open_ledger
    from innominatus_cli.operations.statistics import DEFAULT_SECONDS, statistics
    from innominatus_cli.reports.statistics import statistics_csv, statistics_text
    from innominatus_cli.system.clock import SystemClock

    if everything and since is not None:
        raise click.UsageError("--since and --all exclude each other")
    found = statistics(open_ledger(), SystemClock().now(), None if everything else since or DEFAULT_SECONDS)
    shown = found.statistics
    wide, colour = output == "wide", wants_colour(sys.stdout)
    if output == "csv":
        print_text(statistics_csv(shown))
    else:
        print_document(shown.as_json(), output, lambda: statistics_text(shown, wide=wide, colour=colour))
    return told(found.findings)
