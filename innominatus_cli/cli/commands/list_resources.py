"""`list-resources`: what applications have, as the records know it."""

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.environments import ENVIRONMENT
from innominatus_cli.cli.output import output_option, page_options, print_listing
from innominatus_cli.operations.resources.lifecycle import STATES


@click.command("list-resources")
@click.argument("application", metavar="[APP]", required=False, shell_complete=offers.applications)
@click.option("--env", "environment", metavar="ENV", help="Only of this one.", type=ENVIRONMENT)
@click.option("--type", "kind", metavar="TYPE", help="Only of this type.", shell_complete=offers.resource_types)
@click.option("--state", type=click.Choice(STATES), help="Only those in this state.")
@click.option("--tag", "tags", multiple=True, metavar="NAME[=VALUE]", help="Only those with this tag; repeatable.")
@output_option()
@page_options
def command(
    application: str | None,
    environment: str | None,
    kind: str | None,
    state: str | None,
    tags: tuple[str, ...],
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
      innominatus-ctl list-resources --tag team=payments
    """
    from innominatus_cli.cli.remarks import tell_interrupted, told
    from innominatus_cli.operations.history import open_ledger, page
    from innominatus_cli.operations.resources.looking import resources
    from innominatus_cli.reports.resources import resources_listing

    ledger = open_ledger()
    found = resources(ledger, application, environment, kind, state, tags)
    print_listing(resources_listing(page(found.rows, limit, offset)), output)
    tell_interrupted(ledger, application, environment)
    return told(found.findings)
