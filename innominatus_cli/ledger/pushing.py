"""Pushing records to a branch that others push to as well: whoever lost the race makes their commits again and retries.

Records are files of their own names, so that commits that bring nothing else can be made again on top of any other
commit, byte for byte. Commits of the user's are never made again, and never pushed by a retry: where the branch has
some that the remote lacks, its records wait in it until the user pushes.
"""

import os
from collections.abc import Mapping
from random import SystemRandom
from typing import Final, NamedTuple

from innominatus_cli.findings.catalogue.ledger import MANIFEST_SUPERSEDED, PUSH_FAILED
from innominatus_cli.findings.catalogue.locks import BRANCH_BEHIND
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.ledger.landing import Obstacle
from innominatus_cli.ledger.reading import RECORD_TRAILER, record_path_of_message
from innominatus_cli.ledger.records import run_of_path
from innominatus_cli.ledger.working_tree import WorkingTreeStore
from innominatus_cli.system.clock import Clock, SystemClock
from innominatus_cli.system.git_command import GitFailed
from innominatus_cli.system.git_push import destination, push_to
from innominatus_cli.system.git_refs import RemoteRefs
from innominatus_cli.system.git_writing import PathTaken, commit_tree, delete_ref, move_ref, write_tree

_PATIENCE_SECONDS: Final = 300.0
_MERGE: Final = "`git pull --no-rebase`, then `git push`: a rebase would make other commits of those that records name."
_PAUSE_SECONDS: Final = 0.2
_LONGEST_PAUSE_SECONDS: Final = 1.5
_FILE: Final = "100644"
_ABSENT: Final = "000000"
_PUSHING: Final = "refs/innominatus/pushing/"
_BRANCHES: Final = "refs/heads/"
_LOST: Final = ("fetch first", "non-fast-forward", "stale info", "failed to update ref", "cannot lock ref", "reference")


class _NotOurs(Exception):  # noqa: N818 - what the commit is
    """Why commits cannot be made again: in words that follow "because"."""


class _Change(NamedTuple):
    """What a commit does to a path: from one blob (None: nothing) to another."""

    before: str | None
    after: str | None


def push_records(store: WorkingTreeStore, ref: str, clock: Clock | None = None) -> tuple[Finding, ...]:
    """Pushes a ref that records were committed to, and goes on as long as others win the race, up to five minutes.

    Nothing is forced. Warnings: where it does not work (the records stay in the branch), where a manifest of a later
    run was kept instead of ours, and where the branch of this clone was left behind.
    """
    remote, target = destination(store.git, ref)
    problem = push_to(store.git, remote, f"{ref}:{target}")
    if problem and ref.startswith(_BRANCHES) and _lost(problem):
        return _Race(store, ref, remote, target, clock or SystemClock()).run(problem)
    return _failed(ref, remote, problem) if problem else ()


def _failed(ref: str, remote: str, problem: str, remedy: str = "") -> tuple[Finding, ...]:
    return (Finding(PUSH_FAILED, f"'{ref}' was not pushed to '{remote}': {problem}", Place(ref), remedy),)


def _lost(problem: str) -> bool:
    return any(sign in problem for sign in _LOST)


class _Race:
    def __init__(self, store: WorkingTreeStore, ref: str, remote: str, target: str, clock: Clock) -> None:
        self._store = store
        self._git = store.git
        self._ref = ref
        self._remote = remote
        self._target = target
        self._clock = clock
        self._findings: dict[str, Finding] = {}

    def run(self, problem: str) -> tuple[Finding, ...]:
        random = SystemRandom()
        until = self._clock.monotonic() + _PATIENCE_SECONDS
        attempt = 0
        try:
            while self._clock.monotonic() < until:
                attempt += 1
                problem = self._attempt()
                if not problem:
                    return tuple(self._findings.values())
                if not _lost(problem):
                    break
                pause = min(_PAUSE_SECONDS * attempt, _LONGEST_PAUSE_SECONDS)
                self._clock.sleep(pause * (0.5 + random.random()))
        except _NotOurs as reason:
            return _failed(self._ref, self._remote, str(reason), _MERGE)
        except (CannotContinue, GitFailed, PathTaken, OSError) as trouble:
            problem = str(trouble)
        return _failed(self._ref, self._remote, problem)

    def _attempt(self) -> str:
        """Fetches, makes our commits again, pushes them and moves the branch; why the push failed, or nothing."""
        self._findings.clear()
        with self._store.turn():
            tip = self._git.commit_of(self._ref)
            there = RemoteRefs(self._git, self._remote, clock=self._clock).fetch(self._target).get(self._target)
            base = self._git.merge_base(tip, there) if tip and there else None
            if tip is None or there is None or base is None:
                raise _NotOurs("the remote's branch has nothing in common with it")
            new = there
            for commit in self._own_commits(base, tip):
                new = self._made_again(commit, new)
            problem = self._push(new) if new != there else ""
            if not problem:
                self._move(tip, new)
            return problem

    def _push(self, commit: str) -> str:
        """Pushes a commit under a name of its own: GitPython has an answer for names only."""
        name = f"{_PUSHING}{commit}"
        move_ref(self._git, name, commit, self._git.commit_of(name), "pushing", self._store.who)
        try:
            return push_to(self._git, self._remote, f"{name}:{self._target}")
        finally:
            delete_ref(self._git, name, commit)

    def _own_commits(self, base: str, tip: str) -> list[str]:
        """The commits that the remote lacks, the oldest first. Raises _NotOurs where one is the user's."""
        listed = self._git.command.text("rev-list", "--reverse", "--topo-order", "--parents", f"{base}..{tip}")
        commits = []
        for line in listed.splitlines():
            commit, *parents = line.split(" ")
            message = self._git.objects([commit])[commit][1].decode("utf-8", "replace").partition("\n\n")[2]
            if len(parents) != 1 or f"\n{RECORD_TRAILER}" not in message:
                raise _NotOurs("others have pushed, and it has commits of yours that are not pushed yet")
            commits.append(commit)
        return commits

    def _made_again(self, commit: str, base: str) -> str:
        """The commit on top of another base; the base itself where that has everything already."""
        changes = self._changes(f"{commit}^", commit)
        standing = {path: entry.object_id for path, entry in self._git.entries_at(base, list(changes)).items()}
        wanted: dict[str, str | None] = {}
        message = self._git.objects([commit])[commit][1].partition(b"\n\n")[2]
        record = record_path_of_message(message) or ""
        for path, change in changes.items():
            now = standing.get(path)
            if now == change.after:
                continue
            if now != change.before:
                if not path.startswith(f"{self._store.root}/manifests/"):
                    raise _NotOurs(f"the remote has something else at '{path}'")
                if not self._is_latest(record, base):
                    told = f"this manifest of run {run_of_path(record)} is not pushed: a later run's stands there"
                    self._findings[path] = Finding(MANIFEST_SUPERSEDED, told, Place(path))
                    continue
            wanted[path] = change.after
        if not wanted:
            return base
        scratch = self._store.state.ensure(self._store.state.ledger_dir)
        tree = write_tree(self._git, base, wanted, scratch)
        text = message.decode("utf-8", "replace")
        return commit_tree(self._git, tree, [base], text, self._store.who, self._clock.now())

    def _is_latest(self, record: str, base: str) -> bool:
        """Whether no later run of the same application and environment has its record in a commit."""
        folder = record.rsplit("/", 2)[0]
        runs = [run_of_path(entry.path) or "" for entry in self._git.tree(base, folder)]
        return (run_of_path(record) or "") > max(runs, default="")

    def _changes(self, old: str, new: str) -> Mapping[str, _Change]:
        """What differs between two commits. Raises _NotOurs where that is something else than files of the ledger."""
        options = ("-r", "-z", "--no-renames", "--no-ext-diff", "--no-textconv", "--full-index")
        fields = self._git.command.output("diff-tree", *options, old, new, "--").split(b"\0")[:-1]
        found = {}
        for facts, name in zip(fields[::2], fields[1::2], strict=True):
            mode_before, mode_after, before, after, _ = facts.decode().lstrip(":").split(" ")
            path = os.fsdecode(name)
            if not path.startswith(f"{self._store.root}/") or {mode_before, mode_after} - {_FILE, _ABSENT}:
                raise _NotOurs(f"'{path}' is no file of the ledger")
            found[path] = _Change(before if mode_before != _ABSENT else None, after if mode_after != _ABSENT else None)
        return found

    def _move(self, tip: str, new: str) -> None:
        """Moves the branch to what was pushed, where that brings nothing but files of the ledger."""
        try:
            changes = self._changes(tip, new)
            blobs = self._git.read_blobs(change.after for change in changes.values() if change.after)
            files = {path: blobs[change.after] if change.after else None for path, change in changes.items()}
            self._store.landing().forward(self._ref, tip, new, files, "innominatus: records made again and pushed")
        except _NotOurs as reason:
            self._stays_behind(f"more than records came with it ({reason})")
        except (Obstacle, GitFailed, CannotContinue, OSError) as reason:
            self._stays_behind(str(reason))

    def _stays_behind(self, reason: str) -> None:
        message = f"'{self._ref}' stays behind '{self._remote}', because {reason}"
        self._findings[self._ref] = Finding(BRANCH_BEHIND, message, Place(self._ref))
