"""`history`: the runs of an application."""

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.environments import ENVIRONMENT
from innominatus_cli.cli.output import limited_page_options, output_option, print_listing


@click.command("history")
@click.argument("application", metavar="[APP]", required=False, shell_complete=offers.applications)
@click.option("--env", "environment", metavar="ENV", type=ENVIRONMENT, help="Only runs in this environment.")
@output_option()
@limited_page_options
def command(application: str | None, environment: str | None, output: str, limit: int | None, offset: int) -> int:
    r"""List runs, the newest first: of all applications, or of one. The newest 50 where no --limit is given.

    \b
    Examples:
      innominatus-ctl history checkout-service --env development
      innominatus-ctl history --limit 20
      innominatus-ctl history --limit 0
      innominatus-ctl history -o json
    """
    from innominatus_cli.cli.remarks import tell_interrupted, told
    from innominatus_cli.operations.history import NEWEST, history, open_ledger, page
    from innominatus_cli.reports.history import history_listing, older_runs
    from innominatus_cli.reports.terminal import to_stderr

    most = NEWEST if limit is None else limit or None
    ledger = open_ledger()
    found = history(ledger, application, environment, most and offset + most)
    print_listing(history_listing(found, page(found.rows, most, offset), environment), output)
    tell_interrupted(ledger, application, environment, found.rows)
    to_stderr(*older_runs(found.count, offset, NEWEST) if limit is None else ())
    return told(found.findings)
