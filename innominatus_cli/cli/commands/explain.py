"""`explain`: what a code of a finding means."""

import sys

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.output import output_option, print_text
from innominatus_cli.findings.blocks import BLOCKS
from innominatus_cli.reports.terminal import wants_colour


@click.command("explain")
@click.argument("words", nargs=-1, metavar="[CODE|WORD]...", shell_complete=offers.codes)
@click.option("--list", "listed", is_flag=True, help="List the codes that hold each WORD; all, without one.")
@click.option("--block", type=click.Choice([block.name for block in BLOCKS]), help="List the codes of a block.")
@click.option("--severity", type=click.Choice(["error", "warning", "info"]), help="List the codes of a severity.")
@output_option("text", "table", "wide", "json", "yaml")
def command(words: tuple[str, ...], listed: bool, block: str | None, severity: str | None, output: str) -> int:
    r"""Explain codes of findings: how bad each is, why it matters, what to do about it, and an example.

    \b
    Examples:
      innominatus-ctl explain ORC-2017
      innominatus-ctl explain 2017 4003 -o json
      innominatus-ctl explain --list secret
      innominatus-ctl explain --block policy --severity error -o wide
    """
    from innominatus_cli.reports import explanation

    if listed or block or severity:
        print_text(explanation.code_list(explanation.codes_with(words, block, severity), output))
        return 0
    if not words:
        raise click.UsageError("name a code as in ORC-2017, or list them with --list")
    try:
        print_text(explanation.explanation(explanation.codes_named(words), output, colour=wants_colour(sys.stdout)))
    except ValueError as problem:
        raise click.UsageError(str(problem)) from problem
    return 0
