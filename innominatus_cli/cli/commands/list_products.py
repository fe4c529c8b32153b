"""`list-products`: products and how many workflows they have."""

import click

from innominatus_cli.cli.output import output_option, page_options, print_listing


@click.command("list-products", short_help="List products and their workflows.")
@output_option()
@page_options
def command(output: str, limit: int | None, offset: int) -> int:
    r"""List products with their workflows, and whether policies allow any of them to run.

    Allowed products come first, those with most workflows before others.

    \b
    Examples:
      innominatus-ctl list-products
      innominatus-ctl list-products -o json
      innominatus-ctl list-products -o 'template={{ product }}: {{ allowed_count }}'
    """
    from innominatus_cli.cli.remarks import told
    from innominatus_cli.operations.discovery import products
    from innominatus_cli.operations.opening import open_repository
    from innominatus_cli.reports.products import products_listing

    repository = open_repository()
    found = products(repository)
    print_listing(products_listing(found[offset:][:limit]), output)
    return told(repository.findings)
