"""`new`: documents that validate from the first line on."""

import click

from innominatus_cli.cli.creating import KindGroup, command_for
from innominatus_cli.operations.creation.kinds import KINDS


@click.group("new", cls=KindGroup)
def command() -> None:
    r"""Write something new, which validates as it is: flags say what, and a terminal is asked for the rest.

    Nothing that is there is replaced, unless with --force. Every YAML file begins with a line that tells editors its
    schema, which is written to .innominatus/schemas.

    \b
    Examples:
      innominatus-ctl new application
      innominatus-ctl new product storefront --workflow database-setup
      innominatus-ctl new workflow visit-report --product storefront --phase post-deployment --dry-run
    """


for _kind in KINDS.values():
    command.add_command(command_for(_kind))
