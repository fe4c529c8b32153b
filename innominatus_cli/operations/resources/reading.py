"""What the workflow `read` of a provider says of a resource. It runs outside of runs: nothing is journaled or recorded.

`read` is planned by itself, as a task, with the params of the last success, what is known of the resource, its recorded
outputs and defaults of `create`. That it changes nothing is the provider's promise.
"""

import os
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from innominatus_cli.documents.admin_config import AdminConfigDocument
from innominatus_cli.documents.plan import Plan
from innominatus_cli.documents.repository import Repository
from innominatus_cli.documents.vocabulary import Operation
from innominatus_cli.documents.workflow import WorkflowDocument
from innominatus_cli.drivers.registry import driver_for
from innominatus_cli.execution.engine import execute_plan
from innominatus_cli.execution.secrecy import clean_errors
from innominatus_cli.expressions.values import references_in
from innominatus_cli.findings.finding import Finding, Place, Severity
from innominatus_cli.ledger.facts import deployed
from innominatus_cli.operations.history import OpenLedger
from innominatus_cli.operations.resources.recorded import RecordedResource
from innominatus_cli.operations.step_parts import a_run_of_its_own, setting_outside_of_runs
from innominatus_cli.planning.planner import plan_application
from innominatus_cli.planning.provisioning import path_of_call
from innominatus_cli.planning.request import Facts, MadeResource, PlanRequest
from innominatus_cli.planning.resource_operations import known_of, remembered, taken_by
from innominatus_cli.planning.secret_outputs import SECRET_OUTPUT
from innominatus_cli.provisioners.choice import Choice, Kind
from innominatus_cli.provisioners.registry import Wanted, registry_of

HEALTHS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("healthy", "ok", "active", "available", "created", "exists", "ready", "running"), "healthy"),
    **dict.fromkeys(("degraded", "pending", "provisioning", "updating", "scaling"), "degraded"),
    **dict.fromkeys(("unhealthy", "failed", "error"), "unhealthy"),
}
"""What words of `health` or `status` come to, in any case; all others are `unknown`."""
GONE: Final = frozenset({"absent", "deleted", "gone", "missing", "not_found", "notfound", "terminated"})
"""Words that say that the resource is not there."""
_SAYS: Final = frozenset({"health", "status", "state", "message"})


class Read(NamedTuple):
    """What came of asking: outputs without secrets, or why nobody could be asked."""

    outputs: Mapping[str, Any] = {}
    withheld: tuple[str, ...] = ()
    """Names of outputs that are secrets."""
    problem: str = ""

    @property
    def word(self) -> str:
        """What it says of itself, in one word: `health`, else `status`; empty where it says nothing."""
        return str(self.outputs.get("health") or self.outputs.get("status") or self.outputs.get("state") or "").lower()

    @property
    def is_gone(self) -> bool:
        """Whether it says that the resource is not there."""
        return self.word.replace("-", "_").replace(" ", "_") in GONE

    @property
    def health(self) -> tuple[str, str]:
        """Its health, and a message. One that says nothing of itself is healthy, for it could be read."""
        message = str(self.outputs.get("message") or "")
        if self.is_gone:
            return "unhealthy", message or f"its provider says that it is {self.word}"
        if not self.word:
            return "healthy", message
        told = HEALTHS.get(self.word, "unknown")
        return told, message or ("" if told == "healthy" else f"its provider calls it '{self.word[:40]}'")

    def differences(self, recorded: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
        """Outputs that the records have otherwise: name, recorded, and now; none of a resource that is gone."""
        for name, now in () if self.is_gone else self.outputs.items():
            if name in recorded and name not in _SAYS and recorded[name] != now:
                yield name, recorded[name], now


def reader_of(repository: Repository, row: RecordedResource) -> Choice | None:
    """The provider that made a resource, as the repository has it now, where it has a workflow for `read`."""
    chosen = row.made.get("provisioner") if row.made is not None else None
    if not isinstance(chosen, Mapping) or chosen.get("kind") != Kind.WORKFLOW.value:
        return None
    found = registry_of(repository).resolve(
        Wanted(str(row.asked.get("resourceType", "")), str(row.asked.get("resourceClass", "default")), row.id),
        Place(""),
    )
    if isinstance(found, Finding) or found.name != chosen.get("name") or "read" not in found.workflows:
        return None
    return found


def read_resource(ledger: OpenLedger, row: RecordedResource, choice: Choice) -> Read:
    """Runs `read` of a resource that is there. Raises CannotContinue (exit 73) where no folder can be made."""
    repository = ledger.repository
    plan, told = _planned(ledger, row, choice)
    if plan is None:
        return Read(problem=told)
    admin = repository.admin_config()
    config = admin.model if admin else AdminConfigDocument()
    setting = setting_outside_of_runs(ledger.store.git, config, plan, driver_for)
    with clean_errors(setting.redactor), a_run_of_its_own(setting) as own:
        result = execute_plan(own)
    if result.status != "succeeded":
        failed = next((one for one in result.steps if one.status not in {"succeeded", "skipped"}), None)
        reason = failed.reason or failed.status if failed is not None else result.status
        return Read(problem=f"'read' of the provider '{choice.name}' failed: {reason}")
    outputs = {name: value for of_one in result.outputs.values() for name, value in of_one.items()}
    declared = {name for flow in plan.workflows for name in flow.outputs}
    withheld = {name for name in declared if name not in outputs or SECRET_OUTPUT.search(name)}
    return Read({name: value for name, value in outputs.items() if name not in withheld}, tuple(sorted(withheld)))


def _planned(ledger: OpenLedger, row: RecordedResource, choice: Choice) -> tuple[Plan | None, str]:
    """The plan of `read` alone, or why there is none."""
    repository, store = ledger.repository, ledger.store
    last = store.plan(row.made_by.record.plan) if row.made_by is not None and row.made_by.record.plan else None
    read, create = (_workflow(repository, choice, operation) for operation in ("read", "create"))
    if read is None or last is None:
        return None, "its plan is not in the ledger" if last is None else "its workflow 'read' cannot be read"
    there = deployed(store, row.application, row.environment)
    resolved = next((one.inputs for one in there.resources if one.name == row.name), {}) if there else {}
    made = MadeResource(row.asked, "", outputs=dict(row.result.outputs) if row.result else {})
    tables = remembered(made, create.spec.parameters if create is not None else ())
    known = known_of(row.asked, row.application, row.environment, last.application.product, "read")
    params = resolved.get("params") or {}
    taken = taken_by(read.spec.parameters, params if isinstance(params, Mapping) else {}, known, *tables)
    if taken.missing:
        return None, f"its 'read' needs '{taken.missing[0]}', which neither a param nor an output of the resource gives"
    path = last.application.path
    place = Place(path or row.name)
    request = PlanRequest(
        environment=row.environment,
        operation=Operation.TASK,
        score_path=path if path and repository.snapshot.is_file(path) else None,
        task=choice.workflows["read"],
        parameters=tuple(taken.values.items()),
        parameter_places=dict.fromkeys(taken.values, place),
    )
    outcome = plan_application(repository, request, Facts(env=os.environ, first_deployment=False))
    if outcome.plan is None:
        wrong = next((one.message for one in outcome.findings if one.severity is Severity.ERROR), "it has no plan")
        return None, f"'read' of the provider '{choice.name}' cannot be planned: {wrong}"
    return _with_secrets(outcome.plan.model_copy(update={"application": last.application})), ""


def _workflow(repository: Repository, choice: Choice, operation: str) -> WorkflowDocument | None:
    found = repository.workflow(path_of_call(choice.workflows[operation])) if operation in choice.workflows else None
    return None if found is None else found.model


def _with_secrets(plan: Plan) -> Plan:
    """The plan in which outputs that are called as secrets are known as such, at the steps that they come from."""
    secret: dict[str, set[str]] = {}
    for flow in plan.workflows:
        for name, value in flow.outputs.items():
            for path in references_in(value) if SECRET_OUTPUT.search(name) else ():
                keys = path.split(".")
                if keys[0] == "steps" and len(keys) > 3:  # noqa: PLR2004 - steps.<step>.outputs.<name>
                    secret.setdefault(keys[1], set()).add(keys[3])
    steps = [
        step.model_copy(update={"secret_outputs": sorted({*step.secret_outputs, *secret.get(step.name, ())})})
        for step in plan.steps
    ]
    return plan.model_copy(update={"steps": steps})
