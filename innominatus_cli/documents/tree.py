"""The files of a working tree as they lie there: names, links, and other repositories inside of it.

Nothing is read but `.git` files, and no link is followed.
"""

import os
from typing import TYPE_CHECKING, NamedTuple

from innominatus_cli.documents.snapshot import SKIPPED_FOLDERS
from innominatus_cli.system.files import is_below

if TYPE_CHECKING:
    from collections.abc import Callable

_MAX_DEPTH = 64
_OF_OTHER_TOOLS = frozenset(
    (".terraform", ".tox", ".nox", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache")
)
"""Folders that tools fill for themselves: modules that terraform has cloned are no part of the repository."""
_BARE = ("HEAD", "objects", "refs")
_LONGEST_GIT_FILE = 4096


class Tree(NamedTuple):
    """What lies below a folder; all paths are relative to the repository's root, sorted."""

    paths: tuple[str, ...] = ()
    """Files, links and folders."""
    links_out: tuple[tuple[str, str], ...] = ()
    """Links that lead out of the repository, with what they say."""
    repositories: tuple[tuple[str, str], ...] = ()
    """Other git repositories: what shows them (a `.git`, or the folder of a bare one), and what that is."""


def is_listed(path: str) -> bool:
    """Whether a path is in no folder that is left out."""
    return (SKIPPED_FOLDERS | _OF_OTHER_TOOLS).isdisjoint(path.split("/"))


def read_tree(root: str, under: str = "", entries_in: "Callable[[str], list[os.DirEntry[str]]] | None" = None) -> Tree:
    """The tree below `under`, a folder of the repository at `root`. Folders that cannot be read are left out.

    `entries_in` gives what lies in a folder, or raises OSError, where somebody has looked already.
    """
    root = os.path.realpath(root)
    start = os.path.normpath(os.path.join(root, under))
    paths: list[str] = []
    links: list[tuple[str, str]] = []
    repositories: list[tuple[str, str]] = []
    waiting = [(start, "" if under in {"", "."} else under.rstrip("/"), 0)]
    while waiting:
        folder, relative, depth = waiting.pop()
        try:
            entries = (entries_in or _entries)(folder)
        except OSError:
            entries = []
        names = {entry.name for entry in entries}
        is_root = folder == root
        if not is_root and ".git" in names and (what := _repository_at(root, folder)):
            repositories.append((_joined(relative, ".git"), what))
        if not is_root and names.issuperset(_BARE) and _is_bare(folder):
            repositories.append((relative, "a bare repository"))
        for entry in entries:
            path = _joined(relative, entry.name)
            if entry.name in SKIPPED_FOLDERS or entry.name in _OF_OTHER_TOOLS:
                continue
            paths.append(path)
            if entry.is_symlink():
                if not is_below(root, os.path.realpath(entry.path)):
                    links.append((path, _target(entry.path)))
            elif entry.is_dir(follow_symlinks=False) and depth < _MAX_DEPTH:
                waiting.append((entry.path, path, depth + 1))
    return Tree(tuple(sorted(paths)), tuple(sorted(links)), tuple(sorted(repositories)))


def _joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _entries(folder: str) -> "list[os.DirEntry[str]]":
    with os.scandir(folder) as entries:
        return list(entries)


def _target(link: str) -> str:
    try:
        return os.readlink(link)
    except OSError:
        return ""


def _repository_at(root: str, folder: str) -> str:
    """What the `.git` of a folder below the root is; empty where git itself made it, for a submodule or a worktree."""
    path = os.path.join(folder, ".git")
    if os.path.isdir(path):
        return "a git repository of its own"
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
        with os.fdopen(fd, "rb") as file:
            said = file.read(_LONGEST_GIT_FILE).decode("utf-8", "replace").strip()
    except OSError:
        return "a `.git` that is no file"
    target = os.path.realpath(os.path.join(folder, said.removeprefix("gitdir:").strip()))
    own = os.path.realpath(os.path.join(root, ".git"))
    is_ours = said.startswith("gitdir:") and (is_below(own, target) or _is_beside(own, target))
    return "" if is_ours else "a `.git` file that leads elsewhere"


def _is_beside(own: str, target: str) -> bool:
    """Whether the repository is a worktree itself, and the target is of the repository that it belongs to."""
    if not os.path.isfile(own):
        return False
    try:
        with open(own, encoding="utf-8") as file:
            said = file.read(_LONGEST_GIT_FILE)
    except (OSError, ValueError):
        return False
    common = os.path.realpath(os.path.join(os.path.dirname(own), said.removeprefix("gitdir:").strip()))
    return is_below(os.path.dirname(os.path.dirname(common)), target)


def _is_bare(folder: str) -> bool:
    return (
        os.path.isfile(os.path.join(folder, "HEAD"))
        and os.path.isdir(os.path.join(folder, "objects"))
        and os.path.isdir(os.path.join(folder, "refs"))
    )
