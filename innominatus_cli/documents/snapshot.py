"""The state of a repository that everything is read from: the working tree, or any revision, through one interface."""

import os
import stat
from bisect import bisect_left
from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

from innominatus_cli.findings.catalogue.document import NOT_A_FILE, NOT_READABLE, OUTSIDE_REPOSITORY, TOO_LARGE
from innominatus_cli.findings.finding import Finding, Place
from innominatus_cli.system.files import FilesBelow, is_below, parts_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from innominatus_cli.documents.tree import Tree

MAX_FILE = 1024 * 1024
SKIPPED_FOLDERS = frozenset((".git", ".innominatus", ".venv", "node_modules"))
_MAX_DEPTH = 64
_FETCHED_AT_ONCE = 200
_MAX_LINKS = 40
_LINK = "120000"
_SUBMODULE = "160000"


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


class TreeEntry(Protocol):
    """One entry of a commit's tree, as the git door gives it."""

    @property
    def path(self) -> str:
        """Repository-relative."""

    @property
    def mode(self) -> str:
        """`100644`, `100755`, `120000` (link) or `160000` (submodule)."""

    @property
    def object_id(self) -> str:
        """The blob's id."""


class TreeReader(Protocol):
    """What a snapshot of a revision needs of the git door."""

    def tree(self, commit: str) -> Iterable[TreeEntry]:
        """All entries of the commit's tree that are no trees."""

    def read_blobs(self, object_ids: Iterable[str]) -> dict[str, bytes]:
        """The bytes of blobs."""


class RevisionSnapshot:
    """The files of a commit; nothing of the working tree is read. `name` is what people call the revision."""

    def __init__(self, git: TreeReader, revision: str, name: str = "") -> None:
        self._git = git
        self._revision = name or revision
        entries = sorted(git.tree(revision), key=lambda entry: entry.path.split("/"))
        self._entries = {entry.path: entry for entry in entries}
        self._in_order = [entry.path.split("/") for entry in entries]
        self._has_links = any(entry.mode == _LINK for entry in entries)
        self._folders = {
            "/".join(parts[:i]) for path in self._entries if (parts := path.split("/")) for i in range(len(parts))
        }
        self._blobs: dict[str, bytes] = {}
        self._paths: dict[tuple[str, tuple[str, ...]], list[str]] = {}

    def describe(self) -> str:
        """The revision, as it was named."""
        return self._revision

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
        folder = self._resolved(parts, under) if parts else []
        if isinstance(folder, Finding):
            return ["/".join(parts)]
        found: list[str] = []
        self._list("/".join(folder), "/".join(parts), (), set(), found)
        wanted = sorted(path for path in found if not suffixes or path.endswith(suffixes))
        if suffixes and len(wanted) <= _FETCHED_AT_ONCE:
            self.fetch(wanted)
        return wanted

    def read(self, path: str, limit: int = MAX_FILE) -> bytes | Finding:
        """See `Snapshot.read`."""
        entry = self._entry(path)
        if isinstance(entry, Finding):
            return entry
        data = self._blob(entry.object_id)
        if len(data) > limit:
            return Finding(TOO_LARGE, f"the file has {len(data):,} bytes, over {limit:,}", Place(path))
        return data

    def object_id(self, path: str) -> str | None:
        """See `Snapshot.object_id`."""
        entry = self._entry(path)
        return None if isinstance(entry, Finding) else entry.object_id

    def exists(self, path: str) -> bool:
        """See `Snapshot.exists`."""
        parts = parts_of(path)
        if parts is None:
            return False
        plain = "/".join(parts)
        return plain in self._entries or self.is_folder(plain) or self.is_file(plain)

    def is_file(self, path: str) -> bool:
        """See `Snapshot.is_file`."""
        return not isinstance(self._entry(path), Finding)

    def is_plain_file(self, path: str) -> bool:
        """Whether a regular file is there that is no link."""
        entry = self._entries.get(path)
        return entry is not None and entry.mode.startswith("100")

    def is_folder(self, path: str) -> bool:
        """See `Snapshot.is_folder`."""
        return path.rstrip("/") in self._folders or path in {"", "."}

    def tree(self, under: str = "") -> "Tree":
        """See `Snapshot.tree`. A repository inside of another is in a commit only as a bare one."""
        from innominatus_cli.documents.tree import Tree, is_listed  # noqa: PLC0415 - few ask for a revision's

        base = f"{under.strip('/')}/" if under not in {"", "."} else ""
        below = [path for path in (*self._entries, *self._folders) if path.startswith(base) and path != base]
        bare = [
            path
            for path in self._folders
            if path and f"{path}/HEAD" in self._entries and {f"{path}/objects", f"{path}/refs"} <= self._folders
        ]
        links = [path for path in below if self._is_link(path) and self._leaves(path)]
        return Tree(
            tuple(sorted(path for path in below if is_listed(path))),
            tuple(sorted((path, self._target(path)) for path in links if is_listed(path))),
            tuple(sorted((path, "a bare repository") for path in bare if path.startswith(base) and is_listed(path))),
        )

    def fetch(self, paths: "Iterable[str]") -> None:
        """Reads files in one go, which somebody will ask for: each call of git is a process."""
        entries = [entry for path in paths if not isinstance(entry := self._entry(path), Finding)]
        missing = [entry.object_id for entry in entries if entry.object_id not in self._blobs]
        if missing:
            self._blobs.update(self._git.read_blobs(missing))

    def _blob(self, object_id: str) -> bytes:
        if object_id not in self._blobs:
            self._blobs.update(self._git.read_blobs([object_id]))
        return self._blobs[object_id]

    def _list(self, folder: str, shown: str, above: tuple[str, ...], followed: set[str], found: list[str]) -> None:
        """Adds the paths below a folder as they are reached through `shown`; `above` are links taken on the way.

        No folder in `followed` is reached by a second link, as in a working tree.
        """
        prefix, start = f"{folder}/" if folder else "", f"{shown}/" if shown else ""
        below = folder.split("/") if folder else []
        for at in range(bisect_left(self._in_order, [*below, ""]), len(self._in_order)):
            path = "/".join(self._in_order[at])
            rest = path[len(prefix) :]
            if not path.startswith(prefix):
                break
            if not SKIPPED_FOLDERS.isdisjoint(rest.split("/")[:-1]):
                continue
            target = self._resolved(path.split("/"), path) if self._is_link(path) else None
            inside = "/".join(target) if isinstance(target, list) else None
            if inside is None or inside not in self._folders:
                found.append(start + rest)
            elif not f"{path}/".startswith(f"{inside}/") and inside not in above and inside not in followed:
                followed.add(inside)
                self._list(inside, start + rest, (*above, inside), followed, found)

    def _entry(self, path: str) -> TreeEntry | Finding:
        """The entry of a file, links resolved inside the tree."""
        parts = parts_of(path)
        if parts is None:
            return Finding(OUTSIDE_REPOSITORY, f"'{path}' is no path below the repository", Place(path))
        resolved = self._resolved(parts, path)
        return resolved if isinstance(resolved, Finding) else self._plain_entry("/".join(resolved), path)

    def _resolved(self, parts: list[str], path: str) -> list[str] | Finding:
        """The parts of a path without links."""
        for _ in range(_MAX_LINKS if self._has_links else 0):
            link = next((i for i in range(1, len(parts) + 1) if self._is_link("/".join(parts[:i]))), None)
            if link is None:
                return parts
            target = self._target("/".join(parts[:link]))
            joined = os.path.normpath("/".join([*parts[: link - 1], target, *parts[link:]]))
            resolved = None if target.startswith("/") else parts_of(joined)
            if resolved is None:
                return Finding(OUTSIDE_REPOSITORY, "the symbolic link leaves the repository", Place(path))
            parts = resolved
        if not self._has_links:
            return parts
        return Finding(NOT_READABLE, "its symbolic links go round in a circle", Place(path))

    def _leaves(self, link: str) -> bool:
        resolved = self._resolved(link.split("/"), link)
        return isinstance(resolved, Finding) and resolved.code is OUTSIDE_REPOSITORY

    def _target(self, link: str) -> str:
        return self._blob(self._entries[link].object_id).decode(errors="replace")

    def _is_link(self, path: str) -> bool:
        entry = self._entries.get(path)
        return entry is not None and entry.mode == _LINK

    def _plain_entry(self, resolved: str, path: str) -> TreeEntry | Finding:
        entry = self._entries.get(resolved)
        if entry is not None and entry.mode != _SUBMODULE:
            return entry
        if entry is not None or resolved in self._folders:
            what = "a submodule" if entry is not None else "a folder"
            return Finding(NOT_A_FILE, f"it is {what}, not a regular file", Place(path))
        return Finding(NOT_READABLE, f"the file does not exist in {self._revision}", Place(path))
