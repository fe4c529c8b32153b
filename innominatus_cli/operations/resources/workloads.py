"""The workloads that a deployment has brought into a cluster: which, where, and how they are reached."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from innominatus_cli.documents.plan import Plan, PlannedStep
from innominatus_cli.findings.catalogue.ledger import PLAN_NOT_KEPT
from innominatus_cli.findings.catalogue.resources import NO_SUCH_WORKLOAD
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.ledger.store import StoredRecord
from innominatus_cli.operations.deployed_diff import last_deployment
from innominatus_cli.operations.history import OpenLedger

_RUNS: Final = frozenset({"Deployment", "StatefulSet", "DaemonSet"})
_OWN: Final = "deploy-application"


class Workload(NamedTuple):
    """One controller of pods in a cluster, as the record of the last deployment has it."""

    kind: str
    name: str
    namespace: str
    context: str | None
    """The kubectl context; None for the current one."""
    step: PlannedStep
    """The step that applied it."""
    plan: Plan
    stored: StoredRecord

    @property
    def title(self) -> str:
        """`Deployment/checkout-service`."""
        return f"{self.kind}/{self.name}"

    @property
    def target(self) -> str:
        """The same as kubectl takes it."""
        return f"{self.kind.lower()}/{self.name}"


def workloads_of(ledger: OpenLedger, application: str, environment: str | None = None) -> list[Workload]:
    """All workloads of the last deployment; none where it rendered manifests only.

    Raises CannotContinue where nothing is deployed, or the ledger lacks the plan.
    """
    stored = last_deployment(ledger.store, application, environment)
    plan = ledger.store.plan(stored.record.plan) if stored.record.plan else None
    if plan is None:
        message = f"the plan of run {stored.record.run} is not in the ledger"
        raise CannotContinue(Finding(PLAN_NOT_KEPT, message, Place(stored.path)))
    return [*_applied(stored, plan)]


def workload_of(
    ledger: OpenLedger, application: str, name: str | None = None, environment: str | None = None
) -> Workload:
    """The workload that somebody means: by its name, else the application's own, else the only one.

    Raises CannotContinue as `workloads_of`, and where there is none or nobody can say which.
    """
    found = workloads_of(ledger, application, environment)
    if name is None:
        meant = [one for one in found if one.step.name == _OWN] if len(found) > 1 else found
    else:
        meant = [one for one in found if name.lower() in {one.name.lower(), one.title.lower()}]
    if len(meant) == 1:
        return meant[0]
    run = last_deployment(ledger.store, application, environment).record
    where = f"'{application}' in '{run.environment}'"
    titles = [one.title for one in found]
    if not found:
        message = f"the deployment of {where} brought no workload into a cluster (run {run.run})"
        raise CannotContinue(Finding(NO_SUCH_WORKLOAD, message, Place(application)))
    message = f"there is no workload '{name}' of {where}" if name else f"there are {len(found)} workloads of {where}"
    near = did_you_mean(name, [*titles, *(one.name for one in found)]) if name else ""
    raise CannotContinue(
        Finding(NO_SUCH_WORKLOAD, message, Place(application), near or f"Name one of {', '.join(titles)}.")
    )


def _applied(stored: StoredRecord, plan: Plan) -> Iterator[Workload]:
    results = {result.step: result for result in stored.record.steps if result.status == "succeeded"}
    for step in plan.steps:
        result = results.get(step.id)
        if result is None or step.type != "kubernetes" or step.inputs.get("mode") != "apply":
            continue
        if step.inputs.get("operation", "apply") != "apply":
            continue
        namespace, context = result.outputs.get("namespace"), step.inputs.get("context")
        for title in result.outputs.get("objects") or ():
            kind, slash, name = str(title).partition("/")
            if slash and kind in _RUNS and isinstance(namespace, str):
                yield Workload(kind, name, namespace, context if isinstance(context, str) else None, step, plan, stored)
