"""`explain`: what a code of a finding means, or why a plan has the steps that it has."""

import sys
from typing import Any

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.output import output_option, print_text
from innominatus_cli.cli.wishing import wish_options
from innominatus_cli.findings.blocks import BLOCKS
from innominatus_cli.reports.terminal import wants_colour


@click.command("explain")
@click.argument("words", nargs=-1, metavar="[CODE|APP|WORD]...", shell_complete=offers.codes_or_applications)
@click.option("--list", "listed", is_flag=True, help="List the codes that hold each WORD; all, without one.")
@click.option("--block", type=click.Choice([block.name for block in BLOCKS]), help="List the codes of a block.")
@click.option("--severity", type=click.Choice(["error", "warning", "info"]), help="List the codes of a severity.")
@click.option("--golden-path", "name", metavar="NAME", shell_complete=offers.runnable, help="Plan APP by this one.")
@wish_options
@output_option("text", "table", "wide", "json", "yaml")
def command(
    words: tuple[str, ...],
    listed: bool,
    block: str | None,
    severity: str | None,
    output: str,
    **wish: Any,  # noqa: ANN401 - click's own options
) -> int:
    r"""Explain codes of findings, or the plan of an application: APP [STEP].

    APP is a Score file or an application's name. Each step is told with its line, what put it there, what it waits
    for, its condition and the policies that speak of it; each absent workflow with why, and what would bring it in.
    STEP is a step's id, the end of one, a workflow, or a pattern with `*`.

    \b
    Examples:
      innominatus-ctl explain ORC-2017
      innominatus-ctl explain --list secret
      innominatus-ctl explain --block policy --severity error -o wide
      innominatus-ctl explain checkout-service --env production
      innominatus-ctl explain docs/examples/checkout-service/score.yaml database-setup/provision-database
    """
    from innominatus_cli.reports import explanation

    if listed or block or severity:
        print_text(explanation.code_list(explanation.codes_with(words, block, severity), output))
        return 0
    if not words:
        raise click.UsageError("name a code as in ORC-2017 or an application, or list codes with --list")
    if not explanation.is_code(words[0]):
        from innominatus_cli.cli.explaining import explain_application

        return explain_application(words, output, wish)
    try:
        print_text(explanation.explanation(explanation.codes_named(words), output, colour=wants_colour(sys.stdout)))
    except ValueError as problem:
        raise click.UsageError(str(problem)) from problem
    return 0
