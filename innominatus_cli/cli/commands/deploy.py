"""`deploy`: an application by the golden path that admin-config names as the default."""

from typing import Any

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.output import output_option
from innominatus_cli.cli.running import carry_out, run_options


@click.command("deploy")
@click.argument("score", shell_complete=offers.files)
@run_options
@output_option("text", "json", "yaml")
def command(score: str, output: str, **given: Any) -> int:  # noqa: ANN401 - click's own options
    r"""Deploy an application by the default golden path (`defaultGoldenPath` in admin-config.yaml, else deploy-app).

    \b
    Examples:
      innominatus-ctl deploy score.yaml --env development
      innominatus-ctl deploy docs/examples/checkout-service/score.yaml --env development --dry-run
    """
    return carry_out(None, score, output, given)
