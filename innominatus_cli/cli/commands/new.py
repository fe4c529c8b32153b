"""`new`: documents that validate from the first line on."""

import click

from innominatus_cli.cli.creating import KindGroup, command_for
from innominatus_cli.cli.output import output_option, print_listing
from innominatus_cli.operations.creation.kinds import KINDS


@click.group("new", cls=KindGroup, invoke_without_command=True, no_args_is_help=True)
@click.option("--list", "listed", is_flag=True, help="List the templates.")
@click.option("--tag", "tags", metavar="TAG", multiple=True, help="With --list: those with the tag. May be repeated.")
@output_option()
@click.pass_context
def command(context: click.Context, listed: bool, tags: tuple[str, ...], output: str) -> None:
    r"""Write something new, which validates as it is: flags say what, and a terminal is asked for the rest.

    Nothing that is there is replaced, unless with --force. Every YAML file begins with a line that tells editors its
    schema, which is written to .innominatus/schemas.

    \b
    Examples:
      innominatus-ctl new application
      innominatus-ctl new product storefront --workflow database-setup
      innominatus-ctl new workflow visit-report --product storefront --phase post-deployment --dry-run
      innominatus-ctl new --list --tag database -o json
    """
    if listed and context.invoked_subcommand is None:
        from innominatus_cli.operations.creation.library import library, tag_hint
        from innominatus_cli.reports.creation import library_listing

        print_listing(library_listing(library(tags), tag_hint(tags)), output)
    elif context.invoked_subcommand is None or listed or tags:
        raise click.UsageError("say what to make, or --list alone" if listed else "--tag and -o go with --list")


for _kind in KINDS.values():
    command.add_command(command_for(_kind))
