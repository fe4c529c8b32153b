"""`secrets`: the secrets of admin-config, their stores and ages; never a value."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.environments import ENVIRONMENT
from innominatus_cli.cli.output import output_option, print_document, print_listing

F = TypeVar("F", bound=Callable[..., Any])
_WHERE = "The environment; by default development."


def _of_what(function: F) -> F:
    ours = "The application, for secrets that each has of its own."
    env = click.option("--env", "environment", metavar="NAME", default="development", type=ENVIRONMENT, help=_WHERE)
    app = click.option("--app", "application", metavar="APP", shell_complete=offers.applications, help=ours)
    return app(env(function))


@click.group("secrets")
def command() -> None:
    r"""Show the secrets of admin-config.yaml, ask their stores for them, and change them. No value is ever shown.

    \b
    Examples:
      innominatus-ctl secrets list
      innominatus-ctl secrets check --app checkout-service --env production
      innominatus-ctl secrets rotate stripe-api-key --app checkout-service
    """


@command.command("list", short_help="Names, stores, ages, and where they are used.")
@_of_what
@output_option()
def list_(application: str | None, environment: str, output: str) -> int:
    r"""Show every secret: its name, its store, its age where this clone knows it, and the files that name it.

    \b
    Examples:
      innominatus-ctl secrets list
      innominatus-ctl secrets list --app checkout-service -o json
    """
    from innominatus_cli.cli.remarks import told
    from innominatus_cli.operations.history import open_ledger
    from innominatus_cli.operations.secret_listing import listed_secrets
    from innominatus_cli.reports.secrets import secrets_listing
    from innominatus_cli.system.clock import SystemClock

    listed = listed_secrets(open_ledger(), application, environment, SystemClock())
    print_listing(secrets_listing(listed), output)
    return told(listed.findings)


@command.command("check", short_help="Ask every store, and say ok, missing or why not.")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@_of_what
@output_option()
def check(names: tuple[str, ...], application: str | None, environment: str, output: str) -> int:
    r"""Ask the stores for every secret, or for those named: ok, missing, failed, too short or too old.

    \b
    Examples:
      innominatus-ctl secrets check --app checkout-service
      innominatus-ctl secrets check stripe-api-key -o json
    """
    from innominatus_cli.cli.remarks import told
    from innominatus_cli.operations.history import open_ledger
    from innominatus_cli.operations.secret_listing import checked_secrets
    from innominatus_cli.reports.secrets import secrets_listing
    from innominatus_cli.system.clock import SystemClock

    listed = checked_secrets(open_ledger(), application, environment, SystemClock(), names)
    print_listing(secrets_listing(listed), output)
    return told(listed.findings)


@command.command("rotate", short_help="Put a new random value in place of the old one.")
@click.argument("name", metavar="NAME")
@_of_what
@click.option("--reason", metavar="TEXT", default="", help="Why, for the record.")
@output_option("text", "json", "yaml")
def rotate(name: str, application: str | None, environment: str, reason: str, output: str) -> int:
    r"""Put a new random value in place of the old one, in the stores `local`, `file` and `vault`. Who did is recorded.

    Secrets of other stores, and those without `generate`, are changed where they come from: the message says where.

    \b
    Examples:
      innominatus-ctl secrets rotate stripe-api-key --app checkout-service --env production
    """
    from innominatus_cli.cli.remarks import told
    from innominatus_cli.operations.history import open_ledger
    from innominatus_cli.operations.secret_listing import rotate_secret
    from innominatus_cli.reports.secrets import secret_document
    from innominatus_cli.system.clock import SystemClock

    rotated = rotate_secret(open_ledger(), name, application, environment, SystemClock(), reason)
    row = rotated.row
    document = {"schema": "innominatus.dev/secret/v1", **secret_document(row), "action": rotated.action}
    print_document(document, output, lambda: f"secret '{row.name}' in store '{row.store}' has a new value\n")
    return told(rotated.findings)
