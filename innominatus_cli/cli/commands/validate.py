"""`validate`: checks files of every kind and reports all findings at once."""

import sys

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.output import output_option, print_document


@click.command("validate")
@click.argument("paths", nargs=-1, metavar="[PATH]...", shell_complete=offers.files)
@click.option("--strict", is_flag=True, help="Warnings fail too.")
@output_option("text", "json", "yaml")
def command(paths: tuple[str, ...], strict: bool, output: str) -> int:
    r"""Check workflows, golden paths, policies, providers, admin-config and Score files.

    Without PATH, everything that the repository's admin-config.yaml leads to is checked. In a folder, files of other
    kinds are passed over. Nothing is executed and nothing is fetched. The exit status is 1 where an error was found.

    \b
    Examples:
      innominatus-ctl validate
      innominatus-ctl validate workflows/products/ecommerce
      innominatus-ctl validate --strict -o json score.yaml
    """
    from innominatus_cli.operations.validation import validate
    from innominatus_cli.reports.findings_json import findings_document
    from innominatus_cli.reports.findings_text import findings_text, summary_text
    from innominatus_cli.reports.terminal import wants_colour

    found = validate(paths)

    def text() -> str:
        shown = findings_text(found.findings, sources=found.sources, colour=wants_colour(sys.stdout))
        return f"{shown}{summary_text(found.findings, found.files)}\n"

    print_document(findings_document(found.findings, found.files), output, text)
    return int(found.exit_status(strict=strict))
