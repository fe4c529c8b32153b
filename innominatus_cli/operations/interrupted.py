"""Runs that were killed or stopped on their way, and that nobody has gone on with."""

from typing import NamedTuple

from innominatus_cli.execution.opening import read_opening
from innominatus_cli.ledger.listed import last_runs
from innominatus_cli.operations.history import OpenLedger
from innominatus_cli.system.locks import held_locks, read_holder

_INTERRUPTED = "interrupted"


class InterruptedRun(NamedTuple):
    """A run that `resume` can go on with. Without a record yet: the next command that runs writes it."""

    run: str
    application: str
    environment: str
    has_record: bool


def interrupted_runs(
    ledger: OpenLedger, application: str | None = None, environment: str | None = None
) -> list[InterruptedRun]:
    """Those of an application, of one of its environments, or all, by application and environment.

    Where a later run has a record there, nothing is left to go on with.
    """
    last = {(one.application, one.environment): one for one in last_runs(ledger.store, application).runs}
    found = {
        key: InterruptedRun(one.run, *key, has_record=True) for key, one in last.items() if one.status == _INTERRUPTED
    }
    for one in _killed(ledger):
        recorded = last.get((one.application, one.environment))
        if recorded is None or recorded.run < one.run:
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
