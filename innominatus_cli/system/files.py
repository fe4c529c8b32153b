"""The door to files: bounded reads of regular files, and writes that leave the old or the new.

A read never blocks and never follows a link at its end: a pipe, a device, a folder or a link is a finding.
"""

import errno
import os
import stat
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress

from innominatus_cli.findings.catalogue.document import NOT_A_FILE, NOT_READABLE, NOT_WRITABLE, OUTSIDE_REPOSITORY
from innominatus_cli.findings.catalogue.document import TOO_LARGE as FILE_TOO_LARGE
from innominatus_cli.findings.finding import CannotContinue, Finding, Place

FILE_MODE = 0o644
FOLDER_MODE = 0o755
_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
_NO_HARD_LINKS = frozenset((errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS))
_DESCRIPTORS = ("/dev/", "/proc/")
"""Where names stand for what a process has open, be it a file."""
_CHUNK = 64 * 1024
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISCHR, "a device"),
)


def read_below(root: str | os.PathLike[str], path: str, limit: int) -> bytes | Finding:
    """The bytes of a regular file of at most `limit` bytes, by its path (POSIX) relative to `root`.

    Links are followed as long as they stay below `root`; every component of what they resolve to is then opened
    without following links, so that a link put in between leads nowhere.
    """
    if (parts := parts_of(path)) is None:
        return Finding(OUTSIDE_REPOSITORY, f"'{path}' is no path below the repository", Place(path))
    base = os.path.realpath(root)
    try:
        resolved = os.path.realpath(os.path.join(base, *parts), strict=True)
    except OSError as error:
        return Finding(NOT_READABLE, reason_of(error), Place(path))
    if not is_below(base, resolved):
        return Finding(OUTSIDE_REPOSITORY, "the symbolic link leaves the repository", Place(path))
    try:
        return _read(_open_below(base, resolved[len(base) :].strip(os.sep).split(os.sep)), limit, path)
    except OSError as error:
        return Finding(NOT_READABLE, reason_of(error), Place(path))


class FilesBelow:
    """Reads files below a folder as `read_below` does. The folders of the last file stay open for its neighbours."""

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self._base = os.path.realpath(root)
        self._names: list[str] = []
        self._descriptors: list[int] = []
        """Of the base, and of the folders of `_names` on the way down from it."""

    def read(self, path: str, limit: int) -> bytes | Finding:
        """The bytes of a file of at most `limit` bytes, or why there are none."""
        parts = parts_of(path)
        if parts is not None:
            try:
                return _read(self._open(parts), limit, path)
            except OSError:  # a link on the way, perhaps, or nothing is there: it takes a longer look
                pass
        return read_below(self._base, path, limit)

    def _open(self, parts: list[str]) -> int:
        """Opens a file, no component of `parts` being a link. Raises OSError."""
        folders = parts[:-1]
        if folders != self._names or not self._descriptors:
            self._go_to(folders)
        return os.open(parts[-1], _READ, dir_fd=self._descriptors[-1])

    def _go_to(self, folders: list[str]) -> None:
        if not self._descriptors:
            self._descriptors.append(os.open(self._base, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
        kept = 0
        while kept < len(self._names) and self._names[: kept + 1] == folders[: kept + 1]:
            kept += 1
        while len(self._names) > kept:
            self._names.pop()
            os.close(self._descriptors.pop())
        for name in folders[kept:]:
            self._descriptors.append(os.open(name, _READ | os.O_DIRECTORY, dir_fd=self._descriptors[-1]))
            self._names.append(name)

    def __del__(self, close: Callable[[int], None] = os.close) -> None:  # `os` may be gone when the interpreter ends
        for descriptor in self._descriptors:
            close(descriptor)


def parts_of(path: str) -> list[str] | None:
    """The parts of a repository-relative POSIX path; None where it is absolute, empty or has `..`, NUL, a backslash."""
    if not path or path.startswith(("/", "~")) or "\\" in path or "\0" in path:
        return None
    parts = [part for part in path.split("/") if part not in {"", "."}]
    return None if not parts or ".." in parts else parts


def is_named_file(path: str | os.PathLike[str]) -> bool:
    """Whether a word that somebody typed is the path of a file; one longer than any path is none, and no error."""
    return os.path.isfile(path)


def is_below(root: str, path: str) -> bool:
    """Whether an absolute, resolved path is `root` or below it."""
    return path == root or path.startswith(root.rstrip(os.sep) + os.sep)


def reason_of(error: OSError) -> str:
    """An operating system's error in plain words, without paths."""
    match error.errno:
        case errno.ENOENT | errno.ENOTDIR:
            return "the file does not exist"
        case errno.EACCES | errno.EPERM:
            return "you may not read it"
        case errno.ELOOP:
            return "its symbolic links go round in a circle"
        case errno.ENXIO | errno.ENODEV:
            return "it is not a regular file"
        case errno.ENAMETOOLONG:
            return "its name is too long"
        case _:
            return (error.strerror or "it cannot be read").lower()


def write_file(
    path: str | os.PathLike[str], data: bytes, mode: int = FILE_MODE, owner: tuple[int, int] | None = None
) -> None:
    """Writes a file so that a crash leaves the old or the new, with exactly `mode` whatever the umask is.

    Folders above it are made. `owner` are a user and a group, who get it where we may give it away. Raises
    CannotContinue (exit 73) where the disk refuses.
    """
    target = os.fspath(path)
    folder = os.path.dirname(target) or "."
    temporary = _temporary(target)
    try:
        os.makedirs(folder, FOLDER_MODE, exist_ok=True)
        try:
            _write_new(temporary, data, mode, owner)
            os.replace(temporary, target)
        except BaseException:
            _remove(temporary)
            raise
        _sync_folder(folder)
    except OSError as error:
        raise CannotContinue(not_writable(target, error)) from error


def write_output(path: str | os.PathLike[str], data: bytes, mode: int | None = None) -> None:
    """Writes bytes where a person wants them: into a pipe or a device, or to a file as `write_file` does.

    A file keeps its owner, and its mode unless one is given; a link stays a link to it. Raises CannotContinue (exit 73)
    where the disk refuses.
    """
    target = os.path.realpath(path) if os.path.islink(path) else os.fspath(path)
    try:
        found = os.stat(path)
    except FileNotFoundError:
        write_file(target, data, FILE_MODE if mode is None else mode)
        return
    except OSError as error:
        raise CannotContinue(not_writable(os.fspath(path), error)) from error
    if stat.S_ISREG(found.st_mode) and not os.path.abspath(path).startswith(_DESCRIPTORS):
        kept = stat.S_IMODE(found.st_mode) if mode is None else mode
        write_file(target, data, kept, (found.st_uid, found.st_gid))
        return
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOCTTY | os.O_CLOEXEC)
        try:
            _write_all(descriptor, data)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise CannotContinue(not_writable(os.fspath(path), error)) from error


def replace_below(root: str | os.PathLike[str], path: str, old: bytes, new: bytes) -> str | None:
    """Writes a regular file below `root` that still has the bytes `old`, and keeps its mode and owner; or says why not.

    The answer is part of a sentence, None where it is written. Raises CannotContinue (exit 73) where the disk refuses.
    """
    base = os.path.realpath(root)
    target = os.path.join(base, *(parts_of(path) or ()))
    if os.path.realpath(target) != target:
        return "it is reached through a symbolic link"
    if read_below(base, path, max(len(old), 1)) != old:
        return "it has changed since it was read"
    if not os.access(target, os.W_OK):
        return "you may not write it"
    try:
        found = os.lstat(target)
    except OSError as error:
        return reason_of(error)
    write_file(target, new, stat.S_IMODE(found.st_mode), (found.st_uid, found.st_gid))
    return None


def append_file(path: str | os.PathLike[str], data: bytes) -> None:
    """Adds to the end of a file, which is made where it is absent. Raises CannotContinue where the disk refuses."""
    try:
        with open(path, "ab") as file:
            file.write(data)
    except OSError as error:
        raise CannotContinue(not_writable(os.fspath(path), error)) from error


def write_together(
    root: str | os.PathLike[str], files: Mapping[str, bytes], replaced: Collection[str] = (), mode: int = FILE_MODE
) -> None:
    """Writes several files below `root`, by their paths (POSIX) relative to it: all of them, or none.

    Only those in `replaced` may be there already. All bytes are on disk before the first name is; what takes no name
    because somebody else took it meanwhile, or the disk refuses, takes the others away again.
    Raises CannotContinue (exit 73).
    """
    base = os.path.abspath(root)
    targets = {os.path.join(base, *path.split("/")): path for path in files}
    may_be_there = {target for target, path in targets.items() if path in replaced}
    made: list[str] = []
    at = base
    try:
        for target, path in targets.items():
            at = os.path.join(root, path)
            _make_folders(os.path.dirname(target), made)
            _write_new(_temporary(target), files[path], mode)
        for target in sorted(targets, key=lambda target: target in may_be_there):
            at = os.path.join(root, targets[target])
            if target in may_be_there:
                os.replace(_temporary(target), target)
            else:
                _name_new(_temporary(target), target)
                made.append(target)
        for folder in {os.path.dirname(target) for target in targets}:
            _sync_folder(folder)
    except BaseException as error:
        for path in (*map(_temporary, targets), *reversed(made)):
            _remove(path)
        if isinstance(error, OSError):
            raise CannotContinue(not_writable(at, error)) from error
        raise


def remove_together(root: str | os.PathLike[str], paths: Iterable[str]) -> None:
    """Removes files below `root` by their paths (POSIX) relative to it; one that is gone already is no trouble.

    A link is removed itself. Raises CannotContinue (exit 73) where the disk refuses.
    """
    for path in paths:
        try:
            os.unlink(os.path.join(os.path.abspath(root), *path.split("/")))
        except FileNotFoundError:
            continue
        except OSError as error:
            raise CannotContinue(not_writable(path, error)) from error


def _temporary(target: str) -> str:
    """Where a file's bytes stand before it gets its name."""
    return os.path.join(os.path.dirname(target), f".{os.path.basename(target)[:200]}.{os.getpid()}.new")


def _name_new(temporary: str, target: str) -> None:
    """Gives a file its name where nothing has that name. Raises OSError."""
    try:
        os.link(temporary, target)
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target) from None
        os.rename(temporary, target)
    else:
        os.unlink(temporary)


def _make_folders(folder: str, made: list[str]) -> None:
    """Makes a folder and those above it, and adds to `made` each that was not there. Raises OSError."""
    missing = []
    while not os.path.isdir(folder):
        missing.append(folder)
        folder = os.path.dirname(folder)
    for path in reversed(missing):
        os.mkdir(path, FOLDER_MODE)
        made.append(path)


def size_of(path: str | os.PathLike[str]) -> int:
    """The bytes of a file; 0 where there is none."""
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def not_writable(path: str, error: OSError) -> Finding:
    """The finding for state that the disk does not take."""
    return Finding(NOT_WRITABLE, f"cannot write: {(error.strerror or 'the disk refuses').lower()}", Place(path))


def _open_below(base: str, parts: list[str]) -> int:
    """Opens a file below `base`, no component of `parts` being a link. Raises OSError."""
    folder = os.open(base, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parts[:-1]:
            inner = os.open(part, _READ | os.O_DIRECTORY, dir_fd=folder)
            os.close(folder)
            folder = inner
        return os.open(parts[-1], _READ, dir_fd=folder)
    finally:
        os.close(folder)


def _read(descriptor: int, limit: int, shown: str) -> bytes | Finding:
    """Reads and closes a descriptor. Raises OSError."""
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            what = next((word for is_kind, word in _KINDS if is_kind(status.st_mode)), "something else")
            return Finding(NOT_A_FILE, f"it is {what}, not a regular file", Place(shown))
        if status.st_size > limit:
            return Finding(FILE_TOO_LARGE, f"the file has {status.st_size:,} bytes, over {limit:,}", Place(shown))
        data = os.read(descriptor, status.st_size + 1)
        if len(data) == status.st_size:
            return data
        chunks = [data]  # it has another size than it says: it is written to just now, or made by the kernel
        size = len(data)
        while size <= limit and (chunk := os.read(descriptor, _CHUNK)):
            chunks.append(chunk)
            size += len(chunk)
        if size > limit:
            return Finding(FILE_TOO_LARGE, f"the file has more than {limit:,} bytes", Place(shown))
        return b"".join(chunks)
    finally:
        os.close(descriptor)


def _write_new(path: str, data: bytes, mode: int, owner: tuple[int, int] | None = None) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    try:
        if owner is not None:
            with suppress(OSError):  # whoever is not root keeps it
                os.fchown(descriptor, *owner)
        os.fchmod(descriptor, mode)
        _write_all(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _remove(path: str) -> None:
    try:
        if os.path.isdir(path) and not os.path.islink(path):
            os.rmdir(path)
        else:
            os.unlink(path)
    except OSError:
        return


def _sync_folder(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
