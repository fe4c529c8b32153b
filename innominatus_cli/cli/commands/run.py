"""`run`: a golden path or a workflow, from the plan to a committed record."""

from typing import Any

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.output import output_option
from innominatus_cli.cli.running import carry_out, run_options


@click.command("run")
@click.argument("name", metavar="GOLDENPATH|WORKFLOW", shell_complete=offers.runnable)
@click.argument("score", metavar="[SCORE]", required=False, shell_complete=offers.files)
@run_options
@output_option("text", "json", "yaml")
def command(name: str, score: str | None, output: str, **given: Any) -> int:  # noqa: ANN401 - click's own options
    r"""Run a golden path or a workflow: plan, judge by every policy, execute, and commit one run record.

    \b
    Examples:
      innominatus-ctl run deploy-app score.yaml --env development
      innominatus-ctl run deploy-app score.yaml --env staging --param replicas=3 --push
      innominatus-ctl run undeploy-app score.yaml --env development
      innominatus-ctl run deploy-app score.yaml --dry-run -o json
    """
    return carry_out(name, score, output, given)
