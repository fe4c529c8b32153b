"""`show`: one workflow."""

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.output import output_option, print_document


@click.command("show")
@click.argument("workflow", shell_complete=offers.workflows)
@output_option("text", "json", "yaml", "template")
def command(workflow: str, output: str) -> int:
    r"""Show WORKFLOW: its file, its steps in the order in which they run, and whether it is allowed and why.

    WORKFLOW is a file, an identity (`ecommerce/payment-integration`, `security-scan`) or a name that only one has.

    \b
    Examples:
      innominatus-ctl show ecommerce/payment-integration
      innominatus-ctl show security-scan -o json
    """
    from innominatus_cli.cli.remarks import told
    from innominatus_cli.operations.discovery import shown_workflow
    from innominatus_cli.operations.opening import open_repository
    from innominatus_cli.reports.products import workflow_text

    repository = open_repository()
    shown = shown_workflow(repository, workflow)
    print_document(shown, output, lambda: workflow_text(shown))
    return told(repository.findings)
