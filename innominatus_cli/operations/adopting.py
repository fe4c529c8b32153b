"""`ledger adopt`: waiting records are taken into the branch, and an action says who took them."""

from collections.abc import Sequence

from innominatus_cli.ledger.adopt import Adopted, Adoption, adopt
from innominatus_cli.operations.acting import new_action
from innominatus_cli.operations.history import OpenLedger


def adopt_records(ledger: OpenLedger, runs: Sequence[str] = ()) -> Adoption:
    """Adopts (see `ledger.adopt`) and records it. What only tells of an earlier adoption is taken in without another.

    Raises CannotContinue.
    """
    outcome = adopt(ledger.store, runs)
    told = [one for one in outcome.adopted if one.action is None or one.action.action != "adopt"]
    if not told:
        return outcome
    applications = {(one.stored.record.application, one.stored.record.environment) for one in told}
    application, environment = applications.pop() if len(applications) == 1 else (None, None)
    taken = sorted(filter(None, {one.stored.record.run for one in told}))
    action = new_action(
        ledger,
        "adopt",
        application=application,
        environment=environment,
        run=taken[0] if len(taken) == 1 else None,
        details={"records": [_row(one) for one in told]},
    )
    written = ledger.store.write_action(action, ledger.store.git.head())
    return Adoption(outcome.adopted, (*outcome.findings, *written.findings))


def _row(adopted: Adopted) -> dict[str, str]:
    return {"record": adopted.stored.path, "digest": adopted.stored.digest, "commit": adopted.commit}
