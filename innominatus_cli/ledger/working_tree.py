"""The ledger in the branch that is checked out: records are files of the repository, in one commit each."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from itertools import chain
from typing import Final

from pydantic import ValidationError

from innominatus_cli.documents.action_record import ActionRecord
from innominatus_cli.documents.canonical import digest_of_bytes
from innominatus_cli.documents.plan import Plan
from innominatus_cli.documents.run_record import RunRecord
from innominatus_cli.findings.finding import CannotContinue, Finding
from innominatus_cli.ledger.landing import ChangeOn, Landing, Obstacle, clear_scratch, why_not
from innominatus_cli.ledger.messages import action_message, commit_message
from innominatus_cli.ledger.reading import RecordReader
from innominatus_cli.ledger.records import (
    action_path,
    actions_folder,
    is_digest,
    is_safe_name,
    plan_path,
    read_action,
    read_record,
    record_path,
    run_of_path,
    runs_folder,
)
from innominatus_cli.ledger.store import (
    Entry,
    Landed,
    StoredAction,
    StoredRecord,
    Written,
    WrittenAction,
    is_deployment,
    stands,
)
from innominatus_cli.ledger.tips import Tips
from innominatus_cli.ledger.writing import Draft, RecordWriter
from innominatus_cli.system.clock import Clock, SystemClock
from innominatus_cli.system.git import Git, Head
from innominatus_cli.system.git_command import GitFailed
from innominatus_cli.system.git_identity import Identity, identity
from innominatus_cli.system.locks import try_lock
from innominatus_cli.system.owned_files import read_owned
from innominatus_cli.system.state_folder import StateFolder

_PATIENCE_SECONDS: Final = 60.0
_PAUSE_SECONDS: Final = 0.02
_NO_BYTES: Final = digest_of_bytes(b"")


class WorkingTreeStore:
    """Records of one repository (see `Store`). `root` is the ledger's folder, a path below the repository's root."""

    def __init__(
        self, git: Git, root: str = ".innominatus", *, clock: Clock | None = None, who: Identity | None = None
    ) -> None:
        if any(part in {"", ".", "..", ".git"} for part in root.lower().split("/")):
            raise ValueError(f"{root!r} is no folder for a ledger")
        self.git = git
        self.root = root
        self._clock = clock or SystemClock()
        self._who = who
        self.state = StateFolder(git.common_dir)
        unwritten = self.state.unwritten_dir
        self._reader = RecordReader(git, runs_folder(root), unwritten, partial(read_record, root))
        self._actions = RecordReader(git, actions_folder(root), unwritten, partial(read_action, root))
        self._tips = Tips(git, root, self.state.ledger_dir / "tips.json", self._reader, self._actions)

    @property
    def in_working_tree(self) -> bool:
        """Whether its records are files of the working tree too."""
        return True

    def branch(self) -> str | None:
        """The branch whose tip `commit` is; None with a detached head. Raises GitFailed."""
        return self.git.head().branch

    def commit(self) -> str | None:
        """The commit whose tree holds the ledger; None before the first one. Raises GitFailed."""
        return self.git.commit_of("HEAD")

    def commits(self) -> Sequence[str]:
        """The commits that records are read from, in this order. Raises GitFailed."""
        commit = self.git.commit_of("HEAD")
        return () if commit is None else (commit,)

    def revisions(self) -> Sequence[str]:
        """The same as names that git resolves, whether they exist or not: for one lookup by path."""
        return ("HEAD",)

    @property
    def findings(self) -> Sequence[Finding]:
        """What was wrong with records that were read so far."""
        found = (*self._reader.findings, *self._actions.findings)
        return tuple(sorted(found, key=lambda finding: finding.place.path))

    @property
    def who(self) -> Identity:
        """The operator, read once."""
        if self._who is None:
            self._who = identity(self.git)
        return self._who

    def records(self, application: str | None = None, environment: str | None = None) -> list[StoredRecord]:
        """All records, those of an application, or those of one of its environments; the oldest first."""
        paths, loose = self._look(application, environment)
        committed = (stored for stored in self._reader.committed(paths) if _is_of(stored, application, environment))
        return sorted(chain(committed, loose), key=_run)

    def record(self, run: str) -> StoredRecord | None:
        """The record of a run."""
        paths, loose = self._look(None, None)
        committed = self._reader.committed({path: blob for path, blob in paths.items() if run_of_path(path) == run})
        return next((stored for stored in chain(committed, loose) if stored.record.run == run), None)

    def actions(self, application: str | None = None, environment: str | None = None) -> list[StoredAction]:
        """All actions, those that concern an application, or those that concern one of its environments."""
        folder = actions_folder(self.root)
        paths = self._paths(self._actions, folder)
        standing = set(paths)
        found = list(self._actions.committed(paths))
        for stored in chain(self._actions.uncommitted(paths, folder), self._actions.pending(), self._actions.kept()):
            if stored.path not in standing:
                standing.add(stored.path)
                found.append(stored)
        return sorted((stored for stored in found if _concerns(stored, application, environment)), key=_id)

    def tips(self) -> list[str]:
        """The digests, sorted, of all committed records, of runs and actions, that no other one names as a parent."""
        return self._tips.at(self.commit())

    def first_standing(self, application: str, environment: str) -> tuple[StoredRecord | None, bool]:
        """The oldest successful deployment there, and whether one (that or a later one) has not been rolled back."""
        paths, loose = self._look(application, environment)
        oldest = [
            next(filter(is_deployment, self._reader.committed(paths)), None),
            next(filter(is_deployment, loose), None),
        ]
        first = min((stored for stored in oldest if stored is not None), key=_run, default=None)
        return first, first is not None and self._stands(paths, loose)

    def _stands(self, paths: dict[str, str], loose: list[StoredRecord]) -> bool:
        """Looks from the newest record back: nearly always it is the first one that it reads."""
        newest, *others = [*reversed(paths.items())] or [("", "")]
        committed = chain(self._reader.committed(dict([newest]) if paths else {}), self._reader.committed(dict(others)))
        return stands(chain(sorted(loose, key=_run, reverse=True), committed))

    def standing(self) -> set[tuple[str, str]]:
        """The applications and environments in which one `stands`; a few look-ups for all of them together."""
        paths, loose = self._look(None, None)
        newest: dict[str, str] = {path.rsplit("/", 2)[0]: path for path in paths}
        first = {stored.path: stored for stored in self._reader.committed({p: paths[p] for p in newest.values()})}
        found: set[tuple[str, str]] = set()
        for stored in (*first.values(), *loose):
            key = (stored.record.application, stored.record.environment)
            if key not in found and (is_deployment(stored) or self._stands(*self._look(*key))):
                found.add(key)
        return found

    def first_successes(self) -> dict[tuple[str, str], StoredRecord]:
        """The oldest successful deployment of every application in every environment that has one.

        In each round the next record of every folder that has shown none so far is read, all in one process.
        """
        paths, loose = self._look(None, None)
        waiting: dict[str, list[str]] = {}
        for path in reversed(paths):
            waiting.setdefault(path.rsplit("/", 2)[0], []).append(path)
        found: list[StoredRecord] = [stored for stored in loose if is_deployment(stored)]
        while waiting:
            batch = {path: paths[path] for path in (folder.pop() for folder in waiting.values())}
            good = {stored.path: stored for stored in self._reader.committed(batch) if is_deployment(stored)}
            done = {path.rsplit("/", 2)[0] for path in good}
            waiting = {folder: left for folder, left in waiting.items() if left and folder not in done}
            found += good.values()
        oldest: dict[tuple[str, str], StoredRecord] = {}
        for stored in sorted(found, key=_run):
            oldest.setdefault((stored.record.application, stored.record.environment), stored)
        return oldest

    def files(
        self, application: str | None = None, environment: str | None = None
    ) -> tuple[dict[str, str], list[StoredRecord]]:
        """What `records` would read: files of committed records with their object ids, and records in no commit.

        The oldest run first. For whoever needs only some of them, or a part of each.
        """
        return self._look(application, environment)

    def loose_runs(self, uncommitted: Iterable[str]) -> Iterator[StoredRecord]:
        """The records of runs in no commit: these files of the working tree, pending and kept ones."""
        return chain(self._reader.uncommitted_at(uncommitted), self._reader.pending(), self._reader.kept())

    def loose_actions(self, uncommitted: Iterable[str]) -> Iterator[StoredAction]:
        """The same for actions."""
        return chain(self._actions.uncommitted_at(uncommitted), self._actions.pending(), self._actions.kept())

    def note(self, findings: Iterable[Finding]) -> None:
        """Takes over what an index knows to be wrong with records."""
        self._reader.note(findings)

    def waiting(self) -> list[StoredRecord]:
        """The records that `ledger adopt` takes in: pending and kept ones, the oldest first."""
        return sorted(chain(self._reader.pending(), self._reader.kept()), key=_run)

    def waiting_actions(self) -> list[StoredAction]:
        """The records of actions that `ledger adopt` takes in, the oldest first."""
        return sorted(chain(self._actions.pending(), self._actions.kept()), key=_id)

    def outside(self, committed: Mapping[str, str]) -> list[StoredRecord | StoredAction]:
        """The records in no commit: files that `committed` lacks, pending and kept ones; runs, then actions."""
        runs, actions = self._reader, self._actions
        uncommitted_runs = runs.uncommitted(committed, runs_folder(self.root))
        uncommitted_actions = actions.uncommitted(committed, actions_folder(self.root))
        return [
            *chain(uncommitted_runs, runs.pending(), runs.kept()),
            *chain(uncommitted_actions, actions.pending(), actions.kept()),
        ]

    def plan_bytes(self, digests: Iterable[str]) -> dict[str, bytes]:
        """The files of plans by their digests, many at once and not validated; absent ones are left out."""
        paths = {digest: plan_path(self.root, digest) for digest in digests if is_digest(digest)}
        revisions = self.revisions()
        objects = self.git.objects(f"{revision}:{path}" for path in paths.values() for revision in revisions)
        found: dict[str, bytes] = {}
        for digest, path in paths.items():
            stored = [objects[f"{revision}:{path}"] for revision in revisions]
            data = next((data for kind, data in stored if kind == "blob"), None)
            try:
                data = read_owned(self.git.root, path) if data is None else data
            except OSError:
                continue
            if data is not None and digest_of_bytes(data[:-1]) == digest:
                found[digest] = data
        return found

    def plan(self, digest: str) -> Plan | None:
        """The plan with this digest; None where the ledger lacks it, or where other bytes stand in its place."""
        if not is_digest(digest):
            return None
        path = plan_path(self.root, digest)
        objects = self.git.objects(f"{revision}:{path}" for revision in self.revisions())
        stored = next((data for kind, data in objects.values() if kind == "blob"), None)
        try:
            found = read_owned(self.git.root, path) if stored is None else stored
            plan = Plan.model_validate_json(found or b"")
        except (OSError, ValidationError):
            return None
        return plan if plan.digest == digest else None

    def write(
        self,
        record: RunRecord,
        plan: bytes | None,
        artifacts: Mapping[str, bytes],
        head_at_start: Head,
        *,
        commit: bool = True,
    ) -> Written:
        """Adds a record (its parents are set here), its plan and, after a success, the files that steps made.

        One commit to the branch of `head_at_start`, or to a pending ref (see `landing`). What fails is told in the
        findings, and the files are kept in the state folder. Raises ValueError for files that are not the ledger's.
        """
        path = record_path(self.root, record)
        draft = Draft(
            record,
            id=record.run,
            name=f"run {record.run}",
            path=path,
            message=commit_message(record, path),
            files=self._files(record, plan, artifacts),
            removed_on=partial(self.removed_by, record),
        )
        return self._write(draft, head_at_start, commit=commit)

    def write_action(self, action: ActionRecord, head: Head, *, commit: bool = True) -> WrittenAction:
        """Adds the record of an action (its parents are set here), to the branch of `head`, as `write` does."""
        path = action_path(self.root, action)
        draft = Draft(action, action.id, f"action {action.id}", path, action_message(action, path))
        return self._write(draft, head, commit=commit)

    def push(self, written: Landed[Entry]) -> tuple[Landed[Entry], tuple[Finding, ...]]:
        """Pushes the ref that a record was written to (see `pushing`); the record as it is then, and warnings."""
        from innominatus_cli.ledger.pushing import push_records  # noqa: PLC0415 - few push; it needs this module

        return written, push_records(self, written.ref, self._clock) if written.ref is not None else ()

    def take_in(self, head: Head, change_on: ChangeOn) -> tuple[str, str]:
        """Takes the files of a waiting record into the ledger; the commit and its ref.

        Raises Obstacle (nothing is changed then), GitFailed, OSError.
        """
        reason = why_not(head, head.ref)
        if reason or head.ref is None:
            raise Obstacle(reason)
        return self.landing().on_branch(head.ref, change_on), head.ref

    def land(self, head: Head, change_on: ChangeOn) -> str:
        """One commit of files of the ledger, to the branch that holds it; the commit.

        Raises Obstacle (nothing is changed then), GitFailed, OSError, and what `change_on` raises.
        """
        reason = why_not(head, head.ref)
        if reason or head.ref is None:
            raise Obstacle(reason)
        return self.landing().on_branch(head.ref, change_on)

    def pushed(self) -> str | None:
        """The commit that the remote's branch was seen at last; None where nothing says which one that is."""
        ref = self.git.checked_out()
        if ref is None:
            return None
        form = "--format=%(upstream)"
        upstream = self.git.command.text("for-each-ref", form, "--end-of-options", ref)
        return self.git.commit_of(upstream) if upstream.startswith("refs/") else None

    def tips_at(self, commit: str | None) -> list[str]:
        """The digests, sorted, of the tips at a commit. Raises GitFailed, CannotContinue."""
        return self._tips.at(commit)

    def _write(self, draft: Draft[Entry], head: Head, *, commit: bool) -> Landed[Entry]:
        writer = RecordWriter(self.git, self.landing(), self.state, self._tips.at)
        with self.turn():
            written = self._commit(writer, draft, head) if commit else writer.leave_uncommitted(draft)
            if written.commit is not None and not written.pending:
                self.remember(written.commit, written.record)
            return written

    def _commit(self, writer: RecordWriter, draft: Draft[Entry], head: Head) -> Landed[Entry]:
        return writer.commit(draft, head)

    def remember(self, commit: str, record: RunRecord | ActionRecord) -> None:
        """A record that was written follows all tips: it is the only one now."""
        with suppress(GitFailed):
            self._tips.remember(commit, [record.digest])

    def removed_by(self, record: RunRecord, base: str | None) -> dict[str, None]:
        """The manifests of a base commit that a successful removal takes away: all of its application there.

        Of other runs those that a step gave without a byte, as the steps of a rollback do.

        Whoever follows the branch (GitOps) removes what is no longer in it.
        """
        if base is None or record.status != "succeeded" or record.kind == "refusal":
            return {}
        if record.operation != "undeploy":
            return self._taken_out(record, base)
        folder = f"{self.root}/manifests/{record.application}/{record.environment}"
        return {entry.path: None for entry in self.git.tree(base, folder)}

    def _taken_out(self, record: RunRecord, base: str) -> dict[str, None]:
        given = {path: digest for result in record.steps for path, digest in result.artifacts.items()}
        gone = [path for path, digest in given.items() if digest == _NO_BYTES]
        return dict.fromkeys(self.git.entries_at(base, gone)) if gone else {}

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Waits until no other process of ours commits to this clone.

        That spares retries, and nothing rests on it: whoever waited too long or has no lock goes on, because branches
        move by compare-and-swap.
        """
        lock = None
        until = self._clock.monotonic() + _PATIENCE_SECONDS
        with suppress(OSError, CannotContinue):
            path = self.state.ensure(self.state.ledger_dir) / "commit.lock"
            while (lock := try_lock(path)) is None and self._clock.monotonic() < until:
                self._clock.sleep(_PAUSE_SECONDS)
            if lock is not None:
                clear_scratch(self.state)
        try:
            yield
        finally:
            if lock is not None:
                lock.release()

    def landing(self) -> Landing:
        """What commits files to this repository as its operator."""
        return Landing(self.git, self._clock, self.who, self.state)

    def _files(self, record: RunRecord, plan: bytes | None, artifacts: Mapping[str, bytes]) -> dict[str, bytes]:
        files = {path: data for path, data in artifacts.items() if data} if record.status == "succeeded" else {}
        for path in files:
            if not path.startswith(f"{self.root}/manifests/") or {"", ".", ".."}.intersection(path.split("/")):
                raise ValueError(f"{path!r} is no path below {self.root}/manifests")
        if plan is not None and record.plan is not None:
            files[plan_path(self.root, record.plan)] = plan
        return files

    def _paths(self, reader: RecordReader[Entry], folder: str) -> dict[str, str]:
        """The files of committed records below a folder, the oldest first, with their object ids."""
        found: dict[str, str] = {}
        commits = self.commits()
        for commit in commits:
            found = {**reader.committed_paths(commit, folder), **found}
        if len(commits) <= 1:
            return found
        return dict(sorted(found.items(), key=lambda item: (run_of_path(item[0]) or "", item[0])))

    def _look(self, application: str | None, environment: str | None) -> tuple[dict[str, str], list[StoredRecord]]:
        """The files of committed records, the oldest first, and the records that no commit of the branch has."""
        if not all(is_safe_name(name) for name in (application, environment) if name is not None):
            return {}, []
        folder = runs_folder(self.root, application, environment if application else None)
        paths = self._paths(self._reader, folder)
        standing = {run_of_path(path) for path in paths}
        loose: dict[str, StoredRecord] = {}
        for stored in self._loose(paths, folder):
            if stored.record.run not in standing and _is_of(stored, application, environment):
                loose.setdefault(stored.record.run, stored)
        return paths, [loose[run] for run in sorted(loose)]

    def _loose(self, committed: dict[str, str], folder: str) -> Iterator[StoredRecord]:
        yield from self._reader.uncommitted(committed, folder)
        yield from self._reader.pending()
        yield from self._reader.kept()


def _is_of(stored: StoredRecord, application: str | None, environment: str | None) -> bool:
    record = stored.record
    return application in {None, record.application} and environment in {None, record.environment}


def _run(stored: StoredRecord) -> str:
    return stored.record.run


def _concerns(stored: StoredAction, application: str | None, environment: str | None) -> bool:
    action = stored.record
    return application in {None, action.application} and environment in {None, action.environment}


def _id(stored: StoredAction) -> str:
    return stored.record.id
