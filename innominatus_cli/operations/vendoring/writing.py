"""Puts vendored files and their lock into the working tree: all of it, or after a crash the rest by the next update.

Everything new is on disk first, then an intent that says what is to be where; from then on any update finishes it. No
link is followed, and nothing is removed but files that the old lock knows.
"""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from innominatus_cli.documents.canonical import digest_of_bytes
from innominatus_cli.documents.vendor_lock import LockProblem, read_lock
from innominatus_cli.documents.vendored import INTENT_FILE
from innominatus_cli.documents.vendored_names import LOCK_FILE, STAGING_FOLDER, VENDOR_FOLDER
from innominatus_cli.findings.finding import CannotContinue
from innominatus_cli.system.files import not_writable
from innominatus_cli.system.owned_files import NotARegularFile, owned_files, read_owned, remove_owned, replace_owned

_VERSION: Final = 1
_STAGED_NAME: Final = re.compile(r"[0-9a-f]{64}|\.(?:[0-9a-f]{64}|intent\.json)\.[0-9]+\.[0-9a-f]{8}")


class Intent(NamedTuple):
    """What an update makes of the working tree. Paths are repository-relative.

    `files` are the new or changed ones with their bytes, `removed` those to take away, `lock` the new lock's bytes.
    """

    files: Mapping[str, bytes]
    removed: tuple[str, ...]
    lock: bytes


def carry_out(root: Path, intent: Intent) -> None:
    """Writes and removes. Raises CannotContinue (exit 73) where the disk refuses.

    The old is still there then, or the next update finishes the new.
    """
    at = STAGING_FOLDER
    try:
        for data in {*intent.files.values(), intent.lock}:
            replace_owned(root, _staged(data), data)
        document = {
            "version": _VERSION,
            "files": {path: digest_of_bytes(data) for path, data in intent.files.items()},
            "removed": list(intent.removed),
            "lock": digest_of_bytes(intent.lock),
        }
        replace_owned(root, INTENT_FILE, json.dumps(document, sort_keys=True).encode())
        at = VENDOR_FOLDER
        _apply(root, intent)
    except BaseException as problem:
        _forget_unless_intended(root)
        if isinstance(problem, OSError):
            raise CannotContinue(not_writable(at, problem)) from problem
        raise


def finish_interrupted(root: Path) -> bool:
    """Finishes what an update before this one left half done; whether there was such a thing.

    Where it had not come as far as its intent, what it left is removed. Raises CannotContinue (exit 73).
    """
    try:
        intent = _read_intent(root)
        if intent is not None:
            _apply(root, intent)
        else:
            _remove_staging(root)
    except OSError as problem:
        raise CannotContinue(not_writable(STAGING_FOLDER, problem)) from problem
    return intent is not None


def _apply(root: Path, intent: Intent) -> None:
    """Every step may be repeated: a crash in between leaves the staged files and the intent."""
    for path in intent.removed:
        remove_owned(root, path)
    for path, data in intent.files.items():
        if _read(root, path) != data:
            _remove_left_over(root, path)
            replace_owned(root, path, data)
    if _read(root, LOCK_FILE) != intent.lock:
        replace_owned(root, LOCK_FILE, intent.lock)
    remove_owned(root, INTENT_FILE)
    _remove_staging(root)


def _read(root: Path, path: str) -> bytes | None:
    try:
        return read_owned(root, path)
    except NotARegularFile:
        return None


def _read_intent(root: Path) -> Intent | None:
    """The intent of an interrupted update; None where there is none, or not all that it needs is whole.

    The repository is anybody's: an intent that somebody has committed writes nothing but what its lock says, below the
    folder of vendored files, and removes nothing but what the lock that is there knows.
    """
    data = _read(root, INTENT_FILE)
    if data is None:
        return None
    try:
        found = json.loads(data)
        files = {path: _staged_bytes(root, sha) for path, sha in found["files"].items()}
        known = _locked(_read(root, LOCK_FILE) or b"")
        intent = Intent(
            files, tuple(path for path in found["removed"] if path in known), _staged_bytes(root, found["lock"])
        )
        locked = _locked(intent.lock)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return intent if all(locked.get(path) == digest_of_bytes(data) for path, data in files.items()) else None


def _locked(lock: bytes) -> dict[str, str]:
    """The digests of the files of a lock by their repository paths; none of what is no lock."""
    try:
        sources = read_lock(lock)
    except LockProblem:
        return {}
    return {
        f"{VENDOR_FOLDER}/{name}/{path}": sha for name, source in sources.items() for path, sha in source.files.items()
    }


def _staged(data: bytes) -> str:
    return f"{STAGING_FOLDER}/{digest_of_bytes(data).removeprefix('sha256:')}"


def _staged_bytes(root: Path, sha: str) -> bytes:
    """Raises ValueError where the staged file is not whole."""
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", sha):
        raise ValueError("no digest")
    data = _read(root, f"{STAGING_FOLDER}/{sha.removeprefix('sha256:')}")
    if data is None or digest_of_bytes(data) != sha:
        raise ValueError("a staged file is missing or damaged")
    return data


def _forget_unless_intended(root: Path) -> None:
    if _read(root, INTENT_FILE) is None:
        try:
            _remove_staging(root)
        except OSError:
            return


def _remove_staging(root: Path) -> None:
    """Removes what updates have staged, by the names that they give."""
    for path in list(owned_files(root, STAGING_FOLDER)):
        name = path.rpartition("/")[2]
        if path == INTENT_FILE or _STAGED_NAME.fullmatch(name):
            remove_owned(root, path)


def _remove_left_over(root: Path, path: str) -> None:
    """Removes what a killed process left beside a file that it was writing (see `owned_files.replace_owned`)."""
    folder, _, name = path.rpartition("/")
    if os.path.isdir(root / folder):  # noqa: PTH112 - a path below a root, looked at before it is opened
        for other in list(owned_files(root, folder)):
            beside, _, theirs = other.rpartition("/")
            if beside == folder and re.fullmatch(rf"\.{re.escape(name)}\.[0-9]+\.[0-9a-f]{{8}}", theirs):
                remove_owned(root, other)
