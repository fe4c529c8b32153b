"""What a `gc` action says of the records that it removed: as much of each as the chain needs to stay provable."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from innominatus_cli.documents.model import JsonModel
from innominatus_cli.documents.run_record import RecordKind

Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]


class Tombstone(JsonModel):
    """One record that was removed; only those of runs are."""

    id: Annotated[str, Field(pattern=r"^[0-7][0-9A-HJKMNP-TV-Z]{25}$")]
    path: str
    """Where its file stood."""
    kind: RecordKind
    digest: Digest
    """SHA-256 of its canonical bytes without the newline, as `parents` of other records name it."""
    parents: list[Digest]
    at: str = ""
    """When it was written (RFC 3339); empty where that is not known."""


class GcDetails(JsonModel):
    """`details` of an action `gc`."""

    before: str
    """Only what had ended before this moment (RFC 3339) was removed."""
    keep_days: Annotated[int, Field(ge=0)]
    keep_last: Annotated[int, Field(ge=0)]
    """How many of the newest runs of each application and environment were kept in any case."""
    removed: list[Tombstone]
    plans: list[Digest] = []
    """Plans that no record names any more, and that went too."""

    def followed(self) -> Iterator[str]:
        """The digests that this action follows in the place of what it removed: those records, and their parents."""
        for one in self.removed:
            yield one.digest
            yield from one.parents
