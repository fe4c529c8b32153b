"""`approvals`: what waits for whom, and what was given."""

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.output import output_option, page_options, print_listing


@click.command("approvals")
@click.option("--run", metavar="RUN", shell_complete=offers.runs, help="The gates of this run, open ones too.")
@click.option("--app", "application", metavar="APP", shell_complete=offers.applications, help="Only this application.")
@click.option("--policies-from", metavar="REV", help="Teams and signers of another revision.")
@output_option()
@page_options
def command(
    run: str | None, application: str | None, policies_from: str | None, output: str, limit: int | None, offset: int
) -> int:
    r"""Show the gates of runs that wait: who must approve, who has, and why other approvals do not count.

    \b
    Examples:
      innominatus-ctl approvals
      innominatus-ctl approvals --run latest -o wide
      innominatus-ctl approvals --app checkout-service -o json
    """
    from innominatus_cli.cli.remarks import told
    from innominatus_cli.operations.approving import waiting
    from innominatus_cli.operations.history import open_ledger
    from innominatus_cli.reports.approvals import approvals_listing

    ledger = open_ledger()
    rows = waiting(ledger, run, application, policies_from)
    print_listing(approvals_listing(rows), output, limit, offset)
    return told(ledger.store.findings)
