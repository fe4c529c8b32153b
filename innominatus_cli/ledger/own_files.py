"""Which files of the working tree are ours although no commit has them, so that nobody takes them for the user's.

They come from `--no-commit`, and from processes that were killed after they wrote our files and before the branch
moved. The note is on disk before a file is; a file that has other content than noted is the user's.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from innominatus_cli.system.git import Git
from innominatus_cli.system.owned_files import remove_drafts, remove_owned, replace_owned
from innominatus_cli.system.state_folder import StateFolder

_PRIVATE: Final = 0o600


class OwnFiles:
    """The note of one working tree: by path the blobs that we wrote, or were about to write, there."""

    def __init__(self, git: Git, state: StateFolder) -> None:
        self._root = git.root
        self._state = state
        self._name = f"own-files-{git.git_dir.name}.json"

    def read(self) -> dict[str, frozenset[str]]:
        """What is noted; nothing where there is no note."""
        try:
            noted = json.loads((self._state.ledger_dir / self._name).read_bytes())
        except (OSError, ValueError):
            return {}
        if not isinstance(noted, dict):
            return {}
        return {path: frozenset(map(str, blobs)) for path, blobs in noted.items() if isinstance(blobs, list)}

    def taken_up(self) -> dict[str, frozenset[str]]:
        """What is noted, after the drafts that a killed process left beside these files have gone."""
        noted = self.read()
        for path in noted:
            remove_drafts(self._root, path)
        return noted

    def note(self, blobs: Mapping[str, frozenset[str]]) -> None:
        """Replaces the note. Raises OSError."""
        folder = self._state.ensure(self._state.ledger_dir)
        text = json.dumps({path: sorted(ids) for path, ids in blobs.items()}, sort_keys=True)
        replace_owned(folder, self._name, text.encode(), _PRIVATE)

    def settle(self, blobs: Mapping[str, frozenset[str]]) -> None:
        """Notes what is still without a commit; not being able to leaves an older, longer note."""
        with suppress(OSError):
            if blobs:
                self.note(blobs)
            else:
                remove_owned(self._state.ledger_dir, self._name)
