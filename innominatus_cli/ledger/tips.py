"""The tips of the ledger, the records that no other one names as a parent: what the next record follows."""

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from innominatus_cli.documents.action_record import ActionRecord
from innominatus_cli.documents.run_record import RunRecord
from innominatus_cli.ledger.reading import RecordReader
from innominatus_cli.ledger.records import actions_folder, runs_folder
from innominatus_cli.ledger.store import Stored, tips_of
from innominatus_cli.system.git import Git
from innominatus_cli.system.owned_files import replace_owned

_PRIVATE: Final = 0o600


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
            known = tips_of(self._records(commit))
            self._cache.remember(trees, known)
        return known

    def remember(self, commit: str, tips: list[str]) -> None:
        """Keeps what the tips at a commit are. Raises GitFailed."""
        self._cache.remember(self._trees(commit), tips)

    def _records(self, commit: str) -> Iterator[Stored[RunRecord] | Stored[ActionRecord]]:
        runs, actions = self._folders
        yield from self._runs.committed(self._runs.committed_paths(commit, runs))
        yield from self._actions.committed(self._actions.committed_paths(commit, actions))

    def _trees(self, commit: str) -> list[str]:
        found = self._git.objects(f"{commit}:{folder}" for folder in self._folders)
        return [self._git.object_id("tree", data) if kind == "tree" else "" for kind, data in found.values()]


class TipsCache:
    """The tips of one pair of trees, of runs and of actions. It is only ever derived."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def tips(self, trees: Sequence[str]) -> list[str] | None:
        """The tips of the trees with these object ids, where they are known."""
        try:
            known = json.loads(self._path.read_bytes())
        except (OSError, ValueError):
            return None
        if not isinstance(known, dict) or known.get("trees") != list(trees) or not isinstance(known.get("tips"), list):
            return None
        return [tip for tip in known["tips"] if isinstance(tip, str)]

    def remember(self, trees: Sequence[str], tips: list[str]) -> None:
        """Keeps the tips; not being able to is no problem."""
        text = json.dumps({"trees": list(trees), "tips": tips})
        with suppress(OSError):
            replace_owned(self._path.parent, self._path.name, text.encode(), _PRIVATE)
