"""`deprovision`: removes what an application has; its records stay."""

from typing import Any

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.output import output_option
from innominatus_cli.cli.running import carry_out, run_options


@click.command("deprovision")
@click.argument("application", metavar="APP", shell_complete=offers.applications)
@run_options
@output_option("text", "json", "yaml")
def command(application: str, output: str, **given: Any) -> int:  # noqa: ANN401 - click's own options
    r"""Remove what all runs of an application have made, by the golden path undeploy-app. Its records stay.

    \b
    Examples:
      innominatus-ctl deprovision checkout-service --env development
      innominatus-ctl deprovision checkout-service --env development --dry-run
    """
    from innominatus_cli.operations.resources.removing import score_file_of

    return carry_out("undeploy-app", score_file_of(application), output, {**given, "plan_file": None})
