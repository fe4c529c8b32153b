"""An index of the records that commits hold, so that lists over many of them read only what they show.

It belongs to the trees that it was made from: before it answers it is brought up to those of the ledger's commits now,
from the difference of the trees. It answers nothing that reading the records would not say, and where it cannot be
used (see `index_file`) the records are read.
"""

import json
import os
import zlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple

from innominatus_cli.documents.canonical import digest_of_bytes
from innominatus_cli.findings.catalogue.ledger import RECORD_CORRUPT, RECORD_TOO_NEW
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.ledger.batches import batches_of
from innominatus_cli.ledger.index_file import Folder, IndexFile, IndexUnusable, Row, Skim, usable
from innominatus_cli.ledger.records import actions_folder, read_action, read_record, run_of_path, runs_folder
from innominatus_cli.ledger.skimmed import SkimmedRecord, SkimmedStep, skimmed_of
from innominatus_cli.ledger.summaries import ActionSummary, RunSummary, action_summary, plain, run_summary
from innominatus_cli.ledger.working_tree import WorkingTreeStore
from innominatus_cli.system.folder_stamps import Stamped, stamped_folder
from innominatus_cli.system.forking import Work, can_fork, in_processes, usable_processors
from innominatus_cli.system.git_command import GitFailed

RUN, ACTION = "run", "action"
_NARROW: Final = 1_000
"""Files that a question about one application reads first, so that the index can answer it."""
_CODES: Final = {code.number: code for code in (RECORD_CORRUPT, RECORD_TOO_NEW)}
_FILE: Final = "100644"


class Change(NamedTuple):
    """What differs from what the index holds: files to read, by path with their object ids, and files that are gone."""

    new: dict[str, str]
    gone: list[str]


def open_index(store: WorkingTreeStore, *, narrow: bool = False) -> "RecordIndex | None":
    """The index of a ledger, brought up to date; None where there is none to be had, or none that is worth it.

    A `narrow` question is not worth reading many records for that it does not ask about.
    """
    try:
        store.state.ensure(store.state.ledger_dir)
        file = IndexFile(store.state.ledger_dir / f"index-{store.git.git_dir.name}.sqlite3")
    except IndexUnusable as problem:
        _discard(store, problem)
        return None
    except (CannotContinue, OSError):
        return None
    index = RecordIndex(store, file)
    try:
        if index.refresh(narrow=narrow):
            return index
    except (GitFailed, CannotContinue):
        pass
    except IndexUnusable as problem:
        _discard(store, problem)
    index.close()
    return None


def _discard(store: WorkingTreeStore, problem: IndexUnusable) -> None:
    """Removes an index that cannot be used; one that is only locked is in use by somebody, and good."""
    if "locked" in str(problem):
        return
    path = store.state.ledger_dir / f"index-{store.git.git_dir.name}.sqlite3"
    for name in (path, path.with_name(f"{path.name}-journal"), path.with_name(f"{path.name}.sum")):
        try:
            os.unlink(name)  # noqa: PTH108 - a link is removed, never followed
        except OSError:
            continue


class RecordIndex:
    """An index that is up to date. Every question raises IndexUnusable where the file is damaged."""

    def __init__(self, store: WorkingTreeStore, file: IndexFile) -> None:
        self._store = store
        self._file = file

    def close(self) -> None:
        """Ends it."""
        try:
            self._file.close()
        except IndexUnusable:
            return

    def discard(self, problem: IndexUnusable) -> None:
        """Ends it and removes it, because of a problem with it."""
        self.close()
        _discard(self._store, problem)

    def refresh(self, *, narrow: bool) -> bool:
        """Brings it up to the trees of now; False where that is not worth it. Raises IndexUnusable, GitFailed."""
        store, file = self._store, self._file
        commits = list(store.commits())
        trees = self._trees(commits)
        key = json.dumps([store.root, store.git.object_format, trees])
        before = file.said("key")
        if before == key:
            return True
        change = self._change(commits, trees, before)
        if narrow and len(change.new) > _NARROW:
            return False
        rows, skims = self._read(change.new)
        with file.changing():
            if file.said("key") != before:
                return False  # another process has just changed it
            file.remove(_key(path, store.root) for path in (*change.gone, *change.new))
            file.put(rows, skims)
            file.put_folders((), {path.rpartition("/")[0] for path in change.gone})
            file.say("key", key)
        return True

    def _trees(self, commits: Sequence[str]) -> list[list[str]]:
        git = self._store.git
        folders = (runs_folder(self._store.root), actions_folder(self._store.root))
        names = [f"{commit}:{folder}" for commit in commits for folder in folders]
        found = git.objects(names)
        ids = [git.object_id("tree", found[name][1]) if found[name][0] == "tree" else "" for name in names]
        return [ids[place : place + 2] for place in range(0, len(ids), 2)]

    def _change(self, commits: Sequence[str], trees: list[list[str]], before: str) -> Change:
        """Between trees of one commit each by git's own difference, else by listing."""
        with usable():
            old: list[Any] = json.loads(before) if before else ["", "", []]
            same = old[:2] == [self._store.root, self._store.git.object_format]
        if not same:
            return self._by_listing(commits, {})
        if len(trees) == len(old[2]) == 1:
            change = self._by_difference(old[2][0], trees[0])
            if change is not None:
                return change
        return self._by_listing(commits, self._file.blobs())

    def _by_difference(self, old: Sequence[str], new: Sequence[str]) -> Change | None:
        git = self._store.git
        if "" in old or "" in new or len(git.blob_sizes({*old, *new})) != len({*old, *new}):
            return None
        change = Change({}, [])
        folders = (runs_folder(self._store.root), actions_folder(self._store.root))
        for folder, one, other in zip(folders, old, new, strict=True):
            if one == other:
                continue
            fields = git.command.output("diff-tree", "-r", "-z", "--no-renames", one, other).split(b"\0")[:-1]
            for facts, name in zip(fields[::2], fields[1::2], strict=True):
                _, mode, _, blob, _ = facts.decode().split(" ")
                path = f"{folder}/{os.fsdecode(name)}"
                if not run_of_path(path):
                    continue
                if mode == _FILE:
                    change.new[path] = blob
                else:
                    change.gone.append(path)
        return change

    def _by_listing(self, commits: Sequence[str], known: Mapping[str, str]) -> Change:
        git, found = self._store.git, dict[str, str]()
        for commit in commits:
            for folder in (runs_folder(self._store.root), actions_folder(self._store.root)):
                entries = git.tree(commit, folder)
                listed = {one.path: one.object_id for one in entries if one.mode == _FILE and run_of_path(one.path)}
                found = {**listed, **found}
        new = {path: blob for path, blob in found.items() if known.get(path) != blob}
        return Change(new, [path for path in known if path not in found])

    def _read(self, files: Mapping[str, str]) -> tuple[list[Row], list[Skim]]:
        git, root = self._store.git, self._store.root
        batches, too_large = batches_of(git, files)

        def do(number: int) -> list[tuple[tuple[Any, ...], tuple[Any, ...] | None]]:
            paths = batches[number]
            contents = git.read_blobs(files[path] for path in paths)
            return [_rows(root, path, files[path], contents[files[path]]) for path in paths]

        processes = min(usable_processors(), len(batches)) if can_fork() else 1
        done = in_processes(Work(do, _same, _same), len(batches), processes)
        pairs = [pair for block in done for pair in block]
        rows = [Row(*row) for row, _ in pairs]
        rows += [_problem(root, one.place.path, files[one.place.path], one) for one in too_large]
        return rows, [Skim(*skim) for _, skim in pairs if skim is not None]

    def runs(
        self, application: str | None = None, environment: str | None = None, newest: int | None = None
    ) -> list[RunSummary]:
        """The summaries of runs, the oldest first: all, or the `newest` so many."""
        where, values = _of(application, environment)
        order = "ORDER BY id DESC, path DESC LIMIT ?" if newest is not None else "ORDER BY id, path"
        values += [newest] if newest is not None else []
        rows = self._file.rows(f"WHERE kind = 'run' AND body IS NOT NULL {where} {order}", values)
        found = [_run(row) for row in rows]
        return found[::-1] if newest is not None else found

    def count_of_runs(self, application: str | None = None, environment: str | None = None) -> int:
        """How many runs there are."""
        where, values = _of(application, environment)
        return self._file.count_of(f"WHERE kind = 'run' AND body IS NOT NULL {where}", values)

    def related(self, application: str | None = None, environment: str | None = None) -> list[RunSummary]:
        """Those that name another run, the oldest first."""
        where, values = _of(application, environment)
        condition = f"WHERE kind = 'run' AND related AND body IS NOT NULL {where} ORDER BY id, path"
        return [_run(row) for row in self._file.rows(condition, values)]

    def last_runs(self, application: str | None = None) -> list[RunSummary]:
        """The last run of every application and environment."""
        where, values = _of(application, None)
        wanted = f"SELECT max(id || path) FROM records WHERE kind = 'run' AND body IS NOT NULL {where}"  # noqa: S608 - ours
        condition = f"WHERE kind = 'run' AND id || path IN ({wanted} GROUP BY application, environment)"
        return [_run(row) for row in self._file.rows(condition, values)]

    def actions(self) -> list[ActionSummary]:
        """The summaries of all actions, the oldest first."""
        with usable():
            rows = self._file.rows("WHERE kind = 'action' AND body IS NOT NULL ORDER BY id, path")
            return [ActionSummary(*json.loads(row.body or "")) for row in rows]

    def skimmed(self, application: str | None = None, since: str = "") -> list[SkimmedRecord]:
        """What statistics need of runs whose ids are not before `since`, the oldest first."""
        where, values = _of(application, None)
        with usable():
            return [
                _unpacked(json.loads(zlib.decompress(one.body)))
                for one in self._file.skims(f"WHERE id >= ? {where} ORDER BY id, path", [since, *values])
            ]

    def problems(self, folder: str) -> list[tuple[str, Finding]]:
        """What is wrong with record files below a folder, with their ids, by path."""
        with usable():
            rows = self._file.rows("WHERE problem IS NOT NULL ORDER BY path")
            told = [(row, json.loads(row.problem or "")) for row in rows if row.path.startswith(f"{folder}/")]
            return [(row.id, Finding(_CODES[code], message, Place(row.path))) for row, (code, message) in told]

    def is_skimmed(self, identity: str, path: str) -> bool:
        """Whether statistics can use a record, whatever else is wrong with it."""
        return self._file.skims_of(identity, path)

    def has(self, kind: str, identity: str, folder: str) -> bool:
        """Whether it holds a record file of this id below a folder."""
        rows = self._file.rows("WHERE kind = ? AND id = ?", [kind, identity])
        return any(row.path.startswith(f"{folder}/") for row in rows)

    def loose_files(self, folder: str) -> list[str]:
        """The record files of the working tree below a folder that no commit has, sorted.

        Folders that have not changed since all their files were committed are not listed again.
        """
        noted = self._file.folders()
        seen: list[Folder] = []
        gone: list[str] = []
        loose = self._walk(folder, noted, seen, gone)
        if seen or gone:
            with suppress(IndexUnusable), self._file.changing():  # what cannot be noted is looked at again
                self._file.put_folders(seen, gone)
        return sorted(loose)

    def _walk(self, folder: str, noted: Mapping[str, Folder], seen: list[Folder], gone: list[str]) -> list[str]:
        known = noted.get(folder)
        found: Stamped | None = stamped_folder(self._store.git.root, folder, known.stamp if known else "")
        if found is None:
            gone += [folder] if known else []
            return []
        with usable():
            below = json.loads(known.below) if found.unchanged and known else found.folders
        loose: list[str] = []
        if not found.unchanged:
            files = [f"{folder}/{name}" for name in found.files if run_of_path(name)]
            kind = RUN if folder.startswith(runs_folder(self._store.root)) else ACTION
            committed = self._paths_of(kind, [run_of_path(path) or "" for path in files])
            loose = [path for path in files if path not in committed]
            if found.stamp and not loose:
                seen.append(Folder(folder, found.stamp, json.dumps(below)))
            elif known:
                gone.append(folder)
        for name in below:
            loose += self._walk(f"{folder}/{name}", noted, seen, gone)
        return loose

    def _paths_of(self, kind: str, ids: Sequence[str]) -> set[str]:
        found: set[str] = set()
        for start in range(0, len(ids), 500):
            some = ids[start : start + 500]
            marks = ", ".join("?" * len(some))
            found.update(row.path for row in self._file.rows(f"WHERE kind = ? AND id IN ({marks})", [kind, *some]))
        return found


def _same(value: Any) -> Any:  # noqa: ANN401 - plain data already
    return value


def _key(path: str, root: str) -> tuple[str, str, str]:
    kind = ACTION if path.startswith(f"{actions_folder(root)}/") else RUN
    return kind, run_of_path(path) or "", path


def _place_of(kind: str, path: str) -> tuple[str, str]:
    parts = path.split("/")
    return (parts[-4], parts[-3]) if kind == RUN and len(parts) > 4 else ("", "")  # noqa: PLR2004 - runs/a/e/month/file


def _rows(root: str, path: str, blob: str, data: bytes) -> tuple[tuple[Any, ...], tuple[Any, ...] | None]:
    """The row of a record file, and what statistics need of it, if they can have it."""
    kind, identity, _ = _key(path, root)
    digest = digest_of_bytes(data[:-1])
    if kind == ACTION:
        action = read_action(root, path, data)
        if isinstance(action, Finding):
            return tuple(_problem(root, path, blob, action)), None
        body = json.dumps(plain(action_summary(action, path, digest)))
        return tuple(Row(kind, identity, path, blob, "", "", 0, body, None)), None
    quick = skimmed_of(path, data)
    skim = (identity, path, _place_of(kind, path)[0], _packed(quick)) if quick is not None else None
    record = read_record(root, path, data)
    if isinstance(record, Finding):
        return tuple(_problem(root, path, blob, record)), skim
    related = int(record.resumes is not None or record.rolls_back is not None)
    body = json.dumps(plain(run_summary(record, path, digest)))
    return tuple(Row(kind, identity, path, blob, record.application, record.environment, related, body, None)), skim


def _problem(root: str, path: str, blob: str, finding: Finding) -> Row:
    kind, identity, _ = _key(path, root)
    told = json.dumps([finding.code.number, finding.message])
    return Row(kind, identity, path, blob, *_place_of(kind, path), 0, None, told)


def _of(application: str | None, environment: str | None) -> tuple[str, list[object]]:
    asked = {"application": application, "environment": environment}
    wanted = {name: value for name, value in asked.items() if value is not None}
    return "".join(f"AND {name} = ? " for name in wanted), list(wanted.values())


def _run(row: Row) -> RunSummary:
    with usable():
        return RunSummary(*json.loads(row.body or ""))


def _packed(record: SkimmedRecord) -> bytes:
    return zlib.compress(json.dumps(record).encode(), 1)


def _unpacked(content: Iterable[Any]) -> SkimmedRecord:
    read = SkimmedRecord(*content)
    steps = tuple(SkimmedStep(*step) for step in read.steps)
    return read._replace(steps=steps, failures=tuple(read.failures), errors=tuple(read.errors))
