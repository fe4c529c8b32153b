"""Overrides of a Score file as somebody asks for them, and reading them beside the Score file."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from innominatus_cli.findings.finding import Finding, Place

if TYPE_CHECKING:
    from innominatus_cli.documents.loading import Amend
    from innominatus_cli.documents.score_overrides import Overrides
    from innominatus_cli.documents.snapshot import Snapshot


class Overriding(NamedTuple):
    """What was typed: the path of an overrides file, `PATH=VALUE` texts, and `CONTAINER=IMAGE` texts."""

    file: str | None = None
    properties: tuple[str, ...] = ()
    images: tuple[str, ...] = ()

    @property
    def wanted(self) -> bool:
        """Whether anything is to be overridden."""
        return self.file is not None or bool(self.properties) or bool(self.images)

    @property
    def all_properties(self) -> tuple[str, ...]:
        """The properties, and behind them the images as properties."""
        if not self.images:
            return self.properties
        import json  # noqa: PLC0415 - few commands are given an image

        given = (text.partition("=") for text in self.images)
        return (*self.properties, *(f"containers.{name}.image={json.dumps(image)}" for name, _, image in given))


NO_OVERRIDES = Overriding()


def read_overrides(
    overriding: Overriding, snapshot: "Snapshot", path: str | None, shown: str = "", overlay: str | None = None
) -> "Overrides":
    """The overrides; `path` is that of the file as the snapshot knows it, `shown` that of its findings' places.

    `overlay` is the path of the environment's own overrides file, which is there.
    """
    from innominatus_cli.documents.score_overrides import Overrides  # noqa: PLC0415 - few files are overridden

    containers = tuple(text.partition("=")[0] for text in overriding.images)
    found = Overrides(properties=overriding.all_properties, containers=containers)
    if overlay is not None:
        found = found._replace(overlay=overlay, overlay_data=snapshot.read(overlay))
    if path is None:
        return found
    data = snapshot.read(path)
    if shown and isinstance(data, Finding):
        data = data._replace(place=Place(shown))
    return found._replace(file=shown or path, data=data)


def amendment(overrides: "Overrides") -> "Amend":
    """What `documents.loading.load` is to do to the Score file."""
    from functools import partial  # noqa: PLC0415

    from innominatus_cli.documents.score_overrides import apply_overrides  # noqa: PLC0415

    return partial(apply_overrides, overrides=overrides)


def sources_of(overrides: "Overrides") -> Mapping[str, str]:
    """The texts that findings about overrides are shown with, by the paths of their places."""
    from innominatus_cli.documents.score_overrides import ARGUMENT  # noqa: PLC0415

    texts = {ARGUMENT: "\n".join(overrides.properties)} if overrides.properties else {}
    for path, data in ((overrides.overlay, overrides.overlay_data), (overrides.file, overrides.data)):
        if path is not None and isinstance(data, bytes):
            texts[path] = data.decode("utf-8", "replace")
    return texts
