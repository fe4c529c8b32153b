"""The options that override a Score file, for the commands that read one."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import click

from innominatus_cli.cli import offers
from innominatus_cli.operations.overriding import Overriding
from innominatus_cli.operations.validation import are_folders

T = TypeVar("T")


def override_options(function: Callable[..., T]) -> Callable[..., T]:
    """`--overrides-file` and `--override-property`; the command gets both as `overriding`."""

    @wraps(function)
    def collected(*args: Any, overrides_file: str | None, override_properties: tuple[str, ...], **given: Any) -> T:  # noqa: ANN401 - click's own options
        return function(*args, overriding=Overriding(overrides_file, override_properties), **given)

    one = click.option(
        "--override-property",
        "override_properties",
        metavar="PATH=VALUE",
        multiple=True,
        help="Set a value of the Score file, as in containers.web.image=nginx:1.27; without VALUE, delete it.",
    )
    file = click.option(
        "--overrides-file",
        metavar="FILE",
        shell_complete=offers.files,
        help="Merge a YAML file into the Score file; null deletes.",
    )
    return file(one(collected))


def one_score_file(paths: tuple[str, ...], overriding: Overriding) -> None:
    """Raises a usage error where there is something to override and anything but one file is named."""
    if overriding.wanted and (len(paths) != 1 or are_folders(paths, ".")):
        raise click.UsageError("--overrides-file and --override-property need exactly one Score file")


def need_score(score: str | None, overriding: Overriding) -> None:
    """Raises a usage error where there is something to override and no Score file."""
    if overriding.wanted and score is None:
        raise click.UsageError("--overrides-file and --override-property need a Score file")
