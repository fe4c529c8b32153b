"""Writing to a repository without disturbing it: objects, commits, refs by compare-and-swap, our paths of the index.

No function here looks at the working tree, runs a hook or a filter, or touches an index entry that is not named.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from innominatus_cli.system.git import Git
from innominatus_cli.system.git_command import GitFailed
from innominatus_cli.system.git_identity import Identity

_FILE: Final = "100644"
_FOLDER: Final = "40000"
_ARGUMENTS: Final = 1_000
"""Paths that a command line takes; of more of them all entries are listed."""
_LOCKED: Final = ("Unable to create", "unable to lock", "cannot lock ref", "File exists")


class IndexLocked(Exception):  # noqa: N818 - what happened, as CannotContinue
    """Another git command holds the lock of the index."""


class PathTaken(Exception):  # noqa: N818
    """A file or link stands where a folder must be, or a folder where a file must be."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """An entry of the index. `stage` is above 0 in a conflict."""

    path: str
    mode: str
    object_id: str
    stage: int


def write_blobs(git: Git, contents: Mapping[str, bytes], scratch: Path) -> dict[str, str]:
    """Stores contents (by any name) as blobs, bytes as they are; their object ids. Raises GitFailed, OSError.

    `scratch` is an existing folder for temporary files.
    """
    return _store(git, "blob", contents, scratch)


def write_tree(git: Git, base: str | None, changes: Mapping[str, str | None], scratch: Path) -> str:
    """The tree of `base` with some files changed: by path the blob's object id, None removes. Its object id.

    Only the folders on the way are read and written, so that the cost does not grow with the repository.
    Raises PathTaken, GitFailed, OSError.
    """
    folders = sorted({"", *(above for path in changes for above in _folders_above(path))})
    names = {folder: f"{base}:{folder}" for folder in folders} if base else {}
    stored = git.objects(names.values())
    trees: dict[str, dict[bytes, tuple[str, bytes]]] = {}
    for folder in folders:
        kind, data = stored.get(names.get(folder, ""), ("missing", b""))
        if kind not in {"tree", "missing"}:
            raise PathTaken(folder)
        trees[folder] = _parse_tree(data, len(git.object_id("blob", b"")) // 2)
        above, _, name = folder.rpartition("/")
        if folder and trees[above].get(os.fsencode(name), (_FOLDER,))[0] != _FOLDER:
            raise PathTaken(folder)
    for path, blob in changes.items():
        _change(trees, path, blob)
    return _store_trees(git, trees, scratch)


def commit_tree(git: Git, tree: str, parents: Sequence[str], message: str, identity: Identity, moment: datetime) -> str:
    """Makes a commit; author and committer are the same. Its id. Raises GitFailed."""
    when = f"@{int(moment.timestamp())} +0000"
    env: dict[str, str] = {}
    for role in ("AUTHOR", "COMMITTER"):
        env |= {f"GIT_{role}_NAME": identity.name, f"GIT_{role}_EMAIL": identity.email, f"GIT_{role}_DATE": when}
    following = [part for parent in parents for part in ("-p", parent)]
    made = git.command.output("commit-tree", *following, tree, stdin=message.encode(), env=env)
    return made.decode().strip()


def move_ref(git: Git, ref: str, new: str, old: str | None, reason: str, identity: Identity) -> bool:
    """Sets a ref to `new` if it is still `old` (None: it must not exist yet); False where it is not or is locked.

    Raises GitFailed for anything else.
    """
    env = {"GIT_COMMITTER_NAME": identity.name, "GIT_COMMITTER_EMAIL": identity.email}
    before = old or "0" * len(new)
    outcome = git.command.outcome("update-ref", "-m", reason, ref, new, before, env=env)
    if outcome.succeeded:
        return True
    said = outcome.stderr.head.decode("utf-8", "replace").strip() or outcome.problem
    if git.commit_of(ref) != old or any(sign in said for sign in _LOCKED):
        return False
    raise GitFailed("update-ref", outcome.exit_code, said)


def delete_ref(git: Git, ref: str, old: str) -> bool:
    """Deletes a ref if it is still `old`; False where it is not. Raises GitFailed."""
    outcome = git.command.outcome("update-ref", "-d", ref, old)
    if outcome.succeeded:
        return True
    if git.commit_of(ref) != old:
        return False
    raise GitFailed("update-ref", outcome.exit_code, outcome.stderr.head.decode("utf-8", "replace").strip())


def index_entries(git: Git, paths: Iterable[str]) -> list[IndexEntry]:
    """The entries of the user's index at these paths and below them. Raises GitFailed."""
    wanted = list(paths)
    if not wanted:
        return []
    many = len(wanted) > _ARGUMENTS
    entries = []
    for line in git.command.output("ls-files", "-s", "-z", "--", *([] if many else wanted)).split(b"\0")[:-1]:
        facts, _, name = line.partition(b"\t")
        mode, object_id, stage = facts.decode().split(" ")
        entries.append(IndexEntry(os.fsdecode(name), mode, object_id, int(stage)))
    if many:
        asked = set(wanted)
        return [entry for entry in entries if entry.path in asked or not asked.isdisjoint(_folders_above(entry.path))]
    return entries


def update_index(git: Git, entries: Mapping[str, str | None]) -> None:
    """Sets the named entries of the user's index (None removes one); all others stay as they are.

    Raises IndexLocked, GitFailed.
    """
    removed = "0" * len(git.object_id("blob", b""))
    lines = [
        f"{_FILE if object_id else 0} {object_id or removed}\t".encode() + os.fsencode(path) + b"\0"
        for path, object_id in sorted(entries.items())
    ]
    if not lines:
        return
    try:
        git.command.output("update-index", "-z", "--index-info", stdin=b"".join(lines), env=_without_filters(git))
    except GitFailed as problem:
        if "index.lock" in problem.message:
            raise IndexLocked from problem
        raise


def _without_filters(git: Git) -> dict[str, str]:
    """Configuration that blanks every filter of the repository.

    Whoever writes an index compares entries as young as the index itself with their files, through the clean filter.
    """
    names = git.command.output("config", "-z", "--name-only", "--get-regexp", r"^filter\.", allowed=(0, 1))
    filters = sorted({name.rpartition(b".")[0] for name in names.split(b"\0")[:-1]})
    blank = (("clean", ""), ("smudge", ""), ("process", ""), ("required", "false"))
    settings = [(f"{os.fsdecode(name)}.{key}", value) for name in filters for key, value in blank]
    env = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (key, value) in enumerate(settings):
        env |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return env


def _store(git: Git, kind: str, contents: Mapping[str, bytes], scratch: Path) -> dict[str, str]:
    if not contents:
        return {}
    names = list(contents)
    with TemporaryDirectory(dir=scratch, prefix="objects-") as folder:
        for number, name in enumerate(names):
            (Path(folder) / str(number)).write_bytes(contents[name])
        if "\n" in folder:
            raise OSError(0, "the path of the repository holds a line break", folder)
        listed = "".join(f"{folder}/{number}\n" for number in range(len(names)))
        command = ("hash-object", "-t", kind, "-w", "--no-filters", "--stdin-paths")
        ids = git.command.output(*command, stdin=os.fsencode(listed)).decode().split()
    return dict(zip(names, ids, strict=True))


def _folders_above(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[: i + 1]) for i in range(len(parts))]


def _parse_tree(data: bytes, id_size: int) -> dict[bytes, tuple[str, bytes]]:
    entries = {}
    position = 0
    while position < len(data):
        space = data.index(b" ", position)
        end = data.index(b"\0", space)
        entries[data[space + 1 : end]] = (data[position:space].decode(), data[end + 1 : end + 1 + id_size])
        position = end + 1 + id_size
    return entries


def _change(trees: dict[str, dict[bytes, tuple[str, bytes]]], path: str, blob: str | None) -> None:
    folder, _, name = path.rpartition("/")
    entries = trees[folder]
    standing = entries.get(os.fsencode(name))
    if standing is not None and standing[0] == _FOLDER:
        raise PathTaken(path)
    if blob is None:
        entries.pop(os.fsencode(name), None)
    else:
        entries[os.fsencode(name)] = (_FILE, bytes.fromhex(blob))


def _store_trees(git: Git, trees: dict[str, dict[bytes, tuple[str, bytes]]], scratch: Path) -> str:
    """Writes the trees, the deepest first; an emptied one is left out, as git has no empty folders."""
    contents: dict[str, bytes] = {}
    for folder in sorted(trees, key=lambda name: name.count("/") if name else -1, reverse=True):
        entries = sorted(trees[folder].items(), key=lambda item: item[0] + (b"/" if item[1][0] == _FOLDER else b""))
        data = b"".join(mode.encode() + b" " + name + b"\0" + object_id for name, (mode, object_id) in entries)
        contents[folder] = data
        if not folder:
            break
        above, _, name = folder.rpartition("/")
        if entries:
            trees[above][os.fsencode(name)] = (_FOLDER, bytes.fromhex(git.object_id("tree", data)))
        else:
            trees[above].pop(os.fsencode(name), None)
            del contents[folder]
    return _store(git, "tree", contents, scratch)[""]
