"""The door to git: reading. Writing is in `git_writing`, who the operator is in `git_identity`, pushing in `git_push`.

Everything is plumbing with machine-readable output, started as `git_command` says; nothing that a repository holds
or configures is executed.
"""

import hashlib
import os
import re
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NamedTuple

from innominatus_cli.findings.catalogue.ledger import GIT_FAILED, GIT_MISSING, NOT_A_REPOSITORY, UNKNOWN_REVISION
from innominatus_cli.findings.catalogue.revisions import AMBIGUOUS_REVISION
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.system.commands import CommandOutcome, CommandRequest
from innominatus_cli.system.git_command import GitCommand, GitFailed, Run, operators_command, plumbing_command

_OLDEST: Final = (2, 36)
_OUTPUT_BYTES: Final = 256 * 1024 * 1024
_OPERATIONS: Final = (
    ("rebase-merge", "rebase"),
    ("rebase-apply", "rebase"),
    ("MERGE_HEAD", "merge"),
    ("CHERRY_PICK_HEAD", "cherry-pick"),
    ("REVERT_HEAD", "revert"),
    ("sequencer", "cherry-pick or revert"),
    ("BISECT_LOG", "bisect"),
)
_BRANCHES: Final = "refs/heads/"


@dataclass(frozen=True, slots=True)
class Head:
    """What is checked out: `commit` None in a repository without commits, `ref` None where the head is detached."""

    commit: str | None
    ref: str | None
    operation: str | None = None
    """What git is in the middle of: rebase, merge, cherry-pick, revert or bisect."""

    @property
    def branch(self) -> str | None:
        """The branch's name, without `refs/heads/`."""
        return self.ref.removeprefix(_BRANCHES) if self.ref else None


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """A file of a tree. `mode` is git's: 100644, 100755, 120000 (a link) or 160000 (a submodule)."""

    path: str
    mode: str
    object_id: str


class Commit(NamedTuple):
    """A commit: its id, the author's name and the first line of its message."""

    id: str
    author: str
    subject: str


class Git:
    """One repository with a working tree. `root` is its top folder, `common_dir` is shared by all its worktrees."""

    def __init__(self, root: Path, git_dir: Path, common_dir: Path, object_format: str, run: Run) -> None:
        self.root = root
        self.git_dir = git_dir
        self.common_dir = common_dir
        self.object_format = object_format
        self.run = run
        self.command: GitCommand = plumbing_command(git_dir, root, run)

    @classmethod
    def open(cls, start: Path, run: Run | None = None) -> "Git | None":
        """The repository that `start` is in; None where it is in none.

        Raises CannotContinue for a bare repository, one that git refuses to trust, and where git is missing or old.
        """
        runner = run or _blocking_run
        command = operators_command(start, runner)
        _require_version(command)
        asked = ("--show-toplevel", "--git-dir", "--git-common-dir", "--show-object-format")
        outcome = command.outcome("rev-parse", "--path-format=absolute", *asked)
        if not outcome.succeeded:
            _refuse_or_pass(outcome, start)
            return None
        answers = os.fsdecode(outcome.stdout.head).splitlines()
        if len(answers) != len(asked):
            raise _unusable(start, "its path holds a line break")
        root = Path(answers[0])
        if not (root / ".git").exists():
            raise _unusable(start, "its configuration (core.worktree) points to another folder")
        return cls(root, Path(answers[1]), Path(answers[2]), answers[3], runner)

    def head(self) -> Head:
        """What is checked out now, and what git is in the middle of. Raises GitFailed."""
        operation = next((word for name, word in _OPERATIONS if (self.git_dir / name).exists()), None)
        asked = ("rev-parse", "-q", "HEAD^{commit}", "--symbolic-full-name", "HEAD")
        said = self.command.text(*asked, allowed=(0, 1, 128))
        commit, _, name = said.partition("\n")
        if name:
            return Head(commit, name if name != "HEAD" else None, operation)
        ref = self.checked_out()  # no commit yet, or a branch is called HEAD too
        return Head(self.commit_of(ref or "HEAD"), ref, operation)

    def checked_out(self) -> str | None:
        """The ref that is checked out; None where the head is detached. Raises GitFailed."""
        return self.command.text("symbolic-ref", "-q", "HEAD", allowed=(0, 1)) or None

    def commit_of(self, ref: str) -> str | None:
        """The commit of a full ref name or of HEAD; None where there is none (yet). Raises GitFailed."""
        verify = ("rev-parse", "--verify", "-q", "--end-of-options", f"{ref}^{{commit}}")
        return self.command.text(*verify, allowed=(0, 1, 128)) or None

    def resolve(self, revision: str) -> str:
        """The commit that a person means by `revision`. Raises CannotContinue where there is none, or more than one.

        What looks like an option or like a range is none.
        """
        usable = revision and not re.search(r"^[-^]|\.\.|[\x00-\x20\x7f]", revision)
        commit = self.commit_of(revision) if usable else None
        several = self._several(revision) if usable else []
        if several:
            message = f"'{revision}' is {', '.join(several[:-1])} and {several[-1]}"
            raise CannotContinue(Finding(AMBIGUOUS_REVISION, message, Place(revision)))
        if commit is None or "\n" in commit:  # a range is two
            raise CannotContinue(
                Finding(UNKNOWN_REVISION, f"no commit is called '{revision}'", Place(revision or "git"))
            )
        return commit

    def _several(self, revision: str) -> list[str]:
        """What a name may mean, where that is several commits: a branch and a tag, or a short id of many objects.

        git itself takes the tag, so that whoever may push one could change what `main` means.
        """
        if re.fullmatch(r"[0-9a-f]{4,63}", revision) and self.commit_of(revision) is None:
            found = self.command.text("rev-parse", f"--disambiguate={revision}", allowed=(0, 1, 128)).split()
            return [f"commit {one[:16]}" for one in found if self._object_type(one) == "commit"][:5]
        names = {f"refs/tags/{revision}": "a tag", f"refs/heads/{revision}": "a branch"}
        asked = [f"{name}^{{commit}}" for name in names]
        kinds = self.objects(asked)
        there = {name: kinds[one] for name, one in zip(names, asked, strict=True) if kinds[one][0] == "commit"}
        return [names[name] for name in there] if len({data for _, data in there.values()}) > 1 else []

    def merge_base(self, one: str, other: str) -> str | None:
        """The best common ancestor of two commits; None where this clone knows none. Raises GitFailed."""
        return self.command.text("merge-base", "--end-of-options", one, other, allowed=(0, 1)) or None

    def commits_between(self, old: str, new: str) -> "tuple[Commit, ...]":
        """The commits that `new` has and `old` has not, the oldest first, merges aside. Raises GitFailed."""
        options = ("--reverse", "--topo-order", "--no-merges", "--no-commit-header", "--format=%H%x00%an%x00%s%x00")
        listed = self.command.output("rev-list", *options, "--end-of-options", new, f"^{old}")
        fields = [field.strip("\n") for field in listed.decode("utf-8", "replace").split("\0")]
        return tuple(Commit(*fields[at : at + 3]) for at in range(0, len(fields) - 3, 3))

    def is_shallow(self) -> bool:
        """Whether the clone lacks older commits. Raises GitFailed."""
        return self.command.text("rev-parse", "--is-shallow-repository") == "true"

    def tree(self, commit: str, under: str = "") -> list[TreeEntry]:
        """All files of a commit below the folder `under`, sorted by path; none where the folder is absent.

        Raises GitFailed.
        """
        treeish = f"{commit}:{under}" if under else commit
        try:
            listed = self.command.output("ls-tree", "-r", "-z", "--full-tree", "--end-of-options", treeish)
        except GitFailed as problem:
            if under and self._object_type(treeish) != "tree":
                return []
            raise CannotContinue(Finding(GIT_FAILED, str(problem), Place(commit))) from problem
        prefix = f"{under}/" if under else ""
        entries = []
        for line in listed.split(b"\0")[:-1]:
            facts, _, name = line.partition(b"\t")
            mode, _, object_id = facts.decode().split(" ")
            entries.append(TreeEntry(prefix + os.fsdecode(name), mode, object_id))
        return entries

    def read_blobs(self, object_ids: Iterable[str]) -> dict[str, bytes]:
        """The contents of blobs by object id, in one process. Raises CannotContinue for one that is missing."""
        wanted = list(dict.fromkeys(object_ids))
        found = self.objects(wanted)
        contents = {}
        for object_id in wanted:
            kind, data = found[object_id]
            if kind != "blob":
                raise CannotContinue(Finding(GIT_FAILED, f"object {object_id} is {kind}, not a blob", Place("git")))
            contents[object_id] = data
        return contents

    def blob_sizes(self, object_ids: Iterable[str]) -> dict[str, int]:
        """The sizes in bytes of those that are objects here, in one process. Raises GitFailed."""
        asked = "".join(f"{one}\n" for one in object_ids).encode()
        form = "--batch-check=%(objectname) %(objectsize)"
        answers = self.command.output("cat-file", form, stdin=asked).decode().splitlines() if asked else []
        words = (answer.split(" ") for answer in answers)
        return {name: int(size) for name, size in words if size.isdecimal()}

    def objects(self, names: Iterable[str]) -> dict[str, tuple[str, bytes]]:
        """Objects by any name git understands (`<id>`, `<commit>:<path>`): type and bytes; type `missing` without."""
        asked = list(dict.fromkeys(names))
        if not asked:
            return {}
        if any("\n" in name for name in asked):
            raise ValueError("an object's name holds a line break")
        stream = self.command.output("cat-file", "--batch", stdin=os.fsencode("".join(f"{name}\n" for name in asked)))
        found: dict[str, tuple[str, bytes]] = {}
        position = 0
        for name in asked:
            end = stream.index(b"\n", position)
            words = stream[position:end].split(b" ")
            position = end + 1
            if words[-1] in {b"missing", b"ambiguous"} or len(words) < 3:  # noqa: PLR2004 - id, type, size
                found[name] = ("missing", b"")
                continue
            size = int(words[-1])
            found[name] = (words[-2].decode(), stream[position : position + size])
            position += size + 1
        return found

    def blob_id(self, data: bytes) -> str:
        """The object id that these bytes have as a blob of this repository; nothing is written."""
        return self.object_id("blob", data)

    def object_id(self, kind: str, data: bytes) -> str:
        """The object id that these bytes have as an object of `kind`."""
        algorithm = hashlib.new(self.object_format, usedforsecurity=False)
        algorithm.update(f"{kind} {len(data)}\0".encode())
        algorithm.update(data)
        return algorithm.hexdigest()

    def refs(self, prefix: str) -> dict[str, str]:
        """The refs below `prefix` and their commits, sorted by name. Raises GitFailed."""
        form = "--format=%(refname) %(objectname)"
        listed = self.command.text("for-each-ref", form, "--end-of-options", prefix)
        return dict(line.rsplit(" ", 1) for line in listed.splitlines())

    def changes(self, commit: str) -> list[TreeEntry]:
        """The files that a commit adds or changes against its first parent, sorted by path. Raises GitFailed."""
        options = ("-r", "-z", "--root", "--no-commit-id", "--no-renames", "--no-ext-diff", "--no-textconv", "-m")
        fields = self.command.output("diff-tree", *options, "--diff-filter=AM", commit, "--").split(b"\0")[:-1]
        found: dict[str, TreeEntry] = {}
        for facts, name in zip(fields[::2], fields[1::2], strict=True):
            _, mode, _, object_id, _ = facts.decode().split(" ")
            found.setdefault(os.fsdecode(name), TreeEntry(os.fsdecode(name), mode, object_id))
        return [found[path] for path in sorted(found)]

    def differing(self, paths: Iterable[str], commit: str | None) -> list[str]:
        """Those of `paths` that a commit has not, or has with other content; sorted. None: a commit without files.

        Contents are compared as they are, or with their CRLF line ends as LF; no filter of the repository runs. A
        path that neither the working tree nor the commit has does not differ.
        """
        wanted = sorted(set(paths))
        committed = self.entries_at(commit, wanted) if commit else {}
        return [path for path in wanted if self._differs(path, committed.get(path))]

    def ignored(self, paths: Iterable[str]) -> list[str]:
        """Those of `paths` that git ignores in the working tree, sorted; none of the index. Raises GitFailed."""
        stdin = b"\0".join(map(os.fsencode, sorted(paths)))
        options = tuple(option for option in self.command.options if option != "--literal-pathspecs")
        command = replace(self.command, options=options)  # check-ignore takes no literal pathspecs, nor any magic
        listed = command.output("check-ignore", "-z", "--stdin", stdin=stdin, allowed=(0, 1))
        return [os.fsdecode(name) for name in listed.split(b"\0")[:-1]]

    def entries_at(self, commit: str, paths: list[str]) -> Mapping[str, TreeEntry]:
        """The entries of a commit at exactly these paths, where it has some. Raises GitFailed."""
        if len(paths) > 1_000:  # noqa: PLR2004 - an argv has an end
            return {entry.path: entry for entry in self.tree(commit)}
        listed = self.command.output("ls-tree", "-z", "--full-tree", commit, "--", *paths) if paths else b""
        found = {}
        for line in listed.split(b"\0")[:-1]:
            facts, _, name = line.partition(b"\t")
            mode, _, object_id = facts.decode().split(" ")
            found[os.fsdecode(name)] = TreeEntry(os.fsdecode(name), mode, object_id)
        return found

    def _differs(self, path: str, committed: TreeEntry | None) -> bool:
        try:
            data = _content(self.root / path)
        except OSError:
            return True
        if data is None or committed is None:
            return data is not None or committed is not None
        ids = {self.blob_id(data), self.blob_id(data.replace(b"\r\n", b"\n"))}
        return committed.object_id not in ids

    def _object_type(self, name: str) -> str:
        answer = self.command.output("cat-file", "--batch-check=%(objecttype)", stdin=os.fsencode(f"{name}\n"))
        words = answer.decode("utf-8", "replace").split()
        return words[0] if len(words) == 1 else "missing"


def _content(path: Path) -> bytes | None:
    """What git would store of a file or link; None where nothing is. Raises OSError for what it could not store."""
    try:
        facts = path.lstat()
        if stat.S_ISLNK(facts.st_mode):
            return os.fsencode(path.readlink())
        if stat.S_ISREG(facts.st_mode):
            return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    raise OSError(0, "neither a file nor a link", str(path))


def _blocking_run(request: CommandRequest) -> CommandOutcome:
    from innominatus_cli.system.processes import run  # noqa: PLC0415 - a hot path that has no git starts no process

    return run(replace(request, keep_bytes=_OUTPUT_BYTES))


def _require_version(command: GitCommand) -> None:
    outcome = command.outcome("version")
    said = outcome.stdout.head.decode("utf-8", "replace").strip()
    numbers = re.search(r"([0-9]+)\.([0-9]+)", said)
    if not outcome.succeeded or numbers is None:
        message = outcome.problem or outcome.stderr.head.decode("utf-8", "replace").strip() or "it names no version"
        raise CannotContinue(Finding(GIT_MISSING, f"{command.program} does not work: {message}", Place("git")))
    if (int(numbers[1]), int(numbers[2])) < _OLDEST:
        raise CannotContinue(Finding(GIT_MISSING, f"{said} is too old", Place("git")))


def _refuse_or_pass(outcome: CommandOutcome, start: Path) -> None:
    said = outcome.stderr.head.decode("utf-8", "replace").strip() or outcome.problem
    if "not a git repository" in said:
        return
    if "dubious ownership" in said:
        raise _unusable(start, "it belongs to another user")
    if "bare repository" in said or "work tree" in said:
        raise _unusable(start, "there is no working tree here")
    raise _unusable(start, said.splitlines()[0].removeprefix("fatal: ") if said else "git cannot read it")


def _unusable(start: Path, reason: str) -> CannotContinue:
    return CannotContinue(Finding(NOT_A_REPOSITORY, f"the repository cannot be used: {reason}", Place(str(start))))
