"""`list-goldenpaths`: what people run by name."""

import click

from innominatus_cli.cli.output import output_option, page_options, print_listing


@click.command("list-goldenpaths")
@output_option()
@page_options
def command(output: str, limit: int | None, offset: int) -> int:
    r"""List golden paths with their description, tags and required parameters.

    \b
    Examples:
      innominatus-ctl list-goldenpaths
      innominatus-ctl list-goldenpaths -o wide
      innominatus-ctl list-goldenpaths -o json
    """
    from innominatus_cli.cli.remarks import told
    from innominatus_cli.operations.discovery import golden_paths
    from innominatus_cli.operations.opening import open_repository
    from innominatus_cli.reports.products import golden_paths_listing

    repository = open_repository()
    found = golden_paths(repository)
    print_listing(golden_paths_listing(found[offset:][:limit]), output)
    return told(repository.findings)
