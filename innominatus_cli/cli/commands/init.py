"""`init`: a working repository in an empty folder."""

from pathlib import Path

import click

from innominatus_cli.cli.output import print_text


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path(), required=False)
@click.option("--name", help="The sample application's name.  [default: the folder's name]")
def command(folder: Path, name: str | None) -> None:
    r"""Make a working repository in FOLDER (the current folder where nothing is said).

    It has policies, a platform workflow, a product with a workflow, two golden paths and an application. A file that is
    there already is never overwritten: nothing is written then.

    \b
    Examples:
      innominatus-ctl init
      innominatus-ctl init shop --name web-shop
    """
    from innominatus_cli.operations.init import application_name_for, init_repository
    from innominatus_cli.reports.new_repository import new_repository_text

    name = application_name_for(folder) if name is None else name
    try:
        written = init_repository(folder, name)
    except ValueError as problem:
        raise click.BadParameter(str(problem), param_hint="--name") from problem
    print_text(new_repository_text(folder, name, written, has_git=(folder / ".git").exists()))
