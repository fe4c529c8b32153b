"""What the records say to a plan: whether an application was ever deployed, and what exists of it now."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

from innominatus_cli.documents.plan import Plan, PlannedStep
from innominatus_cli.documents.run_record import RunRecord
from innominatus_cli.documents.vocabulary import Tier
from innominatus_cli.execution.expansion import steps_of
from innominatus_cli.expressions.secret_marks import key_for, mark_of, secret_name
from innominatus_cli.expressions.values import NoValue, resolve
from innominatus_cli.ledger.store import Records, StoredRecord, is_deployment, not_rolled_back
from innominatus_cli.ledger.working_tree import WorkingTreeStore
from innominatus_cli.planning.removal import Standing, StandingRun
from innominatus_cli.planning.request import Deployed, DeployedResource
from innominatus_cli.planning.rollback import RESTORE, UNDO

_RESOURCE: Final = "provision-"
_OF_APPLICATION: Final = f"/{Tier.APPLICATION.value}/"
"""In ids of steps: a product may have a resource of the same name."""
_WORKING: Final = ("deploy", "task")
_WORKLOAD: Final = "deploy-application"
_NO_RECORD: Final = "no record of a successful deployment"
_ROLLED_BACK: Final = "every successful deployment was rolled back"


def first_deployment(store: Records, application: str, environment: str) -> tuple[bool, str]:
    """Whether no deployment of an application in an environment has succeeded yet, and what says so.

    The evidence is the oldest such record, so that it stays the same however many follow.
    """
    oldest, stands = store.first_standing(application, environment)
    if oldest is None:
        return True, _NO_RECORD
    if not stands:
        return True, _ROLLED_BACK
    return False, oldest.evidence


def is_first_no_more(store: Records, plan: Plan, runs: Collection[str]) -> bool:
    """Whether a plan is for the first deployment, and a run other than these has deployed the application by now."""
    if not any(one.name == "first_deployment" and one.value is True for one in plan.inputs):
        return False
    records = reversed(store.records(plan.application.name, plan.environment))
    return any(is_deployment(one) and one.record.run not in runs for one in not_rolled_back(records))


class FirstDeployments:
    """What `first_deployment` says, for many applications: the records of all of them are looked at together."""

    def __init__(self, store: WorkingTreeStore) -> None:
        self._store = store

    @cached_property
    def _oldest(self) -> Mapping[tuple[str, str], StoredRecord]:
        return self._store.first_successes()

    @cached_property
    def _standing(self) -> set[tuple[str, str]]:
        return self._store.standing()

    def of(self, application: str, environment: str) -> tuple[bool, str]:
        """Whether it is the first deployment, and what says so."""
        oldest = self._oldest.get((application, environment))
        if oldest is None:
            return True, _NO_RECORD
        if (application, environment) not in self._standing:
            return True, _ROLLED_BACK
        return False, oldest.evidence


def deployed(store: Records, application: str, environment: str) -> Deployed | None:
    """What exists of an application in an environment: all that deployments made since the last successful removal.

    Deployments that failed count with the steps of theirs that succeeded, without those that a rollback took back. None
    where nothing exists.
    """
    records = store.records(application, environment)
    undone = taken_back([stored.record for stored in records])
    since = _since_removal(stored for stored in records if stored.record.rolls_back is None)
    resources: dict[str, DeployedResource] = {}
    workload: Mapping[str, Any] | None = None
    evidence = ""
    for stored in since:
        plan = store.plan(stored.record.plan) if stored.record.plan else None
        for step in _made(stored.record, plan):
            if (stored.record.run, step.id) in undone:
                continue
            inputs = _inputs(step, stored.record)
            evidence = stored.evidence
            if step.name == _WORKLOAD:
                workload = inputs
            else:
                name = step.name.removeprefix(_RESOURCE)
                resources.pop(name, None)
                resources[name] = DeployedResource(name, inputs)
    return Deployed(evidence, tuple(resources.values()), workload) if evidence else None


def standing(store: Records, application: str, environment: str) -> Standing | None:
    """Every run of an application in an environment since its last successful removal whose work may stand.

    Runs whose plan the ledger does not hold any more are passed over. None where there is none.
    """
    records = store.records(application, environment)
    undone = taken_back([stored.record for stored in records])
    found: list[StandingRun] = []
    evidence = ""
    for stored in _since_removal((one for one in records if one.record.rolls_back is None), _WORKING):
        plan = store.plan(stored.record.plan) if stored.record.plan else None
        if plan is None:
            continue
        cells = {result.step: result.cells for result in stored.record.steps if result.cells}
        steps = [one for step in plan.steps for one in (step, *steps_of(step, cells.get(step.id, ())))]
        gone = frozenset(step for run, step in undone if run == stored.record.run)
        found.append(StandingRun(stored.record, plan, steps, gone))
        evidence = stored.evidence
    return Standing(tuple(found), evidence) if found else None


def taken_back(records: Sequence[RunRecord]) -> set[tuple[str, str]]:
    """Runs and their steps whose work was taken back; a run that another one went on from is part of that one."""
    found: set[tuple[str, str]] = set()
    older = {record.run: record.resumes for record in records if record.resumes}
    for record in records:
        if record.rolls_back is None:
            continue
        for result in record.steps:
            workflow, _, name = result.step.rpartition("/")
            if result.status == "succeeded" and name.startswith((UNDO, RESTORE)):
                step = f"{workflow}/{name.removeprefix(UNDO).removeprefix(RESTORE)}"
                run: str | None = record.rolls_back
                while run is not None and (run, step) not in found:
                    found.add((run, step))
                    run = older.get(run)
    return found


def _since_removal(records: Iterable[StoredRecord], operations: Collection[str] = ("deploy",)) -> list[StoredRecord]:
    since: list[StoredRecord] = []
    for stored in records:
        if stored.record.operation in operations:
            since.append(stored)
        elif stored.record.operation == "undeploy" and stored.record.status == "succeeded":
            since.clear()
    return since


def _made(record: RunRecord, plan: Plan | None) -> list[PlannedStep]:
    """The steps of the application tier that succeeded and made a resource or the workload."""
    succeeded = {result.step for result in record.steps if result.status == "succeeded"}
    cells = {result.step: result.cells for result in record.steps if result.cells}
    steps = [one for step in (plan.steps if plan else ()) for one in (step, *steps_of(step, cells.get(step.id, ())))]
    return [
        step
        for step in steps
        if step.id in succeeded
        and step.expansion is None
        and step.tier is Tier.APPLICATION
        and (step.name == _WORKLOAD or step.name.startswith(_RESOURCE))
    ]


def _inputs(step: PlannedStep, record: RunRecord) -> dict[str, Any]:
    """The step's inputs with references resolved from the record; an input that needs what it lacks is left out."""

    def lookup(path: tuple[str, ...]) -> Any:  # noqa: ANN401 - JSON data
        return _looked_up(path, step, record)

    found = {}
    for name, value in step.inputs.items():
        try:
            found[name] = resolve(value, lookup)
        except (NoValue, KeyError, TypeError):
            continue
    return found


def _looked_up(path: tuple[str, ...], step: PlannedStep, record: RunRecord) -> object:
    match path:
        case ("item" | "matrix", *rest) if step.cell is not None:
            value: Any = step.cell.item if path[0] == "item" else step.cell.matrix
            for key in rest:
                value = step.cell.index if path == ("item", "index") and not isinstance(value, dict) else value[key]
            return value
        case ("steps", name, "outputs", output, *rest):
            wanted = f"{step.workflow_id}/{name}"
        case ("resources", name, output, *rest):
            wanted = f"/{_RESOURCE}{name}"
        case _:
            raise NoValue(".".join(path))
    for result in record.steps:
        if result.step.endswith(wanted) and (path[0] == "steps" or _OF_APPLICATION in result.step):
            if output not in result.outputs and step.name == _WORKLOAD:  # a secret: only its place matters
                return mark_of(secret_name(record.application), key_for(path))
            value = result.outputs[output]
            for key in rest:
                value = value[key]
            return value
    raise NoValue(".".join(path))
