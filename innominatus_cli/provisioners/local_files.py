"""`sqlite` and `volume`: a database file and a folder below the state folder. Real, and enough for a laptop and CI.

Outputs hold paths relative to the state folder: they go into records and manifests, which are the same on every
machine. A process finds the file at `$INNOMINATUS_STATE_DIR/<path>`.
"""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeAlias

from innominatus_cli.provisioners.contract import Provisioned, Provisioner, ResourceRequest

Delete: TypeAlias = Callable[[ResourceRequest], Provisioned]

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_SIZE: Final = re.compile(r"[1-9][0-9]*(\.[0-9]+)?([kKMGTP]i?)?")
_SQLITE_HEADER: Final = b"SQLite format 3\0"
_BESIDE_A_DATABASE: Final = ("-wal", "-shm", "-journal")
DEFAULT_SIZE: Final = "1Gi"


def _create_database(request: ResourceRequest) -> Provisioned:
    path, problem = _place(request, "databases", ".db")
    if problem:
        return Provisioned(problem=problem)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.exists():
            with path.open("rb") as file:
                header = file.read(len(_SQLITE_HEADER))
            if header not in {b"", _SQLITE_HEADER}:
                return Provisioned(problem=f"{path.name} exists and is no SQLite database")
        else:
            _note(path, request)
        # SQLite takes an empty file for an empty database.
        path.touch(mode=0o600)
    except OSError as broken:
        return Provisioned(problem=f"{path.name} cannot be made: {broken.strerror}")
    relative = path.relative_to(request.state_dir).as_posix()
    return Provisioned(
        {"name": request.identity, "path": relative, "connection_string": f"sqlite:///{relative}"},
        message=f"database {request.identity}",
    )


def _delete_database(request: ResourceRequest) -> Provisioned:
    path, problem = _place(request, "databases", ".db")
    if problem:
        return Provisioned(problem=problem)
    try:
        for suffix in ("", *_BESIDE_A_DATABASE):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        _note_of(path).unlink(missing_ok=True)
    except OSError as broken:
        return Provisioned(problem=f"{path.name} cannot be removed: {broken.strerror}")
    return Provisioned({"name": request.identity}, message=f"database {request.identity} removed")


def _look_at_database(request: ResourceRequest) -> str:
    path, problem = _place(request, "databases", ".db")
    if problem:
        return problem
    try:
        with path.open("rb") as file:
            header = file.read(len(_SQLITE_HEADER))
    except FileNotFoundError:
        return f"{path.name} is not there"
    except OSError as broken:
        return f"{path.name} cannot be read: {broken.strerror}"
    return "" if header in {b"", _SQLITE_HEADER} else f"{path.name} is no SQLite database"


def _look_at_volume(request: ResourceRequest) -> str:
    path, problem = _place(request, "volumes", "")
    return problem or ("" if path.is_dir() else f"{path.name} is not there")


def _create_volume(request: ResourceRequest) -> Provisioned:
    path, problem = _place(request, "volumes", "")
    size = str(request.params.get("size", DEFAULT_SIZE))
    if not problem and not _SIZE.fullmatch(size):
        problem = f"size '{size}' is no quantity such as 5Gi"
    if problem:
        return Provisioned(problem=problem)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.is_dir():
            _note(path, request)
        path.mkdir(mode=0o700, exist_ok=True)
    except OSError as broken:
        return Provisioned(problem=f"{path.name} cannot be made: {broken.strerror}")
    relative = path.relative_to(request.state_dir).as_posix()
    return Provisioned(
        {"name": request.identity, "path": relative, "size": size},
        message=f"volume {request.identity}",
    )


def _delete_volume(request: ResourceRequest) -> Provisioned:
    path, problem = _place(request, "volumes", "")
    if problem:
        return Provisioned(problem=problem)
    try:
        if path.is_dir():
            shutil.rmtree(path)
        _note_of(path).unlink(missing_ok=True)
    except OSError as broken:
        return Provisioned(problem=f"{path.name} cannot be removed: {broken.strerror}")
    return Provisioned({"name": request.identity}, message=f"volume {request.identity} removed")


def _undo(request: ResourceRequest, folder: str, suffix: str, delete: Delete) -> Provisioned:
    """Deletes what the noted run made; anything else stays."""
    path, problem = _place(request, folder, suffix)
    if problem:
        return Provisioned(problem=problem)
    note = _note_of(path)
    try:
        ours = note.is_file() and note.read_text() in request.undone_marks
    except OSError as broken:
        return Provisioned(problem=f"{note.name} cannot be read: {broken.strerror}")
    if not ours:
        return Provisioned(message=f"{request.identity} was there before, or is gone: nothing is removed")
    return delete(request)


def _note(path: Path, request: ResourceRequest) -> None:
    """Notes who makes a resource, on disk before there is one. Raises OSError."""
    note = _note_of(path)
    draft = note.with_name(f"{note.name}.draft")
    with draft.open("w") as file:
        file.write(request.mark)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(note)


def _note_of(path: Path) -> Path:
    """No resource's name begins with a dot."""
    return path.with_name(f".{path.name}.made-by")


def _place(request: ResourceRequest, folder: str, suffix: str) -> tuple[Path, str]:
    """Where the resource lives, and a problem (empty: none). Symbolic links are refused."""
    path = request.state_dir / folder / f"{request.identity}{suffix}"
    if not _NAME.fullmatch(request.identity):
        return path, f"'{request.identity}' cannot be the name of a file: use letters, digits, '.', '_' and '-'"
    if path.is_symlink() or path.parent.is_symlink():
        return path, f"{path.name} is a symbolic link"
    return path, ""


SQLITE = Provisioner(
    type="sqlite",
    summary="A SQLite database in the state folder.",
    outputs={
        "name": "The database's name.",
        "path": "Its file, below `$INNOMINATUS_STATE_DIR`.",
        "connection_string": "`sqlite:///<path>`, as `database-migration` reads it.",
    },
    create=_create_database,
    delete=_delete_database,
    undo=lambda request: _undo(request, "databases", ".db", _delete_database),
    look=_look_at_database,
)
VOLUME = Provisioner(
    type="volume",
    summary="A folder in the state folder; a volume of the workload where manifests are rendered.",
    outputs={
        "name": "The volume's name.",
        "path": "Its folder, below `$INNOMINATUS_STATE_DIR`.",
        "size": "Its size, as asked for.",
    },
    create=_create_volume,
    delete=_delete_volume,
    undo=lambda request: _undo(request, "volumes", "", _delete_volume),
    look=_look_at_volume,
    params={
        "size": "A quantity such as `5Gi`; rendered as a claim. Absent: an emptyDir.",
        "accessModes": "Access modes of the claim; `[ReadWriteOnce]` where nothing is said.",
        "storageClassName": "The storage class of the claim.",
        "source": "A Kubernetes volume source, in the place of a claim.",
    },
)
