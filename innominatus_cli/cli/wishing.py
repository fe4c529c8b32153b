"""The options of every command that plans: where, with which parameters, which manual workflows, which overrides."""

from collections.abc import Callable
from typing import TypeVar

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.overriding import override_options

T = TypeVar("T")


def wish_options(function: Callable[..., T]) -> Callable[..., T]:
    """The command gets `environment`, `parameters`, `workflows` and `overriding`, as `PlanWish` has them."""
    function = override_options(function)
    for option in reversed(
        [
            click.option(
                "--env", "environment", metavar="NAME", shell_complete=offers.environments, help="The environment."
            ),
            click.option(
                "--param", "parameters", metavar="NAME=VALUE", multiple=True, help="A golden path's parameter."
            ),
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
