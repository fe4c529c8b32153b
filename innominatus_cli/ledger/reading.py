"""Reading records from a commit, from pending commits, from the working tree and from what could not be committed.

Objects are read by git's plumbing, files without following links; nothing that a repository holds is executed.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from innominatus_cli.documents.canonical import digest_of_bytes
from innominatus_cli.findings.catalogue.ledger import RECORD_CORRUPT
from innominatus_cli.findings.finding import Finding, Place
from innominatus_cli.ledger.records import read_record, run_of_path, runs_folder
from innominatus_cli.ledger.store import Standing, StoredRecord
from innominatus_cli.system.git import Git
from innominatus_cli.system.owned_files import owned_files, read_owned, replace_owned

PENDING: Final = "refs/innominatus/pending/"
RECORD_TRAILER: Final = "Innominatus-Record: "
_BATCH: Final = 64
_FILE: Final = "100644"


class RecordReader:
    """Reads records of one repository; what cannot be read becomes a finding, once."""

    def __init__(self, git: Git, root: str, unwritten: Path) -> None:
        self._git = git
        self._root = root
        self._unwritten = unwritten
        self._findings: dict[str, Finding] = {}

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was wrong with records that were read so far, by path."""
        return tuple(self._findings[path] for path in sorted(self._findings))

    def committed_paths(self, commit: str | None, folder: str) -> dict[str, str]:
        """The record files below a folder of a commit, oldest run first, with their object ids."""
        if commit is None:
            return {}
        entries = [entry for entry in self._git.tree(commit, folder) if entry.mode == _FILE and run_of_path(entry.path)]
        return {
            entry.path: entry.object_id for entry in sorted(entries, key=lambda entry: run_of_path(entry.path) or "")
        }

    def committed(self, paths: dict[str, str]) -> Iterator[StoredRecord]:
        """The records of these files (see `committed_paths`), in their order, read in batches as they are asked for."""
        names = list(paths)
        for start in range(0, len(names), _BATCH):
            batch = names[start : start + _BATCH]
            contents = self._git.read_blobs(paths[name] for name in batch)
            for name in batch:
                yield from self._read(name, contents[paths[name]], Standing.COMMITTED)

    def pending(self) -> Iterator[StoredRecord]:
        """The records that wait for `ledger adopt`."""
        refs = self._git.refs(PENDING)
        messages = self._git.objects(refs.values())
        places = {}
        for commit in refs.values():
            path = record_path_of_message(messages[commit][1])
            if path is not None:
                places[f"{commit}:{path}"] = path
        for name, (kind, data) in self._git.objects(places).items():
            if kind == "blob":
                yield from self._read(places[name], data, Standing.PENDING)

    def uncommitted(self, committed: dict[str, str], folder: str) -> Iterator[StoredRecord]:
        """The records that are files of the working tree and in no commit."""
        yield from self._files(self._git.root, committed, folder, Standing.UNCOMMITTED)

    def kept(self) -> Iterator[StoredRecord]:
        """The records that could not be committed and wait in the state folder."""
        for run in sorted(path.name for path in self._unwritten.iterdir()) if self._unwritten.is_dir() else ():
            yield from self._files(self._unwritten / run, {}, runs_folder(self._root), Standing.KEPT)

    def _files(self, top: Path, committed: dict[str, str], folder: str, standing: Standing) -> Iterator[StoredRecord]:
        for path in owned_files(top, folder):
            if path not in committed and run_of_path(path):
                try:
                    data = read_owned(top, path)
                except OSError as problem:
                    self._findings[path] = Finding(RECORD_CORRUPT, f"it cannot be read: {problem}", Place(path))
                    continue
                if data is not None:
                    yield from self._read(path, data, standing)

    def _read(self, path: str, data: bytes, standing: Standing) -> Iterator[StoredRecord]:
        found = read_record(self._root, path, data)
        if isinstance(found, Finding):
            self._findings[path] = found
        else:
            yield StoredRecord(found, path, digest_of_bytes(data[:-1]), standing)


def record_path_of_message(commit: bytes) -> str | None:
    """The path that a commit of ours names as its record's."""
    for line in commit.decode("utf-8", "replace").splitlines():
        if line.startswith(RECORD_TRAILER):
            return line.removeprefix(RECORD_TRAILER)
    return None


class TipsCache:
    """The tips of one tree of records, so that writing a record does not read all others. It is only ever derived."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def tips(self, tree: str) -> list[str] | None:
        """The tips of the records tree with this object id, where they are known."""
        try:
            known = json.loads(self._path.read_bytes())
        except (OSError, ValueError):
            return None
        if not isinstance(known, dict) or known.get("tree") != tree or not isinstance(known.get("tips"), list):
            return None
        return [tip for tip in known["tips"] if isinstance(tip, str)]

    def remember(self, tree: str, tips: list[str]) -> None:
        """Keeps the tips; not being able to is no problem."""
        with suppress(OSError):
            replace_owned(self._path.parent, self._path.name, json.dumps({"tree": tree, "tips": tips}).encode(), 0o600)
