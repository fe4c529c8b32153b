"""`list-resources`: what applications have, as the records know it."""

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.output import output_option, page_options, print_listing


@click.command("list-resources")
@click.argument("application", metavar="[APP]", required=False, shell_complete=offers.applications)
@click.option("--env", "environment", metavar="ENV", help="Only of this one.", shell_complete=offers.environments)
@click.option("--type", "kind", metavar="TYPE", help="Only of this type.", shell_complete=offers.resource_types)
@click.option(
    "--state", type=click.Choice(["requested", "active", "failed", "degraded", "terminated"]), help="Only so."
)
@output_option()
@page_options
def command(
    application: str | None,
    environment: str | None,
    kind: str | None,
    state: str | None,
    output: str,
    limit: int | None,
    offset: int,
) -> int:
    r"""List the resources of applications: their state, since when, and what made them.

    \b
    Examples:
      innominatus-ctl list-resources
      innominatus-ctl list-resources checkout-service --env development -o wide
      innominatus-ctl list-resources --state failed -o json
    """
    from innominatus_cli.cli.remarks import told
    from innominatus_cli.operations.history import open_ledger, page
    from innominatus_cli.operations.resources.looking import resources
    from innominatus_cli.reports.resources import resources_listing

    found = resources(open_ledger(), application, environment, kind, state)
    print_listing(resources_listing(page(found.rows, limit, offset)), output)
    return told(found.findings)
