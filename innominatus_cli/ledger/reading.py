"""Reading records from a commit, from pending commits, from the working tree and from what could not be committed.

Objects are read by git's plumbing, files without following links; nothing that a repository holds is executed.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, Generic

from innominatus_cli.documents.canonical import digest_of_bytes
from innominatus_cli.findings.catalogue.ledger import RECORD_CORRUPT
from innominatus_cli.findings.finding import Finding, Place
from innominatus_cli.ledger.batches import batches_of
from innominatus_cli.ledger.records import run_of_path
from innominatus_cli.ledger.store import Entry, Standing, Stored
from innominatus_cli.system.git import Git
from innominatus_cli.system.owned_files import owned_files, read_owned

PENDING: Final = "refs/innominatus/pending/"
RECORD_TRAILER: Final = "Innominatus-Record: "
_FILE: Final = "100644"
_KEPT_FILES: Final = 1_000
_KEPT_LISTS: Final = 16
_KEPT_BYTES: Final = 256 * 1024


class RecordReader(Generic[Entry]):
    """Reads the records below one folder of a repository; what cannot be read becomes a finding, once.

    `read` makes a record of the bytes of the file at a path, or says what is wrong with them.

    What a commit holds never changes: a short list of its files and a few records are kept, because commands ask for
    the same ones again and again, and each question is three processes of git.
    """

    def __init__(self, git: Git, folder: str, unwritten: Path, read: Callable[[str, bytes], Entry | Finding]) -> None:
        self._git = git
        self._folder = folder
        self._unwritten = unwritten
        self._read_bytes: Callable[[str, bytes], Entry | Finding] = read
        self._findings: dict[str, Finding] = {}
        self._lists: dict[tuple[str, str], dict[str, str]] = {}
        self._kept: dict[tuple[str, str], Stored[Entry]] = {}
        self._room = _KEPT_BYTES

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was wrong with records that were read so far, by path."""
        return tuple(self._findings[path] for path in sorted(self._findings))

    def committed_paths(self, commit: str | None, folder: str) -> dict[str, str]:
        """The record files below a folder of a commit, oldest run first, with their object ids."""
        if commit is None:
            return {}
        if (commit, folder) in self._lists:
            return dict(self._lists[commit, folder])
        entries = [entry for entry in self._git.tree(commit, folder) if entry.mode == _FILE and run_of_path(entry.path)]
        found = {
            entry.path: entry.object_id for entry in sorted(entries, key=lambda entry: run_of_path(entry.path) or "")
        }
        if len(found) <= _KEPT_FILES and len(self._lists) < _KEPT_LISTS:
            self._lists[commit, folder] = dict(found)
        return found

    def committed(self, paths: dict[str, str]) -> Iterator[Stored[Entry]]:
        """The records of these files (see `committed_paths`), in their order, read in batches as they are asked for."""
        kept = [self._kept[item] for item in paths.items() if item in self._kept]
        if len(kept) == len(paths):
            yield from kept
            return
        batches, too_large = batches_of(self._git, paths)
        self._findings |= {finding.place.path: finding for finding in too_large}
        for batch in batches:
            contents = self._git.read_blobs(paths[name] for name in batch)
            for name in batch:
                data = contents[paths[name]]
                for stored in self._read(name, data, Standing.COMMITTED):
                    self._keep(name, paths[name], data, stored)
                    yield stored

    def _keep(self, path: str, blob: str, data: bytes, stored: Stored[Entry]) -> None:
        if len(data) <= self._room and (path, blob) not in self._kept:
            self._room -= len(data)
            self._kept[path, blob] = stored

    def pending(self) -> Iterator[Stored[Entry]]:
        """The records that wait for `ledger adopt`."""
        refs = self._git.refs(PENDING)
        messages = self._git.objects(refs.values())
        places = {}
        for commit in refs.values():
            path = record_path_of_message(messages[commit][1])
            if path is not None and path.startswith(f"{self._folder}/"):
                places[f"{commit}:{path}"] = path
        for name, (kind, data) in self._git.objects(places).items():
            if kind == "blob":
                yield from self._read(places[name], data, Standing.PENDING)

    def waiting(self, path: str) -> Iterator[bytes]:
        """What pending commits and the state folder hold under this path: the plan of a record that waits."""
        for kind, data in self._git.objects(f"{commit}:{path}" for commit in self._git.refs(PENDING).values()).values():
            if kind == "blob":
                yield data
        for run in sorted(self._unwritten.iterdir()) if self._unwritten.is_dir() else ():
            data_there = read_owned(run, path)
            if data_there is not None:
                yield data_there

    def uncommitted(self, committed: Mapping[str, str], folder: str) -> Iterator[Stored[Entry]]:
        """The records that are files of the working tree and in no commit."""
        yield from self._files(self._git.root, committed, folder, Standing.UNCOMMITTED)

    def uncommitted_at(self, paths: Iterable[str]) -> Iterator[Stored[Entry]]:
        """The same, of whoever knows which files those are."""
        return self._read_files(self._git.root, paths, Standing.UNCOMMITTED)

    def note(self, findings: Iterable[Finding]) -> None:
        """Takes over what was found before to be wrong with records."""
        self._findings |= {finding.place.path: finding for finding in findings}

    def kept(self) -> Iterator[Stored[Entry]]:
        """The records that could not be committed and wait in the state folder."""
        for run in sorted(path.name for path in self._unwritten.iterdir()) if self._unwritten.is_dir() else ():
            yield from self._files(self._unwritten / run, {}, self._folder, Standing.KEPT)

    def _files(
        self, top: Path, committed: Mapping[str, str], folder: str, standing: Standing
    ) -> Iterator[Stored[Entry]]:
        paths = (path for path in owned_files(top, folder) if path not in committed and run_of_path(path))
        return self._read_files(top, paths, standing)

    def _read_files(self, top: Path, paths: Iterable[str], standing: Standing) -> Iterator[Stored[Entry]]:
        for path in paths:
            try:
                data = read_owned(top, path)
            except OSError as problem:
                self._findings[path] = Finding(RECORD_CORRUPT, f"it cannot be read: {problem}", Place(path))
                continue
            if data is not None:
                yield from self._read(path, data, standing)

    def _read(self, path: str, data: bytes, standing: Standing) -> Iterator[Stored[Entry]]:
        found = self._read_bytes(path, data)
        if isinstance(found, Finding):
            self._findings[path] = found
        else:
            yield Stored(found, path, digest_of_bytes(data[:-1]), standing)


def record_path_of_message(commit: bytes) -> str | None:
    """The path that a commit of ours names as its record's."""
    for line in commit.decode("utf-8", "replace").splitlines():
        if line.startswith(RECORD_TRAILER):
            return line.removeprefix(RECORD_TRAILER)
    return None
