"""The options of every command that plans: where, with which parameters, which manual workflows, which overrides."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.environments import ENVIRONMENT
from innominatus_cli.cli.overriding import override_options

if TYPE_CHECKING:
    from innominatus_cli.operations.param_files import ParamFile

T = TypeVar("T")


def _with_stdin(_context: click.Context, _option: click.Parameter, files: tuple[str, ...]) -> "tuple[ParamFile, ...]":
    """The files as they were typed, and what stdin says where one of them is `-`."""
    if not files:
        return ()
    from innominatus_cli.documents.snapshot import MAX_FILE  # noqa: PLC0415 - few commands are given a file
    from innominatus_cli.operations.param_files import STDIN, ParamFile  # noqa: PLC0415

    if files.count(STDIN) > 1:
        raise click.UsageError("stdin (-) can be read once.")
    return tuple(
        ParamFile(path, sys.stdin.buffer.read(MAX_FILE + 1)) if path == STDIN else ParamFile(path) for path in files
    )


named_option = click.option(
    "--golden-path",
    "name",
    metavar="NAME",
    shell_complete=offers.runnable,
    help="A golden path or workflow; else the default one.",
)
"""What is run, for commands whose argument is a Score file."""


def parameter_options(function: Callable[..., T]) -> Callable[..., T]:
    """The command gets `parameters` and `param_files`."""
    for option in reversed(
        [
            click.option(
                "--param", "parameters", metavar="NAME=VALUE", multiple=True, help="A golden path's parameter."
            ),
            click.option(
                "--param-file",
                "param_files",
                metavar="FILE",
                multiple=True,
                callback=_with_stdin,
                shell_complete=offers.files,
                help="Parameters from a YAML or JSON file, - for stdin; --param comes before it.",
            ),
        ]
    ):
        function = option(function)
    return function


def wish_options(function: Callable[..., T]) -> Callable[..., T]:
    """The command gets `environment`, `parameters`, `param_files`, `workflows` and `overriding`, as in `PlanWish`."""
    function = parameter_options(override_options(function))
    for option in reversed(
        [
            click.option("--env", "environment", metavar="NAME", type=ENVIRONMENT, help="The environment."),
            click.option(
                "--workflow",
                "workflows",
                metavar="NAME",
                multiple=True,
                shell_complete=offers.product_workflows,
                help="Add a manual workflow.",
            ),
        ]
    ):
        function = option(function)
    return function
