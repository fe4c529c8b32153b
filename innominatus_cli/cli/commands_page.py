"""docs/reference/commands.md, made from the commands themselves: `python -m innominatus_cli.cli.commands_page`."""

from collections.abc import Iterator
from pathlib import Path

import click

from innominatus_cli.cli.main import command_line

PAGE = "docs/reference/commands.md"
_HEAD = """\
# Commands

Made from `--help`: `python -m innominatus_cli.cli.commands_page` writes it, and a test holds it equal.
What each exit status means: [exit statuses](exit-statuses.md).
"""


def commands_page() -> str:
    """The whole page; the same on every machine."""
    with click.Context(command_line, info_name="innominatus-ctl", **command_line.context_settings) as context:
        sections = [f"## innominatus-ctl\n\n{_block(command_line, context)}"]
        sections += [f"## {name}\n\n{_block(command, below)}" for name, command, below in _commands(context)]
    return _HEAD + "\n" + "\n".join(sections)


def _commands(context: click.Context) -> Iterator[tuple[str, click.Command, click.Context]]:
    group = context.command
    if not isinstance(group, click.Group):
        return
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None:
            continue
        with click.Context(command, info_name=name, parent=context, terminal_width=100) as below:
            yield below.command_path.partition(" ")[2], command, below
            yield from _commands(below)


def _block(command: click.Command, context: click.Context) -> str:
    context.terminal_width = 100
    return f"```text\n{command.get_help(context).rstrip()}\n```\n"


def main() -> None:
    """Writes the page into the checkout that this is run from."""
    Path(PAGE).write_text(commands_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
