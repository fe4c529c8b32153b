"""A revision as a checkout of it would be: what a plan of it names is what a plan of a working tree names."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Protocol

from innominatus_cli.documents.canonical import git_blob_id
from innominatus_cli.documents.revision_snapshot import RevisionSnapshot, TreeReader
from innominatus_cli.documents.snapshot import MAX_FILE

_SHA1 = 40


class SizedTreeReader(TreeReader, Protocol):
    """What it needs of the git door."""

    def blob_sizes(self, object_ids: Iterable[str]) -> Mapping[str, int]:
        """The sizes of those that are blobs here, in bytes."""


class CheckedOutSnapshot(RevisionSnapshot):
    """A file that is too large to be read has no object id, and all others have those of git's usual object format."""

    def __init__(self, git: SizedTreeReader, revision: str, name: str = "") -> None:
        super().__init__(git, revision, name)
        self._sized = git

    def object_id(self, path: str) -> str | None:
        """See `Snapshot.object_id`."""
        found = super().object_id(path)
        if found is None or self._sizes.get(found, 0) > MAX_FILE:
            return None
        if len(found) == _SHA1:
            return found
        data = self.read(path)
        return git_blob_id(data) if isinstance(data, bytes) else None

    @cached_property
    def _sizes(self) -> Mapping[str, int]:
        """Of all files in one process: a folder of inputs may hold thousands."""
        return self._sized.blob_sizes({entry.object_id for entry in self._entries.values()})
