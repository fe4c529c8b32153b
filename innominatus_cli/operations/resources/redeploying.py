"""`redeploy`: the last deployment once more, as it was asked for then and as the working tree is now."""

from pathlib import Path

from innominatus_cli.findings.catalogue.ledger import PLAN_NOT_KEPT, UNKNOWN_APPLICATION
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.operations.deployed_diff import last_deployment, wish_of
from innominatus_cli.operations.history import open_ledger, score_files
from innominatus_cli.operations.planning import PlanWish
from innominatus_cli.operations.resources.removing import left_out


def last_wish(application: str, environment: str | None = None, directory: Path | None = None) -> PlanWish:
    """What the last deployment that stands was asked for: golden path, parameters, workflows and overridden properties.

    Raises CannotContinue where nothing is deployed, where the ledger lacks the plan, and without a Score file.
    """
    ledger = open_ledger(directory)
    last = last_deployment(ledger.store, application, environment)
    plan = ledger.store.plan(last.record.plan) if last.record.plan else None
    if plan is None:
        message = f"the plan of run {last.record.run} is not in the ledger"
        raise CannotContinue(Finding(PLAN_NOT_KEPT, message, Place(last.path)))
    known = score_files(ledger.repository)
    if application not in known:
        message = f"there is no Score file of '{application}' any more"
        remedy = left_out(ledger.repository, plan.application.path or "") or "Bring it back, or roll back."
        raise CannotContinue(Finding(UNKNOWN_APPLICATION, message, Place(application), remedy))
    root = ledger.store.git.root
    return wish_of(plan, root, str(root / known[application][0]))
