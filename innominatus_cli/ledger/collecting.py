"""Removing old records: one commit in which they go, and an action comes that says of each what the chain needs.

What stays is decided on the commit that ours goes on top of, as often as the branch moves meanwhile.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from innominatus_cli.documents.action_record import ActionRecord
from innominatus_cli.documents.canonical import digest_of_bytes
from innominatus_cli.documents.tombstones import GcDetails, Tombstone
from innominatus_cli.documents.words import counted
from innominatus_cli.findings.catalogue.retention import LEFT_BEHIND, NOT_COLLECTED
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.ledger.batches import batches_of
from innominatus_cli.ledger.landing import Change, Obstacle
from innominatus_cli.ledger.messages import action_message
from innominatus_cli.ledger.records import (
    action_path,
    actions_folder,
    is_digest,
    plan_path,
    read_action,
    run_of_path,
    runs_folder,
)
from innominatus_cli.ledger.retention import OldRecord, Retention, old_record, removable
from innominatus_cli.ledger.working_tree import WorkingTreeStore
from innominatus_cli.system.git_command import GitFailed
from innominatus_cli.system.git_writing import index_entries
from innominatus_cli.system.owned_files import owned_files, read_owned

_FILE: Final = "100644"
_MOST: Final = 100_000
"""Records that one action removes: its file stays below what a record may have."""

MakeAction = Callable[[GcDetails], ActionRecord]


@dataclass(frozen=True, slots=True)
class Collection:
    """What one `gc` removes, or would remove."""

    details: GcDetails
    kept: int
    """Records of runs that stay."""
    record: ActionRecord | None = None
    path: str = ""
    commit: str | None = None
    findings: tuple[Finding, ...] = ()


class _Nothing(Exception):  # noqa: N818 - an answer
    """There is nothing to remove; what was decided."""

    def __init__(self, collection: Collection) -> None:
        super().__init__()
        self.collection = collection


def would_collect(store: WorkingTreeStore, retention: Retention) -> Collection:
    """What `collect` would remove now. Raises GitFailed, CannotContinue."""
    return _decided(store, store.commit(), retention)


def collect(store: WorkingTreeStore, retention: Retention, make: MakeAction) -> Collection:
    """Removes records and plans in one commit; nothing where there is nothing to remove.

    `make` gives the action for what is removed; its parents are set here. Raises CannotContinue where the commit
    cannot land (nothing is changed then), GitFailed.
    """
    made: list[Collection] = []

    def change_on(base: str | None) -> Change:
        decided = _decided(store, base, retention)
        if not decided.details.removed and not decided.details.plans:
            raise _Nothing(decided)
        action = make(decided.details).model_copy(update={"parents": store.tips_at(base)})
        path = action_path(store.root, action)
        made[:] = [Collection(decided.details, decided.kept, action, path)]
        gone = [one.path for one in decided.details.removed]
        plans = [plan_path(store.root, digest) for digest in decided.details.plans]
        files: dict[str, bytes | None] = {**dict.fromkeys((*gone, *plans)), path: action.canonical}
        return Change(files, action_message(action, path), removes_last=True)

    with store.turn():
        try:
            commit = store.land(store.git.head(), change_on)
        except _Nothing as nothing:
            return _cleared(store, nothing.collection)
        except (Obstacle, GitFailed, OSError) as problem:
            message = f"nothing was removed, because {problem}"
            raise CannotContinue(Finding(NOT_COLLECTED, message, Place(store.root))) from problem
        (done,) = made
        if done.record is not None:
            store.remember(commit, done.record)
        return _cleared(store, Collection(done.details, done.kept, done.record, done.path, commit))


def _decided(store: WorkingTreeStore, base: str | None, retention: Retention) -> Collection:
    files = _record_files(store, base, runs_folder(store.root))
    records = [record for path, data in _contents(store, files) if (record := _old(path, data)) is not None]
    actions = _actions(store, base)
    outside = store.outside({**files, **dict.fromkeys((path for path, _ in actions), "")})
    needed = {
        run
        for one in outside
        for run in (getattr(one.record, "resumes", None), getattr(one.record, "rolls_back", None), one.record.run)
        if run
    }
    pushed = store.pushed()
    there = _record_files(store, pushed, runs_folder(store.root)) if pushed else files
    going = removable(records, retention, needed, files.keys() - there.keys())[:_MOST]
    gone = {one.path for one in going}
    named = {one.plan for one in records if one.path not in gone}
    named |= {action.plan for _, action in actions} | {one.record.plan for one in outside}
    wanted = {plan_path(store.root, plan) for plan in named if plan and is_digest(plan)}
    standing = store.git.tree(base, f"{store.root}/plans") if base else []
    plans = [digest for one in standing if one.path not in wanted and (digest := _plan_of(store, one.path))]
    details = GcDetails(
        before=retention.before,
        keep_days=retention.keep_days,
        keep_last=retention.keep_last,
        removed=[_tombstone(one) for one in going],
        plans=plans,
    )
    return Collection(details, len(files) - len(going))


def _tombstone(one: OldRecord) -> Tombstone:
    at = "" if one.recovered else one.ended
    return Tombstone.model_validate(
        {
            "id": one.run,
            "path": one.path,
            "kind": one.kind,
            "digest": one.digest,
            "parents": list(one.parents),
            "at": at,
        }
    )


def _record_files(store: WorkingTreeStore, commit: str | None, folder: str) -> dict[str, str]:
    entries = store.git.tree(commit, folder) if commit else []
    return {entry.path: entry.object_id for entry in entries if entry.mode == _FILE and run_of_path(entry.path)}


def _contents(store: WorkingTreeStore, files: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
    for batch in batches_of(store.git, files).batches:
        contents = store.git.read_blobs(files[path] for path in batch)
        for path in batch:
            yield path, contents[files[path]]


def _old(path: str, data: bytes) -> OldRecord | None:
    try:
        return old_record(path, data)
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError):
        return None  # of what cannot be read nothing is known: it stays


def _actions(store: WorkingTreeStore, base: str | None) -> list[tuple[str, ActionRecord]]:
    files = _record_files(store, base, actions_folder(store.root))
    read = ((path, read_action(store.root, path, data)) for path, data in _contents(store, files))
    return [(path, found) for path, found in read if isinstance(found, ActionRecord)]


def _plan_of(store: WorkingTreeStore, path: str) -> str:
    """The digest that the name of a plan's file tells; empty for a file that is none of ours."""
    digest = f"sha256:{path.rpartition('/')[2].removesuffix('.json')}"
    try:
        return digest if plan_path(store.root, digest) == path else ""
    except ValueError:
        return ""


def _cleared(store: WorkingTreeStore, done: Collection) -> Collection:
    """Takes files of removed records out of the working tree that an earlier process left there."""
    if not store.in_working_tree:
        return done
    left = _left_behind(store)
    if left:
        with suppress(OSError, Obstacle, GitFailed):
            store.landing().take_away(left)
        left = _left_behind(store)
    if not left:
        return done
    message = f"{counted(len(left), 'file')} of removed records could not go"
    finding = Finding(LEFT_BEHIND, message, Place(left[0]))
    return Collection(done.details, done.kept, done.record, done.path, done.commit, (*done.findings, finding))


def _left_behind(store: WorkingTreeStore) -> Sequence[str]:
    """Files of the working tree or entries of the index that no commit has and that a `gc` removed.

    Only those with the very bytes that it removed: anything else is the user's.
    """
    commit = store.commit()
    removed: dict[str, str] = {}
    for _, action in _actions(store, commit):
        if action.removal is not None:
            removed |= {one.path: one.digest for one in action.removal.removed}
            removed |= {plan_path(store.root, digest): digest for digest in action.removal.plans}
    for entry in store.git.tree(commit, store.root) if commit and removed else []:
        removed.pop(entry.path, None)
    if not removed:
        return ()
    staged = {entry.path: entry.object_id for entry in index_entries(store.git, [store.root]) if entry.path in removed}
    there = {path for path in owned_files(store.git.root, store.root) if path in removed}
    return [path for path in sorted(there | staged.keys()) if _is(store, path, staged.get(path), removed[path])]


def _is(store: WorkingTreeStore, path: str, staged: str | None, digest: str) -> bool:
    """Whether all that stands at a path, in the working tree and in the index, has this digest."""
    try:
        found = [read_owned(store.git.root, path)]
    except OSError:
        return False
    if staged is not None:
        found.append(store.git.objects([staged])[staged][1])
    return all(data is None or digest_of_bytes(data[:-1]) == digest for data in found)
