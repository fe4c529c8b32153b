"""Taking records into the branch that is checked out: pending ones, and those that could not be committed.

A record is taken as it is, byte for byte. Its manifests are taken too, unless the branch already has a later
successful run of the same application and environment: then they would undo what that run rendered.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass

from innominatus_cli.findings.catalogue.ledger import MANIFEST_SUPERSEDED, NOT_ADOPTED, UNKNOWN_RUN
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.ledger.landing import Change, Obstacle, why_not
from innominatus_cli.ledger.reading import PENDING
from innominatus_cli.ledger.store import Standing, StoredRecord
from innominatus_cli.ledger.working_tree import WorkingTreeStore
from innominatus_cli.ledger.writing import commit_message
from innominatus_cli.system.git_command import GitFailed
from innominatus_cli.system.git_writing import delete_ref
from innominatus_cli.system.owned_files import owned_files, read_owned

_FILE = "100644"


@dataclass(frozen=True, slots=True)
class Adopted:
    """A record that now stands in a branch. `commit` is the one that took it in."""

    stored: StoredRecord
    commit: str
    ref: str


@dataclass(frozen=True, slots=True)
class Adoption:
    """What came of adopting."""

    adopted: tuple[Adopted, ...] = ()
    findings: tuple[Finding, ...] = ()


def adopt(store: WorkingTreeStore, runs: Sequence[str] = ()) -> Adoption:
    """Takes the waiting records of these runs (ids or starts of ids; none: all) into the branch, the oldest first."""
    waiting = store.waiting()
    findings = [
        Finding(UNKNOWN_RUN, f"no record of a run '{run}' waits", Place(run or "run"))
        for run in runs
        if not any(stored.record.run.startswith(run.upper()) for stored in waiting)
    ]
    wanted = tuple(run.upper() for run in runs) or ("",)
    adopted = []
    for stored in waiting:
        if stored.record.run.startswith(wanted):
            with store.turn():
                outcome = _adopt_one(store, stored, findings)
            if outcome is not None:
                adopted.append(outcome)
    return Adoption(tuple(adopted), tuple(findings))


def _adopt_one(store: WorkingTreeStore, stored: StoredRecord, findings: list[Finding]) -> Adopted | None:
    head = store.git.head()
    try:
        reason = why_not(head, head.ref)
        if not reason and head.ref is not None:
            commit = _take(store, stored, head.ref, findings)
            _clear(store, stored)
            return Adopted(stored, commit, head.ref)
    except (Obstacle, GitFailed, OSError, CannotContinue) as problem:
        reason = str(problem)
    message = f"the record of run {stored.record.run} stays where it is, because {reason}"
    findings.append(Finding(NOT_ADOPTED, message, Place(stored.path)))
    return None


def _take(store: WorkingTreeStore, stored: StoredRecord, ref: str, findings: list[Finding]) -> str:
    files = _files(store, stored)
    superseded = _is_superseded(store, stored)
    if superseded:
        kept_back = [path for path in files if path.startswith(f"{store.root}/manifests/")]
        findings.extend(_superseded(stored, path) for path in kept_back)
        files = {path: data for path, data in files.items() if path not in kept_back}

    def change_on(base: str | None) -> Change:
        removed = {} if superseded else store.removed_by(stored.record, base)
        return Change({**removed, **files}, commit_message(stored.record, stored.path))

    return store.landing().on_branch(ref, change_on)


def _files(store: WorkingTreeStore, stored: StoredRecord) -> dict[str, bytes]:
    """The files of a waiting record that belong to the ledger; anything else that a commit brought is left out."""
    if stored.standing is Standing.KEPT:
        top = store.state.unwritten_dir / stored.record.run
        return {path: read_owned(top, path) or b"" for path in owned_files(top, store.root)}
    commit = store.git.commit_of(f"{PENDING}{stored.record.run}")
    if commit is None:
        raise Obstacle("it has gone meanwhile")
    ours = [entry for entry in store.git.changes(commit) if _is_ours(store, stored, entry.path) and entry.mode == _FILE]
    contents = store.git.read_blobs(entry.object_id for entry in ours)
    return {entry.path: contents[entry.object_id] for entry in ours}


def _is_ours(store: WorkingTreeStore, stored: StoredRecord, path: str) -> bool:
    record = stored.record
    manifests = f"{store.root}/manifests/{record.application}/{record.environment}/"
    return path == stored.path or path.startswith((f"{store.root}/plans/", manifests))


def _is_superseded(store: WorkingTreeStore, stored: StoredRecord) -> bool:
    record = stored.record
    return any(
        later.standing is Standing.COMMITTED and later.record.status == "succeeded" and later.record.run > record.run
        for later in store.records(record.application, record.environment)
    )


def _superseded(stored: StoredRecord, path: str) -> Finding:
    message = f"this manifest of run {stored.record.run} is not taken: a later run's stands in the branch"
    return Finding(MANIFEST_SUPERSEDED, message, Place(path))


def _clear(store: WorkingTreeStore, stored: StoredRecord) -> None:
    run = stored.record.run
    if stored.standing is Standing.KEPT:
        shutil.rmtree(store.state.unwritten_dir / run, ignore_errors=True)
        return
    commit = store.git.commit_of(f"{PENDING}{run}")
    if commit is not None:
        delete_ref(store.git, f"{PENDING}{run}", commit)
