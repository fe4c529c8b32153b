"""`redeploy`: the last deployment once more."""

from typing import Any

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.environments import ENVIRONMENT
from innominatus_cli.cli.output import output_option
from innominatus_cli.cli.running import RUN_DEFAULTS, carry_out, dry_run_option, execution_options


@click.command("redeploy")
@click.argument("application", metavar="APP", shell_complete=offers.applications)
@click.option("--env", "environment", metavar="ENV", type=ENVIRONMENT, help="Else the last one.")
@execution_options
@dry_run_option
@output_option("text", "json", "yaml")
def command(application: str, environment: str | None, output: str, **given: Any) -> int:  # noqa: ANN401
    r"""Deploy an application once more, as the working tree is now and as its last deployment was asked for.

    Golden path, parameters, workflows and overridden properties are those of that run; the plan is made and judged
    anew, and the run is recorded. What was scaled or changed by hand is put back where the plan says something of it.

    \b
    Examples:
      innominatus-ctl redeploy checkout-service --env staging
      innominatus-ctl redeploy checkout-service --dry-run
    """
    from innominatus_cli.operations.resources.redeploying import last_wish

    wish = last_wish(application, environment)
    asked = {
        "environment": wish.environment,
        "parameters": wish.parameters,
        "workflows": wish.workflows,
        "overriding": wish.overriding,
    }
    return carry_out(wish.name, wish.score, output, {**RUN_DEFAULTS, **given, **asked})
