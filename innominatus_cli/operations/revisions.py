"""Another revision of a repository that is checked: its files as a snapshot, and where REV and HEAD come from."""

import os
from collections.abc import Iterable
from pathlib import Path

from innominatus_cli.documents.checked_out import CheckedOutSnapshot
from innominatus_cli.documents.revision_snapshot import RevisionSnapshot
from innominatus_cli.findings.catalogue.ignores import NO_COMMON_COMMIT
from innominatus_cli.findings.catalogue.ledger import NOT_A_REPOSITORY
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.system.git import Git, TreeEntry

_DEEPEN = "This clone is shallow: `git fetch --unshallow` brings what it lacks (`fetch-depth: 0` in a checkout action)."


class RepositoryHistory:
    """The history of the git repository around a folder; the folder's own files, at any commit, are a snapshot."""

    def __init__(self, root: str, wanted_for: str) -> None:
        """`root` is a resolved folder, `wanted_for` the option that asks, for the finding where there is no git.

        Raises CannotContinue where there is no git repository that can be used.
        """
        git = Git.open(Path(root))
        if git is None:
            message = f"{wanted_for} needs a git repository, and there is none around this folder"
            raise CannotContinue(Finding(NOT_A_REPOSITORY, message, Place(wanted_for)))
        self.git = git
        below = os.path.relpath(root, git.root.resolve()).replace(os.sep, "/")
        self._folder = "" if below == "." else below

    def commit(self, revision: str) -> str:
        """The commit that a person means. Raises CannotContinue where there is none, or this clone is too shallow."""
        try:
            return self.git.resolve(revision)
        except CannotContinue as problem:
            if not self.git.is_shallow():
                raise
            raise CannotContinue(*(finding._replace(remedy=_DEEPEN) for finding in problem.findings)) from problem

    def common_commit(self, revision: str) -> str:
        """The last commit that a revision and HEAD have in common. Raises CannotContinue where there is none."""
        commit, head = self.commit(revision), self.git.commit_of("HEAD")
        base = self.git.merge_base(commit, head) if head is not None else None
        if base is None:
            message = f"'{revision}' and HEAD have no commit in common"
            remedy = _DEEPEN if self.git.is_shallow() else ""
            raise CannotContinue(Finding(NO_COMMON_COMMIT, message, Place(revision), remedy))
        return base

    def snapshot(self, commit: str, name: str) -> RevisionSnapshot:
        """The folder's files at a commit; `name` is what people call it."""
        return RevisionSnapshot(self, commit, name)

    def checked_out(self, commit: str, name: str) -> CheckedOutSnapshot:
        """The same, with the object ids that a plan of a checkout of it has."""
        return CheckedOutSnapshot(self, commit, name)

    def tree(self, commit: str) -> Iterable[TreeEntry]:
        """The entries of a commit that are in the folder, with paths relative to it."""
        start = len(self._folder) + 1 if self._folder else 0
        return [
            TreeEntry(entry.path[start:], entry.mode, entry.object_id) for entry in self.git.tree(commit, self._folder)
        ]

    def read_blobs(self, object_ids: Iterable[str]) -> dict[str, bytes]:
        """The bytes of blobs."""
        return self.git.read_blobs(object_ids)

    def blob_sizes(self, object_ids: Iterable[str]) -> dict[str, int]:
        """The sizes of blobs, in bytes."""
        return self.git.blob_sizes(object_ids)
