"""`plan`: what a run would do, and why."""

from typing import Any

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.output import output_option


@click.command("plan")
@click.argument("score", required=False, shell_complete=offers.files)
@click.option(
    "--env", "environment", metavar="NAME", shell_complete=offers.environments, help="The environment to plan for."
)
@click.option("--param", "parameters", metavar="NAME=VALUE", multiple=True, help="A golden path's parameter.")
@click.option(
    "--golden-path",
    "name",
    metavar="NAME",
    shell_complete=offers.runnable,
    help="A golden path or workflow; else the default one.",
)
@click.option(
    "--workflow",
    "workflows",
    metavar="NAME",
    shell_complete=offers.product_workflows,
    multiple=True,
    help="Add a manual workflow.",
)
@click.option("--digest", is_flag=True, help="Print the plan's digest only.")
@click.option("--explain", is_flag=True, help="Also say which workflows are absent and why, inputs and sources.")
@output_option()
def command(output: str, digest: bool, explain: bool, **wish: Any) -> int:  # noqa: ANN401 - click's own options
    r"""Show what a run would do, and why. Nothing is executed or written.

    \b
    Examples:
      innominatus-ctl plan docs/examples/checkout-service/score.yaml --env development
      innominatus-ctl plan score.yaml --explain
      innominatus-ctl plan score.yaml -o json
      innominatus-ctl plan score.yaml --digest
    """
    from innominatus_cli.cli.planning import print_plan
    from innominatus_cli.operations.planning import PlanWish, plan_for

    return print_plan(plan_for(PlanWish(**wish)), output, digest=digest, wide=explain or output == "wide")
