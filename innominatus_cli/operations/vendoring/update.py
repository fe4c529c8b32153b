"""`vendor update`: fetches the sources of admin-config.yaml, and makes vendored files and lock what they are now."""

import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from innominatus_cli.checks.facts import NO_FACTS
from innominatus_cli.checks.workflow_sources import RULES
from innominatus_cli.documents.canonical import digest_of_bytes
from innominatus_cli.documents.git_address import folder_of, is_path
from innominatus_cli.documents.nodes import Document
from innominatus_cli.documents.repository import ADMIN_CONFIG, Repository
from innominatus_cli.documents.snapshot import MAX_FILE, WorkingTreeSnapshot
from innominatus_cli.documents.vendor_lock import Lock, LockedSource, write_lock
from innominatus_cli.documents.vendored import Vendored, WrittenSource, sources_of
from innominatus_cli.documents.vendored_names import LOCK_FILE, VENDOR_FOLDER
from innominatus_cli.findings.catalogue import vendoring as codes
from innominatus_cli.findings.catalogue.ledger import LOCKED
from innominatus_cli.findings.finding import CannotContinue, Finding, Place, Severity
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.operations.vendoring.trees import files_of, problems_of
from innominatus_cli.operations.vendoring.writing import Intent, carry_out, finish_interrupted
from innominatus_cli.system.files import not_writable
from innominatus_cli.system.git import Git
from innominatus_cli.system.git_command import GitFailed
from innominatus_cli.system.git_fetching import UnknownRef, fetched
from innominatus_cli.system.locks import try_lock
from innominatus_cli.system.owned_files import NotARegularFile, read_owned
from innominatus_cli.system.state_folder import StateFolder

Progress = Callable[[str], None]
"""Is told what is being fetched, a line at a time."""
FileChange = Literal["added", "changed", "removed", "restored"]
_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class SourceChange:
    """What an update makes of one source. `commit_before` is None for a new source, `commit` for one that is gone.

    `files` are its files that differ, by their paths in it: `restored` are those that were not as the old lock says.
    """

    name: str
    repository: str
    ref: str
    commit_before: str | None
    commit: str | None
    files: Mapping[str, FileChange]
    settings_changed: bool = False
    """Whether the lock had another repository, ref or path."""

    @property
    def is_change(self) -> bool:
        """Whether anything differs."""
        return bool(self.files) or self.commit_before != self.commit or self.settings_changed


@dataclass(frozen=True, slots=True)
class Update:
    """What an update did, or would do. `finished` tells that it finished an interrupted one first."""

    changes: tuple[SourceChange, ...]
    findings: tuple[Finding, ...] = ()
    written: bool = False
    finished: bool = False

    @property
    def is_change(self) -> bool:
        """Whether anything differs."""
        return any(change.is_change for change in self.changes)


def update(
    root: Path, names: Sequence[str] = (), *, dry: bool = False, progress: Progress = lambda _line: None
) -> Update:
    """Fetches the named sources, or all, into the repository at `root`; with `dry` nothing is written.

    Without names, sources that admin-config.yaml has no more are removed. An update that was interrupted is finished
    first. Raises CannotContinue with everything that is in the way; nothing was written then.
    """
    if dry:
        return _update(root, names, progress, dry=True, finished=False)
    with _alone(root):
        return _update(root, names, progress, dry=False, finished=finish_interrupted(root))


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Keeps other updates of this working tree out. Raises CannotContinue (exit 75) where one is at work."""
    git = Git.open(root)
    if git is None:
        yield
        return
    state = StateFolder(git.git_dir)
    try:
        folder = state.ensure(state.root / "locks")
    except OSError as problem:
        raise CannotContinue(not_writable(str(state.root), problem)) from problem
    lock = try_lock(folder / "vendor-update.lock")
    if lock is None:
        message = "another `vendor update` is at work in this repository"
        raise CannotContinue(Finding(LOCKED, message, Place(VENDOR_FOLDER), "Wait until it has ended."))
    try:
        yield
    finally:
        lock.release()


def _update(root: Path, names: Sequence[str], progress: Progress, *, dry: bool, finished: bool) -> Update:
    repository = Repository(WorkingTreeSnapshot(root))
    sources = _sources(repository, names)
    old = _old_lock(repository.vendored)
    wanted = [source for name, source in sources.items() if not names or name in names]
    new: dict[str, LockedSource] = {name: one for name, one in old.items() if names or name in sources}
    contents: dict[str, bytes] = {}
    findings: list[Finding] = []
    for source in wanted:
        progress(f"fetching {source.name}: {source.ref} of {source.repository}")
        outcome = _fetch(source, root)
        if isinstance(outcome, list):
            findings += outcome
        else:
            new[source.name], files = outcome
            contents |= {f"{VENDOR_FOLDER}/{source.name}/{path}": data for path, data in files.items()}
    if findings:
        raise CannotContinue(*findings)
    changes = tuple(_changes(root, old, new, {source.name for source in wanted}))
    intent = _intent(root, old, new, contents)
    in_the_way = _in_the_way(root, old, intent)
    if len(intent.lock) > MAX_FILE:
        message = f"the lock of all sources would have {len(intent.lock):,} bytes, over {MAX_FILE:,}"
        in_the_way.append(Finding(codes.UNUSABLE_TREE, message, Place(LOCK_FILE)))
    if in_the_way:
        raise CannotContinue(*in_the_way)
    done = Update(changes, finished=finished)
    if dry:
        return done
    lock_differs = _read(root, LOCK_FILE) != intent.lock
    if intent.files or intent.removed or (lock_differs and (new or old)):
        carry_out(root, intent)
    return Update(changes, tuple(_hidden(root, new)), written=True, finished=finished)


def _sources(repository: Repository, names: Sequence[str]) -> dict[str, WrittenSource]:
    """The sources of admin-config.yaml, which has no error. Raises CannotContinue."""
    repository.admin_config()
    errors = [found for found in repository.findings if found.severity is Severity.ERROR]
    document = _document(repository)
    if document is not None and not errors:
        for rule in RULES:
            errors += rule(document, NO_FACTS)
    if errors:
        raise CannotContinue(*errors)
    sources = sources_of(document)
    unknown = [name for name in names if name not in sources]
    if unknown:
        raise CannotContinue(
            *(
                Finding(
                    codes.UNKNOWN_SOURCE,
                    f"admin-config.yaml has no workflow source '{name}'",
                    Place("NAME"),
                    did_you_mean(name, sources),
                )
                for name in unknown
            )
        )
    return sources


def _document(repository: Repository) -> Document | None:
    if not repository.has_admin_config:
        return None
    return next((one for one in repository.loaded(ADMIN_CONFIG).documents if one.kind == "AdminConfig"), None)


def _old_lock(vendored: Vendored) -> Lock:
    lock = vendored.lock
    if isinstance(lock, Finding):
        raise CannotContinue(lock)
    return {} if lock is None else lock


def _fetch(source: WrittenSource, root: Path) -> tuple[LockedSource, dict[str, bytes]] | list[Finding]:
    """The files of a source by their paths in it, and what the lock says of them; or why there are none."""
    address = str(root / source.repository) if is_path(source.repository) else source.repository
    folder = folder_of(source.path) or ""
    try:
        with fetched(address, source.ref) as tree:
            entries = tree.entries(folder)
            if entries is None:
                message = f"commit {tree.commit[:12]} of '{source.name}' has no folder '{source.path}'"
                return [Finding(codes.UNUSABLE_TREE, message, source.place)]
            entries = files_of(entries)
            problems = problems_of(entries, source.place)
            if problems:
                return [one._replace(message=f"'{source.name}': {one.message}") for one in problems]
            blobs = tree.contents([entry.object_id for entry in entries])
            files = {entry.path: blobs[entry.object_id] for entry in entries}
            commit = tree.commit
    except UnknownRef as problem:
        return [Finding(codes.UNKNOWN_REF, f"'{source.name}': {problem}", source.place)]
    except GitFailed as problem:
        return [Finding(codes.FETCH_FAILED, f"'{source.name}' cannot be fetched: {problem}", source.place)]
    shas = {path: digest_of_bytes(data) for path, data in files.items()}
    return LockedSource(source.repository, source.ref, commit, source.path, shas), files


def _changes(root: Path, old: Lock, new: Lock, wanted: set[str]) -> list[SourceChange]:
    found = []
    for name in sorted(wanted | (old.keys() - new.keys())):
        before, after = old.get(name), new.get(name)
        shown = after or before
        if shown is None:
            raise AssertionError("a source is in one of the two locks")
        changes: dict[str, FileChange] = {}
        then, now = before.files if before else {}, after.files if after else {}
        for path in sorted({*then, *now}):
            if path not in now:
                changes[path] = "removed"
            elif path not in then:
                changes[path] = "added"
            elif then[path] != now[path]:
                changes[path] = "changed"
            elif _sha_of(root, f"{VENDOR_FOLDER}/{name}/{path}") != now[path]:
                changes[path] = "restored"
        settings = bool(before and after and (before[:2], before.path) != (after[:2], after.path))
        commits = (before.commit if before else None, after.commit if after else None)
        found.append(SourceChange(name, shown.repository, shown.ref, *commits, changes, settings))
    return found


def _intent(root: Path, old: Lock, new: Lock, contents: Mapping[str, bytes]) -> Intent:
    """What is to be written: what is not there yet, or is something else."""
    differing = {path: data for path, data in contents.items() if _read(root, path) != data}
    gone = {*_paths(old)} - {*_paths(new)}
    return Intent(differing, tuple(sorted(gone)), write_lock(new))


def _paths(lock: Lock) -> list[str]:
    return [f"{VENDOR_FOLDER}/{name}/{path}" for name, source in lock.items() for path in source.files]


def _in_the_way(root: Path, old: Lock, intent: Intent) -> list[Finding]:
    """What stands where something is to be written and is not a file of the old lock: links and people's own files."""
    known = {*_paths(old)}
    found: dict[str, str] = {}
    for path in (*intent.files, *intent.removed, LOCK_FILE, ".innominatus/vendor-update/intent.json"):
        parts = path.split("/")
        for end in range(1, len(parts)):
            here = "/".join(parts[:end])
            mode = _mode(root, here)
            if mode and not stat.S_ISDIR(mode) and not (stat.S_ISREG(mode) and here in known):
                found.setdefault(here, "a folder of vendored files belongs here")
        mode = _mode(root, path)
        if path in intent.files and mode:
            if not stat.S_ISREG(mode):
                if not (stat.S_ISDIR(mode) and _holds_only(root, path, known)):
                    found.setdefault(path, "a vendored file belongs here")
            elif path not in known:
                found.setdefault(path, "another file is here, which innominatus.lock does not know")
        elif mode and stat.S_ISLNK(mode):
            found.setdefault(path, "a symbolic link is here")
        elif mode and not stat.S_ISREG(mode):
            found.setdefault(path, "something is here that is no file")
    return [Finding(codes.IN_THE_WAY, message, Place(path)) for path, message in sorted(found.items())[:_SHOWN]]


def _holds_only(root: Path, folder: str, known: set[str]) -> bool:
    """Whether a folder has nothing in it but files of the old lock, which go."""
    for at, folders, files in os.walk(root / folder):
        below = Path(at).relative_to(root).as_posix()
        if any(f"{below}/{name}" not in known for name in files):
            return False
        if any((Path(at) / name).is_symlink() for name in folders):
            return False
    return True


def _mode(root: Path, path: str) -> int:
    """The mode of what is at a path, links not followed; 0 where nothing is."""
    try:
        return (root / path).lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return 0


def _read(root: Path, path: str) -> bytes | None:
    """The bytes of a regular file; None for anything else. No link is followed."""
    try:
        return read_owned(root, path)
    except NotARegularFile:
        return None


def _sha_of(root: Path, path: str) -> str:
    data = _read(root, path)
    return "" if data is None else digest_of_bytes(data)


def _hidden(root: Path, new: Lock) -> list[Finding]:
    """A warning where git would not commit what was written."""
    try:
        git = Git.open(root) if new else None
        if git is None:
            return []
        relative = Path(os.path.relpath(root, git.root)).as_posix()
        prefix = "" if relative == "." else f"{relative}/"
        hidden = git.ignored([f"{prefix}{path}" for path in (*_paths(new), LOCK_FILE)])
    except (CannotContinue, GitFailed):  # what was written is written: a warning is not worth an error
        return []
    if not hidden:
        return []
    message = f"git ignores {len(hidden)} of the files that were written" if len(hidden) > 1 else "git ignores it"
    return [Finding(codes.HIDDEN_FROM_GIT, message, Place(hidden[0].removeprefix(prefix)))]
