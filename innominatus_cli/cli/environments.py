"""The name of an environment on the command line."""

from typing import TYPE_CHECKING

import click

from innominatus_cli.cli import offers

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    _TextType = click.ParamType[str]
else:
    _TextType = click.ParamType


class EnvironmentName(_TextType):
    """A name that an environment can have; a shell is offered those of the repository.

    An empty one is none either: where a script's variable is empty, no command may take the option for absent and
    work in the default environment, or in all of them.
    """

    name = "text"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ARG002
        """The name. Raises CannotContinue (ORC-3049) for what no environment can be called."""
        from innominatus_cli.documents.words import short  # noqa: PLC0415 - few command lines name one
        from innominatus_cli.findings.catalogue.plan import BAD_ENVIRONMENT_NAME  # noqa: PLC0415
        from innominatus_cli.findings.finding import CannotContinue, Finding, Place  # noqa: PLC0415
        from innominatus_cli.ledger.records import is_safe_name  # noqa: PLC0415

        if is_safe_name(value):
            return value
        option = param.opts[0] if param is not None else "--env"
        remedy = "" if value else f"Name one, or leave {option} out; a variable of a script may be empty."
        message = f"no environment can be called '{short(value)}'"
        raise CannotContinue(Finding(BAD_ENVIRONMENT_NAME, message, Place(option), remedy))

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
        """The environments of the repository."""
        return offers.environments(ctx, param, incomplete)


ENVIRONMENT = EnvironmentName()
"""For options that name an environment."""
