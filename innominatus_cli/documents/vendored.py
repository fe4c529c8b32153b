"""Workflows of other repositories: `@<source>/<path>` is a file below `.innominatus/vendor`, held against the lock.

Where such a name leads is told by the name alone; whether what is there may be used is told by admin-config.yaml, the
lock and the file's bytes, all of one snapshot and never of a network.
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from innominatus_cli.documents.canonical import digest_of_bytes
from innominatus_cli.documents.git_address import folder_of
from innominatus_cli.documents.nodes import Document, Node, ScalarNode
from innominatus_cli.documents.snapshot import Snapshot
from innominatus_cli.documents.vendor_lock import Lock, LockedSource, LockProblem, read_lock
from innominatus_cli.documents.vendored_names import LOCK_FILE, STAGING_FOLDER, VENDOR_FOLDER
from innominatus_cli.findings.catalogue import vendoring as codes
from innominatus_cli.findings.finding import Finding, Place, Related
from innominatus_cli.findings.near_names import did_you_mean

INTENT_FILE: Final = f"{STAGING_FOLDER}/intent.json"
DEFAULT_PATH: Final = "workflows"
_PREFIX: Final = f"{VENDOR_FOLDER}/"


class WrittenSource(NamedTuple):
    """One entry of `workflowSources`, and where it stands."""

    name: str
    repository: str
    ref: str
    path: str
    """The folder as written."""
    place: Place

    def is_as(self, locked: LockedSource) -> bool:
        """Whether the lock was made for this repository, ref and folder."""
        wanted = (self.repository, self.ref, folder_of(self.path))
        return wanted == (locked.repository, locked.ref, folder_of(locked.path))


def sources_of(admin_config: Document | None) -> dict[str, WrittenSource]:
    """The workflow sources of an admin-config.yaml, by name; the first one where two have the same name.

    An enabled provider of `type: git` is a source of its own name: it is fetched and held against the lock alike.
    """
    found: dict[str, WrittenSource] = {}
    if admin_config is None:
        return found
    for entry in admin_config.mapping.mappings("workflowSources"):
        name = entry.text("name") or ""
        repository, ref = entry.text("repository") or "", entry.text("ref") or ""
        place = admin_config.place(entry.get("name") or entry)
        found.setdefault(name, WrittenSource(name, repository, ref, entry.text("path") or DEFAULT_PATH, place))
    for entry in admin_config.mapping.mappings("providers"):
        name, repository, ref = (entry.text(key) or "" for key in ("name", "repository", "ref"))
        if entry.text("type") == "git" and name and repository and ref and _is_true(entry.get("enabled")):
            place = admin_config.place(entry.get("name") or entry)
            found.setdefault(name, WrittenSource(name, repository, ref, entry.text("path") or ".", place))
    return found


def _is_true(node: Node | None) -> bool:
    return isinstance(node, ScalarNode) and node.value is True


class Vendored:
    """The vendored files of one snapshot, held against its lock and its admin-config.yaml."""

    def __init__(self, snapshot: Snapshot, admin_config: Document | None) -> None:
        self._snapshot = snapshot
        self._sources = sources_of(admin_config)
        self._has_config = admin_config is not None
        self._read: bytes | Finding | None = None
        self._lock: Lock | Finding | None = None
        self._asked = False

    @property
    def lock(self) -> Lock | Finding | None:
        """The lock; None where there is none, or what is wrong with it.

        The snapshot is asked each time, so that whoever watches what is asked of it knows; it is parsed once.
        """
        if not self._snapshot.exists(LOCK_FILE):
            return None
        data = self._snapshot.read(LOCK_FILE)
        if data is not self._read:
            self._read, self._lock = data, _parsed(data)
        return self._lock

    def used(self) -> list[str]:
        """What was read so far that plans depend on: the lock, where it was asked anything."""
        return [LOCK_FILE] if self._asked and self._snapshot.is_file(LOCK_FILE) else []

    def problem(self, path: str) -> Finding | None:
        """Why the vendored file at a repository path may not be used, placed at that file; None where it may."""
        self._asked = True
        return self._problem(path)

    def _problem(self, path: str) -> Finding | None:
        name, _, inside = path.removeprefix(_PREFIX).partition("/")
        lock, written, place = self.lock, self._sources.get(name), Place(path)
        if isinstance(lock, Finding):
            return lock._replace(place=place, related=(Related("the lock", Place(LOCK_FILE)),))
        if written is None:
            near = did_you_mean(name, self._sources)
            message = f"admin-config.yaml has no workflow source '{name}'"
            return Finding(codes.UNKNOWN_SOURCE, message, place, near)
        locked = None if lock is None else lock.get(name)
        if locked is None:
            return Finding(codes.NOT_VENDORED, f"innominatus.lock does not know the source '{name}' yet", place)
        if not written.is_as(locked):
            return _stale(written, locked)._replace(place=place, related=(Related("asked for here", written.place),))
        if inside not in locked.files:
            near = did_you_mean(f"@{name}/{inside}", [f"@{name}/{file}" for file in locked.files])
            return Finding(codes.NOT_IN_SOURCE, f"'@{name}/{inside}' is not in innominatus.lock", place, near)
        return self._difference(path, locked.files[inside])

    def _difference(self, path: str, expected: str) -> Finding | None:
        """How a file differs from the one that was locked."""
        data = self._snapshot.read(path)
        if not isinstance(data, Finding):
            found = digest_of_bytes(data)
            if found == expected:
                return None
            is_text = digest_of_bytes(data.replace(b"\r\n", b"\n")) == expected
            what = "only its line ends differ: " if is_text else ""
            message = f"{what}the lock has {expected}, and the file is {found}"
        elif not self._snapshot.exists(path):
            message = f"the lock has {expected}, and the file is missing"
        else:
            message = f"the lock has {expected}, and the file cannot be read: {data.message}"
        return Finding(codes.DIFFERS, message, Place(path), related=(Related("the lock", Place(LOCK_FILE)),))

    def all_problems(self) -> Iterator[Finding]:
        """Everything that is wrong with the lock and all vendored files."""
        lock = self.lock
        if self._snapshot.exists(INTENT_FILE):
            yield Finding(codes.UPDATE_INTERRUPTED, "not all of an update is in its place", Place(INTENT_FILE))
        if isinstance(lock, Finding):
            yield lock
            return
        if self._has_config:
            yield from self._problems_of_sources({} if lock is None else lock)
        known: set[str] = set()
        for name, locked in ({} if lock is None else lock).items():
            for inside, expected in locked.files.items():
                path = f"{_PREFIX}{name}/{inside}"
                known.add(path)
                if (problem := self._difference(path, expected)) is not None:
                    yield problem
        for path in self._snapshot.paths(VENDOR_FOLDER):
            if path not in known:
                yield Finding(codes.EXTRA_FILE, "the file is not in innominatus.lock", Place(path))

    def _problems_of_sources(self, lock: Mapping[str, LockedSource]) -> Iterator[Finding]:
        for name, written in self._sources.items():
            locked = lock.get(name)
            if locked is None:
                message = f"innominatus.lock does not know the source '{name}' yet"
                yield Finding(codes.NOT_VENDORED, message, written.place)
            elif not written.is_as(locked):
                yield _stale(written, locked)
        for name in lock:
            if name not in self._sources:
                message = f"admin-config.yaml has no workflow source '{name}' any more"
                yield Finding(codes.LOCKED_WITHOUT_SOURCE, message, Place(LOCK_FILE))


def _parsed(data: bytes | Finding) -> Lock | Finding:
    """The lock that was read, or what is wrong with it."""
    if isinstance(data, Finding):
        return Finding(codes.LOCK_DAMAGED, f"the lock cannot be used: {data.message}", Place(LOCK_FILE))
    try:
        return read_lock(data)
    except LockProblem as problem:
        return Finding(codes.LOCK_DAMAGED, f"the lock cannot be used: {problem}", Place(LOCK_FILE))


def _stale(written: WrittenSource, locked: LockedSource) -> Finding:
    pairs = (
        ("repository", written.repository, locked.repository),
        ("ref", written.ref, locked.ref),
        ("path", written.path, locked.path),
    )
    differing = [f"{key} '{theirs}', and asked for is '{ours}'" for key, ours, theirs in pairs if ours != theirs]
    message = f"the lock of '{written.name}' has {'; '.join(differing)}"
    return Finding(codes.LOCK_STALE, message, written.place)
