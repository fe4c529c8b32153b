"""`resource`: one resource of an application."""

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.commands.drift import command as drift
from innominatus_cli.cli.output import output_option, print_document


@click.group("resource")
def command() -> None:
    r"""Look at one resource of an application: its state and history, outputs, health, drift.

    \b
    Examples:
      innominatus-ctl resource show checkout-service database
      innominatus-ctl resource outputs checkout-service database -o json
      innominatus-ctl resource health checkout-service
      innominatus-ctl resource drift checkout-service --env staging
    """


_environment = click.option(
    "--env", "environment", metavar="ENV", help="Where it is.", shell_complete=offers.environments
)


@command.command("show", short_help="Show its state, what made it, its outputs and its history.")
@click.argument("application", metavar="APP", shell_complete=offers.applications)
@click.argument("name", metavar="RESOURCE")
@_environment
@output_option("table", "json", "yaml")
def show(application: str, name: str, environment: str | None, output: str) -> int:
    r"""Show a resource as the records know it.

    \b
    Examples:
      innominatus-ctl resource show checkout-service database --env development
    """
    from innominatus_cli.operations.history import open_ledger
    from innominatus_cli.operations.resources.looking import resource
    from innominatus_cli.reports.resources import resource_text

    found = resource(open_ledger(), application, name, environment)
    print_document({"schema": "innominatus.dev/resource/v1", **found}, output, lambda: resource_text(found))
    return 0


@command.command("outputs", short_help="Print its outputs, for scripts.")
@click.argument("application", metavar="APP", shell_complete=offers.applications)
@click.argument("name", metavar="RESOURCE")
@_environment
@output_option("table", "json", "yaml")
def outputs(application: str, name: str, environment: str | None, output: str) -> int:
    r"""Print the outputs of a resource that its last record holds; secret ones are in no record.

    \b
    Examples:
      innominatus-ctl resource outputs checkout-service database
      innominatus-ctl resource outputs checkout-service database -o json
    """
    from innominatus_cli.operations.history import open_ledger
    from innominatus_cli.operations.resources.looking import resource
    from innominatus_cli.reports.resources import outputs_text

    found = resource(open_ledger(), application, name, environment)["outputs"]
    print_document(found, output, lambda: outputs_text(found))
    return 0


@command.command("health", short_help="Ask who made it how everything is right now.")
@click.argument("word", metavar="[APP|ID]", required=False, shell_complete=offers.applications)
@_environment
@output_option("table", "json", "yaml", "template")
def health(word: str | None, environment: str | None, output: str) -> int:
    r"""Ask provisioners, clusters and files how what they made is right now. Nothing is changed.

    Ends with 1 where something is degraded or unhealthy, and with 4 where it could not be asked.

    \b
    Examples:
      innominatus-ctl resource health
      innominatus-ctl resource health checkout-service --env staging
      innominatus-ctl resource health orders-database -o json
    """
    from innominatus_cli.cli.asking import print_health

    return print_health(word, environment, output)


command.add_command(drift)
