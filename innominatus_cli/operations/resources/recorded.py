"""What became of every resource, told from records alone: a fold over the runs of an application in an environment."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias

from innominatus_cli.documents.plan import PlannedStep
from innominatus_cli.documents.run_record import StepResult
from innominatus_cli.documents.vocabulary import Tier
from innominatus_cli.ledger.store import Records, StoredRecord
from innominatus_cli.operations.resources.lifecycle import THERE, End, Event, State, Work, moves
from innominatus_cli.planning.provisioning import DELETES
from innominatus_cli.planning.resource_differences import differences_of, is_scaling
from innominatus_cli.planning.resource_operations import READS, UPDATES
from innominatus_cli.planning.rollback import RESTORE, UNDO
from innominatus_cli.planning.shared_resources import MAKES

Data: TypeAlias = dict[str, Any]

PROVISIONING: Final = "resource-provisioning"
_MARK: Final = b'"resource-provisioning"'
_AT_ONCE: Final = 64
_ENDS: Final[Mapping[str, End]] = {
    "succeeded": "done",
    "failed": "failed",
    "timed_out": "failed",
    "interrupted": "open",
}
_DID: Final[Mapping[Work, str]] = {"change": "updated", "scale": "scaled", "remove": "removed"}


@dataclass(slots=True)
class RecordedResource:
    """One resource of an application in an environment, as the records have it."""

    application: str
    environment: str
    name: str
    asked: Mapping[str, Any] = field(default_factory=dict)
    """Inputs of the newest step about it, as its plan has them."""
    made: Mapping[str, Any] | None = None
    """Inputs of the last step that made or changed it with success; None where none did, or it is gone."""
    state: State | None = None
    stored: StoredRecord | None = None
    """The newest record about it."""
    result: StepResult | None = None
    """What the last successful step gave; None where `made` is."""
    step: PlannedStep | None = None
    """The last successful step."""
    made_by: StoredRecord | None = None
    """The record of that step."""
    since_by: StoredRecord | None = None
    """The record since which it is as it is: later ones only made sure of it."""
    history: list[Data] = field(default_factory=list)
    operations: list[Data] = field(default_factory=list)
    """What each run asked of its provisioner, the oldest first."""

    @property
    def is_there(self) -> bool:
        """Whether it was made and not removed."""
        return self.state in THERE

    @property
    def provisioner(self) -> Mapping[str, Any] | None:
        """The provisioner that planning chose last; None: a built-in one."""
        chosen = self.asked.get("provisioner")
        return chosen if isinstance(chosen, Mapping) else None

    @property
    def shared_id(self) -> str | None:
        """`type.class#id` where it may be one resource of several applications.

        Its id is said then, and it is not a built-in one, which is kept in its application's own state folder.
        """
        if not self.asked.get("resourceId") or self.provisioner is None:
            return None
        return f"{self.asked.get('resourceType', '')}.{self.asked.get('resourceClass', 'default')}#{self.id}"

    @property
    def id(self) -> str:
        """What its Score file says, or `<application>.<resource>`."""
        return str(self.asked.get("resourceId") or f"{self.application}.{self.name}")

    @property
    def data(self) -> Data:
        """What commands show."""
        return {
            "application": self.application,
            "environment": self.environment,
            "resource": self.name,
            "type": self.asked.get("resourceType", ""),
            "class": self.asked.get("resourceClass", "default"),
            "id": self.id,
            "tags": dict(self.asked.get("tags") or {}),
            "provisioner": _provisioner(self.provisioner),
            "state": self.state,
            "since": self.history[-1]["at"] if self.history else None,
            "run": self.stored.record.run if self.stored else None,
            "record": self.stored.path if self.stored else None,
            "outputs": dict(self.result.outputs) if self.result else {},
            "withheld_outputs": list(self.result.withheld_outputs) if self.result else [],
            "hints": [hint.as_json() for hint in (self.result.hints or ())] if self.result else [],
            "history": list(self.history),
            "operations": list(self.operations),
        }


def recorded_resources(store: Records, application: str | None, environment: str | None) -> Iterator[RecordedResource]:
    """Every resource that the records know, by application, environment and name."""
    groups: dict[tuple[str, str], list[StoredRecord]] = {}
    for stored in store.records(application, environment):
        groups.setdefault((stored.record.application, stored.record.environment), []).append(stored)
    for key in sorted(groups):
        found = _Fold(store, *key).over(groups[key])
        yield from (found[name] for name in sorted(found))


def is_of_a_resource(step: PlannedStep) -> bool:
    """Whether a step of a plan makes or removes a resource of the application."""
    is_one = step.type == PROVISIONING and step.tier is Tier.APPLICATION and step.expansion is None
    return is_one and isinstance(step.inputs.get("resource"), str)


@dataclass(frozen=True, slots=True)
class _Done:
    """What a step did to a resource, so that a rollback of it can be told."""

    name: str
    work: Work
    before: RecordedResource


class _Fold:
    def __init__(self, store: Records, application: str, environment: str) -> None:
        self._store = store
        self._application = application
        self._environment = environment
        self._rows: dict[str, RecordedResource] = {}
        self._done: dict[tuple[str, str], _Done] = {}
        self._older: dict[str, str] = {}

    def over(self, records: Iterable[StoredRecord]) -> dict[str, RecordedResource]:
        """The resources by name, after these records, the oldest first."""
        several = [*records]
        planned = resource_steps(self._store, [one.record.plan for one in several if one.record.plan])
        for stored in several:
            record = stored.record
            if record.resumes:
                self._older[record.run] = record.resumes
            if record.rolls_back is not None:
                self._taken_back(stored, record.rolls_back)
                continue
            steps = planned.get(record.plan or "", {})
            for result in record.steps:
                if result.step in steps:
                    self._ran(stored, steps[result.step], result)
        return self._rows

    def _ran(self, stored: StoredRecord, step: PlannedStep, result: StepResult) -> None:
        record, name = stored.record, str(step.inputs["resource"])
        if result.reused_from is not None and (result.reused_from, step.id) in self._done:
            self._done[record.run, step.id] = self._done[result.reused_from, step.id]
            return
        row = self._rows.setdefault(name, RecordedResource(self._application, self._environment, name))
        before = replace(row, history=[], operations=[])
        end = _end_of(step, result, record.steps)
        work = _work(row, step)
        self._note(row, stored, result, step, work, end)
        row.stored, row.asked = stored, {**step.inputs}
        self._move(row, stored, Event(work, end), result)
        if end == "done":
            gone = work == "remove"
            row.made, row.result, row.step = (None, None, None) if gone else (row.asked, result, step)
            row.made_by = None if gone else stored
            row.since_by = None if gone else row.since_by if work == "make" and before.is_there else stored
            if work != "make" or not before.is_there:
                self._done[record.run, step.id] = _Done(name, work, before)
        elif not row.is_there:
            row.made = row.result = row.step = row.made_by = row.since_by = None

    def _taken_back(self, stored: StoredRecord, rolled_back: str) -> None:
        for result in stored.record.steps:
            workflow, _, name = result.step.rpartition("/")
            if not name.startswith((UNDO, RESTORE)) or result.status in {"skipped", "planned"}:
                continue
            key = self._find(rolled_back, f"{workflow}/{name.removeprefix(UNDO).removeprefix(RESTORE)}")
            if key is None or (done := self._done[key]).work == "remove":
                continue
            row = self._rows[done.name]
            row.stored = stored
            work: Work = "remove" if done.work == "make" else done.work
            end = _ENDS.get(result.status, "open")
            row.operations.append(_operation("undo", "taken back", stored, result.status, result.started_at))
            self._move(row, stored, Event(work, end), result)
            if end == "done":
                row.made, row.result, row.step = done.before.made, done.before.result, done.before.step
                row.made_by, row.since_by = done.before.made_by, done.before.since_by
                self._done.pop(key, None)
            elif not row.is_there:
                row.made = row.result = row.step = row.made_by = row.since_by = None

    def _find(self, run: str | None, step: str) -> tuple[str, str] | None:
        """The run, this one or one that it went on from, in which a step did something that nothing has taken back."""
        while run is not None:
            if (run, step) in self._done:
                return run, step
            run = self._older.get(run)
        return None

    def _note(
        self, row: RecordedResource, stored: StoredRecord, result: StepResult, step: PlannedStep, work: Work, end: End
    ) -> None:
        """Notes what a run asked of the provisioner; a step that was skipped asked nothing."""
        if end == "skipped":
            return
        asked = str(step.inputs.get("operation") or "create")
        did = _DID[work] if work != "make" else "unchanged" if row.is_there else "created"
        differs = differences_of(row.made, step.inputs) if row.made is not None and work in {"change", "scale"} else ()
        status = "failed" if end == "failed" else result.status
        noted = _operation(asked, "released" if asked == "release" else did, stored, status, result.started_at)
        row.operations.append(noted | {"differences": [one.text for one in differs]})

    def _move(self, row: RecordedResource, stored: StoredRecord, event: Event, result: StepResult) -> None:
        record = stored.record
        went = moves(row.state, event)
        for number, state in enumerate(went, 1):
            is_end = number == len(went) and event.end in {"done", "failed"}
            at = record.finished_at if is_end else result.started_at or record.started_at
            row.history.append({"state": state, "run": record.run, "at": at, "status": result.status})
            row.state = state


def resource_steps(store: Records, digests: Sequence[str]) -> dict[str, dict[str, PlannedStep]]:
    """By plan its steps that make or remove resources, by their ids.

    A long history has a plan a run: their bytes are read many at once, and of each only these steps are made.
    """
    found: dict[str, dict[str, PlannedStep]] = {}
    several = list(dict.fromkeys(digests))
    for start in range(0, len(several), _AT_ONCE):
        for digest, data in store.plan_bytes(several[start : start + _AT_ONCE]).items():
            if _MARK not in data:
                continue
            try:
                written = [step for step in json.loads(data)["steps"] if step.get("type") == PROVISIONING]
                steps = [PlannedStep.model_validate(step) for step in written]
            except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
                continue  # whoever wrote it, nothing is known by it, as where the ledger lacks the plan
            found[digest] = {step.id: step for step in steps if is_of_a_resource(step)}
    return found


def _work(row: RecordedResource, step: PlannedStep) -> Work:
    if step.inputs.get("operation") in {"delete", "release"}:
        return "remove"
    if not row.is_there or row.made is None:
        return "make"
    changed = differences_of(row.made, step.inputs)
    if not changed:
        return "make"
    return "scale" if is_scaling(changed) else "change"


def _operation(asked: str, did: str, stored: StoredRecord, status: str, at: str | None) -> Data:
    record = stored.record
    return {
        "operation": asked,
        "did": did,
        "status": status,
        "run": record.run,
        "at": at or record.started_at,
        "by": record.actor.name,
        "differences": [],
    }


def _end_of(step: PlannedStep, result: StepResult, others: Sequence[StepResult]) -> End:
    """How a step ended; one that was skipped because the provider's workflow before it failed has failed with it."""
    if result.status in _ENDS:
        return _ENDS[result.status]
    calls = tuple(f"{step.workflow_id}/{what}{step.inputs['resource']}." for what in (MAKES, UPDATES, READS, DELETES))
    behind = [one.status for one in others if one.step.startswith(calls)]
    return "failed" if {"failed", "timed_out"} & {*behind} else "open" if "interrupted" in behind else "skipped"


def _provisioner(chosen: Mapping[str, Any] | None) -> Data:
    """Who made it: what the plan says, or that it is built in."""
    if chosen is None:
        return {"name": "", "version": "", "kind": "built-in", "source": "built in"}
    return {key: str(chosen.get(key, "")) for key in ("name", "version", "kind", "source")}
