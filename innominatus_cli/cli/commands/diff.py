"""`diff`: what is deployed, against the working tree."""

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.environments import ENVIRONMENT
from innominatus_cli.cli.output import output_option


@click.command("diff")
@click.argument("application", metavar="APP", shell_complete=offers.applications)
@click.option("--env", "environment", metavar="NAME", type=ENVIRONMENT, help="Else the last one.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 where they differ, as git does.")
@output_option("text", "json", "yaml", "markdown", "template")
def command(output: str, application: str, environment: str | None, exit_code: bool) -> int:
    r"""Show how what is deployed differs from what the working tree would deploy.

    The plan of the last successful deployment is compared with one that is made now, asked for in the same way: golden
    path, parameters, workflows and overridden properties of then. An overrides file of then is not given again.

    \b
    Examples:
      innominatus-ctl diff checkout-service
      innominatus-ctl diff checkout-service --env production --exit-code
      innominatus-ctl diff checkout-service -o markdown
    """
    from innominatus_cli.cli.comparing import print_diff
    from innominatus_cli.operations.deployed_diff import diff_deployed

    return print_diff(diff_deployed(application, environment), output, detailed=exit_code)
