"""`list-resources` and `resource show|outputs`: what became of every resource, told from the records alone.

Nobody writes states: the records are the truth, and the same records give the same states.
"""

from collections.abc import Iterable, Mapping

from innominatus_cli.findings.catalogue.ledger import UNKNOWN_APPLICATION
from innominatus_cli.findings.catalogue.resources import NOT_OFFERED, NOT_READ, UNKNOWN_RESOURCE
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.operations.history import Found, OpenLedger, score_files
from innominatus_cli.operations.resources.kept_backups import backups_of
from innominatus_cli.operations.resources.recorded import Data, RecordedResource, recorded_resources
from innominatus_cli.operations.resources.sharing import users_of


def resources(
    ledger: OpenLedger,
    application: str | None = None,
    environment: str | None = None,
    kind: str | None = None,
    state: str | None = None,
    tags: Iterable[str] = (),
) -> Found:
    """Every resource that the records know, by application, environment and name.

    `tags` are `name=value` texts, or names alone. Raises CannotContinue for an application that nobody knows.
    """
    found = [*recorded_resources(ledger.store, application, environment)]
    if application is not None and not found:
        must_be_known(ledger, application)
    rows = [row for row in _with_users(ledger, found) if kind in {None, row["type"]} and state in {None, row["state"]}]
    rows = [row for row in rows if all(_has(row["tags"], tag) for tag in tags)]
    return Found(rows, tuple(ledger.store.findings))


def resource(ledger: OpenLedger, application: str, name: str, environment: str | None = None) -> Data:
    """One resource with its history. Raises CannotContinue where there is none, or it is in several environments."""
    one = recorded_resource(ledger, application, name, environment)
    return {**_with_users(ledger, [one])[0], "backups": backups_of(ledger.store, one)}


def outputs_of(
    ledger: OpenLedger, application: str, name: str, environment: str | None = None, *, refresh: bool = False
) -> Data:
    """The outputs of a resource, without secrets: those of its last record, or with `refresh` as they are now.

    Raises CannotContinue as `resource` does, and where nobody can be asked or the answer is that nothing is there.
    """
    one = recorded_resource(ledger, application, name, environment)
    outputs: Data = one.data["outputs"]
    if not refresh:
        return outputs
    from innominatus_cli.operations.resources.reading import read_resource, reader_of  # noqa: PLC0415 - few ask

    place = Place(application)
    reader = reader_of(ledger.repository, one) if one.is_there else None
    if reader is None:
        why = f"it is {one.state}" if not one.is_there else "who made it has no workflow for 'read'"
        raise CannotContinue(Finding(NOT_OFFERED, f"the outputs of '{name}' cannot be read again: {why}", place))
    read = read_resource(ledger, one, reader)
    if read.problem or read.is_gone:
        why = read.problem or f"its provider says that it is {read.word}"
        raise CannotContinue(Finding(NOT_READ, f"the outputs of '{name}' cannot be read again: {why}", place))
    return {**{key: value for key, value in outputs.items() if key not in read.withheld}, **read.outputs}


def recorded_resource(
    ledger: OpenLedger, application: str, name: str, environment: str | None = None
) -> RecordedResource:
    """The resource that somebody means, by its name or its id. Raises CannotContinue as `resource` does."""
    rows = [*recorded_resources(ledger.store, application, environment)]
    found = [row for row in rows if name in {row.name, row.id}]
    if len(found) == 1:
        return found[0]
    if not rows:
        must_be_known(ledger, application)
    where = f" in {environment}" if environment else ""
    message = f"the records know no resource '{name}' of '{application}'{where}"
    remedy = did_you_mean(name, sorted({row.name for row in rows}))
    if found:
        message = f"'{name}' of '{application}' is in {len(found)} environments"
        remedy = f"Name one with --env: {', '.join(row.environment for row in found)}."
    raise CannotContinue(Finding(UNKNOWN_RESOURCE, message, Place(application), remedy))


def must_be_known(ledger: OpenLedger, application: str) -> None:
    """An application without a resource is no error; one that nobody knows is."""
    known = {*score_files(ledger.repository), *(stored.record.application for stored in ledger.store.records())}
    if application not in known:
        message = f"'{application}' has neither a Score file nor a record"
        near = did_you_mean(application, sorted(known))
        raise CannotContinue(Finding(UNKNOWN_APPLICATION, message, Place(application), near))


def _with_users(ledger: OpenLedger, found: list[RecordedResource]) -> list[Data]:
    """The resources as data, shared ones with the applications that use them, orphans as such."""
    shared: dict[str, set[str]] = {}
    for one in found:
        if one.shared_id is not None:
            shared.setdefault(one.environment, set()).add(one.shared_id)
    users = {environment: users_of(ledger.store, environment, ids) for environment, ids in shared.items()}
    declared = _declared(ledger) if found else {}
    rows = []
    for one in found:
        used_by = users[one.environment][one.shared_id] if one.shared_id is not None else []
        orphaned = one.is_there and one.name not in declared.get(one.application, {one.name})
        rows.append({**one.data, "used_by": used_by, "orphaned": orphaned})
    return rows


def _declared(ledger: OpenLedger) -> Mapping[str, set[str]]:
    """By application the names of the resources of its Score file, where it has one that can be read."""
    repository = ledger.repository
    found: dict[str, set[str]] = {}
    for path in repository.application_paths():
        for workload in repository.workloads(path):
            found.setdefault(workload.model.metadata.name, set(workload.model.resources))
    return found


def _has(tags: Mapping[str, str], wanted: str) -> bool:
    name, given, value = wanted.partition("=")
    return name in tags and (not given or tags[name] == value)
