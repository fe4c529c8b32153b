"""Whether tombstones are true, and which losses they account for.

A `gc` says in its action what it removed. That action is a record like any other, so what it says cannot be changed
unseen; but it could have been made to cover what somebody else removed. So each tombstone is held against the chain,
and against the bytes that the history still has.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from innominatus_cli.documents.canonical import digest_of_bytes
from innominatus_cli.findings.catalogue.ledger import RECORD_CHANGED
from innominatus_cli.findings.catalogue.retention import REMOVED_STANDS, TOMBSTONE_WRONG
from innominatus_cli.findings.finding import Finding, Place
from innominatus_cli.ledger.batches import LARGEST
from innominatus_cli.ledger.chain import Buried, Link
from innominatus_cli.ledger.earlier_commits import Loss
from innominatus_cli.ledger.records import run_of_path, runs_folder
from innominatus_cli.system.git import Git

_AT_ONCE = 2_000


def check_tombstones(root: str, links: Sequence[Link]) -> Iterator[Finding]:
    """What is wrong with the tombstones of these records by themselves. Pure."""
    if not any(link.removed for link in links):
        return
    standing = {link.path: link for link in links}
    first: dict[str, Buried] = {}
    runs = f"{runs_folder(root)}/"
    behind = _Behind(links)
    for link in links:
        reachable = behind.all_of(link) if link.removed else frozenset[str]()
        for one in link.removed:
            place = Place(link.path)
            if not one.path.startswith(runs) or run_of_path(one.path) != one.id:
                yield Finding(TOMBSTONE_WRONG, f"'{one.path}' is no record of run {one.id}", place)
            if first.setdefault(one.path, one)[:5] != one[:5]:
                yield Finding(TOMBSTONE_WRONG, f"another action says something else of '{one.path}'", place)
            if one.digest not in reachable:
                yield Finding(TOMBSTONE_WRONG, f"the action does not follow what it removed: '{one.path}'", place)
            there = standing.get(one.path)
            if there is not None and there.digest == one.digest:
                yield Finding(REMOVED_STANDS, f"action {link.id} removed it", Place(one.path))
            elif there is not None:
                message = f"it is not the record that action {link.id} removed"
                yield Finding(RECORD_CHANGED, message, Place(one.path))


class _Behind:
    """What stands behind a record in the chain, tombstones included."""

    def __init__(self, links: Sequence[Link]) -> None:
        self._parents: dict[str, tuple[str, ...]] = {}
        for link in links:
            self._parents |= {one.digest: one.parents for one in link.removed}
        self._parents |= {link.digest: link.parents for link in links}

    def all_of(self, link: Link) -> frozenset[str]:
        found: set[str] = set()
        waiting = list(link.parents)
        while waiting:
            digest = waiting.pop()
            if digest not in found:
                found.add(digest)
                waiting.extend(self._parents.get(digest, ()))
        return frozenset(found)


class Graves:
    """The tombstones of a ledger, by path; whoever misses a record asks here first."""

    def __init__(self, git: Git, links: Iterable[Link]) -> None:
        self._git = git
        self._by_path: dict[str, list[tuple[Buried, Link]]] = defaultdict(list)
        for link in links:
            for one in link.removed:
                self._by_path[one.path].append((one, link))

    @property
    def paths(self) -> Collection[str]:
        """Where removed records stood."""
        return self._by_path.keys()

    @property
    def digests(self) -> frozenset[str]:
        """The digests of removed records."""
        return frozenset(one.digest for found in self._by_path.values() for one, _ in found)

    def unexplained(self, losses: Sequence[Loss], standing: Mapping[str, str]) -> tuple[list[Loss], list[Finding]]:
        """The losses that no tombstone accounts for, and tombstones that say something else than what was lost.

        `standing` are the files now, by path. Raises GitFailed.
        """
        left = [loss for loss in losses if loss.path not in self._by_path]
        told: list[Finding] = []
        asked = [loss for loss in losses if loss.path in self._by_path]
        for start in range(0, len(asked), _AT_ONCE):
            batch = asked[start : start + _AT_ONCE]
            sizes = self._git.blob_sizes(loss.blob for loss in batch)
            contents = self._git.objects(loss.blob for loss in batch if sizes.get(loss.blob, LARGEST + 1) <= LARGEST)
            for loss in batch:
                data = contents.get(loss.blob, ("missing", b""))[1]
                if loss.path in standing or digest_of_bytes(data[:-1]) not in self._digests_at(loss.path):
                    left.append(loss)
                else:
                    told += self._differences(loss, data)
        return sorted(left), told

    def _digests_at(self, path: str) -> set[str]:
        return {one.digest for one, _ in self._by_path[path]}

    def _differences(self, loss: Loss, data: bytes) -> Iterator[Finding]:
        try:
            record = json.loads(data)
            said = (loss.path, tuple(record["parents"]), record["run"], record["kind"])
        except (ValueError, LookupError, TypeError, RecursionError):
            said = ("", (), "", "")
        for one, link in self._by_path[loss.path]:
            if (one.path, one.parents, one.id, one.kind) != said:
                message = f"it says something else of '{loss.path}' than the record that was removed said"
                yield Finding(TOMBSTONE_WRONG, message, Place(link.path))
