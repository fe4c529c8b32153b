"""The branch of its own that holds a ledger: where it stands, how it begins, and how it goes on top of a remote's.

Its files have the paths that they would have in the working tree. It is never checked out by us, shares no history with
the user's branches, and only grows, but for `gc`: what a clone has beyond the remote is put on
top of what the remote has.
"""

import os
from collections.abc import Callable
from typing import Final, NamedTuple

from innominatus_cli.ledger.landing import Base, Obstacle
from innominatus_cli.system.clock import Clock
from innominatus_cli.system.git import Git
from innominatus_cli.system.git_command import GitFailed
from innominatus_cli.system.git_identity import Identity
from innominatus_cli.system.git_writing import PathTaken, commit_tree, move_ref, write_blobs, write_tree
from innominatus_cli.system.state_folder import StateFolder

_FOLDERS: Final = ("runs", "actions", "plans")
_FILE: Final = "100644"
_ATTEMPTS: Final = 100


class Place(NamedTuple):
    """Where the branch stands: in this clone, as the remote was seen last, and the folder that has it checked out."""

    local: str | None
    remote: str | None
    worktree: str


class Latest(NamedTuple):
    """A record that was written last and that nobody can have named yet: its commit, its path, its bytes on a base."""

    commit: str | None
    path: str
    data_on: Callable[[str], bytes]


class LedgerBranch:
    """The branch `name` of one repository, below whose `root` the ledger stands."""

    def __init__(self, git: Git, name: str, remote: str, root: str, state: StateFolder) -> None:
        self._git = git
        self.name = name
        self.remote = remote
        self._root = root
        self._state = state
        self.ref = f"refs/heads/{name}"
        self.tracking = f"refs/remotes/{remote}/{name}"

    def place(self) -> Place:
        """Where the branch stands now. Raises GitFailed."""
        form = "--format=%(refname)%00%(objectname)%00%(worktreepath)"
        listed = self._git.command.text("for-each-ref", form, "--end-of-options", self.ref, self.tracking)
        rows = {name: (commit, folder) for name, commit, folder in (line.split("\0") for line in listed.splitlines())}
        local, worktree = rows.get(self.ref, (None, ""))
        return Place(local, rows.get(self.tracking, (None, ""))[0], worktree)

    def commits(self) -> list[str]:
        """The commits whose trees hold the ledger: the one to go on from first, then what the remote has beyond it.

        Raises GitFailed.
        """
        place = self.place()
        if place.local is None or place.remote is None or place.local == place.remote:
            return [commit for commit in (place.local or place.remote,) if commit is not None]
        if self.has(place.local, place.remote):
            return [place.local]
        return [place.remote] if self.has(place.remote, place.local) else [place.local, place.remote]

    def base(self, identity: Identity, clock: Clock) -> Base:
        """What the next record goes on top of. Raises Obstacle, GitFailed."""
        place = self.place()
        if place.worktree:
            raise Obstacle(f"'{self.name}', the branch of the ledger, is checked out in '{place.worktree}'")
        if place.local is None and (above := self._branch_above()):
            raise Obstacle(f"there is a branch '{above}', and git cannot have '{self.name}' beside it: rename it")
        newest = self.commits()
        return Base(newest[0] if newest else self._beginning(identity, clock), place.local)

    def _branch_above(self) -> str | None:
        """A branch whose name is the beginning of ours, up to a `/`."""
        parts = self.name.split("/")
        above = ["/".join(parts[:count]) for count in range(1, len(parts))]
        return next((name for name in above if self._git.commit_of(f"refs/heads/{name}") is not None), None)

    def has(self, commit: str, ancestor: str) -> bool:
        """Whether a commit's history has another one. Raises GitFailed where one of them is not in the clone."""
        outcome = self._git.command.outcome("merge-base", "--is-ancestor", "--end-of-options", ancestor, commit)
        if outcome.exit_code not in {0, 1}:
            said = outcome.stderr.head.decode("utf-8", "replace").strip() or outcome.problem
            raise GitFailed("merge-base", outcome.exit_code, said)
        return outcome.succeeded

    def put_on(self, theirs: str, latest: Latest, identity: Identity, clock: Clock) -> str | None:
        """Puts what only this clone has on top of the remote's commit; the new commit of the latest record.

        Records keep their bytes, since others may name their digests. Only the latest one is made anew, on what is now
        below it; None where it needs not be. Raises Obstacle, GitFailed, OSError.
        """
        for _ in range(_ATTEMPTS):
            place = self.place()
            if place.worktree:
                raise Obstacle(f"'{self.name}' is checked out in '{place.worktree}'")
            if place.local is None:
                raise Obstacle(f"'{self.name}' has gone")
            if self.has(place.local, theirs):
                return None
            tip, made = self._on_top(place.local, theirs, latest, identity, clock)
            if move_ref(self._git, self.ref, tip, place.local, f"on top of {self.remote}", identity):
                return made
        raise Obstacle(f"'{self.name}' is locked or moves all the time")

    def _on_top(
        self, ours: str, theirs: str, latest: Latest, identity: Identity, clock: Clock
    ) -> tuple[str, str | None]:
        scratch = self._state.ensure(self._state.ledger_dir)
        options = ("--reverse", "--topo-order", "--no-merges", "--end-of-options")
        commits = self._git.command.text("rev-list", *options, ours, f"^{theirs}").split()
        tip, made = theirs, None
        for commit in commits:
            entries = [entry for entry in self._git.changes(commit) if entry.mode == _FILE]
            standing = self._git.entries_at(tip, [entry.path for entry in entries])
            blobs: dict[str, str | None] = {
                entry.path: entry.object_id for entry in entries if entry.path not in standing
            }
            blobs |= self._removed(commit, tip)
            if not blobs:
                continue
            is_latest = commit == latest.commit == commits[-1] and latest.path in blobs
            if is_latest:
                blobs |= write_blobs(self._git, {latest.path: latest.data_on(tip)}, scratch)
            try:
                tree = write_tree(self._git, tip, blobs, scratch)
            except PathTaken as taken:
                raise Obstacle(f"'{taken.path}' is something else in '{self.tracking}'") from taken
            tip = commit_tree(self._git, tree, [tip], self._message(commit), identity, clock.now())
            made = tip if is_latest else made
        return tip, made

    def _removed(self, commit: str, tip: str) -> dict[str, None]:
        """What a commit removed, as a `gc` does, as far as it stands at the tip as it stood before."""
        options = ("-r", "-z", "--no-commit-id", "--no-renames", "--no-ext-diff", "--no-textconv", "--diff-filter=D")
        fields = self._git.command.output("diff-tree", *options, commit, "--").split(b"\0")[:-1]
        before = {
            os.fsdecode(name): facts.decode().split(" ")[2]
            for facts, name in zip(fields[::2], fields[1::2], strict=True)
        }
        standing = self._git.entries_at(tip, list(before)) if before else {}
        return {path: None for path, blob in before.items() if path in standing and standing[path].object_id == blob}

    def _message(self, commit: str) -> str:
        return self._git.objects([commit])[commit][1].partition(b"\n\n")[2].decode("utf-8", "replace")

    def _beginning(self, identity: Identity, clock: Clock) -> str | None:
        """A first commit with the records of the working tree's branch, byte for byte; None where it has none."""
        head = self._git.commit_of("HEAD")
        names = {f"{head}:{self._root}/{folder}": folder for folder in _FOLDERS} if head else {}
        found = {
            names[name]: self._git.object_id("tree", data)
            for name, (kind, data) in self._git.objects(names).items()
            if kind == "tree"
        }
        if not {"runs", "actions"}.intersection(found):
            return None
        tree = self._tree(found)
        for folder in reversed(self._root.split("/")):
            tree = self._tree({folder: tree})
        message = f"chore(innominatus): begin with the records of {head} [skip ci]\n"
        return commit_tree(self._git, tree, [], message, identity, clock.now())

    def _tree(self, folders: dict[str, str]) -> str:
        lines = b"".join(b"040000 tree %s\t%s\0" % (os.fsencode(tree), os.fsencode(n)) for n, tree in folders.items())
        return self._git.command.output("mktree", "-z", stdin=lines).decode().strip()
