"""A working tree as it would be with some files written: what somebody is about to write is checked before it is."""

import posixpath
from collections.abc import Mapping

from innominatus_cli.documents.snapshot import WorkingTreeSnapshot


class ProposedSnapshot(WorkingTreeSnapshot):
    """The files below a folder, and over them proposed ones: by repository-relative path their bytes."""

    def __init__(self, root: str, proposed: Mapping[str, bytes]) -> None:
        super().__init__(root, proposed)
        self._proposed = proposed
        self._folders = {
            "/".join(parts[:end]) for path in proposed for parts in [path.split("/")] for end in range(1, len(parts))
        }

    def paths(self, under: str = "", suffixes: tuple[str, ...] = ()) -> list[str]:
        """See `Snapshot.paths`."""
        folder = posixpath.normpath(under or ".")
        base = "" if folder == "." else f"{folder}/"
        ours = (path for path in self._proposed if path.startswith(base))
        added = (path for path in ours if not suffixes or path.endswith(suffixes))
        return sorted({*super().paths(under, suffixes), *added})

    def exists(self, path: str) -> bool:
        """See `Snapshot.exists`."""
        return path in self._proposed or path in self._folders or super().exists(path)

    def is_file(self, path: str) -> bool:
        """See `Snapshot.is_file`."""
        return path in self._proposed or super().is_file(path)

    def is_folder(self, path: str) -> bool:
        """See `Snapshot.is_folder`."""
        return path in self._folders or super().is_folder(path)
