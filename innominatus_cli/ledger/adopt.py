"""Taking records into the branch that is checked out: pending ones, and those that could not be committed.

A record is taken as it is, byte for byte, with its plan, where the ledger has what it follows. Its manifests are taken
too, unless the branch already has a later successful run of the same application and environment: then they would undo
what that run rendered.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from innominatus_cli.documents.action_record import ActionRecord
from innominatus_cli.documents.canonical import digest_of_bytes
from innominatus_cli.findings.catalogue.ledger import MANIFEST_SUPERSEDED, NOT_ADOPTED, UNKNOWN_RUN
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.ledger.inspecting import inspect
from innominatus_cli.ledger.landing import Change, Obstacle
from innominatus_cli.ledger.messages import action_message, commit_message
from innominatus_cli.ledger.reading import PENDING
from innominatus_cli.ledger.records import is_digest, plan_path
from innominatus_cli.ledger.store import Standing, StoredAction, StoredRecord
from innominatus_cli.ledger.working_tree import WorkingTreeStore
from innominatus_cli.system.git_command import GitFailed
from innominatus_cli.system.git_writing import delete_ref
from innominatus_cli.system.owned_files import owned_files, read_owned

_FILE = "100644"
Waiting: TypeAlias = StoredRecord | StoredAction


@dataclass(frozen=True, slots=True)
class Adopted:
    """A record that now stands in a branch. `commit` is the one that took it in."""

    stored: Waiting
    commit: str
    ref: str

    @property
    def action(self) -> ActionRecord | None:
        """The action, where it is the record of one."""
        return self.stored.record if isinstance(self.stored.record, ActionRecord) else None


@dataclass(frozen=True, slots=True)
class Adoption:
    """What came of adopting."""

    adopted: tuple[Adopted, ...] = ()
    findings: tuple[Finding, ...] = ()


def adopt(store: WorkingTreeStore, runs: Sequence[str] = ()) -> Adoption:
    """Takes the waiting records of these runs (ids or starts of ids; none: all) into the branch, the oldest first.

    Records of actions are named by their own ids, and taken with those of the runs that they concern.
    """
    waiting, landed = waiting_and_landed(store)
    findings = [
        Finding(UNKNOWN_RUN, f"no record of a run '{run}' waits", Place(run or "run"))
        for run in runs
        if not any(_is_named(stored, (run.upper(),)) for stored in (*waiting, *landed))
    ]
    wanted = tuple(run.upper() for run in runs) or ("",)
    adopted = []
    for stored in landed:
        if _is_named(stored, wanted):
            _clear(store, stored)
    for stored in waiting:
        if _is_named(stored, wanted):
            with store.turn():
                outcome = _adopt_one(store, stored, findings)
            if outcome is not None:
                adopted.append(outcome)
    return Adoption(tuple(adopted), tuple(findings))


def waiting_and_landed(store: WorkingTreeStore) -> tuple[list[Waiting], list[Waiting]]:
    """The records that wait, the oldest first, and those that the branch has by now: another clone has adopted them.

    With a branch of its own manifests may wait although the record has landed. Raises GitFailed, CannotContinue.
    """
    found: list[Waiting] = sorted([*store.waiting(), *store.waiting_actions()], key=_id)
    commit = store.commit() if store.in_working_tree and found else None
    entries = store.git.entries_at(commit, [one.path for one in found]) if commit else {}
    standing = {path: entry.object_id for path, entry in entries.items() if entry.mode == _FILE}
    contents = store.git.read_blobs(standing.values())
    digests = {path: digest_of_bytes(contents[object_id][:-1]) for path, object_id in standing.items()}
    landed = [one for one in found if digests.get(one.path) == one.digest]
    return [one for one in found if one not in landed], landed


def _id(stored: Waiting) -> str:
    record = stored.record
    return record.id if isinstance(record, ActionRecord) else record.run


def _is_named(stored: Waiting, wanted: tuple[str, ...]) -> bool:
    return _id(stored).startswith(wanted) or (stored.record.run or "").startswith(wanted)


def _adopt_one(store: WorkingTreeStore, stored: Waiting, findings: list[Finding]) -> Adopted | None:
    try:
        commit, ref = _take(store, stored, findings)
        _clear(store, stored)
        return Adopted(stored, commit, ref)
    except (Obstacle, GitFailed, OSError, CannotContinue) as problem:
        reason = str(problem)
    name = f"action {_id(stored)}" if isinstance(stored.record, ActionRecord) else f"run {_id(stored)}"
    message = f"the record of {name} stays where it is, because {reason}"
    findings.append(Finding(NOT_ADOPTED, message, Place(stored.path)))
    return None


def _take(store: WorkingTreeStore, stored: Waiting, findings: list[Finding]) -> tuple[str, str]:
    head = store.git.head()
    _require_parents(store, stored)
    files = _files(store, stored)
    record = stored.record
    if isinstance(record, ActionRecord):
        plans = {path: data for path, data in files.items() if path.startswith(f"{store.root}/plans/")}
        change = Change({**plans, stored.path: files[stored.path]}, action_message(record, stored.path))
        return store.take_in(head, lambda _: change)
    superseded = any(
        later.standing is Standing.COMMITTED and later.record.status == "succeeded" and later.record.run > record.run
        for later in store.records(record.application, record.environment)
    )
    kept_back = [path for path in files if superseded and path.startswith(f"{store.root}/manifests/")]
    if kept_back:
        files = {path: data for path, data in files.items() if path not in kept_back}

    def change_on(base: str | None) -> Change:
        removed = {} if superseded else store.removed_by(record, base)
        return Change({**removed, **files}, commit_message(record, stored.path))

    taken = store.take_in(head, change_on)
    findings.extend(_superseded(record.run, path) for path in kept_back)
    return taken


def _require_parents(store: WorkingTreeStore, stored: Waiting) -> None:
    """Raises Obstacle where the ledger lacks a record that this one follows: taken in, it would not be sound."""
    lacking = set(stored.record.parents).difference(store.tips())
    for commit in store.commits() if lacking else ():
        for link in inspect(store.git, store.root, commit).links:
            lacking.difference_update((link.digest, *(one.digest for one in link.removed)))
    if lacking:
        raise Obstacle("it follows a record that is not in this branch: check out, or merge, the branch that has that")


def _files(store: WorkingTreeStore, stored: Waiting) -> dict[str, bytes]:
    """The files of a waiting record that belong to the ledger; anything else that a commit brought is left out."""
    if stored.standing is Standing.KEPT:
        top = store.state.unwritten_dir / _id(stored)
        return {path: read_owned(top, path) or b"" for path in owned_files(top, store.root)}
    commit = store.git.commit_of(f"{PENDING}{_id(stored)}")
    if commit is None:
        raise Obstacle("it has gone meanwhile")
    plan = stored.record.plan
    found = store.git.entries_at(commit, [plan_path(store.root, plan)]) if plan and is_digest(plan) else {}
    changes = [*store.git.changes(commit), *found.values()]
    ours = [entry for entry in changes if _is_ours(store, stored, entry.path) and entry.mode == _FILE]
    contents = store.git.read_blobs(entry.object_id for entry in ours)
    return {entry.path: contents[entry.object_id] for entry in ours}


def _is_ours(store: WorkingTreeStore, stored: Waiting, path: str) -> bool:
    record = stored.record
    manifests = f"{store.root}/manifests/{record.application}/{record.environment}/"
    return path == stored.path or path.startswith((f"{store.root}/plans/", manifests))


def _superseded(run: str, path: str) -> Finding:
    message = f"this manifest of run {run} is not taken: a later run's stands in the branch"
    return Finding(MANIFEST_SUPERSEDED, message, Place(path))


def _clear(store: WorkingTreeStore, stored: Waiting) -> None:
    if stored.standing is Standing.KEPT:
        shutil.rmtree(store.state.unwritten_dir / _id(stored), ignore_errors=True)
        return
    ref = f"{PENDING}{_id(stored)}"
    commit = store.git.commit_of(ref)
    if commit is not None:
        delete_ref(store.git, ref, commit)
