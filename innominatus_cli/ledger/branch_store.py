"""The ledger on a branch of its own, for repositories whose main is protected.

Records, plans and actions are committed to an orphan branch (see `ledger_branch`). Manifests go where whoever deploys
from git looks for them: to the branch that is checked out, as with the other store. Records of the working tree's
layout are read too, so that a repository can change from one store to the other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from random import SystemRandom
from typing import Final

from innominatus_cli.findings.catalogue.ledger import PUSH_FAILED, STATE_NOT_WRITTEN
from innominatus_cli.findings.catalogue.ledger_branch import MANIFESTS_PENDING
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.ledger.landing import Base, Change, ChangeOn, Obstacle, why_not
from innominatus_cli.ledger.ledger_branch import Latest, LedgerBranch
from innominatus_cli.ledger.pushing import push_records
from innominatus_cli.ledger.reading import PENDING
from innominatus_cli.ledger.records import actions_folder, runs_folder
from innominatus_cli.ledger.store import Entry, Landed, StoredAction, StoredRecord
from innominatus_cli.ledger.working_tree import WorkingTreeStore
from innominatus_cli.ledger.writing import Draft, RecordWriter
from innominatus_cli.system.clock import Clock
from innominatus_cli.system.git import Git, Head
from innominatus_cli.system.git_command import GitFailed
from innominatus_cli.system.git_identity import Identity
from innominatus_cli.system.git_refs import RemoteRefs

_PUSHES: Final = 40
_FIRST_PAUSE_SECONDS: Final = 0.05
_LONGEST_PAUSE_SECONDS: Final = 2.0
_TROUBLE: Final = (Obstacle, GitFailed, OSError, CannotContinue)


class BranchStore(WorkingTreeStore):
    """Records of one repository on the branch `branch`, whose home is `remote` (see `Store`)."""

    def __init__(
        self,
        git: Git,
        root: str = ".innominatus",
        branch: str = "innominatus/ledger",
        remote: str = "origin",
        *,
        clock: Clock | None = None,
        who: Identity | None = None,
    ) -> None:
        super().__init__(git, root, clock=clock, who=who)
        self._branch = LedgerBranch(git, branch, remote, root, self.state)

    @property
    def in_working_tree(self) -> bool:
        """Its records are no files of the working tree."""
        return False

    def branch(self) -> str | None:
        """The branch of the ledger."""
        return self._branch.name

    def commit(self) -> str | None:
        """The commit whose tree holds the ledger: of the branch here, or of the remote's where that is further."""
        return next(iter(self._branch.commits()), None)

    def commits(self) -> Sequence[str]:
        """The ledger's commits, and the one that is checked out, which may hold records from before."""
        return (*self._branch.commits(), *super().commits())

    def revisions(self) -> Sequence[str]:
        """The branch here and on the remote, and the head."""
        return (self._branch.ref, self._branch.tracking, *super().revisions())

    def outside(self, committed: Mapping[str, str]) -> list[StoredRecord | StoredAction]:
        """The records that the branch lacks: those that only the head's commit has, then those in no commit."""
        head = self.git.commit_of("HEAD")
        runs, actions = (
            {path: blob for path, blob in reader.committed_paths(head, folder).items() if path not in committed}
            for reader, folder in (
                (self._reader, runs_folder(self.root)),
                (self._actions, actions_folder(self.root)),
            )
        )
        loose = super().outside({**runs, **actions, **committed})
        return [*self._reader.committed(runs), *self._actions.committed(actions), *loose]

    def take_in(self, head: Head, change_on: ChangeOn) -> tuple[str, str]:
        """Takes the manifests of a waiting record into the branch of `head`, and the record into the ledger's.

        What the ledger's branch has already stays as it is. Raises Obstacle, GitFailed, OSError.
        """
        taken = change_on(self.git.commit_of("HEAD")).files
        where = (self.commit() or "", self._branch.ref)
        if any(self._is_manifest(name) for name in taken):
            where = super().take_in(head, lambda base: self._part(change_on(base), manifests=True))
        own = [name for name in taken if not self._is_manifest(name)]
        commit = self.commit()
        standing = self.git.entries_at(commit, own) if commit else {}
        if all(name in standing for name in own):
            return where

        def missing(base: str | None) -> Change:
            there = self.git.entries_at(base, own) if base else {}
            change = self._part(change_on(base), manifests=False)
            return Change({name: data for name, data in change.files.items() if name not in there}, change.message)

        return self.landing().beside(self._branch.ref, self._base, missing), self._branch.ref

    def land(self, head: Head, change_on: ChangeOn) -> str:  # noqa: ARG002 - what is checked out does not matter
        """One commit of files of the ledger to its branch; the commit. Raises Obstacle, GitFailed, OSError."""
        return self.landing().beside(self._branch.ref, self._base, change_on)

    def pushed(self) -> str | None:
        """The commit that the remote's branch was seen at last; None where it was never seen."""
        return self._branch.place().remote

    def push(self, written: Landed[Entry]) -> tuple[Landed[Entry], tuple[Finding, ...]]:
        """Pushes the manifests' branch as the other store does, and the ledger's by compare-and-swap.

        Whoever loses the race fetches, goes on top of what is there now, and tries again after a random pause; the
        record that is returned follows what it then stands on.
        """
        findings: tuple[Finding, ...] = ()
        if written.manifests_ref:
            findings = push_records(self, written.manifests_ref, self._clock)
        if written.ref != self._branch.ref:
            return written, (*findings, *super().push(written)[1])
        try:
            return self._pushed(written), findings
        except _TROUBLE as trouble:
            reason = trouble.findings[0].message if isinstance(trouble, CannotContinue) else str(trouble)
            message = f"'{self._branch.ref}' was not pushed to '{self._branch.remote}': {reason}"
            return written, (*findings, Finding(PUSH_FAILED, message, Place(self._branch.ref)))

    def _pushed(self, written: Landed[Entry]) -> Landed[Entry]:
        branch, random = self._branch, SystemRandom()
        remote = RemoteRefs.open(self.git, branch.remote, clock=self._clock)
        theirs = branch.place().remote
        for attempt in range(_PUSHES):
            if theirs is not None:
                written = self._on_top_of(theirs, written)
            tip = self.git.commit_of(branch.ref)
            if tip is None:
                raise Obstacle("it has gone")
            if remote.set(branch.ref, tip, theirs):
                return written
            pause = min(_FIRST_PAUSE_SECONDS * 2**attempt, _LONGEST_PAUSE_SECONDS)
            self._clock.sleep(pause * random.random())
            theirs = remote.fetch(branch.ref).get(branch.ref)
        raise Obstacle("others push to it all the time")

    def _on_top_of(self, theirs: str, written: Landed[Entry]) -> Landed[Entry]:
        made: list[Entry] = []

        def data_on(base: str) -> bytes:
            made[:] = [written.record.model_copy(update={"parents": self._tips.at(base)})]
            return made[0].canonical

        with self.turn():
            latest = Latest(written.commit, written.path, data_on)
            commit = self._branch.put_on(theirs, latest, self.who, self._clock)
            if commit is None:
                return written
            self.remember(commit, made[0])
            return replace(written, record=made[0], commit=commit)

    def _commit(self, writer: RecordWriter, draft: Draft[Entry], head: Head) -> Landed[Entry]:
        def land(change_on: ChangeOn) -> tuple[str, str]:
            ref = self._branch.ref
            return self.landing().beside(
                ref, self._base, lambda base: self._part(change_on(base), manifests=False)
            ), ref

        # The manifests first: a process that dies in between has no record yet, and whoever makes it repeats them.
        ref, obstacle = self._commit_manifests(draft, head)
        landed: Landed[Entry] = writer.commit_with(land, self.commit, replace(draft, removed_on=lambda _: {}))
        if not obstacle or landed.ref != self._branch.ref:
            return replace(landed, manifests_ref=ref)
        return replace(landed, findings=(*landed.findings, self._leave_pending(draft, landed.commit, obstacle)))

    def _commit_manifests(self, draft: Draft[Entry], head: Head) -> tuple[str | None, str]:
        """The branch that took them, if any did, and what stood in the way."""
        try:
            change = self._manifests_on(draft, self.git.commit_of("HEAD"))
            if not change.files:
                return None, ""
            if head.ref is None or head.ref == self._branch.ref:
                return None, why_not(head, None) if head.ref is None else f"'{self._branch.name}' holds the ledger"
            self.landing().on_branch(head.ref, partial(self._manifests_on, draft))
        except _TROUBLE as problem:
            return None, str(problem)
        return head.ref, ""

    def _manifests_on(self, draft: Draft[Entry], base: str | None) -> Change:
        """The manifests that a base commit has not, or has otherwise, and those to remove."""
        made = {path: data for path, data in draft.files.items() if self._is_manifest(path)}
        standing = self.git.entries_at(base, list(made)) if base and made else {}
        changed = {
            path: data
            for path, data in made.items()
            if path not in standing or standing[path].object_id != self.git.blob_id(data)
        }
        removed = {path: None for path in draft.removed_on(base) if path not in made}
        return Change({**removed, **changed}, draft.message)

    def _leave_pending(self, draft: Draft[Entry], commit: str | None, obstacle: str) -> Finding:
        """Keeps manifests for `ledger adopt`, on top of the commit that has the record."""
        ref = f"{PENDING}{draft.id}"
        made = {path: data for path, data in draft.files.items() if self._is_manifest(path)}
        try:
            self.landing().on_ref(ref, commit, lambda _: Change(made, draft.message))
        except _TROUBLE as problem:
            message = f"the manifests of {draft.name} are in no commit, because {obstacle}, and {problem}"
            return Finding(STATE_NOT_WRITTEN, message, Place(draft.path))
        message = f"the manifests of {draft.name} are in '{ref}', because {obstacle}"
        return Finding(MANIFESTS_PENDING, message, Place(draft.path))

    def _base(self) -> Base:
        return self._branch.base(self.who, self._clock)

    def _is_manifest(self, path: str) -> bool:
        return path.startswith(f"{self.root}/manifests/")

    def _part(self, change: Change, *, manifests: bool) -> Change:
        files = {path: data for path, data in change.files.items() if self._is_manifest(path) == manifests}
        return Change(files, change.message)
