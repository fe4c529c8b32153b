"""The options of commands that do something by hand to what is deployed."""

from collections.abc import Callable
from typing import TypeVar

import click

T = TypeVar("T")


def hand_options(function: Callable[..., T]) -> Callable[..., T]:
    """`--reason` and `--policies-from`; their values make `HandOptions`."""
    function = click.option("--policies-from", metavar="REV", help="Judge by the policies of another revision.")(
        function
    )
    return click.option("--reason", metavar="TEXT", default="", help="Why, for the record.")(function)
