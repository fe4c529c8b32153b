"""Runs that were killed or stopped on their way, and that nobody has gone on with."""

from collections.abc import Sequence
from typing import NamedTuple

from innominatus_cli.execution.opening import read_opening
from innominatus_cli.ledger.listed import last_runs
from innominatus_cli.operations.history import Data, OpenLedger, run_row
from innominatus_cli.system.locks import held_locks, read_holder

_INTERRUPTED = "interrupted"
_WAITING = "waiting"


class InterruptedRun(NamedTuple):
    """A run that `resume` can go on with. Without a record yet: the next command that runs writes it."""

    run: str
    application: str
    environment: str
    has_record: bool
    waits: bool = False
    """For an approval, or a word about a step in doubt."""


def interrupted_runs(
    ledger: OpenLedger,
    application: str | None = None,
    environment: str | None = None,
    rows: Sequence[Data] | None = None,
    *,
    waiting: bool = False,
) -> list[InterruptedRun]:
    """Those of an application, of one of its environments, or all, by application and environment.

    Where a later run has a record there, nothing is left to go on with. `rows` are runs as `history.run_row` has them,
    with the last one of whatever is asked about, where somebody has read them already. With `waiting`
    also those that wait for somebody.
    """
    if rows is None:
        rows = [run_row(one) for one in last_runs(ledger.store, application).runs]
    last: dict[tuple[str, str], Data] = {}
    recorded_runs = (row for row in rows if row["record"] is not None and row["kind"] != "refusal")
    for row in sorted(recorded_runs, key=lambda row: row["run"]):
        last[row["application"], row["environment"]] = row
    found = {
        key: InterruptedRun(row["run"], *key, has_record=True, waits=row["status"] == _WAITING)
        for key, row in last.items()
        if row["status"] == _INTERRUPTED or (waiting and row["status"] == _WAITING)
    }
    for one in _killed(ledger):
        recorded = last.get((one.application, one.environment))
        if recorded is None or recorded["run"] < one.run:
            found[one.application, one.environment] = one
    return [found[key] for key in sorted(found) if application in {None, key[0]} and environment in {None, key[1]}]


def _killed(ledger: OpenLedger) -> list[InterruptedRun]:
    """Runs of this clone that live no more and have no record, the oldest first."""
    holders = [holder for path in held_locks(ledger.state) if (holder := read_holder(path)) is not None]
    found = {
        one.run: InterruptedRun(one.run, one.application, one.environment, has_record=False)
        for one in holders
        if not one.lives
    }
    alive = {one.run for one in holders if one.lives}
    for run in ledger.state.open_runs():
        opening = None if run in found or run in alive else read_opening(ledger.state, run)
        if opening is not None:
            found[run] = InterruptedRun(run, opening.application, opening.environment, has_record=False)
    return [found[run] for run in sorted(found)]
