"""`status --watch`: the last runs again and again, as long as one of them is going on."""

import json
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from innominatus_cli.operations.history import Found, OpenLedger, status
from innominatus_cli.system.clock import Clock, SystemClock
from innominatus_cli.system.state_folder import StateFolder

_LOOK_SECONDS: Final = 0.5
_RUNNING: Final = "running"
_ENDS: Final = frozenset({"step_end", "step_interrupted"})


class Watched(NamedTuple):
    """What `status` says now, and by run the names of the steps that are at work."""

    found: Found
    at_work: dict[str, list[str]]


def watch(
    opened: Callable[[], OpenLedger], application: str | None = None, clock: Clock | None = None
) -> Iterator[Watched]:
    """What `status` says, once now and again whenever it changes, until nothing runs any more.

    `opened` opens the ledger anew for every look, for a run that ends commits its record. Raises CannotContinue.
    """
    now = clock or SystemClock()
    before: Watched | None = None
    while True:
        ledger = opened()
        found = status(ledger, application)
        running = [row["run"] for row in found.rows if row["status"] == _RUNNING]
        seen = Watched(found, {run: _at_work(ledger.state, run) for run in running})
        if seen != before:
            yield seen
        if not running:
            return
        before = seen
        now.sleep(_LOOK_SECONDS)


def _at_work(state: StateFolder, run: str) -> list[str]:
    """The names of steps that have begun and not ended, as the journal says. Its digests are for others to check."""
    names: dict[str, str] = {}
    try:
        lines = state.journal_path(run).read_bytes().splitlines()
    except (OSError, ValueError):
        return []
    for line in lines:
        try:
            event: Any = json.loads(line)
            step, kind = event["step"], event["type"]
        except (ValueError, LookupError, TypeError):
            continue
        if kind == "step_start":
            names[step] = str(step).rpartition("/")[2]
        elif kind in _ENDS:
            names.pop(step, None)
    return list(names.values())
