"""Checkpoints: a run's folder on a ref of its own on a remote, so that a run can go on where its disk is gone.

    refs/innominatus/runs/<run>    a commit without parents, whose tree holds:
        journal/000000 …           the journal, in parts of 32 KiB, of which only the last one ever changes
        plan.json, opening.json
        results/<step index>.json
        artifacts/<sha256>
        next.json                  which run goes on with it, once there is one (`succession`)

Logs are not among them: what steps print may hold what nobody should publish. Each checkpoint replaces the one before
by compare-and-swap; only what is new since then is stored and sent.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from innominatus_cli.documents.canonical import digest_of_bytes
from innominatus_cli.findings.catalogue.ledger import JOURNAL_CORRUPT
from innominatus_cli.findings.catalogue.locks import CHECKPOINT_NOT_PUSHED
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.system.clock import Clock, SystemClock
from innominatus_cli.system.files import write_file
from innominatus_cli.system.git import Git
from innominatus_cli.system.git_command import GitFailed
from innominatus_cli.system.git_identity import Identity, identity
from innominatus_cli.system.git_refs import RemoteRefs
from innominatus_cli.system.git_writing import commit_tree, write_blobs, write_tree
from innominatus_cli.system.state_folder import StateFolder

_REFS: Final = "refs/innominatus/runs/"
_PART_BYTES: Final = 32 * 1024
_MOST_BYTES: Final = 512 * 1024 * 1024
_MOST_FILES: Final = 200_000
_FILE: Final = "100644"
_ARTIFACTS: Final = "artifacts/"
NEXT: Final = "next.json"
_NAME: Final = re.compile(r"journal/[0-9]{6}|(plan|opening|next)\.json|results/[0-9]{1,9}\.json|artifacts/[0-9a-f]{64}")
_KEPT: Final = ("plan.json", "opening.json", "results/*.json", "artifacts/*")
_JOURNAL: Final = "journal.jsonl"


def checkpoint_ref(run: str) -> str:
    """The ref that holds the checkpoint of a run."""
    return f"{_REFS}{run}"


class Checkpoints:
    """The checkpoints of one run of this clone, pushed one after the other.

    Raises CannotContinue (exit 69) where the clone has no such remote.
    """

    def __init__(self, git: Git, state: StateFolder, run: str, remote: str, clock: Clock | None = None) -> None:
        self._git = git
        self._state = state
        self._folder = state.run_dir(run)
        self._run = run
        self._clock = clock or SystemClock()
        self._refs = RemoteRefs.open(git, remote, clock=self._clock)
        self._who: Identity | None = None
        self._blobs: dict[str, str] = {}
        """By path in the tree, what will not change any more."""
        self._stamps: dict[str, tuple[int, int]] = {}
        self._tree = ""
        self._sent: list[str] = []
        """Commits that may stand on the remote; the last one is the likeliest."""
        self.finding: Finding | None = None
        """Why the last call did not do what it should; None where it did."""

    def push(self) -> Finding | None:
        """Pushes what the run's folder holds now; does nothing where that is what was pushed last.

        A warning where it does not work: the next one holds everything that this one would have.
        """
        self.finding = self._pushed()
        return self.finding

    def _pushed(self) -> Finding | None:
        try:
            tree = self._stored()
            if tree == self._tree:
                return None
            if self._who is None:
                self._who = identity(self._git)
            message = f"chore(innominatus): checkpoint of run {self._run}\n"
            commit = commit_tree(self._git, tree, [], message, self._who, self._clock.now())
            if not self._replaced(commit):
                return self._problem("something else stands there")
            if not self._tree:
                note_checkpoint(self._state, self._run, self._refs.remote)
            self._tree = tree
        except (CannotContinue, GitFailed, OSError) as problem:
            return self._problem(_sentence(problem))
        return None

    def delete(self) -> Finding | None:
        """Deletes the checkpoint of the remote, where it is one that this object pushed; a warning where it stays.

        Where none ever arrived there, the warning that told so stays: nobody could have gone on with the run.
        """
        never = None if self._tree else self.finding
        self.finding = None
        try:
            if self._sent and not self._settled(None):
                self.finding = self._problem("something else stands there, and stays")
            else:
                self._state.checkpoint_note(self._run).unlink(missing_ok=True)
        except (CannotContinue, OSError) as problem:
            self.finding = self._problem(f"it stays there: {_sentence(problem)}")
        self.finding = self.finding or never
        return self.finding

    def _replaced(self, commit: str) -> bool:
        old = self._sent[-1] if self._sent else None
        self._sent.append(commit)
        if self._refs.set(checkpoint_ref(self._run), commit, old) or self._settled(commit):
            self._sent = [commit]
            return True
        return False

    def _settled(self, wanted: str | None) -> bool:
        """Sets the ref where an earlier commit of ours stands, though the answer to its push was lost."""
        ref = checkpoint_ref(self._run)
        current = self._refs.listed(ref).get(ref)
        if current == wanted:
            return True
        if current not in self._sent and current is not None:
            return False
        if wanted is None:
            return current is None or self._refs.delete(ref, current)
        return self._refs.set(ref, wanted, current)

    def _stored(self) -> str:
        """Stores what is new as objects; the id of the whole tree. Raises OSError, GitFailed."""
        new = dict(self._new_files())
        growing = {path: self._git.blob_id(data) for path, data in new.items()}
        write_blobs(self._git, new, self._folder)
        self._blobs.update(growing)
        return write_tree(self._git, None, dict(self._blobs), self._folder)

    def _new_files(self) -> Iterator[tuple[str, bytes]]:
        known = max((path for path in self._blobs if path.startswith("journal/")), default="journal/000000")
        number = int(known.rpartition("/")[2])
        with (self._folder / _JOURNAL).open("rb") as file:
            file.seek(number * _PART_BYTES)
            while part := file.read(_PART_BYTES):
                yield f"journal/{number:06}", part
                number += 1
        for pattern in _KEPT:
            for path in self._folder.glob(pattern):
                name = path.relative_to(self._folder).as_posix()
                facts = path.lstat()
                stamp = (facts.st_size, facts.st_mtime_ns)
                if _NAME.fullmatch(name) and self._stamps.get(name) != stamp:
                    self._stamps[name] = stamp
                    yield name, path.read_bytes()

    def _problem(self, reason: str) -> Finding:
        message = f"the checkpoint of run {self._run} is not on '{self._refs.remote}' as it should be: {reason}"
        return Finding(CHECKPOINT_NOT_PUSHED, message, Place(checkpoint_ref(self._run)))


def push_checkpoint(git: Git, state: StateFolder, run: str, remote: str, clock: Clock | None = None) -> Finding | None:
    """Pushes one checkpoint of a run; for who pushes many, `Checkpoints` does it cheaper.

    A warning where it does not work. Raises CannotContinue for an unknown remote.
    """
    return Checkpoints(git, state, run, remote, clock).push()


def fetch_checkpoint(git: Git, state: StateFolder, run: str, remote: str) -> Path | None:
    """Fetches the checkpoint of a run: the folder with its files, laid out as a run's folder; None where there is none.

    Raises CannotContinue: exit 69 where the remote cannot be reached, exit 65 where what stands there is no checkpoint,
    exit 73 where it cannot be written. Raises ValueError for what is no run id.
    """
    folder = state.checkpoint_dir(run)
    ref = checkpoint_ref(run)
    commit = RemoteRefs.open(git, remote).fetch(ref).get(ref)
    if commit is None:
        return None
    files = _files_of(git, commit, ref)
    try:
        state.ensure(folder.parent)
        made = Path(tempfile.mkdtemp(prefix=f".{run}-", dir=folder.parent))
        for name, data in files.items():
            (made / name).parent.mkdir(mode=0o700, exist_ok=True)
            _write(made / name, data)
        shutil.rmtree(folder, ignore_errors=True)
        made.rename(folder)
        note_checkpoint(state, run, remote)
    except OSError as problem:
        from innominatus_cli.execution.journal import lost  # noqa: PLC0415 - only where the disk refuses

        raise CannotContinue(lost(folder, problem.strerror or "the disk refuses")) from problem
    return folder


def note_checkpoint(state: StateFolder, run: str, remote: str) -> None:
    """Remembers that a remote has a checkpoint of this run. Raises OSError."""
    note = state.checkpoint_note(run)
    state.ensure(note.parent)
    write_file(note, os.fsencode(remote), 0o600)


def remote_with_checkpoint(state: StateFolder, run: str) -> str | None:
    """The remote that has, or had, a checkpoint of this run, as far as this clone knows of one."""
    try:
        return os.fsdecode(state.checkpoint_note(run).read_bytes())
    except OSError:
        return None


def forget_checkpoint(git: Git, state: StateFolder, run: str) -> Finding | None:
    """Deletes the checkpoint of a run that nobody needs to go on with any more; a warning where it stays."""
    remote = remote_with_checkpoint(state, run)
    left = None if remote is None else delete_checkpoint(git, run, remote)
    if remote is not None and left is None:
        with suppress(OSError):  # then somebody is asked once more
            state.checkpoint_note(run).unlink()
    return left


def delete_checkpoint(git: Git, run: str, remote: str) -> Finding | None:
    """Deletes whatever checkpoint of a run the remote has, for who took over from it; a warning where it stays."""
    ref = checkpoint_ref(run)
    try:
        refs = RemoteRefs.open(git, remote)
        standing = refs.listed(ref).get(ref)
        if standing is None or refs.delete(ref, standing):
            return None
        reason = "it has changed meanwhile, and stays"
    except CannotContinue as problem:
        reason = f"it stays there: {_sentence(problem)}"
    return Finding(
        CHECKPOINT_NOT_PUSHED, f"the checkpoint of run {run} is not gone from '{remote}': {reason}", Place(ref)
    )


def _files_of(git: Git, commit: str, ref: str) -> dict[str, bytes]:
    """The files of a run's folder that a checkpoint holds. Raises CannotContinue (exit 65)."""
    try:
        return _checked_files(git, commit)
    except _Damaged as problem:
        remedy = "Resume it in the clone that ran, or run again."
        finding = Finding(JOURNAL_CORRUPT, f"it is no checkpoint of a run: {problem}", Place(ref), remedy)
        raise CannotContinue(finding) from problem


class _Damaged(Exception):  # noqa: N818 - what the checkpoint is
    pass


def _checked_files(git: Git, commit: str) -> dict[str, bytes]:
    if git.objects([commit])[commit][0] != "commit":
        raise _Damaged("it holds no commit")
    entries = git.tree(commit)
    odd = next((entry.path for entry in entries if entry.mode != _FILE or not _NAME.fullmatch(entry.path)), None)
    if odd is not None:
        raise _Damaged(f"{odd!r} is no file of a run")
    sizes = git.blob_sizes({entry.object_id for entry in entries})
    if len(entries) > _MOST_FILES or sum(sizes.get(entry.object_id, 0) for entry in entries) > _MOST_BYTES:
        raise _Damaged("it is larger than any run")
    contents = git.read_blobs(entry.object_id for entry in entries)
    files = {entry.path: contents[entry.object_id] for entry in entries}
    parts = sorted(path for path in files if path.startswith("journal/"))
    if not parts or parts != [f"journal/{number:06}" for number in range(len(parts))]:
        raise _Damaged("its journal has not all parts")
    for path, data in files.items():
        if path.startswith(_ARTIFACTS) and digest_of_bytes(data) != f"sha256:{path.removeprefix(_ARTIFACTS)}":
            raise _Damaged(f"'{path}' has other bytes")
    journal = b"".join(files.pop(part) for part in parts)
    return {_JOURNAL: journal, **files}


def _write(path: Path, data: bytes) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(data)


def _sentence(problem: Exception) -> str:
    if isinstance(problem, CannotContinue):
        return "; ".join(finding.message for finding in problem.findings)
    return str(problem)
