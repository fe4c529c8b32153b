"""The name of a git remote on the command line."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    _TextType = click.ParamType[str]
else:
    _TextType = click.ParamType


class RemoteName(_TextType):
    """A remote's name. An empty one is wrong usage: where a script's variable is empty, no lock may be left out."""

    name = "text"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name; whether there is such a remote is seen later."""
        if not value:
            self.fail("a remote has a name; a variable of a script may be empty", param, ctx)
        return value


REMOTE = RemoteName()
