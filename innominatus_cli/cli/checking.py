"""The options and the answer that `validate` and `check` share."""

import sys
from collections.abc import Callable
from typing import Any, TypedDict, TypeVar

import click

from innominatus_cli.cli.output import output_option, print_document
from innominatus_cli.operations.checking import CheckRequest, check

F = TypeVar("F", bound=Callable[..., Any])


class Wishes(TypedDict):
    """The options that become fields of a `CheckRequest`."""

    strict_score: bool


def checking_options(function: F) -> F:
    """What both commands take, in the order in which help shows it."""
    function = output_option("text", "json", "yaml")(function)
    function = click.option("--strict-score", is_flag=True, help="The house's dialect of Score is an error.")(function)
    return click.option("--strict", is_flag=True, help="Warnings fail too.")(function)


def answer(request: CheckRequest, *, strict: bool, output: str) -> int:
    """Checks, prints the findings, and returns the exit status."""
    from innominatus_cli.reports.findings_json import findings_document  # noqa: PLC0415 - after the check
    from innominatus_cli.reports.findings_text import findings_text, summary_text  # noqa: PLC0415
    from innominatus_cli.reports.terminal import wants_colour  # noqa: PLC0415

    found = check(request)

    def text() -> str:
        shown = findings_text(found.findings, sources=found.sources, colour=wants_colour(sys.stdout))
        return f"{shown}{summary_text(found.findings, found.files)}\n"

    print_document(findings_document(found.findings, found.files), output, text)
    return int(found.exit_status(strict=strict))
