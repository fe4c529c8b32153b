"""The local secret store: looks whether secrets exist, and generates those that may be, once.

The request has `folder` (absolute) and `secrets`, each with `name` and `generate` (null, or `length` and `alphabet`).
The answer has a result for each: `state` is `exists`, `generated`, `missing` or `unsafe`, `problem` says why. No
value ever leaves this program.
"""

import json
import os
import stat
import sys
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
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        problem = _folder_problem(folder)
    except OSError as broken:
        problem = f"the store cannot be made ({broken.strerror})"
    if problem:
        return {"results": [_result(secret["name"], "unsafe", problem) for secret in request["secrets"]]}
    return {"results": [_one(folder, secret) for secret in request["secrets"]]}


def _one(folder: Path, secret: dict[str, Any]) -> dict[str, str]:
    name = secret["name"]
    path = folder / name
    try:
        if not os.path.lexists(path):
            if secret["generate"] is None:
                return _result(name, "missing", "")
            created = _create(path, generate(secret["generate"]["length"], secret["generate"]["alphabet"]))
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


def _create(path: Path, value: str) -> bool:
    """Writes the file as a whole or not at all; False where another run was first."""
    draft = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(value)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return True


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
