"""`version`: which release this is, and what it runs on."""

import sys

import click

from innominatus_cli import __version__
from innominatus_cli.cli.output import output_option, print_document


@click.command("version")
@output_option("text", "json", "yaml")
def command(output: str) -> None:
    r"""Show the version.

    \b
    Examples:
      innominatus-ctl version
      innominatus-ctl version -o json
    """
    python = ".".join(str(part) for part in sys.version_info[:3])
    document = {
        "schema": "innominatus.dev/version/v1",
        "version": __version__,
        "python": python,
        "platform": sys.platform,
    }
    print_document(document, output, lambda: f"innominatus-ctl {__version__} (Python {python}, {sys.platform})\n")
