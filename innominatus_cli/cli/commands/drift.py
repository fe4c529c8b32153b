"""`drift`: what is deployed, as it is now."""

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.environments import ENVIRONMENT
from innominatus_cli.cli.output import output_option


@click.command("drift", short_help="Ask the tools whether everything is as it was made; the same as `drift`.")
@click.argument("application", metavar="APP", shell_complete=offers.applications)
@click.option("--env", "environment", metavar="NAME", type=ENVIRONMENT, help="Else the last one.")
@output_option("table", "json", "yaml", "template")
def command(output: str, application: str, environment: str | None) -> int:
    r"""Ask the tools whether what the last deployment made is still as it made it.

    terraform, kubectl, helm, migrations, vaults and repositories are asked, with the inputs of that run; nothing is
    changed. Ends with 1 where something differs, and with 4 where a tool could not say. `resource drift` is the same
    command.

    \b
    Examples:
      innominatus-ctl drift checkout-service --env staging
      innominatus-ctl drift checkout-service -o json
    """
    from innominatus_cli.cli.asking import print_drift

    return print_drift(application, environment, output)
