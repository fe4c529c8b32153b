"""The tips of the ledger, the records that no other one names as a parent: what the next record follows."""

import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Final, NamedTuple, TypeGuard

from innominatus_cli.documents.action_record import ActionRecord
from innominatus_cli.documents.run_record import RunRecord
from innominatus_cli.ledger.reading import RecordReader
from innominatus_cli.ledger.records import actions_folder, run_of_path, runs_folder
from innominatus_cli.ledger.store import Stored, tips_of
from innominatus_cli.system.git import Git
from innominatus_cli.system.owned_files import replace_owned

_PRIVATE: Final = 0o600
_OBJECT: Final = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})?")


class Tips:
    """The tips at any commit of one repository; those of the last trees are kept, so that writing reads no record."""

    def __init__(
        self, git: Git, root: str, cache: Path, runs: RecordReader[RunRecord], actions: RecordReader[ActionRecord]
    ) -> None:
        self._git = git
        self._folders = (runs_folder(root), actions_folder(root))
        self._cache = TipsCache(cache)
        self._runs = runs
        self._actions = actions

    def at(self, commit: str | None) -> list[str]:
        """The digests, sorted, of the tips at a commit; none without a commit. Raises GitFailed, CannotContinue."""
        if commit is None:
            return []
        trees = self._trees(commit)
        known = self._cache.tips(trees)
        if known is None:
            known = self._since_known(trees)
            if known is None:
                known = tips_of(self._records(commit))
            self._cache.remember(trees, known)
        return known

    def remember(self, commit: str, tips: list[str]) -> None:
        """Keeps what the tips at a commit are. Raises GitFailed."""
        self._cache.remember(self._trees(commit), tips)

    def _since_known(self, trees: list[str]) -> list[str] | None:
        """The tips, where records were only added since those that are known: then only the new ones are read."""
        last = self._cache.last()
        if last is None or len(last.trees) != len(trees):
            return None
        added: list[dict[str, str]] = []
        gone: set[str] = set()
        for folder, old, new in zip(self._folders, last.trees, trees, strict=True):
            files = self._added(folder, old, new, gone)
            if files is None:
                return None
            added.append(files)
        runs, actions = added
        digests = set(last.tips)
        parents: set[str] = set()
        found: Iterator[Stored[RunRecord] | Stored[ActionRecord]] = chain(
            self._runs.committed(runs), self._actions.committed(actions)
        )
        for stored in found:
            digests.add(stored.digest)
            parents.update(stored.record.followed())
            if isinstance(stored.record, ActionRecord) and stored.record.removal is not None:
                gone.difference_update(one.path for one in stored.record.removal.removed)
        return None if gone else sorted(digests - parents)

    def _added(self, folder: str, old: str, new: str, gone: set[str]) -> dict[str, str] | None:
        """The record files that one tree has beyond another, with their ids; None where one was changed.

        What it has no more goes to `gone`: only an action can have removed it.
        """
        if old == new:
            return {}
        if not old or not new or len(self._git.blob_sizes([old])) != 1:
            return None
        fields = self._git.command.output("diff-tree", "-r", "-z", "--no-renames", old, new).split(b"\0")[:-1]
        found: dict[str, str] = {}
        for facts, name in zip(fields[::2], fields[1::2], strict=True):
            _, mode, _, object_id, status = facts.decode().split(" ")
            path = f"{folder}/{os.fsdecode(name)}"
            if status == "D":
                gone.add(path)
                continue
            if status != "A":
                return None
            if mode == "100644" and run_of_path(path):
                found[path] = object_id
        return found

    def _records(self, commit: str) -> Iterator[Stored[RunRecord] | Stored[ActionRecord]]:
        runs, actions = self._folders
        yield from self._runs.committed(self._runs.committed_paths(commit, runs))
        yield from self._actions.committed(self._actions.committed_paths(commit, actions))

    def _trees(self, commit: str) -> list[str]:
        found = self._git.objects(f"{commit}:{folder}" for folder in self._folders)
        return [self._git.object_id("tree", data) if kind == "tree" else "" for kind, data in found.values()]


class KnownTips(NamedTuple):
    """The tips, sorted, of one pair of trees."""

    trees: tuple[str, ...]
    tips: list[str]


def _is_texts(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


class TipsCache:
    """The tips of one pair of trees, of runs and of actions. It is only ever derived."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def last(self) -> "KnownTips | None":
        """What is known, of whatever trees."""
        try:
            known = json.loads(self._path.read_bytes())
        except (OSError, ValueError):
            return None
        if not isinstance(known, dict):
            return None
        trees, tips = known.get("trees"), known.get("tips")
        if not _is_texts(trees) or not _is_texts(tips):
            return None
        return KnownTips(tuple(trees), list(tips)) if all(map(_OBJECT.fullmatch, trees)) else None

    def tips(self, trees: Sequence[str]) -> list[str] | None:
        """The tips of the trees with these object ids, where they are known."""
        known = self.last()
        return known.tips if known is not None and known.trees == tuple(trees) else None

    def remember(self, trees: Sequence[str], tips: list[str]) -> None:
        """Keeps the tips; not being able to is no problem."""
        text = json.dumps({"trees": list(trees), "tips": tips})
        with suppress(OSError):
            replace_owned(self._path.parent, self._path.name, text.encode(), _PRIVATE)
