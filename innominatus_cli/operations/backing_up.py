"""`ledger backup` and `ledger restore`: the ledger in one git bundle, and what a clone lacks of it, verified first.

A bundle is git's own format: the branch with its history, and the refs below refs/innominatus. Restoring takes the
records, plans and actions that are missing, byte for byte, in one commit with the action that says so, then the refs
that are missing; it changes and removes nothing, and what a `gc` has removed here does not come back.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from innominatus_cli.documents.canonical import digest_of_bytes
from innominatus_cli.documents.run_record import RunRecord
from innominatus_cli.documents.words import counted
from innominatus_cli.findings.catalogue.document import NOT_WRITABLE
from innominatus_cli.findings.catalogue.ledger import (
    BACKUP_DIFFERS,
    BACKUP_UNUSABLE,
    GIT_FAILED,
    HISTORY_SHALLOW,
    NOT_A_BRANCH,
    UNKNOWN_RUN,
)
from innominatus_cli.findings.catalogue.retention import NOT_BACKED_UP, REF_STANDS
from innominatus_cli.findings.finding import CannotContinue, Finding, Place, Severity
from innominatus_cli.ledger.anchoring import Trust
from innominatus_cli.ledger.bundle import write_bundle
from innominatus_cli.ledger.chain import Link, tips
from innominatus_cli.ledger.inspecting import inspect, link_of
from innominatus_cli.ledger.landing import Change, Obstacle
from innominatus_cli.ledger.listed import actions_of, runs_of
from innominatus_cli.ledger.messages import action_message
from innominatus_cli.ledger.reading import PENDING
from innominatus_cli.ledger.records import (
    action_path,
    actions_folder,
    plan_path,
    read_action,
    read_record,
    run_of_path,
    runs_folder,
)
from innominatus_cli.ledger.store import Standing, StoredAction, StoredRecord
from innominatus_cli.ledger.verifying import verify_ledger
from innominatus_cli.operations.acting import new_action
from innominatus_cli.operations.history import OpenLedger
from innominatus_cli.operations.logs import LATEST
from innominatus_cli.operations.verifying import verify
from innominatus_cli.system.clock import Clock, SystemClock
from innominatus_cli.system.git import Git
from innominatus_cli.system.git_authors import is_cut
from innominatus_cli.system.git_command import GitFailed
from innominatus_cli.system.git_writing import move_ref
from innominatus_cli.system.state_folder import StateFolder

_BRANCHES: Final = "refs/heads/"
_OURS: Final = "refs/innominatus/"
_SHORT: Final = 12
_RECORD: Final = re.compile(r"(.+)/(?:runs/[^/]+/[^/]+|actions)/[0-9-]+/[^/]+")
_NAME_THE_FOLDER: Final = "Let `ledger.root` of admin-config.yaml name that folder, and restore again."
_ANOTHER_FILE: Final = "Name another file: a backup is never written over one."


@dataclass(frozen=True, slots=True)
class Backup:
    """What a bundle holds. `newest` is the end of its newest run or action: what came later is not in it."""

    path: str
    bytes: int
    refs: int
    records: int
    newest: str | None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Restored:
    """What a clone got of a bundle, or with `dry_run` would get."""

    runs: int
    actions: int
    plans: int
    newest: str | None
    duration_ms: int
    refs: int = 0
    """Refs below refs/innominatus."""
    commit: str | None = None
    dry_run: bool = False
    findings: tuple[Finding, ...] = ()


def back_up(ledger: OpenLedger, path: Path, clock: Clock | None = None) -> Backup:
    """Writes the bundle, whole or not at all; never over a file that is there.

    Raises CannotContinue: where the ledger is not sound or the clone lacks commits below it (exit 65), where no branch
    is checked out, a file is there already, or the disk refuses (exit 73).
    """
    store, git = ledger.store, ledger.store.git
    commit, head = store.commit(), git.head()
    ref = head.ref if store.in_working_tree else f"{_BRANCHES}{store.branch()}"
    if ref is None or commit is None:
        raise CannotContinue(Finding(NOT_A_BRANCH, "no branch with commits holds the ledger", Place("HEAD")))
    if path.exists():
        raise CannotContinue(Finding(NOT_WRITABLE, "the file is there already", Place(str(path)), _ANOTHER_FILE))
    others = git.refs(_OURS)
    if git.is_shallow() and is_cut(git, commit, *others.values()):
        message = "this clone is shallow: nobody could restore a backup without the older commits"
        raise CannotContinue(Finding(BACKUP_UNUSABLE, message, Place(str(path)), HISTORY_SHALLOW.remedy))
    verified = verify(ledger, clock=clock)
    if wrong := [one for one in verified.findings if one.severity is Severity.ERROR]:
        raise CannotContinue(*wrong)
    try:
        refs = write_bundle(git, path, ref, commit, tuple(others))
    except (GitFailed, OSError) as problem:
        message = f"it cannot be written: {problem}"
        raise CannotContinue(Finding(NOT_WRITABLE, message, Place(str(path)))) from problem
    held, left_out = _held(ledger, commit)
    return Backup(
        str(path),
        path.stat().st_size,
        refs,
        len(held),
        max(held.values(), default=None),
        (*verified.findings, *left_out),
    )


def _held(ledger: OpenLedger, commit: str) -> tuple[dict[str, str], list[Finding]]:
    """The records that a bundle of this commit holds, with their ends, and which this clone knows beyond them."""
    store = ledger.store
    runs = [(one.path, one.standing, one.finished_at) for one in runs_of(store).runs]
    actions = [(one.path, one.standing, one.at) for one in actions_of(store)]
    there = _files(store.git, store.root, commit)
    held: dict[str, str] = {}
    beyond: dict[str, str] = {}
    for path, standing, end in (*runs, *actions):
        is_held = path in there or standing == Standing.PENDING.value
        (held if is_held else beyond)[path] = end
    removed = {buried.path for one in store.actions() if one.record.removal for buried in one.record.removal.removed}
    missing = sorted(beyond.keys() - removed)
    if not missing:
        return held, []
    others = len(missing) - 1
    more = f", nor {'is' if others == 1 else 'are'} {counted(others, 'other record')}" if others else ""
    return held, [Finding(NOT_BACKED_UP, f"it is not in the backup{more}", Place(missing[0]))]


def restore(
    ledger: OpenLedger, path: Path, at: str | None = None, *, dry_run: bool = False, clock: Clock | None = None
) -> Restored:
    """Takes what is missing into the branch that is checked out.

    `at` is a time (RFC 3339) or a run of the backup (its id, the start of it, `latest`): nothing that ended later is
    taken. Raises CannotContinue: exit 65 where the bundle cannot be read, its ledger is not sound, or one of its
    records stands here with other bytes.
    """
    now = clock or SystemClock()
    started = now.monotonic()
    git, store = ledger.store.git, ledger.store
    commit, refs = _unbundled(git, path)
    try:
        verified = verify_ledger(_Elsewhere(git, store.root, commit), now, Trust())
    except GitFailed as problem:
        message = f"it lacks commits or files, as one that a shallow clone made: {problem}"
        raise CannotContinue(Finding(BACKUP_UNUSABLE, message, Place(str(path)))) from problem
    if wrong := [one for one in verified.findings if one.severity is Severity.ERROR]:
        message = f"the ledger in it is not sound: {wrong[0].place}: {wrong[0].message}"
        raise CannotContinue(Finding(BACKUP_UNUSABLE, message, Place(str(path))), *wrong)
    there, here = _files(git, store.root, commit), _files(git, store.root, store.commit())
    if not there and (root := _root_of(git, commit)) is not None:
        message = f"its records stand below '{root}', and those of this repository below '{store.root}'"
        raise CannotContinue(Finding(BACKUP_UNUSABLE, message, Place(str(path)), _NAME_THE_FOLDER))
    for name, object_id in there.items():
        if here.get(name, object_id) != object_id:
            raise CannotContinue(Finding(BACKUP_DIFFERS, "it stands here with other bytes", Place(name)))
    missing = {name: object_id for name, object_id in there.items() if name not in here}
    missing = _without_removed(ledger, missing, here)
    wanted, newest = _until(git, store.root, missing, at, there)
    runs, actions, plans = (sum(name.startswith(one) for name in wanted) for one in _folders(store.root).values())
    done = None if dry_run or not wanted else _land(ledger, wanted, path, now)
    brought, told = (0, []) if at else _bring(ledger, refs, dry_run=dry_run)
    lasted = round((now.monotonic() - started) * 1000)
    return Restored(runs, actions, plans, newest, lasted, brought, done, dry_run, tuple(told))


class _Elsewhere:
    """The ledger of a commit that no ref names, as `verify_ledger` asks for it; nothing stands outside of it."""

    def __init__(self, git: Git, root: str, at: str) -> None:
        self.git = git
        self.root = root
        self.state = StateFolder(git.common_dir)
        self._at = at

    @property
    def in_working_tree(self) -> bool:
        return False

    @property
    def findings(self) -> tuple[Finding, ...]:
        return ()

    def commit(self) -> str:
        return self._at

    def outside(self, committed: Mapping[str, str]) -> list[StoredRecord | StoredAction]:  # noqa: ARG002 - the protocol
        return []


def _folders(root: str) -> dict[str, str]:
    return {"runs": f"{runs_folder(root)}/", "actions": f"{actions_folder(root)}/", "plans": f"{root}/plans/"}


def _unbundled(git: Git, path: Path) -> tuple[str, dict[str, str]]:
    """The commit of the branch in the bundle, and its refs of ours; its objects are here, and no ref names them."""
    if not path.is_file():
        raise CannotContinue(Finding(BACKUP_UNUSABLE, "it is no regular file", Place(str(path))))
    try:
        told = git.command.text("bundle", "unbundle", str(path.resolve()))
    except GitFailed as problem:
        raise CannotContinue(Finding(BACKUP_UNUSABLE, f"git cannot read it: {problem}", Place(str(path)))) from problem
    heads = {name: commit for commit, _, name in (line.partition(" ") for line in told.splitlines())}
    branches = [commit for name, commit in heads.items() if name.startswith(_BRANCHES)]
    if len(branches) != 1:
        message = f"it holds {len(branches)} branches, and a backup holds one"
        raise CannotContinue(Finding(BACKUP_UNUSABLE, message, Place(str(path))))
    return branches[0], {name: commit for name, commit in heads.items() if name.startswith(_OURS)}


def _root_of(git: Git, commit: str) -> str | None:
    """The folder of the ledger that a commit has, wherever it stands; None where it has none."""
    found = (_RECORD.fullmatch(entry.path) for entry in git.tree(commit) if run_of_path(entry.path))
    return next((match[1] for match in found if match), None)


def _without_removed(ledger: OpenLedger, missing: Mapping[str, str], here: Mapping[str, str]) -> dict[str, str]:
    """What is missing without the records, and the plans of theirs, that a `gc` of this ledger has removed."""
    store = ledger.store
    removals = [one.record.removal for one in store.actions() if one.path in here and one.record.removal is not None]
    records = {one.path for removal in removals for one in removal.removed}
    plans = {plan_path(store.root, digest) for removal in removals for digest in removal.plans}
    if plans.intersection(missing):
        named = {one.record.plan for one in store.records() if one.path in here}
        coming = [name for name in missing if name.startswith(_folders(store.root)["runs"]) and name not in records]
        contents = store.git.read_blobs(missing[name] for name in coming)
        named.update(_plan(store.root, name, contents[missing[name]]) for name in coming)
        plans.difference_update(plan_path(store.root, plan) for plan in named if plan is not None)
    return {name: object_id for name, object_id in missing.items() if name not in records and name not in plans}


def _bring(ledger: OpenLedger, refs: Mapping[str, str], *, dry_run: bool) -> tuple[int, list[Finding]]:
    """Sets the refs that are missing here: how many, and which are others here. A pending record that stands is none.

    Raises CannotContinue where git fails.
    """
    git = ledger.store.git
    standing = git.refs(_OURS)
    recorded = {run_of_path(name) for name in _files(git, ledger.store.root, ledger.store.commit())}
    told = [
        Finding(
            REF_STANDS, f"commit {commit[:_SHORT]} in the backup, commit {standing[name][:_SHORT]} here", Place(name)
        )
        for name, commit in refs.items()
        if standing.get(name, commit) != commit
    ]
    missing = {
        name: commit
        for name, commit in refs.items()
        if name not in standing and not (name.startswith(PENDING) and name.removeprefix(PENDING) in recorded)
    }
    if dry_run:
        return len(missing), told
    try:
        brought = sum(
            move_ref(git, name, commit, None, "ledger restore", ledger.store.who) for name, commit in missing.items()
        )
    except GitFailed as problem:
        raise CannotContinue(Finding(GIT_FAILED, str(problem), Place(_OURS))) from problem
    return brought, told


def _files(git: Git, root: str, commit: str | None) -> dict[str, str]:
    """The ledger's files at a commit, with their object ids: records of runs and actions, and plans."""
    folders = tuple(_folders(root).values())
    entries = git.tree(commit, root) if commit else []
    return {entry.path: entry.object_id for entry in entries if entry.path.startswith(folders)}


def _until(
    git: Git, root: str, missing: Mapping[str, str], at: str | None, there: Mapping[str, str]
) -> tuple[dict[str, bytes], str | None]:
    """The bytes of what is to be taken, and the end of the newest of it."""
    contents = git.read_blobs(missing.values())
    read = {name: contents[object_id] for name, object_id in missing.items()}
    ends = {name: end for name, data in read.items() if (end := _end(root, name, data)) is not None}
    limit = _limit(git, root, at, there)
    if limit is None:
        return read, max(ends.values(), default=None)
    taken = _with_ancestors({name for name, end in ends.items() if end <= limit}, {name: read[name] for name in ends})
    plans = {plan_path(root, plan) for name in taken if (plan := _plan(root, name, read[name])) is not None}
    wanted = {name: data for name, data in read.items() if name in taken or name in plans}
    return wanted, max((ends[name] for name in taken), default=None)


def _with_ancestors(taken: set[str], records: Mapping[str, bytes]) -> set[str]:
    """These records and all that they follow, as far as it is missing too: a chain has no gaps, whatever clocks say.

    In the place of a record that a `gc` removed stands that action.
    """
    by_digest: dict[str, str] = {}
    follows: dict[str, list[str]] = {}
    for name, data in records.items():
        content = json.loads(data)
        removed = content.get("details", {}).get("removed", ()) if content.get("action") == "gc" else ()
        by_digest |= {one["digest"]: name for one in removed}
        follows[name] = [*content["parents"], *(parent for one in removed for parent in one["parents"])]
    by_digest |= {digest_of_bytes(data[:-1]): name for name, data in records.items()}
    found, waiting = set(taken), list(taken)
    while waiting:
        for parent in follows[waiting.pop()]:
            name = by_digest.get(parent, "")
            if name and name not in found:
                found.add(name)
                waiting.append(name)
    return found


def _limit(git: Git, root: str, at: str | None, there: Mapping[str, str]) -> str | None:
    if at is None or "-" in at:
        return at
    runs = {name: run for name in there if name.startswith(_folders(root)["runs"]) and (run := run_of_path(name))}
    if at == LATEST:
        found = [max(runs, key=runs.__getitem__)] if runs else []
    else:
        found = [name for name, run in runs.items() if run.startswith(at.upper())]
    if len(found) != 1:
        raise CannotContinue(Finding(UNKNOWN_RUN, f"the backup holds no single run '{at}'", Place("--at")))
    return _end(root, found[0], git.read_blobs([there[found[0]]])[there[found[0]]])


def _end(root: str, name: str, data: bytes) -> str | None:
    """When what a record tells had ended; None for a plan."""
    if name.startswith(_folders(root)["runs"]):
        run = read_record(root, name, data)
        return run.finished_at if isinstance(run, RunRecord) else None
    if name.startswith(_folders(root)["actions"]):
        action = read_action(root, name, data)
        return None if isinstance(action, Finding) else action.at
    return None


def _plan(root: str, name: str, data: bytes) -> str | None:
    record = read_record(root, name, data) if name.startswith(_folders(root)["runs"]) else None
    return record.plan if isinstance(record, RunRecord) else None


def _land(ledger: OpenLedger, wanted: Mapping[str, bytes], path: Path, clock: Clock) -> str:
    """One commit with the files and the action that says so, which follows all of them.

    Raises CannotContinue where it cannot land; nothing is changed then.
    """
    store = ledger.store
    details = {"files": len(wanted), "backup": path.name}
    action = new_action(ledger, "restore", details=details, clock=clock)
    name = action_path(store.root, action)
    made = [action]

    def change_on(base: str | None) -> Change:
        standing = inspect(store.git, store.root, base).links if base else []
        links = {link.digest: link for link in (*standing, *_links(store.root, wanted))}
        made[0] = action.model_copy(update={"parents": tips(list(links.values()))})
        return Change({**wanted, name: made[0].canonical}, action_message(action, name))

    try:
        with store.turn():
            commit = store.land(store.git.head(), change_on)
            store.remember(commit, made[0])
    except (Obstacle, GitFailed, OSError) as problem:
        raise CannotContinue(Finding(NOT_A_BRANCH, f"nothing was restored: {problem}", Place("HEAD"))) from problem
    return commit


def _links(root: str, wanted: Mapping[str, bytes]) -> Iterator[Link]:
    """The records among these files, as the chain needs them."""
    folders = _folders(root)
    for name, data in wanted.items():
        read = read_record if name.startswith(folders["runs"]) else read_action
        if name.startswith(folders["plans"]):
            continue
        found = read(root, name, data)
        if not isinstance(found, Finding):
            yield link_of(found, name, digest_of_bytes(data[:-1]))
