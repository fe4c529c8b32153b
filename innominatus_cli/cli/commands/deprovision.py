"""`deprovision`: removes what an application has, or everything that is past its time; records stay."""

from typing import Any

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.output import output_option
from innominatus_cli.cli.running import carry_out, run_options


@click.command("deprovision")
@click.argument("application", metavar="[APP]", required=False, shell_complete=offers.applications)
@click.option("--expired", is_flag=True, help="Remove what is past its time, of APP or of all, in --env or everywhere.")
@run_options
@output_option("text", "json", "yaml")
def command(application: str | None, expired: bool, output: str, **given: Any) -> int:  # noqa: ANN401 - click's own options
    r"""Remove what all runs of an application have made, by the golden path undeploy-app. Its records stay.

    With --expired a job of CI removes what golden paths with `expiresAfter` have deployed and whose time is over; it
    goes on where one of them fails, and ends with the highest of their exit statuses.

    \b
    Examples:
      innominatus-ctl deprovision checkout-service --env development
      innominatus-ctl deprovision checkout-service --env development --dry-run
      innominatus-ctl deprovision --expired --push
    """
    from innominatus_cli.cli.expiring import remove_expired
    from innominatus_cli.operations.resources.removing import score_file_of

    given["plan_file"] = None
    if expired:
        return remove_expired(application, output, given)
    if application is None:
        raise click.UsageError("name an application, or say --expired")
    return carry_out("undeploy-app", score_file_of(application), output, given)
