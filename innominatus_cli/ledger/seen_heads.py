"""What this clone saw of each branch's ledger when it verified it last, so that nobody can show it a shorter one.

As a TUF client keeps the last version that it trusted (The Update Framework, 5.4.5 and 5.5.5: rollback attacks).
"""

import json
from contextlib import suppress
from typing import Any, Final, NamedTuple

from innominatus_cli.system.owned_files import replace_owned
from innominatus_cli.system.state_folder import StateFolder

_NAME: Final = "seen-heads.json"
_PRIVATE: Final = 0o600


class Seen(NamedTuple):
    """A branch's ledger as it was: its tips, how many records, when its last statement was made (empty: none)."""

    tips: tuple[str, ...]
    records: int
    at: str
    statement_at: str


class SeenHeads:
    """The note of one clone. One that cannot be read says nothing."""

    def __init__(self, state: StateFolder) -> None:
        self._state = state

    def of(self, branch: str) -> Seen | None:
        """What was seen of a branch; None where nothing is known."""
        try:
            noted = self._read()[branch]
            return Seen(tuple(map(str, noted["tips"])), int(noted["count"]), str(noted["at"]), str(noted["statement"]))
        except (LookupError, TypeError, ValueError):
            return None

    def remember(self, branch: str, seen: Seen) -> None:
        """Notes what was seen; a clone that cannot be written to keeps its older note."""
        tips, records, at, statement = seen
        noted = {**self._read(), branch: {"tips": list(tips), "count": records, "at": at, "statement": statement}}
        with suppress(OSError):
            folder = self._state.ensure(self._state.ledger_dir)
            replace_owned(folder, _NAME, json.dumps(noted, sort_keys=True).encode(), _PRIVATE)

    def _read(self) -> dict[str, Any]:
        try:
            noted = json.loads((self._state.ledger_dir / _NAME).read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        return noted if isinstance(noted, dict) else {}
