"""The folder in the git directory that keeps what was found out, for the next run: files of this user's, and no links.

What is not as it should be is as if it were not there; whoever reads a file looks at every value in it.
"""

import os
import stat
from collections.abc import Callable
from typing import Final

from innominatus_cli.findings.finding import CannotContinue
from innominatus_cli.system.files import read_below, write_file

_FOLDERS: Final = ("innominatus", "cache")
_LONGEST_LINK: Final = 4096
_PRIVATE: Final = 0o700
_MODE: Final = 0o600


def read_cache(git_directory: str, name: str, most: int) -> bytes | None:
    """A file of the folder, of at most `most` bytes; None where there is none of this user's."""
    if not _is_own(os.path.join(git_directory, *_FOLDERS, name), stat.S_ISREG):
        return None
    data = read_below(git_directory, "/".join((*_FOLDERS, name)), most)
    return data if isinstance(data, bytes) else None


def write_cache(git_directory: str, name: str, data: bytes) -> None:
    """Writes a file of the folder as a whole. Where it cannot be written nothing is said: the next run takes longer."""
    if not _make_folders(git_directory):
        return
    try:
        write_file(os.path.join(git_directory, *_FOLDERS, name), data, _MODE)
    except CannotContinue:
        return


def git_directory_of(root: str) -> str | None:
    """The git directory of a repository, or of a worktree; None where there is none, or it is not this user's.

    A worktree's `.git` is a file that names a directory. As git does, that one is believed only where it names the
    worktree too: else a `.git` that came in an archive could have us write into any folder.
    """
    path = os.path.join(root, ".git")
    if _is_own(path, stat.S_ISDIR):
        return path
    named = _first_line(root, ".git")
    if not named.startswith("gitdir: "):
        return None
    directory = os.path.realpath(os.path.join(root, named.removeprefix("gitdir: ")))
    back = _first_line(directory, "gitdir")
    is_ours = back != "" and os.path.realpath(os.path.join(directory, back)) == os.path.realpath(path)
    return directory if is_ours and _is_own(directory, stat.S_ISDIR) else None


def _first_line(folder: str, name: str) -> str:
    """The text of a file with one line; empty where there is none of this user's, or it cannot be read."""
    if not _is_own(os.path.join(folder, name), stat.S_ISREG):
        return ""
    data = read_below(folder, name, _LONGEST_LINK)
    text = data.decode("utf-8", "surrogateescape").rstrip("\n") if isinstance(data, bytes) else ""
    return "" if "\0" in text else text


def _is_own(path: str, is_such: Callable[[int], bool]) -> bool:
    """Whether something of a kind is at a path, is this user's, and is no link."""
    try:
        status = os.lstat(path)
    except OSError:
        return False
    return is_such(status.st_mode) and status.st_uid == os.geteuid()


def _make_folders(git_directory: str) -> bool:
    """Makes the cache's folder; False where it cannot be, or something else is in its place."""
    path = git_directory
    for name in _FOLDERS:
        path = os.path.join(path, name)
        try:
            os.mkdir(path, _PRIVATE)
        except FileExistsError:
            pass
        except OSError:
            return False
        if not _is_own(path, stat.S_ISDIR):
            return False
    return True
