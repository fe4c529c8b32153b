"""`preview`: what tools would change."""

from typing import Any

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.output import output_option
from innominatus_cli.cli.overriding import need_score
from innominatus_cli.cli.wishing import named_option, wish_options


@click.command("preview")
@click.argument("score", required=False, shell_complete=offers.files)
@named_option
@wish_options
@output_option("table", "json", "yaml", "template")
def command(output: str, **wish: Any) -> int:  # noqa: ANN401
    r"""Plan a run, and ask each step's tool what it would change: its own dry run.

    `plan` executes nothing; this asks terraform plan, kubectl diff, helm's dry run and their like, which need the
    tools, credentials and a network. Nothing is changed. Inputs that other steps give have their last values: before
    the first deployment a step that needs one cannot say, and the command ends with 4. Of a run that policies refuse
    nothing is asked, and it ends with 3.

    \b
    Examples:
      innominatus-ctl preview score.yaml --env staging
      innominatus-ctl preview score.yaml --env staging -o json
    """
    from innominatus_cli.cli.asking import print_preview

    need_score(wish["score"], wish["overriding"])
    return print_preview(wish, output)
