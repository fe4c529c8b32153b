"""`deploy`: an application by the golden path that admin-config names as the default."""

from typing import Any

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.output import output_option
from innominatus_cli.cli.running import carry_out, plan_file_option, run_options


@click.command("deploy")
@click.argument("score", metavar="[SCORE]", required=False, shell_complete=offers.files)
@plan_file_option
@run_options
@output_option("text", "json", "yaml")
def command(score: str | None, output: str, **given: Any) -> int:  # noqa: ANN401 - click's own options
    r"""Deploy an application by the default golden path (`defaultGoldenPath` in admin-config.yaml, else deploy-app).

    \b
    Examples:
      innominatus-ctl deploy score.yaml --env development
      innominatus-ctl deploy docs/examples/checkout-service/score.yaml --env development --dry-run
      innominatus-ctl deploy --plan checkout.plan.json
    """
    if score is None and given["plan_file"] is None:
        raise click.UsageError("name a Score file, or a plan file with --plan FILE")
    from innominatus_cli.documents.vocabulary import Operation

    return carry_out(None, score, output, given, Operation.DEPLOY)
