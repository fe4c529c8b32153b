"""The options that override a Score file, for the commands that read one."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import click

from innominatus_cli.cli import offers
from innominatus_cli.operations.overriding import Overriding
from innominatus_cli.operations.validation import are_folders

T = TypeVar("T")
_BUILT = "${workflows."
"""So begins an image that a workflow builds (`planning.application_tier`)."""


def override_options(function: Callable[..., T]) -> Callable[..., T]:
    """`--overrides-file`, `--override-property` and `--image`; the command gets them as `overriding`."""

    @wraps(function)
    def collected(
        *args: Any,  # noqa: ANN401 - click's own options
        overrides_file: str | None,
        override_properties: tuple[str, ...],
        images: tuple[str, ...],
        **given: Any,  # noqa: ANN401 - as above
    ) -> T:
        return function(*args, overriding=Overriding(overrides_file, override_properties, images), **given)

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
    image = click.option(
        "--image",
        "images",
        metavar="CONTAINER=IMAGE",
        multiple=True,
        callback=_named_images,
        help="Give a container its image, as in web=registry.example.com/shop:1.4.2.",
    )
    return file(one(image(collected)))


def _named_images(_context: click.Context, _option: click.Parameter, images: tuple[str, ...]) -> tuple[str, ...]:
    """The texts as they were typed.

    Raises a usage error for one that is no `CONTAINER=IMAGE`, and for a placeholder that nothing resolves in an image.
    """
    for text in images:
        name, _, image = text.partition("=")
        if not name or not image or "." in name:
            raise click.BadParameter(f"'{text}' is not of the form CONTAINER=IMAGE.")
        if "${" in image and (not image.startswith(_BUILT) or image.count("${") != image.count(_BUILT)):
            message = (
                f"'{text}': the only placeholder of an image is one that it begins with, {_BUILT}NAME.outputs.OUTPUT}}."
            )
            raise click.BadParameter(message)
    return images


def one_score_file(paths: tuple[str, ...], overriding: Overriding) -> None:
    """Raises a usage error where there is something to override and anything but one file is named."""
    if overriding.wanted and (len(paths) != 1 or are_folders(paths, ".")):
        raise click.UsageError("--overrides-file, --override-property and --image need exactly one Score file")


def need_score(score: str | None, overriding: Overriding) -> None:
    """Raises a usage error where there is something to override and no Score file."""
    if overriding.wanted and score is None:
        raise click.UsageError("--overrides-file, --override-property and --image need a Score file")
