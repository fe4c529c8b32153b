"""`resource health`: how resources and workloads are right now, as those say who made them. Nothing is changed."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from innominatus_cli.documents.admin_config import AdminConfigDocument
from innominatus_cli.documents.plan import Plan, PlannedStep
from innominatus_cli.documents.run_record import StepResult
from innominatus_cli.findings.catalogue.resources import UNKNOWN_RESOURCE
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.ledger.store import StoredRecord
from innominatus_cli.operations.deployed_diff import standing_deployments
from innominatus_cli.operations.history import OpenLedger, score_files
from innominatus_cli.operations.resources.reading import read_resource, reader_of
from innominatus_cli.operations.resources.recorded import PROVISIONING, RecordedResource, recorded_resources
from innominatus_cli.operations.step_parts import answers
from innominatus_cli.provisioners.choice import Choice


class Health(NamedTuple):
    """How one resource or workload is."""

    application: str
    environment: str
    object: str
    """The resource's name, or `<kind>/<name>` in a cluster."""
    type: str
    """The resource's type, or that of the step that made the workload."""
    state: str
    """What the records say of it: of a workload `active`."""
    health: str
    """`healthy`, `degraded`, `unhealthy` or `unknown`."""
    message: str = ""
    problem: str = ""
    """Why it could not be asked; empty where it could."""


class HealthReport(NamedTuple):
    """All that was asked."""

    rows: tuple[Health, ...]

    @property
    def ill(self) -> int:
        """How many are degraded or unhealthy."""
        return sum(1 for row in self.rows if row.health in {"degraded", "unhealthy"})

    @property
    def problems(self) -> int:
        """How many could not be asked."""
        return sum(1 for row in self.rows if row.problem)

    @property
    def document(self) -> dict[str, Any]:
        """The same as data."""
        rows = [row._asdict() for row in self.rows]
        return {"schema": "innominatus.dev/resource-health/v1", "resources": rows}


def health_of(
    ledger: OpenLedger,
    word: str | None = None,
    environment: str | None = None,
    watch: Callable[[str], object] = lambda step: step,
) -> HealthReport:
    """Asks for everything, for an application, or for the resources with an id; `watch` is told who is asked.

    Raises CannotContinue where `word` is neither an application nor the id of a resource.
    """
    store = ledger.store
    everything = [row for row in recorded_resources(store, None, environment) if row.is_there]
    deployments = [*standing_deployments(store, environment)]
    if word is not None:
        names = {row.application for row in everything} | {one.record.application for one in deployments}
        names |= set(score_files(ledger.repository))
        by_id = [row for row in everything if word in {row.id, row.shared_id}]
        if word not in names and not by_id:
            message = f"'{word}' is neither an application nor the id of a resource that is there"
            near = did_you_mean(word, sorted(names | {row.id for row in everything}))
            raise CannotContinue(Finding(UNKNOWN_RESOURCE, message, Place(word), near))
        everything = [row for row in everything if row.application == word] if word in names else by_id
        deployments = [one for one in deployments if one.record.application == word]
    rows = [health for row in everything for health in _of_resource(ledger, row, watch)]
    rows += [health for one in deployments for health in _of_deployment(ledger, one, watch)]
    return HealthReport(tuple(rows))


def _of_resource(ledger: OpenLedger, row: RecordedResource, watch: Callable[[str], object]) -> Iterator[Health]:
    kind, state = str(row.asked.get("resourceType", "")), str(row.state)
    about = (row.application, row.environment, row.name, kind, state)
    plan = None
    if row.made_by is not None and row.made_by.record.plan:
        plan = ledger.store.plan(row.made_by.record.plan)
    if plan is None or row.step is None or row.made_by is None:
        yield Health(*about, "unknown", "its plan is not in the ledger")
        return
    watch(f"{row.application}/{row.environment}: {row.name}")
    reader = reader_of(ledger.repository, row)
    if reader is not None:
        yield _as_recorded(about, state, _read(ledger, row, reader))
        return
    for told in _asked(ledger, plan, row.step, row.made_by.record.steps):
        yield _as_recorded(about, state, told)


def _as_recorded(about: tuple[str, str, str, str, str], state: str, told: Mapping[str, str]) -> Health:
    """What was told, where the records know nothing worse."""
    health, message = told["health"], told["message"]
    if state == "degraded" and health in {"healthy", "unknown"}:
        health, message = "degraded", f"a later step failed on it{f'; {message}' if message else ''}"
    return Health(*about, health, message, told["problem"])


def _read(ledger: OpenLedger, row: RecordedResource, reader: Choice) -> Mapping[str, str]:
    """What the workflow `read` of its provider says."""
    read = read_resource(ledger, row, reader)
    health, message = ("unknown", "") if read.problem else read.health
    return {"health": health, "message": message, "problem": read.problem}


def _of_deployment(ledger: OpenLedger, stored: StoredRecord, watch: Callable[[str], object]) -> Iterator[Health]:
    """Every workload of the last deployment whose step can say how it is."""
    record = stored.record
    plan = ledger.store.plan(record.plan) if record.plan else None
    if plan is None:
        return
    done = {result.step for result in record.steps if result.status == "succeeded"}
    for step in plan.steps:
        if step.id not in done or step.type == PROVISIONING:
            continue
        for told in _asked(ledger, plan, step, record.steps):
            watch(f"{record.application}/{record.environment}: {told['object']}")
            about = (record.application, record.environment, told["object"], step.type, "active")
            yield Health(*about, told["health"], told["message"], told["problem"])


def _asked(ledger: OpenLedger, plan: Plan, step: PlannedStep, results: list[StepResult]) -> Iterator[dict[str, str]]:
    admin = ledger.repository.admin_config()
    config = admin.model if admin else AdminConfigDocument()
    for answer in answers(ledger.store.git, config, plan, "health", results, only=(step.id,)):
        if answer.problem:
            yield {"object": step.name, "health": "unknown", "message": "", "problem": answer.problem}
        for found in answer.found:
            yield {"object": step.name, "health": "unknown", "message": "", **found, "problem": ""}
