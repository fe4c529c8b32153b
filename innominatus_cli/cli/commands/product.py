"""`product`: the product commands as a group."""

import click

from innominatus_cli.cli.commands import (
    list_product_workflows,
    list_products,
    test_product_workflow,
    validate_product_workflow,
)


@click.group("product")
def command() -> None:
    r"""The product commands as a group.

    \b
    Examples:
      innominatus-ctl product list
      innominatus-ctl product workflows ecommerce
      innominatus-ctl product validate my-workflow.yaml
      innominatus-ctl product test my-workflow.yaml test-app.yaml
    """


command.add_command(list_products.command, "list")
command.add_command(list_product_workflows.command, "workflows")
command.add_command(validate_product_workflow.command, "validate")
command.add_command(test_product_workflow.command, "test")
