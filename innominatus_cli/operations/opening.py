"""The repository that a command works in, and paths in it."""

from pathlib import Path

from innominatus_cli.documents.repository import Repository
from innominatus_cli.documents.snapshot import WorkingTreeSnapshot
from innominatus_cli.findings.catalogue.document import OUTSIDE_REPOSITORY
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.operations.validation import git_root_around


def open_repository(directory: Path | None = None) -> Repository:
    """The working tree of the repository around a folder (by default the current one)."""
    return Repository(WorkingTreeSnapshot(git_root_around(f"{directory or Path()}/")))


def root_of(repository: Repository) -> Path:
    """The folder of a repository that was opened from a working tree."""
    snapshot = repository.snapshot
    if not isinstance(snapshot, WorkingTreeSnapshot):
        raise AssertionError("a revision has no folder")  # noqa: TRY004 - a bug of ours
    return Path(snapshot.root)


def repository_path(root: Path, typed: str, directory: Path | None = None) -> str:
    """A path that somebody typed in `directory` (by default the current one), relative to the repository's root.

    A link at its end stays what it is. Raises CannotContinue for a path outside.
    """
    target = (directory or Path()) / typed
    full = target.parent.resolve() / target.name if target.name not in {"", ".."} else target.resolve()
    if not full.is_relative_to(root.resolve()):
        raise CannotContinue(Finding(OUTSIDE_REPOSITORY, f"'{typed}' is outside of the repository", Place(typed)))
    return full.relative_to(root.resolve()).as_posix()
