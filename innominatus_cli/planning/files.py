"""Files and folders that steps read: where a written path leads, and which objects are there."""

import posixpath
from dataclasses import dataclass

from innominatus_cli.documents.snapshot import Snapshot
from innominatus_cli.documents.vendored import Vendored
from innominatus_cli.documents.vendored_names import is_vendored
from innominatus_cli.findings.catalogue import plan as codes
from innominatus_cli.findings.finding import Finding
from innominatus_cli.planning.places import Spot

_ESCAPED = (".git", ".innominatus")


@dataclass(frozen=True, slots=True)
class FoundPath:
    """A repository path, and all files that it stands for."""

    path: str
    files: tuple[str, ...]


class InputFiles:
    """Resolves paths of steps against one snapshot and remembers the object ids of what it finds."""

    def __init__(self, snapshot: Snapshot, vendored: Vendored) -> None:
        self._snapshot = snapshot
        self._vendored = vendored
        self.object_ids: dict[str, str] = {}

    def resolve(self, written: str, spot: Spot) -> FoundPath | Finding:
        """`written`, beside the file that names it or else from the repository root; a folder means all its files."""
        if not written or written.startswith(("/", "~")) or "\\" in written or "\0" in written:
            return Finding(codes.PATH_OUTSIDE, f"'{written}' is no relative path of the repository", spot.place)
        beside = posixpath.normpath(posixpath.join(posixpath.dirname(spot.document.path), written))
        from_root = posixpath.normpath(written)
        inside = is_vendored(spot.document.path)
        tried = [path for path in dict.fromkeys((beside, from_root)) if not _outside(path, vendored=inside)]
        if not tried:
            return Finding(codes.PATH_OUTSIDE, f"'{written}' leaves the repository", spot.place)
        for path in tried:
            if self._snapshot.is_file(path):
                return self._read(path, (path,), spot)
            if self._snapshot.is_folder(path):
                return self._read(path, tuple(self._snapshot.paths("" if path == "." else path)), spot)
        where = " and ".join(f"'{path}'" for path in tried)
        return Finding(codes.MISSING_PATH, f"'{written}' does not exist; looked for {where}", spot.place)

    def take(self, paths: tuple[str, ...], spot: Spot) -> list[Finding]:
        """Notes files by their paths from the repository root; a finding for each that cannot be read."""
        found = [self._read(path, (path,), spot) for path in paths]
        return [one for one in found if isinstance(one, Finding)]

    def _read(self, path: str, files: tuple[str, ...], spot: Spot) -> FoundPath | Finding:
        for file in files:
            if is_vendored(file) and (wrong := self._vendored.problem(file)) is not None:
                return wrong._replace(place=spot.place)
            if file not in self.object_ids:
                object_id = self._snapshot.object_id(file)
                if object_id is None:
                    problem = self._snapshot.read(file)
                    why = problem.message if isinstance(problem, Finding) else "it cannot be read"
                    return Finding(codes.MISSING_PATH, f"'{file}' cannot be read: {why}", spot.place)
                self.object_ids[file] = object_id
        return FoundPath(path, files)


def _outside(path: str, *, vendored: bool) -> bool:
    """Whether no step may read a path; a vendored workflow may read what was vendored with it."""
    first = path.split("/", 1)[0]
    return first == ".." or (first in _ESCAPED and not (vendored and is_vendored(path)))
