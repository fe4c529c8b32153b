"""`list-resources` and `resource show|outputs`: what became of every resource, told from the records alone.

A state follows from results of steps: `requested` (planned, and its step was skipped), `active` (provisioned),
`failed` (never there), `degraded` (it was there, and a later step failed on it), `terminated` (removed, or a rollback
took it back). Nobody writes states: the records are the truth, and the same records give the same states.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple, TypeAlias

from innominatus_cli.documents.plan import PlannedStep
from innominatus_cli.documents.run_record import StepResult
from innominatus_cli.documents.vocabulary import Tier
from innominatus_cli.findings.catalogue.ledger import UNKNOWN_APPLICATION
from innominatus_cli.findings.catalogue.resources import UNKNOWN_RESOURCE
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.ledger.facts import taken_back
from innominatus_cli.ledger.store import StoredRecord
from innominatus_cli.operations.history import Found, OpenLedger, score_files

Data: TypeAlias = dict[str, Any]

STATES: Final = ("requested", "active", "failed", "degraded", "terminated")
_PROVISIONING: Final = "resource-provisioning"
_THERE: Final = frozenset({"active", "degraded"})


class _Seen(NamedTuple):
    """A step of a run that made or removed a resource."""

    stored: StoredRecord
    step: PlannedStep
    result: StepResult
    undone: bool


def resources(
    ledger: OpenLedger,
    application: str | None = None,
    environment: str | None = None,
    kind: str | None = None,
    state: str | None = None,
) -> Found:
    """Every resource that the records know, by application, environment and name. Raises CannotContinue."""
    rows = [row for row in _rows(ledger, application, environment) if kind in {None, row["type"]}]
    if application is not None and not rows:
        _must_be_known(ledger, application)
    rows = [row for row in rows if state in {None, row["state"]}]
    return Found(rows, tuple(ledger.store.findings))


def resource(ledger: OpenLedger, application: str, name: str, environment: str | None = None) -> Data:
    """One resource with its history. Raises CannotContinue where there is none, or it is in several environments."""
    rows = [*_rows(ledger, application, environment)]
    found = [row for row in rows if row["resource"] == name]
    if len(found) == 1:
        return found[0]
    if not rows:
        _must_be_known(ledger, application)
    where = f" in {environment}" if environment else ""
    message = f"the records know no resource '{name}' of '{application}'{where}"
    remedy = did_you_mean(name, sorted({row["resource"] for row in rows}))
    if found:
        message = f"'{name}' of '{application}' is in {len(found)} environments"
        remedy = f"Name one with --env: {', '.join(row['environment'] for row in found)}."
    raise CannotContinue(Finding(UNKNOWN_RESOURCE, message, Place(application), remedy))


def _must_be_known(ledger: OpenLedger, application: str) -> None:
    """An application without a resource is no error; one that nobody knows is."""
    known = {*score_files(ledger.repository), *(stored.record.application for stored in ledger.store.records())}
    if application not in known:
        message = f"'{application}' has neither a Score file nor a record"
        near = did_you_mean(application, sorted(known))
        raise CannotContinue(Finding(UNKNOWN_APPLICATION, message, Place(application), near))


def _rows(ledger: OpenLedger, application: str | None, environment: str | None) -> Iterator[Data]:
    groups: dict[tuple[str, str], list[StoredRecord]] = {}
    for stored in ledger.store.records(application, environment):
        groups.setdefault((stored.record.application, stored.record.environment), []).append(stored)
    for key in sorted(groups):
        rows: dict[str, Data] = {}
        for seen in _seen(ledger, groups[key]):
            name = str(seen.step.inputs["resource"])
            rows[name] = _next(rows.get(name), seen)
        yield from (rows[name] for name in sorted(rows))


def _seen(ledger: OpenLedger, records: Iterable[StoredRecord]) -> Iterator[_Seen]:
    """The steps that made or removed resources of an application in an environment, in the order of the runs."""
    several = [*records]
    undone = taken_back([stored.record for stored in several])
    for stored in several:
        plan = (
            ledger.store.plan(stored.record.plan) if stored.record.plan and stored.record.rolls_back is None else None
        )
        steps = {step.id: step for step in (plan.steps if plan else ())}
        for result in stored.record.steps:
            step = steps.get(result.step)
            if step is not None and _is_of_a_resource(step):
                yield _Seen(stored, step, result, (stored.record.run, step.id) in undone)


def _is_of_a_resource(step: PlannedStep) -> bool:
    is_one = step.type == _PROVISIONING and step.tier is Tier.APPLICATION and step.expansion is None
    return is_one and isinstance(step.inputs.get("resource"), str)


def _next(row: Data | None, seen: _Seen) -> Data:
    """The row of a resource after one more step."""
    record, inputs = seen.stored.record, seen.step.inputs
    before = row["state"] if row else ""
    removes = inputs.get("operation") == "delete"
    state = _state(before, seen.result.status, removes=removes, undone=seen.undone)
    made = seen.result.status == "succeeded" and not removes and not seen.undone
    history = [*(row["history"] if row else ())]
    if state != before:
        history.append({"state": state, "run": record.run, "at": record.finished_at, "status": seen.result.status})
    outputs = dict(seen.result.outputs) if made else (row["outputs"] if row and state in _THERE else {})
    withheld = list(seen.result.withheld_outputs) if made else (row["withheld_outputs"] if row else [])
    provisioner = inputs.get("provisioner")
    return {
        "application": record.application,
        "environment": record.environment,
        "resource": inputs["resource"],
        "type": inputs.get("resourceType", ""),
        "class": inputs.get("resourceClass", "default"),
        "id": inputs.get("resourceId") or f"{record.application}.{inputs['resource']}",
        "provisioner": _provisioner(provisioner if isinstance(provisioner, Mapping) else None),
        "state": state,
        "since": history[-1]["at"],
        "run": record.run,
        "record": seen.stored.path,
        "outputs": outputs,
        "withheld_outputs": withheld,
        "history": history,
    }


def _state(before: str, status: str, *, removes: bool, undone: bool) -> str:
    if status == "skipped":
        return before or "requested"
    if removes:
        return "terminated" if status == "succeeded" else "degraded"
    if status == "succeeded":
        return (before if before in _THERE else "terminated") if undone else "active"
    return "degraded" if before in _THERE else "failed"


def _provisioner(chosen: Mapping[str, Any] | None) -> Data:
    """Who made it: what the plan says, or that it is built in."""
    if chosen is None:
        return {"name": "", "version": "", "kind": "built-in", "source": "built in"}
    return {key: str(chosen.get(key, "")) for key in ("name", "version", "kind", "source")}
