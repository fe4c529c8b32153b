"""`analyze`: how a plan will run, and what is risky about it."""

from typing import Any

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.output import output_option
from innominatus_cli.cli.wishing import wish_options


@click.command("analyze")
@click.argument("score", metavar="SCORE|APP", shell_complete=offers.scores_or_applications)
@click.option("--golden-path", "name", metavar="NAME", shell_complete=offers.runnable, help="Plan it by this one.")
@wish_options
@output_option("table", "wide", "json", "yaml", "template")
def command(score: str, output: str, **wish: Any) -> int:  # noqa: ANN401 - click's own options
    r"""Show a plan's critical path, what runs side by side, how long it takes by past runs, and its risks.

    \b
    Examples:
      innominatus-ctl analyze docs/examples/checkout-service/score.yaml
      innominatus-ctl analyze checkout-service --env production -o wide
      innominatus-ctl analyze checkout-service -o json
    """
    from innominatus_cli.cli.explaining import analyse_application

    return analyse_application(score, output, wish)
