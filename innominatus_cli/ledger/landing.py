"""Bringing files into a branch in one commit, without touching anything else that the user has.

The order is what makes a crash harmless: objects, then our files in the working tree, then our entries of the index,
then the branch, by compare-and-swap. Whoever dies in between leaves new files that are staged, never a staged
deletion; whoever loses the race takes the moved branch as the new base. Where our files cannot land (see `Obstacle`),
nothing is changed, and the commit goes to `refs/innominatus/pending/<run>` instead.
"""

import os
import shutil
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from innominatus_cli.ledger.own_files import OwnFiles
from innominatus_cli.system.clock import Clock
from innominatus_cli.system.git import Git, Head
from innominatus_cli.system.git_command import GitFailed
from innominatus_cli.system.git_identity import Identity
from innominatus_cli.system.git_writing import (
    IndexLocked,
    PathTaken,
    commit_tree,
    index_entries,
    move_ref,
    update_index,
    write_blobs,
    write_tree,
)
from innominatus_cli.system.owned_files import NotARegularFile, read_owned, remove_owned, replace_owned
from innominatus_cli.system.state_folder import StateFolder

_ATTEMPTS: Final = 200
_REF_PATIENCE_SECONDS: Final = 10.0
_INDEX_PATIENCE_SECONDS: Final = 10.0
_PAUSE_SECONDS: Final = 0.01
_MANY: Final = 100
"""Files above which all of them together are brought to disk: one after the other takes minutes for thousands."""
_LONGEST_PAUSE_SECONDS: Final = 0.25


@dataclass(frozen=True, slots=True)
class Change:
    """What a commit brings: by path the file's bytes, None removes it; and the message."""

    files: Mapping[str, bytes | None]
    message: str
    removes_last: bool = False
    """Files go from the working tree and the index only after the branch has moved.

    Whoever dies in between leaves files that seem to be new, never a deletion that no commit explains.
    """


ChangeOn = Callable[[str | None], Change]
"""Makes the change for a base commit (None: the first commit); asked again when the branch has moved."""


class Base(NamedTuple):
    """What a commit goes on top of, and what the ref holds that is then moved; None for nothing."""

    commit: str | None
    old: str | None


class Obstacle(Exception):  # noqa: N818 - a reason, not a failure
    """Why files cannot land on a branch: in words that follow "because"."""


@dataclass(slots=True)
class _Before:
    """What stood at our paths before we came, to be put back."""

    files: dict[str, bytes | None] = field(default_factory=dict)
    entries: dict[str, str | None] = field(default_factory=dict)


class Landing:
    """Commits changes to one repository as one operator."""

    def __init__(self, git: Git, clock: Clock, identity: Identity, state: StateFolder) -> None:
        self._git = git
        self._clock = clock
        self._identity = identity
        self._state = state
        self._own_files = OwnFiles(git, state)

    def on_branch(self, ref: str, change_on: ChangeOn) -> str:
        """Commits to the branch that is checked out, its files and the index included; the commit.

        Raises Obstacle (nothing is changed then), GitFailed, OSError.
        """
        before = _Before()
        noted = self._own_files.taken_up()
        ours = dict(noted)
        commit, landed = "", frozenset[str]()
        last: dict[str, None] = {}
        until = self._clock.monotonic() + _REF_PATIENCE_SECONDS
        try:
            for attempt in range(_ATTEMPTS):
                base = self._required(ref).commit
                change = change_on(base)
                commit, blobs = self._commit(base, change)
                last = {path: None for path, data in change.files.items() if data is None and change.removes_last}
                self._place(base, change, blobs, before, ours, last)
                if move_ref(self._git, ref, commit, base, _subject(change), self._identity):
                    landed = frozenset(change.files)
                    break
                if self._clock.monotonic() >= until:
                    break
                self._pause(attempt)
        finally:
            if not landed and (not commit or self._git.commit_of(ref) != commit):
                self._withdraw(before)
            self._own_files.settle({path: ids for path, ids in noted.items() if path not in landed})
        if not landed:
            raise Obstacle(f"'{_short(ref)}' is locked or moves all the time")
        if self._git.checked_out() != ref:
            self._withdraw(before)
        elif last:
            with suppress(OSError, Obstacle, GitFailed):
                self.take_away(last)
        return commit

    def take_away(self, paths: Iterable[str]) -> None:
        """Removes files from the working tree and the index, the index first, as far as that works.

        Raises OSError, Obstacle, GitFailed.
        """
        going = list(paths)
        self._update_index(dict.fromkeys(going))
        for path in going:
            remove_owned(self._git.root, path)

    def forward(self, ref: str, old: str, new: str, files: Mapping[str, bytes | None], reason: str) -> None:
        """Moves the branch that is checked out from one commit to another that differs in these files only.

        Raises Obstacle (nothing is changed then), GitFailed, OSError.
        """
        before = _Before()
        noted = self._own_files.taken_up()
        landed = False
        try:
            if self._required(ref).commit != old:
                raise Obstacle(f"'{_short(ref)}' has moved")
            blobs = {path: None if data is None else self._git.blob_id(data) for path, data in files.items()}
            self._place(old, Change(files, reason), blobs, before, dict(noted))
            landed = move_ref(self._git, ref, new, old, reason, self._identity)
        finally:
            if not landed:
                self._withdraw(before)
            self._own_files.settle({path: ids for path, ids in noted.items() if not landed or path not in files})
        if not landed:
            raise Obstacle(f"'{_short(ref)}' has moved")

    def on_ref(self, ref: str, base: str | None, change_on: ChangeOn) -> str:
        """Commits on top of `base` to a ref of ours; working tree and index stay as they are. The commit.

        Raises GitFailed, OSError.
        """
        change = change_on(base)
        commit, _ = self._commit(base, change)
        until = self._clock.monotonic() + _REF_PATIENCE_SECONDS
        for attempt in range(_ATTEMPTS):
            if move_ref(self._git, ref, commit, self._git.commit_of(ref), _subject(change), self._identity):
                return commit
            if self._clock.monotonic() >= until:
                break
            self._pause(attempt)
        raise GitFailed("update-ref", None, f"'{ref}' is locked")

    def beside(self, ref: str, base_now: Callable[[], Base], change_on: ChangeOn) -> str:
        """Commits to a branch that is not checked out, by compare-and-swap: from a new base whenever it has moved.

        Working tree and index stay as they are. The commit. Raises Obstacle, GitFailed, OSError.
        """
        until = self._clock.monotonic() + _REF_PATIENCE_SECONDS
        for attempt in range(_ATTEMPTS):
            base = base_now()
            change = change_on(base.commit)
            commit, _ = self._commit(base.commit, change)
            if move_ref(self._git, ref, commit, base.old, _subject(change), self._identity):
                return commit
            if self._clock.monotonic() >= until:
                break
            self._pause(attempt)
        raise Obstacle(f"'{_short(ref)}' is locked or moves all the time")

    def in_working_tree(self, base: str | None, files: Mapping[str, bytes | None]) -> None:
        """Writes (or, for None, removes) files without a commit. Raises Obstacle (nothing is changed then), OSError."""
        known = self._committed_ids(base, files)
        ours = self._own_files.read()
        blobs = {path: None if data is None else self._git.blob_id(data) for path, data in files.items()}
        for path, blob in blobs.items():
            self._require_free(path, {known[path], blob, *ours.get(path, ())})
        self._own_files.note(_with(ours, blobs))
        for path, data in files.items():
            self._put(path, data)

    def _pause(self, attempt: int) -> None:
        self._clock.sleep(min(_PAUSE_SECONDS * (attempt + 1), _LONGEST_PAUSE_SECONDS))

    def _required(self, ref: str) -> Head:
        head = self._git.head()
        reason = why_not(head, ref)
        if reason:
            raise Obstacle(reason)
        return head

    def _commit(self, base: str | None, change: Change) -> tuple[str, dict[str, str | None]]:
        contents = {path: data for path, data in change.files.items() if data is not None}
        scratch = self._state.ensure(self._state.ledger_dir)
        written = write_blobs(self._git, contents, scratch)
        blobs = {path: written.get(path) for path in change.files}
        try:
            tree = write_tree(self._git, base, blobs, scratch)
        except PathTaken as taken:
            raise Obstacle(f"'{taken.path}' is something else in the branch") from taken
        parents = [base] if base else []
        return commit_tree(self._git, tree, parents, change.message, self._identity, self._clock.now()), blobs

    def _place(
        self,
        base: str | None,
        change: Change,
        blobs: Mapping[str, str | None],
        before: _Before,
        ours: dict[str, frozenset[str]],
        last: Collection[str] = (),
    ) -> None:
        """Writes our files and index entries, after nothing of the user's was found at any of our paths.

        What is at the paths of `last` stays where it is.
        """
        committed = self._committed_ids(base, blobs)
        staged = self._staged_ids(blobs)
        standing: dict[str, bytes | None] = {}
        for path, blob in blobs.items():
            allowed = {committed[path], blob, *ours.get(path, ())}
            if staged[path] not in allowed:
                raise Obstacle(f"you have staged something else at '{path}'")
            standing[path] = self._require_free(path, allowed)
        now = {path: blob for path, blob in blobs.items() if path not in last}
        ours.update(_with(ours, now))
        self._own_files.note(ours)
        many = len(now) > _MANY
        for path in now:
            data = change.files[path]
            before.files.setdefault(path, standing[path])
            if data != standing[path]:
                self._put(path, data, durable=not many)
        if many:
            os.sync()
        for path in now:
            before.entries.setdefault(path, staged[path])
        self._update_index(now)

    def _put(self, path: str, data: bytes | None, *, durable: bool = True) -> None:
        if data is None:
            remove_owned(self._git.root, path)
        else:
            replace_owned(self._git.root, path, data, durable=durable)

    def _require_free(self, path: str, allowed: set[str | None]) -> bytes | None:
        """What stands at a path of the working tree. Raises Obstacle where it is none of the `allowed` blobs."""
        try:
            data = read_owned(self._git.root, path)
        except NotARegularFile as problem:
            raise Obstacle(f"'{path}' cannot be written: {problem.strerror}") from problem
        if data is None:
            return None
        if allowed.isdisjoint({self._git.blob_id(data), self._git.blob_id(data.replace(b"\r\n", b"\n"))}):
            raise Obstacle(f"a file of your own stands at '{path}'")
        return data

    def _committed_ids(self, base: str | None, paths: Mapping[str, object]) -> dict[str, str | None]:
        found = self._git.entries_at(base, list(paths)) if base else {}
        return {path: found[path].object_id if path in found else None for path in paths}

    def _staged_ids(self, paths: Mapping[str, object]) -> dict[str, str | None]:
        found: dict[str, str | None] = dict.fromkeys(paths)
        for entry in index_entries(self._git, paths):
            if entry.stage or entry.path not in found:
                raise Obstacle(f"'{entry.path}' is in conflict, or in the way, in the index")
            found[entry.path] = entry.object_id
        return found

    def _update_index(self, entries: Mapping[str, str | None]) -> None:
        until = self._clock.monotonic() + _INDEX_PATIENCE_SECONDS
        while True:
            try:
                update_index(self._git, entries)
            except IndexLocked as locked:
                if self._clock.monotonic() >= until:
                    raise Obstacle("another git command holds the index (.git/index.lock)") from locked
                self._clock.sleep(_PAUSE_SECONDS * 5)
            else:
                return

    def _withdraw(self, before: _Before) -> None:
        """Puts back what stood at our paths, as far as that works."""
        for path, data in before.files.items():
            with suppress(OSError):
                self._put(path, data)
        with suppress(Obstacle, GitFailed):
            self._update_index(before.entries)


def clear_scratch(state: StateFolder) -> None:
    """Removes temporary files that a killed process left; for who knows that no other one commits."""
    for left in state.ledger_dir.glob("objects-*"):
        shutil.rmtree(left, ignore_errors=True)


def why_not(head: Head, ref: str | None) -> str:
    """Why nothing can be committed to `ref`, the branch that was checked out; empty where it can."""
    if ref is None:
        return "no branch was checked out (detached HEAD)"
    if head.operation:
        return f"git is in the middle of a {head.operation}"
    if head.ref != ref:
        return f"'{_short(ref)}' is no longer checked out"
    return ""


def _with(noted: Mapping[str, frozenset[str]], blobs: Mapping[str, str | None]) -> dict[str, frozenset[str]]:
    """The note with what is about to be written."""
    new = {path: noted.get(path, frozenset()) | ({blob} if blob else frozenset()) for path, blob in blobs.items()}
    return {**noted, **new}


def _short(ref: str) -> str:
    return ref.removeprefix("refs/heads/")


def _subject(change: Change) -> str:
    return change.message.partition("\n")[0]
