"""`ledger show`: one run, with the actions that concern it."""

from typing import Any, NamedTuple

from innominatus_cli.findings.catalogue.ledger import UNKNOWN_RUN
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.ledger.store import StoredAction, StoredRecord
from innominatus_cli.operations.collected import collected
from innominatus_cli.operations.history import OpenLedger
from innominatus_cli.operations.logs import find_run


class ShownRun(NamedTuple):
    """A run's record, and the actions that name the run or its plan, the oldest first."""

    stored: StoredRecord
    actions: list[StoredAction]

    @property
    def document(self) -> dict[str, Any]:
        """The same as data; the records are as they are stored."""
        actions = [{"path": one.path, "digest": one.digest, "record": one.record.as_json()} for one in self.actions]
        stored = self.stored
        return {
            "schema": "innominatus.dev/ledger-record/v1",
            "path": stored.path,
            "digest": stored.digest,
            "standing": stored.standing.value,
            "record": stored.record.as_json(),
            "actions": actions,
        }


def shown_run(ledger: OpenLedger, wanted: str) -> ShownRun:
    """The run that `wanted` names: an id, the start of one, or `latest`. Raises CannotContinue without a record."""
    run = find_run(ledger, wanted)
    stored = ledger.store.record(run)
    if stored is None:
        gone = collected(ledger.store, run)
        remedy = f"Wait for its end; where it was killed, `innominatus-ctl resume {run}` writes its record and goes on."
        raise CannotContinue(gone or Finding(UNKNOWN_RUN, f"run {run} has no record yet", Place(run), remedy))
    counted = {approval.record for approval in stored.record.approvals or ()}
    actions = [one for one in ledger.store.actions() if one.record.run == run or one.digest in counted]
    return ShownRun(stored, actions)
