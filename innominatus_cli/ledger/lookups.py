"""What stands in a ledger, in commits and beside them, and the questions that are asked of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain

from innominatus_cli.documents.canonical import digest_of_bytes
from innominatus_cli.documents.plan import Plan
from innominatus_cli.findings.finding import Finding
from innominatus_cli.ledger.reading import RecordReader
from innominatus_cli.ledger.records import (
    actions_folder,
    is_digest,
    is_safe_name,
    plan_path,
    read_action,
    read_record,
    run_of_path,
    runs_folder,
)
from innominatus_cli.ledger.store import Entry, StoredAction, StoredRecord, is_deployment, stands
from innominatus_cli.ledger.tips import Tips
from innominatus_cli.system.git import Git
from innominatus_cli.system.owned_files import read_owned
from innominatus_cli.system.state_folder import StateFolder


class Lookups:
    """Reads records of one repository: the half of a `Store` that changes nothing.

    `root` is the ledger's folder, a path below the repository's root. Raises ValueError where it is none.
    """

    def __init__(self, git: Git, root: str) -> None:
        if any(part in {"", ".", "..", ".git"} for part in root.lower().split("/")):
            raise ValueError(f"{root!r} is no folder for a ledger")
        self.git = git
        self.root = root
        self.state = StateFolder(git.common_dir)
        unwritten = self.state.unwritten_dir
        self._reader = RecordReader(git, runs_folder(root), unwritten, partial(read_record, root))
        self._actions = RecordReader(git, actions_folder(root), unwritten, partial(read_action, root))
        self._tips = Tips(git, root, self.state.ledger_dir / "tips.json", self._reader, self._actions)

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

    def tips_at(self, commit: str | None) -> list[str]:
        """The digests, sorted, of the tips at a commit. Raises GitFailed, CannotContinue."""
        return self._tips.at(commit)

    def first_standing(self, application: str, environment: str) -> tuple[StoredRecord | None, bool]:
        """The oldest successful deployment there, and whether one (that or a later one) has not been rolled back."""
        paths, loose = self._look(application, environment)
        oldest = [
            next(filter(is_deployment, self._reader.committed(paths)), None),
            next(filter(is_deployment, loose), None),
        ]
        first = min((stored for stored in oldest if stored is not None), key=_run, default=None)
        return first, first is not None and self._stands(paths, loose)

    def newest_first(self, application: str, environment: str) -> Iterator[StoredRecord]:
        """The records of an environment: those that no commit has, then the others; read when they are asked for."""
        return self._backwards(*self._look(application, environment))

    def newest(self) -> StoredRecord | None:
        """The record of the newest run of all; those before it are read only where it cannot be."""
        paths, loose = self._look(None, None)
        committed = next(self._backwards(paths, []), None)
        return max((one for one in (committed, *loose) if one is not None), key=_run, default=None)

    def runs(self) -> list[str]:
        """The ids of all runs that have a record, sorted, by the names of its files: a record may yet be unreadable."""
        paths, loose = self._look(None, None)
        return sorted({*filter(None, map(run_of_path, paths)), *map(_run, loose)})

    def _stands(self, paths: dict[str, str], loose: list[StoredRecord]) -> bool:
        """Looks from the newest record back: nearly always it is the first one that it reads."""
        return stands(self._backwards(paths, loose))

    def _backwards(self, paths: dict[str, str], loose: list[StoredRecord]) -> Iterator[StoredRecord]:
        newest, *others = [*reversed(paths.items())] or [("", "")]
        committed = chain(self._reader.committed(dict([newest]) if paths else {}), self._reader.committed(dict(others)))
        return chain(sorted(loose, key=_run, reverse=True), committed)

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
        found: list[StoredRecord | StoredAction] = [
            *chain(uncommitted_runs, runs.pending(), runs.kept()),
            *chain(uncommitted_actions, actions.pending(), actions.kept()),
        ]
        return [one for one in found if one.path not in committed]

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
                data = next(self._reader.waiting(path), None) if data is None else data
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
            found = next(self._reader.waiting(path), None) if found is None else found
            plan = Plan.model_validate_json(found or b"")
            is_it = plan.digest == digest
        except (OSError, ValueError):  # also numbers and texts that no canonical plan has
            return None
        return plan if is_it else None

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
