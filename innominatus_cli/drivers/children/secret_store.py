"""The local secret store: looks whether secrets exist, and generates those that may be, once.

The request has `folder` (absolute) and `secrets`, each with `name` and `generate` (null, or `length` and `alphabet`).
The answer has a result for each: `state` is `exists`, `generated`, `missing` or `unsafe`, `problem` says why. `mark` is
noted beside what is generated; with `undo`, a list of marks, secrets that were generated under one of them are removed
(`removed`), others stay (`kept`). No value ever leaves this program.
"""

import json
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_ALPHABETS = {
    "alphanumeric": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
    "hex": "0123456789abcdef",
    "base64url": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
}
_OTHERS = 0o077


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """The results, in order."""
    folder = Path(request["folder"])
    marks = request.get("undo")
    if marks is not None:
        return {"results": [_undone(folder, secret["name"], marks) for secret in request["secrets"]]}
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        problem = _folder_problem(folder)
    except OSError as broken:
        problem = f"the store cannot be made ({broken.strerror})"
    if problem:
        return {"results": [_result(secret["name"], "unsafe", problem) for secret in request["secrets"]]}
    return {"results": [_one(folder, secret, request.get("mark", "")) for secret in request["secrets"]]}


def _undone(folder: Path, name: str, marks: list[str]) -> dict[str, str]:
    path, note = folder / name, _note(folder / name)
    try:
        mark, _, inode = note.read_text().partition("\n") if note.exists() else ("", "", "")
        if mark not in marks or (os.path.lexists(path) and str(path.lstat().st_ino) != inode):
            return _result(name, "kept", "")
        path.unlink(missing_ok=True)
        note.unlink()
    except OSError as broken:
        return _result(name, "unsafe", f"it cannot be removed ({broken.strerror})")
    return _result(name, "removed", "")


def _note(path: Path) -> Path:
    """The file that says which run generated the secret at this path, and as which inode.

    One that somebody has put there since is not that run's. No secret's name begins with a dot.
    """
    return path.with_name(f".{path.name}.made-by")


def _one(folder: Path, secret: dict[str, Any], mark: str) -> dict[str, str]:
    name = secret["name"]
    path = folder / name
    try:
        if not os.path.lexists(path):
            if secret["generate"] is None:
                return _result(name, "missing", "")
            created = _create(path, generate(secret["generate"]["length"], secret["generate"]["alphabet"]), mark)
            if created:
                return _result(name, "generated", "")
        problem = _file_problem(path)
    except OSError as broken:
        problem = f"it cannot be used ({broken.strerror})"
    return _result(name, "unsafe" if problem else "exists", problem)


def _result(name: str, state: str, problem: str) -> dict[str, str]:
    return {"name": name, "state": state, "problem": problem}


def generate(length: int, alphabet: str) -> str:
    """`length` characters, each equally likely, from the operating system's randomness."""
    characters = _ALPHABETS[alphabet]
    limit = 256 - 256 % len(characters)
    found: list[str] = []
    while len(found) < length:
        found += [characters[byte % len(characters)] for byte in os.urandom(length) if byte < limit]
    return "".join(found[:length])


def _create(path: Path, value: str, mark: str) -> bool:
    """Writes the file as a whole or not at all, behind a note of who does; False where another run was first."""

    def put(draft: Path, place: Path) -> None:
        _write(_note(place), f"{mark}\n{draft.stat().st_ino}", os.replace)
        os.link(draft, place)

    try:
        _write(path, value, put)
    except FileExistsError:
        return False
    return True


def _write(path: Path, text: str, put: Callable[[Path, Path], None]) -> None:
    """Writes a draft durably and puts it in place: `os.link` never replaces anything, `os.replace` does."""
    draft = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        put(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _folder_problem(folder: Path) -> str:
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        return "the store's folder is no folder"
    if found.st_uid != os.geteuid() or found.st_mode & _OTHERS:
        return "the store's folder is not private"
    return ""


def _file_problem(path: Path) -> str:
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode):
        return "it is no regular file"
    if found.st_uid != os.geteuid() or found.st_mode & _OTHERS:
        return "its file is not private"
    return "" if found.st_size else "its file is empty"


if __name__ == "__main__":
    os.umask(0o077)
    json.dump(answer(json.load(sys.stdin)), sys.stdout)
