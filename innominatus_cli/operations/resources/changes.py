"""What a plan does to resources: the difference between what it asks for and what the last success made."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

from innominatus_cli.documents.plan import Plan
from innominatus_cli.documents.repository import Repository
from innominatus_cli.documents.vocabulary import Operation
from innominatus_cli.findings.catalogue.resources import ORPHANED_RESOURCE
from innominatus_cli.findings.finding import Finding, Place
from innominatus_cli.ledger.lookups import Lookups
from innominatus_cli.ledger.store import Records
from innominatus_cli.operations.resources.recorded import (
    RecordedResource,
    is_of_a_resource,
    recorded_resources,
    resource_steps,
)
from innominatus_cli.planning.resource_differences import Difference, differences_of

Change = Literal["create", "update", "unchanged", "delete", "release", "orphaned"]
_REMOVES: Final[dict[Any, Change]] = {"delete": "delete", "release": "release"}


class ResourceChange(NamedTuple):
    """What a plan does to one resource. `orphaned`: it is there, and the Score file has it no more."""

    resource: str
    type: str
    change: Change
    differences: tuple[Difference, ...] = ()
    state: str | None = None
    """As the records have it; None where they do not know it."""
    operation: str | None = None
    """What the provisioner is asked for: `create`, `update`, `delete` or `release`; None of an orphan."""
    because: str = ""
    """Why that one, where its provider has workflows to choose from."""

    @property
    def document(self) -> dict[str, Any]:
        """The same as data."""
        differs = [{"what": one.what, "was": one.was, "now": one.now} for one in self.differences]
        return {**self._asdict(), "differences": differs}


def changes_of(plan: Plan, recorded: Iterable[RecordedResource], declared: Sequence[str]) -> tuple[ResourceChange, ...]:
    """What the steps of a plan do to resources, in their order, and what is orphaned behind that.

    `declared` are the resources of the Score file; a golden path may plan fewer of them.
    """
    known = {row.name: row for row in recorded}
    reasons = {one.name: one.value for one in plan.inputs}
    found: list[ResourceChange] = []
    for step in plan.steps:
        if not is_of_a_resource(step):
            continue
        name, kind = str(step.inputs["resource"]), str(step.inputs.get("resourceType", ""))
        row = known.pop(name, None)
        state = row.state if row else None
        operation = str(step.inputs.get("operation") or "create")
        removal = _REMOVES.get(operation)
        reason = reasons.get(f"resources.{name}.operation")
        asks = (state, operation, str(reason["because"]) if isinstance(reason, Mapping) else "")
        if removal is not None:
            found.append(ResourceChange(name, kind, removal, (), *asks))
        elif row is None or not row.is_there or row.made is None:
            found.append(ResourceChange(name, kind, "create", (), *asks))
        else:
            differences = differences_of(row.made, step.inputs)
            found.append(ResourceChange(name, kind, "update" if differences else "unchanged", differences, *asks))
    if plan.operation is Operation.DEPLOY:
        orphans = [row for name, row in known.items() if row.is_there and name not in declared]
        found += [
            ResourceChange(row.name, str(row.asked.get("resourceType", "")), "orphaned", (), row.state)
            for row in orphans
        ]
    return tuple(found)


def resource_changes(
    repository: Repository, store: Records, plan: Plan
) -> tuple[tuple[ResourceChange, ...], tuple[Finding, ...]]:
    """What a plan does to the resources of its application, and a warning for each one that nobody asks for any more.

    Nothing of a task, which leaves resources alone.
    """
    if plan.operation is Operation.TASK or plan.rolls_back is not None:
        return (), ()
    recorded = recorded_resources(store, plan.application.name, plan.environment)
    changes = changes_of(plan, recorded, _declared(repository, plan))
    return changes, tuple(_orphan(plan, one) for one in changes if one.change == "orphaned")


def orphans_left(repository: Repository, store: Lookups, plan: Plan | None) -> tuple[Finding, ...]:
    """A warning for each resource that a deployment leaves behind, for a run: nearly always there is none.

    All records are read only where the last deployment made something that this plan does not, or warned of orphans
    itself, so that a run takes the same time however long its history is.
    """
    if plan is None or plan.operation is not Operation.DEPLOY or plan.rolls_back is not None:
        return ()
    digests: list[str] = []
    for stored in store.newest_first(plan.application.name, plan.environment):
        record = stored.record
        if record.kind not in {"run", "resume"} or record.operation == "task":
            continue
        if any(one.code == ORPHANED_RESOURCE.number for one in record.findings):
            return resource_changes(repository, store, plan)[1]
        digests += [record.plan] if record.plan and record.operation == "deploy" else []
        if record.kind == "run":  # a resume has no plan of its own, and no warnings about it
            break
    earlier = resource_steps(store, [digest for digest in digests if digest != plan.digest])
    names = {step.inputs["resource"] for steps in earlier.values() for step in steps.values()}
    names -= {step.inputs["resource"] for step in plan.steps if is_of_a_resource(step)}
    return resource_changes(repository, store, plan)[1] if names.difference(_declared(repository, plan)) else ()


def _declared(repository: Repository, plan: Plan) -> list[str]:
    """The resources of the application's Score file."""
    application = plan.application
    workloads = repository.workloads(application.path) if application.path else ()
    return [name for one in workloads if one.model.metadata.name == application.name for name in one.model.resources]


def _orphan(plan: Plan, orphan: ResourceChange) -> Finding:
    message = (
        f"resource '{orphan.resource}' ({orphan.type}) of '{plan.application.name}' is {orphan.state} in "
        f"'{plan.environment}', and the Score file has it no more"
    )
    name, environment = plan.application.name, plan.environment
    remedy = (
        f"Bring it back into the Score file; or let `innominatus-ctl deprovision {name} --env {environment}` remove it "
        f"with the application. `innominatus-ctl resource show {name} {orphan.resource}` says what it is."
    )
    return Finding(ORPHANED_RESOURCE, message, Place(plan.application.path or plan.application.name), remedy)
