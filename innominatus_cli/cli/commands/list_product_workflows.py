"""`list-product-workflows`: the workflows of one product, or of all."""

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.output import output_option, page_options, print_text


@click.command("list-product-workflows", short_help="List the workflows of a product, or of all.")
@click.argument("product", required=False, shell_complete=offers.products)
@output_option()
@page_options
def command(product: str | None, output: str, limit: int | None, offset: int) -> int:
    r"""List the workflows of PRODUCT by phase and name; without PRODUCT those of all, grouped by product.

    \b
    Examples:
      innominatus-ctl list-product-workflows
      innominatus-ctl list-product-workflows ecommerce -o wide
      innominatus-ctl list-product-workflows ecommerce -o json
    """
    from innominatus_cli.cli.output import print_listing
    from innominatus_cli.cli.remarks import told
    from innominatus_cli.operations.discovery import workflows_by_product, workflows_of
    from innominatus_cli.operations.opening import open_repository
    from innominatus_cli.reports.products import grouped_workflows, grouped_workflows_text, workflows_listing

    repository = open_repository()
    if product is not None:
        found = workflows_of(repository, product)
        print_listing(workflows_listing(product, found[offset:][:limit]), output)
    else:
        groups = grouped_workflows(workflows_by_product(repository), limit, offset)
        print_text(grouped_workflows_text(groups, output))
    return told(repository.findings)
