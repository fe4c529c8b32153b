"""Lists of records: out of the index where there is one, out of the records where there is none, and the same by both.

What no commit has is always read from where it stands.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

from innominatus_cli.ledger.index import ACTION, RUN, RecordIndex, open_index
from innominatus_cli.ledger.index_file import IndexUnusable
from innominatus_cli.ledger.records import actions_folder, is_safe_name, runs_folder
from innominatus_cli.ledger.skimmed import SkimmedRecord, skimmed
from innominatus_cli.ledger.skimming import Skimmed, last_deployments_read, skim_read
from innominatus_cli.ledger.store import StoredRecord
from innominatus_cli.ledger.summaries import ActionSummary, RunSummary, of_action, of_run
from innominatus_cli.ledger.working_tree import WorkingTreeStore
from innominatus_cli.system.clock import ulid, ulid_milliseconds

T = TypeVar("T")


class RunList(NamedTuple):
    """Runs, the oldest first, and of all that were asked about those that name another run, and how many there are."""

    runs: list[RunSummary]
    related: list[RunSummary]
    in_all: int


def runs_of(
    store: WorkingTreeStore, application: str | None = None, environment: str | None = None, newest: int | None = None
) -> RunList:
    """The runs of an application, of one of its environments, or all; or only the `newest` so many of them."""

    def ask(index: RecordIndex) -> RunList:
        loose = list(map(of_run, _loose(store, index, application, environment)))
        runs = _sorted((*index.runs(application, environment, newest), *loose))
        related = _related((*index.related(application, environment), *loose))
        count = len(runs) if newest is None else index.count_of_runs(application, environment) + len(loose)
        return RunList(_last(runs, newest), related, count)

    def read() -> RunList:
        runs = list(map(of_run, store.records(application, environment)))
        return RunList(_last(runs, newest), _related(runs), len(runs))

    return _answered(store, ask, read, narrow=application is not None)


def last_runs(store: WorkingTreeStore, application: str | None = None) -> RunList:
    """The last run of each application and environment, by their names."""

    def ask(index: RecordIndex) -> RunList:
        loose = list(map(of_run, _loose(store, index, application, None)))
        return _last_of_each((*index.last_runs(application), *loose), (*index.related(application), *loose))

    def read() -> RunList:
        runs = list(map(of_run, store.records(application)))
        return _last_of_each(runs, runs)

    return _answered(store, ask, read, narrow=application is not None)


def actions_of(
    store: WorkingTreeStore, application: str | None = None, environment: str | None = None
) -> list[ActionSummary]:
    """The actions that concern an application, one of its environments, or all; the oldest first."""

    def ask(index: RecordIndex) -> list[ActionSummary]:
        folder = actions_folder(store.root)
        store.note(finding for _, finding in index.problems(folder))
        found = index.actions()
        standing = {one.path for one in found}
        for stored in store.loose_actions(index.loose_files(folder)):
            if stored.path not in standing and not index.has(ACTION, stored.record.id, stored.path.rpartition("/")[0]):
                standing.add(stored.path)
                found.append(of_action(stored))
        return sorted((one for one in found if _concerns(one, application, environment)), key=lambda one: one.id)

    return _answered(store, ask, lambda: list(map(of_action, store.actions(application, environment))))


def skim(store: WorkingTreeStore, application: str | None = None, since_ms: int = 0) -> Skimmed:
    """What statistics need of the runs that began at `since_ms` (milliseconds since 1970) or later."""

    def ask(index: RecordIndex) -> Skimmed:
        records = index.skimmed(application, ulid(since_ms, bytes(10)))
        findings = [
            finding
            for identity, finding in index.problems(runs_folder(store.root, application))
            if ulid_milliseconds(identity) >= since_ms and not index.is_skimmed(identity, finding.place.path)
        ]
        loose = [one.record for one in _loose(store, index, application, None, notes=False)]
        records += [skimmed(one.as_json()) for one in loose if ulid_milliseconds(one.run) >= since_ms]
        return Skimmed(sorted(records, key=lambda one: one.run), findings)

    return _answered(store, ask, lambda: skim_read(store, application, since_ms))


def last_deployments(store: WorkingTreeStore) -> Skimmed:
    """The last successful deployment of every application and environment that has one."""

    def ask(index: RecordIndex) -> Skimmed:
        latest: dict[tuple[str, str], SkimmedRecord] = {}
        for record in index.skimmed():
            if record.is_successful_deployment:
                latest[record.application, record.environment] = record
        findings = []
        for identity, finding in index.problems(runs_folder(store.root)):
            *_, application, environment, _month, _file = finding.place.path.split("/")
            last = latest.get((application, environment))
            newer = last is None or last.run < identity
            if newer and not index.is_skimmed(identity, finding.place.path):
                findings.append(finding)
        for stored in _loose(store, index, None, None, notes=False):
            one = skimmed(stored.record.as_json())
            key = (one.application, one.environment)
            if one.is_successful_deployment and (key not in latest or latest[key].run < one.run):
                latest[key] = one
        return Skimmed([latest[key] for key in sorted(latest)], findings)

    return _answered(store, ask, lambda: last_deployments_read(store))


def _answered(
    store: WorkingTreeStore, ask: Callable[[RecordIndex], T], read: Callable[[], T], *, narrow: bool = False
) -> T:
    index = open_index(store, narrow=narrow)
    if index is not None:
        try:
            return ask(index)
        except IndexUnusable as problem:
            index.discard(problem)
        finally:
            index.close()
    return read()


def _loose(
    store: WorkingTreeStore,
    index: RecordIndex,
    application: str | None,
    environment: str | None,
    *,
    notes: bool = True,
) -> list[StoredRecord]:
    """The records of runs that no commit of the ledger has; what is wrong with the others is noted."""
    if not all(is_safe_name(name) for name in (application, environment) if name is not None):
        return []
    folder = runs_folder(store.root, application, environment if application else None)
    if notes:
        store.note(finding for _, finding in index.problems(folder))
    loose: dict[str, StoredRecord] = {}
    for stored in store.loose_runs(index.loose_files(folder)):
        record = stored.record
        is_meant = application in {None, record.application} and environment in {None, record.environment}
        if is_meant and not index.has(RUN, record.run, folder):
            loose.setdefault(record.run, stored)
    return [loose[run] for run in sorted(loose)]


def _sorted(runs: Iterable[RunSummary]) -> list[RunSummary]:
    return sorted(runs, key=lambda one: one.run)


def _last(runs: list[RunSummary], newest: int | None) -> list[RunSummary]:
    return runs if newest is None else runs[max(0, len(runs) - newest) :]


def _related(runs: Iterable[RunSummary]) -> list[RunSummary]:
    return _sorted(one for one in runs if one.resumes is not None or one.rolls_back is not None)


def _last_of_each(runs: Iterable[RunSummary], related: Iterable[RunSummary]) -> RunList:
    last = {(one.application, one.environment): one for one in _sorted(runs)}
    return RunList([last[key] for key in sorted(last)], _related(related), len(last))


def _concerns(one: ActionSummary, application: str | None, environment: str | None) -> bool:
    return application in {None, one.application} and environment in {None, one.environment}
