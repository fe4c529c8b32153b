"""`validate-product-workflow`: checks workflows of products before they are committed."""

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.output import output_option, print_for_people, print_text
from innominatus_cli.cli.paths import none_empty
from innominatus_cli.cli.remarks import told
from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.reports.formats import FORMATS


@click.command("validate-product-workflow", short_help="Check product workflows, as a pre-commit hook does.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", shell_complete=offers.files, callback=none_empty)
@click.option("--strict", is_flag=True, help="Warnings fail too.")
@output_option(*FORMATS)
def command(files: tuple[str, ...], strict: bool, output: str) -> int:
    r"""Check product workflows: structure, step types, metadata, and whether admin-config.yaml allows them.

    Nothing is executed. With `-o text`, json and yaml the findings with their places are on stderr too; the other
    formats are those of `validate`.

    \b
    Examples:
      innominatus-ctl validate-product-workflow workflows/products/ecommerce/payment-integration.yaml
      innominatus-ctl validate-product-workflow --strict workflows/products/*/*.yaml
      innominatus-ctl validate-product-workflow -o github workflows/products
    """
    from innominatus_cli.operations.product_validation import validate_product_workflows
    from innominatus_cli.reports.product_validation import validation_report

    found = validate_product_workflows(files)
    if output in {"text", "json", "yaml"}:
        write = print_for_people if output == "text" else print_text
        write(validation_report(found, output))
        told(found.findings, found.sources, remarks=True)
    else:
        from innominatus_cli.cli.checking import Answer, show

        show(found.as_validation(), Answer(strict=strict, output=output, reports=()))
    return int(ExitStatus.FINDINGS if found.fails(strict=strict) else ExitStatus.OK)
