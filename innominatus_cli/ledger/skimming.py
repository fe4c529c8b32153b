"""Many records at once, as far as statistics need them: a tenth of the work of reading each record as a whole.

What does not look like a record is read as a whole, so that the finding about it is the same as everywhere.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from innominatus_cli.documents.run_record import RunRecord
from innominatus_cli.findings.finding import Finding
from innominatus_cli.ledger.batches import batches_of
from innominatus_cli.ledger.records import is_digest, plan_path, read_record, run_of_path
from innominatus_cli.ledger.skimmed import SkimmedRecord, skimmed, skimmed_of
from innominatus_cli.ledger.working_tree import WorkingTreeStore
from innominatus_cli.system.clock import ulid_milliseconds


@dataclass(slots=True)
class Skimmed:
    """Records, the oldest first, and what is wrong with those that are left out."""

    records: list[SkimmedRecord] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def skim_read(store: WorkingTreeStore, application: str | None = None, since_ms: int = 0) -> Skimmed:
    """The records of runs that began at `since_ms` (milliseconds since 1970) or later, of one application or of all.

    Older records are not read: a run's id says when it began.
    """
    found = Skimmed()
    paths, loose = store.files(application)
    wanted = {path: blob for path, blob in paths.items() if _began(path) >= since_ms}
    found.records += _committed(store, wanted, found.findings)
    found.records += [
        skimmed(stored.record.as_json()) for stored in loose if ulid_milliseconds(stored.record.run) >= since_ms
    ]
    found.records.sort(key=lambda record: record.run)
    return found


def last_deployments_read(store: WorkingTreeStore) -> Skimmed:
    """The last successful deployment of every application and environment that has one.

    Reads backwards and only as far as it must.
    """
    found = Skimmed()
    paths, loose = store.files()
    waiting: dict[tuple[str, str], list[str]] = {}
    for path in paths:
        *_, application, environment, _month, _file = path.split("/")
        waiting.setdefault((application, environment), []).append(path)
    latest: dict[tuple[str, str], SkimmedRecord] = {}
    while waiting:
        last = {files.pop(): key for key, files in waiting.items()}
        for record in _committed(store, {path: paths[path] for path in last}, found.findings):
            if record.is_successful_deployment:
                latest[record.application, record.environment] = record
        waiting = {key: files for key, files in waiting.items() if files and key not in latest}
    for stored in loose:
        record = skimmed(stored.record.as_json())
        key = (record.application, record.environment)
        if record.is_successful_deployment and (key not in latest or latest[key].run < record.run):
            latest[key] = record
    found.records = [latest[key] for key in sorted(latest)]
    return found


def step_types(store: WorkingTreeStore, digests: Iterable[str]) -> dict[str, dict[str, str]]:
    """By a plan's digest the types of its steps by id; nothing for a plan that the ledger lacks."""
    found: dict[str, dict[str, str]] = {digest: {} for digest in digests if is_digest(digest)}
    revisions = store.revisions()
    names = {f"{revision}:{plan_path(store.root, digest)}": digest for digest in found for revision in revisions}
    for name, (kind, data) in store.git.objects(names).items():
        if kind == "blob":
            try:
                steps = json.loads(data)["steps"]
                found[names[name]] = {step["id"]: str(step["type"]) for step in steps if step["kind"] == "step"}
            except (ValueError, LookupError, TypeError, RecursionError):
                continue
    return found


def _began(path: str) -> int:
    return ulid_milliseconds(run_of_path(path) or "")


def _committed(store: WorkingTreeStore, paths: Mapping[str, str], findings: list[Finding]) -> Iterator[SkimmedRecord]:
    batches, too_large = batches_of(store.git, paths)
    findings += too_large
    for batch in batches:
        contents = store.git.read_blobs(paths[name] for name in batch)
        for name in batch:
            record = _read(store.root, name, contents[paths[name]])
            if isinstance(record, Finding):
                findings.append(record)
            else:
                yield record


def _read(root: str, path: str, data: bytes) -> SkimmedRecord | Finding:
    quick = skimmed_of(path, data)
    if quick is not None:
        return quick
    whole = read_record(root, path, data)
    return skimmed(whole.as_json()) if isinstance(whole, RunRecord) else whole
