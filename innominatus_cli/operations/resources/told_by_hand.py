"""What people did by hand since the last deployment, as plans tell it: a deployment may put it back."""

from innominatus_cli.documents.action_record import ActionRecord
from innominatus_cli.documents.plan import Plan
from innominatus_cli.documents.vocabulary import Operation
from innominatus_cli.findings.catalogue.resources import CHANGED_BY_HAND
from innominatus_cli.findings.finding import Finding, Place
from innominatus_cli.ledger.store import Store


def scaled_by_hand(store: Store, plan: Plan) -> tuple[Finding, ...]:
    """A warning for each workload of a plan whose number of replicas somebody set since the last deployment."""
    name, environment = plan.application.name, plan.environment
    if plan.operation is not Operation.DEPLOY or plan.rolls_back is not None:
        return ()
    newest: dict[str, ActionRecord] = {}
    for stored in store.actions(name, environment):
        if stored.record.action == "scale":
            newest[str(stored.record.details.get("workload"))] = stored.record
    if not newest:
        return ()
    deployed = [
        stored.record.run
        for stored in store.records(name, environment)
        if stored.record.status == "succeeded" and stored.record.operation == "deploy"
    ]
    last = max(deployed, default="")
    return tuple(_told(plan, action) for _, action in sorted(newest.items()) if action.id > last)


def _told(plan: Plan, action: ActionRecord) -> Finding:
    details = action.details
    how = "" if details.get("status", "succeeded") == "succeeded" else f", {details['status']}"
    message = (
        f"{details.get('workload')} was scaled to {details.get('replicas')} by {action.actor.name} ({action.at}, "
        f"action {action.id}{how}) since it was deployed: {_what_follows(plan, str(details.get('step')))}"
    )
    return Finding(CHANGED_BY_HAND, message, Place(plan.application.path or plan.application.name))


def _what_follows(plan: Plan, step_id: str) -> str:
    step = next((one for one in plan.steps if one.id == step_id), None)
    if step is None:
        return "this plan has no step that deploys it"
    replicas = step.inputs.get("replicas")
    if isinstance(replicas, int):
        return f"this plan sets it to {replicas}"
    if step.inputs.get("workload") is not None:
        return "this plan says no number, and leaves it so"
    return "this plan sets it to what its manifests say, if they say a number"
