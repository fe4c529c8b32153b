"""The state of a repository that everything is read from: the working tree, or any revision, through one interface."""

import os
import stat
from typing import TYPE_CHECKING, Protocol

from innominatus_cli.findings.catalogue.document import TOO_LARGE
from innominatus_cli.findings.finding import Finding, Place
from innominatus_cli.system.files import FilesBelow, is_below, parts_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from innominatus_cli.documents.tree import Tree

MAX_FILE = 1024 * 1024
SKIPPED_FOLDERS = frozenset((".git", ".innominatus", ".venv", "node_modules"))
_MAX_DEPTH = 64


class Snapshot(Protocol):
    """One state of a repository. Paths are repository-relative, with `/`."""

    def describe(self) -> str:
        """`working tree`, or the revision."""

    def paths(self, under: str = "", suffixes: tuple[str, ...] = ()) -> list[str]:
        """Paths of all files below `under` with one of the suffixes (all, where there are none), sorted.

        Links that leave the repository are among them, and folders that nobody lets us look into, `under` itself
        included, so that reading one is a finding.
        Left out at every level: `.git`, `.innominatus`, `.venv` and `node_modules`.
        """

    def read(self, path: str, limit: int = MAX_FILE) -> bytes | Finding:
        """The bytes of a file of at most `limit` bytes, or why there are none."""

    def object_id(self, path: str) -> str | None:
        """The git object id of what `read` gives; None where it gives a finding."""

    def exists(self, path: str) -> bool:
        """Whether anything is there, right or wrong: a link that leads nowhere, or out of the repository, is."""

    def is_file(self, path: str) -> bool:
        """Whether a file is there, behind links too."""

    def is_folder(self, path: str) -> bool:
        """Whether a folder is there, behind links too."""

    def tree(self, under: str = "") -> "Tree":
        """The names below a folder as they lie there; no link is followed."""


class WorkingTreeSnapshot:
    """The files below a folder as they are now; each file and list is read from disk once.

    `edited` are contents that an editor has not saved yet, by path.
    """

    def __init__(self, root: "Path | str", edited: "Mapping[str, bytes] | None" = None) -> None:
        self.root = os.path.realpath(root)
        self._files = FilesBelow(self.root)
        self._read: dict[str, bytes | Finding] = {**(edited or {})}
        self._paths: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        self._listed: dict[str, list[os.DirEntry[str]]] = {}
        """What lies in folders, by their full paths: two walks ask for most of them."""

    def describe(self) -> str:
        """Always `working tree`."""
        return "working tree"

    def paths(self, under: str = "", suffixes: tuple[str, ...] = ()) -> list[str]:
        """See `Snapshot.paths`."""
        known = self._paths.get((under, suffixes))
        if known is None:
            known = self._paths[under, suffixes] = self._look(under, suffixes)
        return [*known]

    def _look(self, under: str, suffixes: tuple[str, ...]) -> list[str]:
        parts = parts_of(under) if under not in {"", "."} else []
        if parts is None:
            return []
        folder = os.path.join(self.root, *parts)
        if not is_below(self.root, os.path.realpath(folder)):
            return [self._leaving(parts)]
        found: list[str] = []
        self._walk(folder, "/".join(parts), suffixes, (os.path.realpath(folder),), set(), found)
        return sorted(found)

    def read(self, path: str, limit: int = MAX_FILE) -> bytes | Finding:
        """See `Snapshot.read`."""
        known = self._read.get(path)
        if known is None or (isinstance(known, Finding) and known.code is TOO_LARGE):
            known = self._read[path] = self._files.read(path, limit)
        if isinstance(known, bytes) and len(known) > limit:
            return Finding(TOO_LARGE, f"the file has {len(known):,} bytes, over {limit:,}", Place(path))
        return known

    def object_id(self, path: str) -> str | None:
        """See `Snapshot.object_id`."""
        from innominatus_cli.documents.canonical import git_blob_id  # noqa: PLC0415 - hashlib is not needed to check

        data = self.read(path)
        return git_blob_id(data) if isinstance(data, bytes) else None

    def exists(self, path: str) -> bool:
        """See `Snapshot.exists`."""
        parts = parts_of(path)
        return parts is not None and os.path.lexists(os.path.join(self.root, *parts))

    def is_file(self, path: str) -> bool:
        """See `Snapshot.is_file`."""
        resolved = self._resolved(path)
        return resolved is not None and os.path.isfile(resolved)

    def is_plain_file(self, path: str) -> bool:
        """Whether a regular file is there that is no link."""
        try:
            return stat.S_ISREG(os.lstat(os.path.join(self.root, path)).st_mode)
        except OSError:
            return False

    def is_folder(self, path: str) -> bool:
        """See `Snapshot.is_folder`."""
        if path in {"", "."}:
            return True
        resolved = self._resolved(path)
        return resolved is not None and os.path.isdir(resolved)

    def tree(self, under: str = "") -> "Tree":
        """See `Snapshot.tree`."""
        from innominatus_cli.documents.tree import read_tree  # noqa: PLC0415 - a single file needs it not

        return read_tree(self.root, under, self._entries)

    def _entries(self, folder: str) -> "list[os.DirEntry[str]]":
        """What lies in a folder, by name. Raises OSError."""
        known = self._listed.get(folder)
        if known is None:
            with os.scandir(folder) as entries:
                known = self._listed[folder] = sorted(entries, key=_name_of)
        return known

    def _leaving(self, parts: list[str]) -> str:
        """The link, among the folders of a path, that leads out of the repository."""
        ways = ("/".join(parts[: i + 1]) for i in range(len(parts)))
        return next(way for way in ways if not is_below(self.root, os.path.realpath(os.path.join(self.root, way))))

    def _resolved(self, path: str) -> str | None:
        parts = parts_of(path)
        if parts is None:
            return None
        resolved = os.path.realpath(os.path.join(self.root, *parts))
        return resolved if is_below(self.root, resolved) else None

    def _walk(
        self,
        folder: str,
        relative: str,
        suffixes: tuple[str, ...],
        above: tuple[str, ...],
        followed: set[str],
        found: list[str],
    ) -> None:
        """Adds the paths below a folder; `above` are the resolved folders on the way, against links in a circle.

        `followed` are the folders that a link was followed to: none is by a second one, for thirty pairs of links are
        a billion ways.
        """
        try:
            inside = self._entries(folder)
        except PermissionError:
            found += [relative] if relative else []
            return
        except OSError:
            return
        for entry in inside:
            path = f"{relative}/{entry.name}" if relative else entry.name
            if _is_folder(entry):
                if entry.name in SKIPPED_FOLDERS or len(above) > _MAX_DEPTH:
                    continue
                is_link = entry.is_symlink()
                resolved = os.path.realpath(entry.path) if is_link else f"{above[-1]}{os.sep}{entry.name}"
                if is_link and not is_below(self.root, resolved):
                    found.append(path)
                elif resolved not in above and not (is_link and resolved in followed):
                    if is_link:
                        followed.add(resolved)
                    self._walk(entry.path, path, suffixes, (*above, resolved), followed, found)
            elif not suffixes or entry.name.endswith(suffixes):
                found.append(path)


def _name_of(entry: "os.DirEntry[str]") -> str:
    return entry.name


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    """Whether an entry is a folder, behind links too; links in a circle are none."""
    try:
        return entry.is_dir()
    except OSError:
        return False
