"""Files that are ours, below a folder that others write to as well: no symbolic link is ever followed.

Paths are relative to a root and POSIX. Every folder on the way is opened without following links, so that neither a
link in a repository nor one that appears meanwhile leads a write out of it. A file is replaced, never edited: a crash
leaves the old content or the new.
"""

import errno
import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CREATE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_LARGEST: Final = 64 * 1024 * 1024


class NotARegularFile(OSError):  # noqa: N818 - what stands there
    """Something stands at the path, or on the way to it, that is no regular file: a folder, a link, a device."""


def owned_bytes(path: Path, most: int = _LARGEST) -> bytes:
    """The content of a regular file of at most so many bytes, the path itself not being a link. Raises OSError."""
    data = read_owned(path.parent, path.name, most)
    if data is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
    return data


def read_owned(root: Path, path: str, most: int = _LARGEST) -> bytes | None:
    """The content of a regular file; None where nothing is. Raises NotARegularFile; OSError over `most` bytes."""
    folder, _, name = path.rpartition("/")
    try:
        with _opened(root, folder) as parent:
            handle = os.open(name, _READ, dir_fd=parent)
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise NotARegularFile(problem.errno, "no regular file is there", path) from problem
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise NotARegularFile(0, "no regular file is there", path)
    with open(handle, "rb") as stream:  # noqa: PTH123 - a descriptor
        data = stream.read(most + 1)
    if len(data) > most:
        raise OSError(0, f"more than {most} bytes", path)
    return data


def read_folder(root: Path, folder: str, names: Iterable[str]) -> dict[str, bytes | OSError | None]:
    """The contents of regular files of one folder, which is opened once; None where nothing is, else why not."""
    found: dict[str, bytes | OSError | None] = dict.fromkeys(names)
    try:
        with _opened(root, folder) as parent:
            for name in found:
                found[name] = _content(parent, name)
    except FileNotFoundError:
        return found
    except OSError as problem:
        return dict.fromkeys(found, problem)
    return found


def _content(parent: int, name: str) -> bytes | OSError | None:
    try:
        handle = os.open(name, _READ, dir_fd=parent)
    except FileNotFoundError:
        return None
    except OSError as problem:
        return problem
    facts = os.fstat(handle)
    if not stat.S_ISREG(facts.st_mode) or facts.st_size > _LARGEST:
        os.close(handle)
        return NotARegularFile(0, "no regular file is there", name)
    with open(handle, "rb") as stream:  # noqa: PTH123 - a descriptor
        return stream.read(_LARGEST + 1)


def replace_owned(root: Path, path: str, data: bytes, mode: int = 0o644, *, durable: bool = True) -> None:
    """Writes a file and its missing folders; what was there before is replaced at once. Raises OSError.

    What is not `durable` is on disk when the system says so: for whoever writes many, and calls `os.sync` then.
    """
    folder, _, name = path.rpartition("/")
    with _opened(root, folder, create=True) as parent:
        temporary = f".{name}.{os.getpid()}.{os.urandom(4).hex()}"
        try:
            with open(os.open(temporary, _CREATE, mode, dir_fd=parent), "wb") as stream:  # noqa: PTH123 - a descriptor
                stream.write(data)
                stream.flush()
                if durable:
                    os.fsync(stream.fileno())
            os.rename(temporary, name, src_dir_fd=parent, dst_dir_fd=parent)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary, dir_fd=parent)
            raise
        if durable:
            os.fsync(parent)


def remove_drafts(root: Path, path: str) -> None:
    """Removes what `replace_owned` left of a file when its process was killed; drafts of living processes stay."""
    folder, _, name = path.rpartition("/")
    draft = re.compile(rf"\.{re.escape(name)}\.(\d+)\.[0-9a-f]{{8}}")
    with suppress(OSError), _opened(root, folder) as parent, os.scandir(parent) as entries:
        for left in [match for entry in entries if (match := draft.fullmatch(entry.name))]:
            if not _lives(int(left[1])):
                with suppress(OSError):
                    os.unlink(left[0], dir_fd=parent)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def remove_owned(root: Path, path: str) -> None:
    """Removes a file, and the folders above it that it leaves empty; what is not there is fine. Raises OSError."""
    folder, _, name = path.rpartition("/")
    try:
        with _opened(root, folder) as parent:
            os.unlink(name, dir_fd=parent)
    except FileNotFoundError:
        return
    while folder:
        above, _, name = folder.rpartition("/")
        try:
            with _opened(root, above) as parent:
                os.rmdir(name, dir_fd=parent)
        except OSError:
            return
        folder = above


def owned_files(root: Path, folder: str) -> Iterator[str]:
    """The paths (relative to `root`, sorted) of the regular files below a folder; what cannot be listed has none."""
    try:
        with _opened(root, folder) as parent, os.scandir(parent) as entries:
            found = sorted(
                (entry.name, entry.is_dir(follow_symlinks=False))
                for entry in entries
                if not entry.is_symlink() and (entry.is_dir() or entry.is_file())
            )
    except OSError:
        return
    for name, is_folder in found:
        path = f"{folder}/{name}" if folder else name
        if is_folder:
            yield from owned_files(root, path)
        else:
            yield path


@contextmanager
def _opened(root: Path, folder: str, *, create: bool = False) -> Iterator[int]:
    handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in folder.split("/") if folder else ():
            if part in {"", ".", ".."}:
                raise ValueError(f"{folder!r} is not a path below a root")
            if create:
                with suppress(FileExistsError):
                    os.mkdir(part, dir_fd=handle)
            below = os.open(part, _FOLDER, dir_fd=handle)
            os.close(handle)
            handle = below
        yield handle
    finally:
        os.close(handle)
