"""`runs`: work with the runs of an application."""

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.environments import ENVIRONMENT
from innominatus_cli.cli.output import output_option, print_document


@click.group("runs")
def command() -> None:
    r"""Work with the runs of an application.

    \b
    Examples:
      innominatus-ctl runs bisect checkout-service
    """


@command.command("bisect", short_help="Find the first bad run after a good one, and what came between.")
@click.argument("application", metavar="APP", shell_complete=offers.applications)
@click.option("--env", "environment", metavar="NAME", type=ENVIRONMENT, help="Only there.")
@click.option("--good", metavar="RUN", shell_complete=offers.runs, help="Look behind this run.")
@click.option("--bad", metavar="RUN", shell_complete=offers.runs, help="Look up to this run.")
@output_option("text", "json", "yaml", "template")
def bisect(application: str, environment: str | None, good: str | None, bad: str | None, output: str) -> int:
    r"""Find the first bad run after a good one: the commits that came between them, and how their plans differ.

    Nothing runs again: the records say which runs were good. Without --good and --bad it is the last time that runs
    turned bad; with one of them the first time in that range. Commits that change a source of the plan are marked.

    \b
    Examples:
      innominatus-ctl runs bisect checkout-service
      innominatus-ctl runs bisect checkout-service --env production --good 01JD
      innominatus-ctl runs bisect checkout-service -o json
    """
    from innominatus_cli.cli.remarks import told
    from innominatus_cli.operations.bisecting import bisect_runs
    from innominatus_cli.reports.bisection import bisection_document, bisection_text

    found = bisect_runs(application, environment, good, bad)
    print_document(bisection_document(found), output, lambda: bisection_text(found))
    return told(found.findings)
