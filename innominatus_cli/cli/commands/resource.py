"""`resource`: one resource of an application."""

from typing import Any

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.by_hand import hand_options
from innominatus_cli.cli.commands.drift import command as drift
from innominatus_cli.cli.environments import ENVIRONMENT
from innominatus_cli.cli.output import output_option, print_document


@click.group("resource")
def command() -> None:
    r"""Look at resources of applications: state, history, outputs, health, drift; back them up and restore them.

    \b
    Examples:
      innominatus-ctl resource show checkout-service database
      innominatus-ctl resource outputs checkout-service database -o json
      innominatus-ctl resource health checkout-service
      innominatus-ctl resource backup clickstream-collector lake
      innominatus-ctl resource drift checkout-service --env staging
    """


_environment = click.option("--env", "environment", metavar="ENV", help="Where it is.", type=ENVIRONMENT)


@command.command("show", short_help="Show its state, what made it, its outputs and its history.")
@click.argument("application", metavar="APP", shell_complete=offers.applications)
@click.argument("name", metavar="RESOURCE", shell_complete=offers.resources)
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
@click.argument("name", metavar="RESOURCE", shell_complete=offers.resources)
@_environment
@click.option("--refresh", is_flag=True, help="Let its provider's workflow for `read` say what they are now.")
@output_option("table", "json", "yaml")
def outputs(application: str, name: str, environment: str | None, refresh: bool, output: str) -> int:
    r"""Print the outputs of a resource that its last record holds; secret ones are in no record.

    With --refresh its provider is asked, and nothing is recorded: the next deployment does that.

    \b
    Examples:
      innominatus-ctl resource outputs checkout-service database
      innominatus-ctl resource outputs checkout-service database --refresh -o json
    """
    from innominatus_cli.operations.history import open_ledger
    from innominatus_cli.operations.resources.looking import outputs_of
    from innominatus_cli.reports.resources import outputs_text

    found = outputs_of(open_ledger(), application, name, environment, refresh=refresh)
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


@command.command("backup", short_help="Let its provisioner back it up.")
@click.argument("application", metavar="APP", shell_complete=offers.applications)
@click.argument("name", metavar="RESOURCE", shell_complete=offers.resources)
@_environment
@hand_options
@output_option("text", "json", "yaml")
def backup(application: str, name: str, environment: str | None, output: str, **given: Any) -> int:  # noqa: ANN401
    r"""Let the provisioner of a resource back it up, where it offers that; who did is recorded.

    \b
    Examples:
      innominatus-ctl resource backup clickstream-collector lake --env development
    """
    from innominatus_cli.cli.keeping import print_done
    from innominatus_cli.operations.history import open_ledger
    from innominatus_cli.operations.resources import backups
    from innominatus_cli.operations.resources.permission import HandOptions

    done = backups.backup(open_ledger(), application, name, environment, HandOptions(**given))
    return print_done(done, output, "backed up as")


@command.command("restore", short_help="Let its provisioner restore it from a backup.")
@click.argument("application", metavar="APP", shell_complete=offers.applications)
@click.argument("name", metavar="RESOURCE", shell_complete=offers.resources)
@click.option("--backup", "wanted", metavar="ID", help="Which backup, or how its id begins; else the newest.")
@_environment
@hand_options
@output_option("text", "json", "yaml")
def restore(
    application: str,
    name: str,
    wanted: str | None,
    environment: str | None,
    output: str,
    **given: Any,  # noqa: ANN401 - see HandOptions
) -> int:
    r"""Let the provisioner of a resource restore what a backup holds; what it holds now is replaced. It is recorded.

    \b
    Examples:
      innominatus-ctl resource restore clickstream-collector lake
      innominatus-ctl resource restore clickstream-collector lake --backup 01JD --reason "bad import"
    """
    from innominatus_cli.cli.keeping import print_done
    from innominatus_cli.operations.history import open_ledger
    from innominatus_cli.operations.resources import backups
    from innominatus_cli.operations.resources.permission import HandOptions

    done = backups.restore(open_ledger(), application, name, environment, wanted, HandOptions(**given))
    return print_done(done, output, "restored from")


@command.command("transfer", short_help="Bring what it holds into another environment.")
@click.argument("application", metavar="APP", shell_complete=offers.applications)
@click.argument("name", metavar="RESOURCE", shell_complete=offers.resources)
@click.option("--env", "source", metavar="ENV", required=True, type=ENVIRONMENT, help="From where.")
@click.option("--to", "target", metavar="ENV", required=True, type=ENVIRONMENT, help="Where to.")
@hand_options
@output_option("text", "json", "yaml")
def transfer(application: str, name: str, source: str, target: str, output: str, **given: Any) -> int:  # noqa: ANN401
    r"""Back a resource up in one environment, and restore it in another one; what that holds is replaced.

    The resource has to be there in both. Both steps are recorded.

    \b
    Examples:
      innominatus-ctl resource transfer clickstream-collector lake --env staging --to development
    """
    from innominatus_cli.cli.keeping import print_done
    from innominatus_cli.operations.history import open_ledger
    from innominatus_cli.operations.resources import backups
    from innominatus_cli.operations.resources.permission import HandOptions

    done = backups.transfer(open_ledger(), application, name, source, target, HandOptions(**given))
    return print_done(done, output, f"transferred from {source} by")


command.add_command(drift)
