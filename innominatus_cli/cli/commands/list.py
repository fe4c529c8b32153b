"""`list`: the applications of the repository."""

import click

from innominatus_cli.cli.output import output_option, page_options, print_listing


@click.command("list")
@output_option()
@page_options
def command(output: str, limit: int | None, offset: int) -> int:
    r"""List applications: those with a Score file, and those that only the records know, each with its last run.

    \b
    Examples:
      innominatus-ctl list
      innominatus-ctl list -o wide
      innominatus-ctl list -o 'template={{ application }}'
    """
    from innominatus_cli.cli.remarks import told
    from innominatus_cli.operations.history import applications, open_ledger, page
    from innominatus_cli.reports.history import applications_listing

    found = applications(open_ledger())
    print_listing(applications_listing(page(found.rows, limit, offset)), output)
    return told(found.findings)
