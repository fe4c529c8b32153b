"""`run`: a golden path or a workflow, from the plan to a committed record."""

from typing import Any

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.output import output_option
from innominatus_cli.cli.running import carry_out, plan_file_option, run_options


@click.command("run")
@click.argument("name", metavar="[GOLDENPATH|WORKFLOW]", required=False, shell_complete=offers.runnable)
@click.argument("score", metavar="[SCORE]", required=False, shell_complete=offers.files)
@plan_file_option
@run_options
@output_option("text", "json", "yaml")
def command(name: str | None, score: str | None, output: str, **given: Any) -> int:  # noqa: ANN401 - click's own options
    r"""Run a golden path or a workflow: plan, judge by every policy, execute, and commit one run record.

    \b
    Examples:
      innominatus-ctl run deploy-app score.yaml --env development
      innominatus-ctl run deploy-app score.yaml --env staging --param expected_replicas=3 --push
      innominatus-ctl run undeploy-app score.yaml --env development
      innominatus-ctl run deploy-app score.yaml --dry-run -o json
      innominatus-ctl run --plan checkout.plan.json
    """
    if name is None and given["plan_file"] is None:
        raise click.UsageError("name a golden path or a workflow, or a plan file with --plan FILE")
    return carry_out(name, score, output, given)
