"""Which file a program's name stands for: the operator's PATH, never the repository's."""

import os
from pathlib import Path


def trusted_path(path: str, untrusted: Path | None = None) -> str:
    """PATH without relative entries, and without entries inside `untrusted` (a repository holds anyone's files)."""
    return os.pathsep.join(_trusted(path, untrusted))


def find_program(name: str, *, path: str, cwd: Path, untrusted: Path | None = None) -> str | None:
    """The absolute path of the program, or None.

    A plain name is looked up on `path`; one with a slash is a file that somebody named on purpose, relative to `cwd`.
    """
    if "/" in name:
        written = name if name.startswith("/") else f"{cwd}/{name}"
        return written if _is_program(written) else None
    for folder in _trusted(path, untrusted):
        candidate = f"{folder}/{name}"
        if name and _is_program(candidate):
            return candidate
    return None


def repository_around(folder: Path) -> Path:
    """The nearest folder at or above this one that has a `.git`; the folder itself where none has."""
    real = folder.resolve()
    return next((one for one in (real, *real.parents) if os.path.lexists(one / ".git")), real)


def _trusted(path: str, untrusted: Path | None) -> list[str]:
    entries = [entry for entry in path.split(os.pathsep) if entry.startswith("/")]
    root = "/" if untrusted is None else os.path.realpath(untrusted)
    if root == "/":  # as in a container that starts there: nothing of the machine would be outside of it
        return entries
    return [entry for entry in entries if not _is_inside(os.path.realpath(entry), root)]


def _is_inside(path: str, root: str) -> bool:
    return path == root or path.startswith(root + "/")


def _is_program(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)  # noqa: PTH113 - called for each entry of PATH
