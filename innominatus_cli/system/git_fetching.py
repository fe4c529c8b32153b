"""Fetching one tree of another repository: the one place that reads over a network.

Everything lands in a temporary bare repository, and is read from there as bytes: no checkout, so that no filter,
attribute or link of the other repository means anything.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

from innominatus_cli.system.commands import CommandOutcome, CommandRequest, Ending
from innominatus_cli.system.git_command import GitCommand, GitFailed, Run, bare_command, fetching_command

_OUTPUT_BYTES: Final = 64 * 1024 * 1024
_FETCHED: Final = "refs/innominatus/fetched"
_EVERYTHING: Final = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
_WHOLE_ID: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
_SHORT_ID: Final = re.compile(r"[0-9a-f]{7,63}\Z")
_SHA256: Final = 64
_CREDENTIALS: Final = re.compile(r"//[^/@\s]*@")


class RemoteEntry(NamedTuple):
    """A file of a fetched tree. `mode` is git's, `size` in bytes, 0 for a submodule.

    `path` has surrogates where it is no UTF-8.
    """

    path: str
    mode: str
    object_id: str
    size: int


class UnknownRef(Exception):  # noqa: N818 - what is the matter
    """The other repository has no such ref, or several; its message is a sentence."""


class FetchedTree:
    """The commit that a ref means, and the files of a folder of it; there until the fetch is left."""

    def __init__(self, command: GitCommand, commit: str) -> None:
        self._command = command
        self.commit = commit

    def entries(self, folder: str) -> list[RemoteEntry] | None:
        """All files below a folder (empty: of everything), by their paths in it; None where it is no folder.

        Raises GitFailed, also where the list has more than 64 MiB.
        """
        treeish = f"{self.commit}:{folder}"
        kind = self._command.outcome("cat-file", "-t", treeish)
        if not kind.succeeded or kind.stdout.head.strip() != b"tree":
            return None
        listed = self._command.output("ls-tree", "-r", "-z", "-l", "--full-tree", "--end-of-options", treeish)
        return [_entry(line) for line in listed.split(b"\0")[:-1]]

    def contents(self, object_ids: Sequence[str]) -> dict[str, bytes]:
        """The bytes of blobs by their ids. Raises GitFailed."""
        wanted = list(dict.fromkeys(object_ids))
        if not wanted:
            return {}
        stream = self._command.output("cat-file", "--batch", stdin="".join(f"{one}\n" for one in wanted).encode())
        found: dict[str, bytes] = {}
        position = 0
        for object_id in wanted:
            end = stream.index(b"\n", position)
            words = stream[position:end].split(b" ")
            if words[1:2] != [b"blob"]:
                raise GitFailed("cat-file", None, f"object {object_id} is not there")
            size = int(words[2])
            found[object_id] = stream[end + 1 : end + 1 + size]
            position = end + 1 + size + 1
        return found


@contextmanager
def fetched(address: str, ref: str, run: Run | None = None) -> Iterator[FetchedTree]:
    """Fetches what `ref` means in the repository at `address`: a branch, a tag, a whole commit id or its beginning.

    Both have been looked at: they begin with no dash, and the address starts no program. Raises UnknownRef, GitFailed
    (its message never has credentials), and CannotContinue where git is missing.
    """
    runner = run or _run
    folder = Path(os.path.realpath(tempfile.mkdtemp(prefix="innominatus-fetch-")))
    try:
        yield _Fetching(folder, address, runner).fetch(ref)
    except GitFailed as problem:
        raise GitFailed(problem.command, problem.exit_code, _CREDENTIALS.sub("//", problem.message)) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _Fetching:
    def __init__(self, folder: Path, address: str, run: Run) -> None:
        self._address = address
        self._network = fetching_command(folder, run)
        self._plumbing = bare_command(folder, run)

    def fetch(self, ref: str) -> FetchedTree:
        if _WHOLE_ID.match(ref):
            self._make(len(ref))
            return FetchedTree(self._plumbing, self._commit_itself(ref))
        known = self._advertised()
        length = len(next(iter(known.values()), "")) or 40
        self._make(length)
        name = self._named(ref, known)
        if name is not None:
            self._get(f"+{name}:{_FETCHED}", "--depth=1")
            return FetchedTree(self._plumbing, self._resolved(_FETCHED, ref))
        if not _SHORT_ID.match(ref):
            raise UnknownRef(f"there is no branch, tag or commit '{ref}'")
        self._get(*_EVERYTHING)
        return FetchedTree(self._plumbing, self._resolved(ref, ref))

    def _make(self, length: int) -> None:
        form = "sha256" if length == _SHA256 else "sha1"
        self._plumbing.output("init", "--quiet", "--bare", "--template=", f"--object-format={form}")

    def _advertised(self) -> dict[str, str]:
        listed = self._asked("ls-remote", "--quiet", "--end-of-options", self._address)
        pairs = (line.split("\t", 1) for line in listed.decode("utf-8", "surrogateescape").splitlines())
        return {pair[1]: pair[0] for pair in pairs if len(pair) == 2}  # noqa: PLR2004 - an id and a name

    @staticmethod
    def _named(ref: str, known: dict[str, str]) -> str | None:
        """The full name of a branch or tag. Raises UnknownRef where it is both, of different commits."""
        if ref == "HEAD" or ref.startswith("refs/"):
            return ref if ref in known else None
        branch, tag = f"refs/heads/{ref}", f"refs/tags/{ref}"
        if branch in known and tag in known and known[branch] != known.get(f"{tag}^{{}}", known[tag]):
            raise UnknownRef(f"'{ref}' is a branch and a tag: write '{branch}' or '{tag}'")
        return next((name for name in (branch, tag) if name in known), None)

    def _commit_itself(self, commit: str) -> str:
        """A commit by its whole id: alone where the server gives it, else with everything."""
        try:
            self._get(f"+{commit}:{_FETCHED}", "--depth=1")
        except GitFailed:
            self._get(*_EVERYTHING)
        found = self._resolved(commit, commit)
        if found != commit:
            raise UnknownRef(f"'{commit}' is no commit")
        return found

    def _resolved(self, name: str, ref: str) -> str:
        outcome = self._plumbing.outcome("rev-parse", "--verify", "-q", "--end-of-options", f"{name}^{{commit}}")
        if not outcome.succeeded:
            if b"ambiguous" in outcome.stderr.head:
                raise UnknownRef(f"'{ref}' begins the ids of several commits")
            raise UnknownRef(f"there is no branch, tag or commit '{ref}'")
        return outcome.stdout.head.decode().strip()

    def _get(self, *refspecs: str) -> None:
        options = [word for word in refspecs if word.startswith("--")] or ["--update-shallow"]
        wanted = [word for word in refspecs if not word.startswith("--")]
        quiet = ("--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--no-auto-maintenance")
        self._asked("fetch", *quiet, *options, "--end-of-options", self._address, *wanted)

    def _asked(self, *arguments: str) -> bytes:
        """The output of a command that speaks to the other repository. Raises GitFailed with git's own reason."""
        outcome = self._network.outcome(*arguments)
        if outcome.succeeded and not outcome.stdout.truncated:
            return outcome.stdout.head
        raise GitFailed(arguments[0], outcome.exit_code, _reason(outcome))


def _entry(line: bytes) -> RemoteEntry:
    facts, _, name = line.partition(b"\t")
    mode, _, object_id, size = facts.decode().split()
    return RemoteEntry(os.fsdecode(name), mode, object_id, 0 if size == "-" else int(size))


def _reason(outcome: CommandOutcome) -> str:
    if outcome.ending is Ending.TIMED_OUT:
        return f"it took longer than {round(outcome.duration_ms / 1000)} seconds"
    if outcome.succeeded:
        return "it has more refs than anybody reads"
    said = outcome.stderr.head.decode("utf-8", "replace").splitlines()
    lines = [line.strip() for line in said if line.strip()]
    first = next((line for line in lines if line.startswith(("fatal: ", "error: "))), lines[-1] if lines else "")
    return first.partition(": ")[2] if first.startswith(("fatal: ", "error: ")) else first or outcome.problem


def _run(request: CommandRequest) -> CommandOutcome:
    from innominatus_cli.system.processes import run  # noqa: PLC0415 - most commands fetch nothing

    return run(replace(request, keep_bytes=_OUTPUT_BYTES))
