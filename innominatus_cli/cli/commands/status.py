"""`status`: the last run of each application and environment."""

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.output import output_option, page_options, print_listing


@click.command("status")
@click.argument("application", metavar="[APP]", required=False, shell_complete=offers.applications)
@output_option()
@page_options
def command(application: str | None, output: str, limit: int | None, offset: int) -> int:
    r"""Show the last run of each application and environment: its status, when, by whom, commit and plan.

    A run that is going on, or was killed before it could write its record, stands first.

    \b
    Examples:
      innominatus-ctl status
      innominatus-ctl status checkout-service -o wide
      innominatus-ctl status -o json
    """
    from innominatus_cli.cli.remarks import told
    from innominatus_cli.operations.history import open_ledger, page, status
    from innominatus_cli.reports.history import status_listing

    found = status(open_ledger(), application)
    print_listing(status_listing(found, page(found.rows, limit, offset)), output)
    return told(found.findings)
