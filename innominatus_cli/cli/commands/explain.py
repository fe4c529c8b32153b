"""`explain`: what a code of a finding means."""

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.output import output_option, print_listing, print_text


@click.command("explain")
@click.argument("names", nargs=-1, metavar="[CODE]...", shell_complete=offers.codes)
@click.option("--list", "listed", is_flag=True, help="List all codes, or those with the given words.")
@output_option("table", "wide", "json", "yaml")
def command(names: tuple[str, ...], listed: bool, output: str) -> int:
    r"""Explain codes of findings: why each matters and what to do about it.

    \b
    Examples:
      innominatus-ctl explain ORC-2017
      innominatus-ctl explain 2017 4003 -o json
      innominatus-ctl explain --list warning
    """
    from innominatus_cli.reports.explanation import code_data, code_listing, codes_named, explanation_text
    from innominatus_cli.reports.listing import data_text

    if listed:
        print_listing(code_listing(names), output)
        return 0
    if not names:
        raise click.UsageError("name a code, or list them with --list")
    try:
        codes = codes_named(names)
    except ValueError as problem:
        raise click.UsageError(str(problem)) from problem
    data = output in {"json", "yaml"}
    print_text(data_text([code_data(code) for code in codes], output) if data else explanation_text(codes))
    return 0
