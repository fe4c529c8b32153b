"""`innominatus.lock`: which commit of which repository the vendored files are from, and the SHA-256 of each.

It is JSON in one form (sorted keys, two blanks, a newline at the end) with a digest over everything else in it, so that
one line changes for a file that changes, and a lock edited by hand is known. Pure: bytes in, values out.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from innominatus_cli.documents.canonical import digest
from innominatus_cli.documents.git_address import SOURCE_NAME, is_commit
from innominatus_cli.system.files import parts_of

_VERSION: Final = 1
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}\Z")
_NAME: Final = re.compile(SOURCE_NAME)


class LockedSource(NamedTuple):
    """One source as it was fetched; `files` are the SHA-256 (`sha256:…`) of its files by their paths in it."""

    repository: str
    ref: str
    commit: str
    path: str
    files: Mapping[str, str]


Lock = Mapping[str, LockedSource]
"""All sources by their names."""


class LockProblem(ValueError):  # noqa: N818 - an answer about a text that people may edit
    """Why a text is no lock; its message is the end of a sentence."""


def read_lock(data: bytes) -> Lock:
    """The lock that bytes hold. Raises LockProblem for anything that `write_lock` has not written."""
    try:
        found = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise LockProblem(_why_no_json(data)) from None
    if not isinstance(found, dict) or not isinstance(found.get("sources"), dict):
        raise LockProblem("it has no sources")
    if found.get("version") != _VERSION:
        raise LockProblem(f"its version is {str(found.get('version'))[:20]!r}, and this tool knows {_VERSION}")
    lock = {str(name): _source(str(name), one) for name, one in found["sources"].items()}
    if found.get("digest") != _digest(lock):
        raise LockProblem("its own digest is another one: it was edited by hand")
    if write_lock(lock) != data:
        ends = write_lock(lock) == data.replace(b"\r\n", b"\n")
        raise LockProblem("git has changed its line ends" if ends else "it is not in the form that is written")
    return lock


def write_lock(lock: Lock) -> bytes:
    """The bytes of `innominatus.lock`."""
    document = {"version": _VERSION, "digest": _digest(lock), "sources": _plain(lock)}
    return (json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _digest(lock: Lock) -> str:
    return digest({"version": _VERSION, "sources": _plain(lock)})


def _plain(lock: Lock) -> dict[str, Any]:
    return {name: {**source._asdict(), "files": dict(source.files)} for name, source in lock.items()}


def _source(name: str, found: object) -> LockedSource:
    """A source, everything in it being of the right type; its paths stay in its folder."""
    if not _NAME.match(name) or not isinstance(found, dict) or found.keys() != {*LockedSource._fields}:
        raise LockProblem(f"the source '{name[:80]}' is not as it is written")
    files = found["files"]
    texts = [found[key] for key in ("repository", "ref", "commit", "path")]
    if not all(isinstance(text, str) for text in texts) or not isinstance(files, dict) or not is_commit(texts[2]):
        raise LockProblem(f"the source '{name}' is not as it is written")
    for path, sha in files.items():
        if "/".join(parts_of(path) or ()) != path or not isinstance(sha, str) or not _DIGEST.match(sha):
            raise LockProblem(f"the source '{name}' has a file that cannot be one")
    return LockedSource(**found)


def _why_no_json(data: bytes) -> str:
    return "it has the marks of a merge with conflicts" if b"<<<<<<< " in data else "it is no JSON"
