"""`status`: the last run of each application and environment."""

import sys
from typing import TYPE_CHECKING

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.output import output_option, page_options, print_for_people, print_listing

if TYPE_CHECKING:
    from collections.abc import Callable

    from innominatus_cli.operations.history import Found
    from innominatus_cli.reports.listing import Listing


@click.command("status")
@click.argument("application", metavar="[APP]", required=False, shell_complete=offers.applications)
@click.option("-w", "--watch", is_flag=True, help="Show it again whenever it changes, until no run is going on.")
@output_option()
@page_options
def command(application: str | None, watch: bool, output: str, limit: int | None, offset: int) -> int:
    r"""Show the last run of each application and environment: its status, when, by whom, commit and plan.

    A run that is going on, or was killed before it could write its record, stands first. With --watch the table is
    drawn again in its place; where stdout is no terminal, a line tells each change.

    \b
    Examples:
      innominatus-ctl status
      innominatus-ctl status checkout-service --watch
      innominatus-ctl status -o json
    """
    from innominatus_cli.cli.remarks import tell_interrupted, told
    from innominatus_cli.operations.history import open_ledger, page, status
    from innominatus_cli.reports.history import status_listing

    def listing(found: "Found") -> "Listing":
        return status_listing(found, page(found.rows, limit, offset))

    if watch:
        return _watched(application, output, listing)
    ledger = open_ledger()
    found = status(ledger, application)
    print_listing(listing(found), output)
    tell_interrupted(ledger, application, rows=found.rows, waiting=True)
    return told(found.findings)


def _watched(application: str | None, output: str, listing: "Callable[[Found], Listing]") -> int:
    from innominatus_cli.operations.history import open_ledger
    from innominatus_cli.operations.watching import watch
    from innominatus_cli.reports.listing import listing_text
    from innominatus_cli.reports.watching import changes, redrawn

    if output not in {"table", "wide"}:
        raise click.UsageError("--watch shows a table: leave out --output")
    looks = watch(open_ledger, application)
    if not sys.stdout.isatty():
        for line in changes(looks):
            print_for_people(line)
        return 0
    for control, text in redrawn(looks, lambda look: listing_text(listing(look.found), output)):
        sys.stdout.write(control)
        print_for_people(text)
    return 0
