"""Overrides of a Score file as somebody asks for them, and reading them beside the Score file."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from innominatus_cli.findings.finding import Finding, Place

if TYPE_CHECKING:
    from innominatus_cli.documents.loading import Amend
    from innominatus_cli.documents.score_overrides import Overrides
    from innominatus_cli.documents.snapshot import Snapshot


class Overriding(NamedTuple):
    """What was typed: the path of an overrides file, and `PATH=VALUE` texts."""

    file: str | None = None
    properties: tuple[str, ...] = ()

    @property
    def wanted(self) -> bool:
        """Whether anything is to be overridden."""
        return self.file is not None or bool(self.properties)


NO_OVERRIDES = Overriding()


def read_overrides(overriding: Overriding, snapshot: "Snapshot", path: str | None, shown: str = "") -> "Overrides":
    """The overrides; `path` is that of the file as the snapshot knows it, `shown` that of its findings' places."""
    from innominatus_cli.documents.score_overrides import Overrides  # noqa: PLC0415 - few files are overridden

    if path is None:
        return Overrides(properties=overriding.properties)
    data = snapshot.read(path)
    if shown and isinstance(data, Finding):
        data = data._replace(place=Place(shown))
    return Overrides(shown or path, data, overriding.properties)


def amendment(overrides: "Overrides") -> "Amend":
    """What `documents.loading.load` is to do to the Score file."""
    from functools import partial  # noqa: PLC0415

    from innominatus_cli.documents.score_overrides import apply_overrides  # noqa: PLC0415

    return partial(apply_overrides, overrides=overrides)


def sources_of(overrides: "Overrides") -> Mapping[str, str]:
    """The texts that findings about overrides are shown with, by the paths of their places."""
    from innominatus_cli.documents.score_overrides import ARGUMENT  # noqa: PLC0415

    texts = {ARGUMENT: "\n".join(overrides.properties)} if overrides.properties else {}
    if overrides.file is not None and isinstance(overrides.data, bytes):
        texts[overrides.file] = overrides.data.decode("utf-8", "replace")
    return texts
