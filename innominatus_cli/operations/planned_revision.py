"""What planning needs of another revision than the working tree: its files, from git objects, and its facts of git."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

from innominatus_cli.documents.checked_out import CheckedOutSnapshot
from innominatus_cli.documents.repository import Repository
from innominatus_cli.findings.catalogue.ignores import NO_COMMON_COMMIT
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.operations.opening import open_repository, root_of
from innominatus_cli.operations.revisions import RepositoryHistory
from innominatus_cli.system.git import Git


class Revision:
    """A commit of the repository at `root`; nothing of the working tree is read or changed."""

    def __init__(self, root: Path, name: str, wanted_for: str) -> None:
        """`name` is what a person wrote, `wanted_for` the option that it was written behind.

        Raises CannotContinue where there is no git repository, no such commit, or more than one.
        """
        self.root = root
        self.name = name
        self._history = RepositoryHistory(str(root), wanted_for)
        self.commit = self._history.commit(name)

    @cached_property
    def snapshot(self) -> CheckedOutSnapshot:
        """The files of the commit that are in the folder `root`."""
        return self._history.checked_out(self.commit, self.name)

    def repository(self) -> Repository:
        """The documents of the commit."""
        return Repository(self.snapshot)

    @cached_property
    def git_facts(self) -> Mapping[str, str]:
        """`commit`, and `branch` where the name is that of one: what a checkout of it would find."""
        git = self._history.git
        if self.name == "HEAD":
            return GitFacts(self.root)
        branch = self.name.removeprefix("refs/heads/")
        is_branch = git.commit_of(f"refs/heads/{branch}") == self.commit
        return {"commit": self.commit, **({"branch": branch} if is_branch else {})}


class GitFacts(Mapping[str, str]):
    """`commit` and `branch` of what is checked out, looked up only when a reference asks for them."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @cached_property
    def _values(self) -> dict[str, str]:
        git = Git.open(self._root)
        head = git.head() if git is not None else None
        known = {"commit": head.commit, "branch": head.branch} if head is not None else {}
        return {name: value for name, value in known.items() if value is not None}

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def fork_of(old: str, new: str, directory: Path | None = None) -> str:
    """The last commit that two revisions have in common, as in `git diff old...new`. Raises CannotContinue."""
    root = root_of(open_repository(directory))
    history = RepositoryHistory(str(root), "A...B")
    base = history.git.merge_base(history.commit(old), history.commit(new))
    if base is None:
        raise CannotContinue(Finding(NO_COMMON_COMMIT, f"'{old}' and '{new}' have no commit in common", Place(old)))
    return base
