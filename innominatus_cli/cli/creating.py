"""The commands of `new`: one a kind, its options made from the kind's questions."""

from pathlib import Path
from typing import Any

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.output import print_text
from innominatus_cli.cli.prompts import answer_from, answers, can_ask
from innominatus_cli.documents.words import either
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.operations.creation.files import write_creation
from innominatus_cli.operations.creation.questions import Answer, Kind, Question
from innominatus_cli.operations.creation.surroundings import Surroundings
from innominatus_cli.reports.creation import creation_text


class KindGroup(click.Group):
    """A group of kinds, with the nearest known one for an unknown one."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The kinds in the order in which people meet them."""
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, and with near names."""
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            hint = did_you_mean(args[0], self.commands) or f"there is {either(list(self.commands))}"
            ctx.fail(f"`new` makes no '{args[0]}': {hint}")
        return super().resolve_command(ctx, args)


def command_for(kind: Kind) -> click.Command:
    """The command that makes a kind of thing."""

    def run(**options: Any) -> None:  # noqa: ANN401 - click's options, by name
        _create(kind, options)

    switches = (
        click.Option(["--no-input"], is_flag=True, help="Ask nothing: take what is given, and defaults."),
        click.Option(["--dry-run"], is_flag=True, help="Show the files, and write none."),
        click.Option(["--force"], is_flag=True, help="Replace files that are there."),
    )
    parameters = [
        click.Argument(["called"], metavar="[NAME]", required=False),
        *(_option(question) for question in kind.questions),
        *switches,
    ]
    return click.Command(kind.name, callback=run, params=parameters, help=kind.help, short_help=kind.summary)


def _option(question: Question) -> click.Option:
    if question.switch:
        return click.Option([f"--{question.name}"], is_flag=True, help=f"{question.text}.")
    text = f"{question.text}. May be repeated." if question.several else f"{question.text}."
    return click.Option(
        [f"--{question.name}"],
        metavar=question.shown or question.name.rpartition("-")[2].upper(),
        multiple=question.several,
        help=text,
        shell_complete=offers.choices(question),
    )


def _create(kind: Kind, options: dict[str, Any]) -> None:
    ask = can_ask() and not options["no_input"]
    surroundings = Surroundings.around()
    creation = kind.make(answers(kind, surroundings, _given(kind, options), ask=ask))
    force, dry_run = options["force"], options["dry_run"]
    written = write_creation(surroundings.root, creation, force=force, dry_run=dry_run, shared=surroundings.read)
    print_text(creation_text(creation, written, surroundings.root, Path.cwd(), dry_run=dry_run))


def _given(kind: Kind, options: dict[str, Any]) -> dict[str, Answer]:
    """What was said on the command line, by the question's name."""
    called, named = options["called"], options["name"]
    if called is not None and named not in {None, called}:
        raise click.UsageError(f"NAME is '{called}', and --name is '{named}'")
    given: dict[str, Answer] = {}
    for question in kind.questions:
        value = options[question.name.replace("-", "_")]
        if question.name == "name" and value is None:
            value = called
        if question.switch and value:
            given[question.name] = ("yes",)
        elif question.several and value:
            given[question.name] = tuple(part for text in value for part in answer_from(text, several=True))
        elif isinstance(value, str):
            given[question.name] = (value,) if value else ()
    return given
