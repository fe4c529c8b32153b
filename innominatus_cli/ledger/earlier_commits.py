"""What earlier commits held of the ledger and the last one does not: edits and removals, wherever they were made.

Every commit is compared with each of its parents, so that a merge that took one side's records away is found too.
A record that was put back, byte for byte, is no finding, and neither is the edit that this took away.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from innominatus_cli.findings.catalogue.ledger import RECORD_CHANGED, RECORD_REMOVED
from innominatus_cli.findings.finding import Finding, Place
from innominatus_cli.ledger.batches import LARGEST
from innominatus_cli.ledger.records import run_of_path
from innominatus_cli.system.git import Git

_SHORT = 12
_COMPARED = 100
_STRIDE = 4096


class Loss(NamedTuple):
    """A record that a commit removed or changed."""

    path: str
    commit: str
    blob: str
    """The object id of the record's bytes as they were."""


class EarlierCommits(NamedTuple):
    """How many commits were looked at, and what was lost in them."""

    commits: int
    losses: list[Loss]


def look_back(git: Git, commit: str, folders: Sequence[str], standing: Mapping[str, str]) -> EarlierCommits:
    """Walks all ancestors of a commit; `standing` are the files below the folders now, by path with object ids.

    Raises GitFailed.
    """
    commits = git.command.output("rev-list", commit, "--")
    losses: dict[tuple[str, str], Loss] = {}
    edits: set[tuple[str, str]] = set()
    for change in _changes(git, commits, "-m", "--diff-filter=DMT", "--", *folders):
        edits.add((change.path, change.after))
        if run_of_path(change.path) and standing.get(change.path) != change.before:
            losses.setdefault((change.path, change.before), Loss(change.path, change.commit, change.before))
    for path, blob in _undone(git, commits, edits.intersection(losses), standing):
        del losses[path, blob]
    return EarlierCommits(commits.count(b"\n"), sorted(losses.values()))


def _undone(
    git: Git, commits: bytes, edits: set[tuple[str, str]], standing: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Which of these edits somebody took back: what the file was added with stands there, and no commit added the edit.

    Of very many none, for git would have to be asked for each of their paths.
    """
    paths = {path for path, _ in edits}
    if not paths or len(paths) > _COMPARED:
        return
    added = {(one.path, one.after) for one in _changes(git, commits, "--diff-filter=A", "--", *sorted(paths))}
    yield from (edit for edit in edits if edit not in added and (edit[0], standing.get(edit[0], "")) in added)


class _Change(NamedTuple):
    """What a commit did to a file: the object ids before and after."""

    commit: str
    path: str
    before: str
    after: str


def _changes(git: Git, commits: bytes, *what: str) -> Iterator[_Change]:
    options = ("-r", "-z", "--root", "--no-renames", "--no-ext-diff", "--no-textconv")
    fields = iter(git.command.output("diff-tree", "--stdin", *options, *what, stdin=commits).split(b"\0")[:-1])
    where = ""
    for field in fields:
        if not field.startswith(b":"):
            where = field.decode()
            continue
        _, _, before, after, _ = field.decode().split(" ")
        yield _Change(where, os.fsdecode(next(fields)), before, after)


def losses_told(git: Git, losses: Sequence[Loss], standing: Mapping[str, str]) -> list[Finding]:
    """Losses as findings, with the first byte that differs where there is something to compare."""
    findings = []
    comparison = Comparison(git)
    for loss in losses:
        by = f"commit {loss.commit[:_SHORT]}"
        now = standing.get(loss.path)
        if now is None:
            findings.append(Finding(RECORD_REMOVED, f"{by} removed this record", Place(loss.path)))
        else:
            findings.append(comparison.finding(loss.path, f"it is not what it was before {by}", loss.blob, now))
    return findings


class Comparison:
    """Says where two contents differ. After a hundred, and for what no record is as large as, it only says that."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._left = _COMPARED

    def finding(self, path: str, message: str, before: str, now: str | bytes) -> Finding:
        """The finding that a record at a path changed; `now` is a blob's object id, or the bytes that stand there."""
        ids = [before, now] if isinstance(now, str) else [before]
        self._left -= 1
        if self._left < 0 or any(size > LARGEST for size in self._git.blob_sizes(ids).values()):
            return Finding(RECORD_CHANGED, message, Place(path))
        contents = self._git.objects(ids)
        byte = first_difference(contents[before][1], contents[now][1] if isinstance(now, str) else now)
        return Finding(RECORD_CHANGED, f"{message}: byte {byte} differs", Place(path, 1, byte + 1))


def first_difference(one: bytes, other: bytes) -> int:
    """The index of the first byte in which two contents differ, their common length where one goes on."""
    common = min(len(one), len(other))
    start = 0
    while start < common and one[start : start + _STRIDE] == other[start : start + _STRIDE]:
        start += _STRIDE
    return next((index for index in range(start, common) if one[index] != other[index]), common)
