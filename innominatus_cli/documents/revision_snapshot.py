"""The state of a repository at a revision, read from git alone."""

import os
from bisect import bisect_left
from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

from innominatus_cli.documents.snapshot import MAX_FILE, SKIPPED_FOLDERS
from innominatus_cli.findings.catalogue.document import NOT_A_FILE, NOT_READABLE, OUTSIDE_REPOSITORY, TOO_LARGE
from innominatus_cli.findings.finding import Finding, Place
from innominatus_cli.system.files import parts_of

if TYPE_CHECKING:
    from innominatus_cli.documents.tree import Tree

_FETCHED_AT_ONCE = 200
_MAX_LINKS = 40
_LINK = "120000"
_SUBMODULE = "160000"


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
