"""`history`: the runs of an application."""

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.output import output_option, page_options, print_listing


@click.command("history")
@click.argument("application", metavar="[APP]", required=False, shell_complete=offers.applications)
@click.option(
    "--env", "environment", metavar="ENV", shell_complete=offers.environments, help="Only runs in this environment."
)
@output_option()
@page_options
def command(application: str | None, environment: str | None, output: str, limit: int | None, offset: int) -> int:
    r"""List runs, the newest first: of all applications, or of one.

    \b
    Examples:
      innominatus-ctl history checkout-service --env development
      innominatus-ctl history --limit 20
      innominatus-ctl history -o json
    """
    from innominatus_cli.cli.remarks import told
    from innominatus_cli.operations.history import history, open_ledger, page
    from innominatus_cli.reports.history import history_listing

    newest = None if limit is None else offset + limit
    found = history(open_ledger(), application, environment, newest)
    print_listing(history_listing(found, page(found.rows, limit, offset), environment), output)
    return told(found.findings)
