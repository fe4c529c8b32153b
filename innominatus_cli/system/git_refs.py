"""Refs of our own on a remote: listed, fetched, and set by compare-and-swap. Locks and checkpoints are made of them.

Git's `--force-with-lease=<ref>:<old>` says what a ref must be for a push to count, and the server checks it again when
it takes the ref: of many who create or replace one, exactly one wins. What a remote answers is input that others write:
only well-formed ids and names that were asked for are taken from it.
"""

import os
import re
from random import SystemRandom
from typing import Final

from innominatus_cli.findings.catalogue.locks import REMOTE_REFUSED, REMOTE_UNREACHABLE, UNKNOWN_REMOTE
from innominatus_cli.findings.finding import CannotContinue, Code, Finding, Place
from innominatus_cli.system.clock import Clock, SystemClock
from innominatus_cli.system.commands import CommandOutcome, Ending
from innominatus_cli.system.git import Git
from innominatus_cli.system.git_command import GitFailed, operators_command, remote_command

TIMEOUT_SECONDS: Final = 60.0
_ID: Final = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_NAME: Final = re.compile(rb"refs/[\x21-\x7e]{1,1000}")
_URL_CREDENTIALS: Final = re.compile(r"//[^/@\s]*@")
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]+")
_LONGEST_REASON: Final = 300
_FETCH_ATTEMPTS: Final = 4
_NO_SUCH_REF: Final = "couldn't find remote ref"
_PUSH_ATTEMPTS: Final = 6
_PAUSE_SECONDS: Final = 0.1
_FETCHED: Final = "refs/innominatus/fetched/"
_QUIET_PUSH: Final = (
    "--porcelain",
    "--no-verify",
    "--no-progress",
    "--no-follow-tags",
    "--no-signed",
    "--recurse-submodules=no",
)
_QUIET_FETCH: Final = (
    "--quiet",
    "--no-tags",
    "--no-prune",
    "--no-filter",
    "--no-recurse-submodules",
    "--no-write-fetch-head",
    "--no-auto-maintenance",
    "--no-show-forced-updates",
    "--refmap=",
)
_STALE: Final = "stale info"
_PASSING: Final = (_STALE, "failed to update ref", "cannot lock ref", "already exists", "File exists", "unable to lock")
_REJECTED: Final = "!"


class RemoteRefs:
    """The refs below `refs/innominatus/` on one remote of a clone, as its operator may see and set them.

    Every method raises CannotContinue (exit 69) where the remote cannot be reached, or answers and refuses.
    """

    def __init__(
        self, git: Git, remote: str, *, timeout_seconds: float = TIMEOUT_SECONDS, clock: Clock | None = None
    ) -> None:
        self.git = git
        self.remote = remote
        self._clock = clock or SystemClock()
        self._command = remote_command(git.git_dir, git.root, git.run, timeout_seconds)

    @classmethod
    def open(
        cls, git: Git, remote: str, *, timeout_seconds: float = TIMEOUT_SECONDS, clock: Clock | None = None
    ) -> "RemoteRefs":
        """The refs on the remote of this name. Raises CannotContinue (exit 69) where the clone has no such remote."""
        known = remotes_of(git)
        if remote not in known:
            there = f"there is {', '.join(known)}" if known else "there is none"
            message = f"this clone has no remote '{remote}': {there}"
            raise CannotContinue(Finding(UNKNOWN_REMOTE, message, Place(remote or "git remote")))
        return cls(git, remote, timeout_seconds=timeout_seconds, clock=clock)

    def listed(self, *patterns: str) -> dict[str, str]:
        """The object ids of refs by name: of exactly these names, and of all below a pattern that ends with `/*`."""
        outcome = self._command.outcome("ls-remote", "--quiet", "--refs", "--end-of-options", self.remote, *patterns)
        if not outcome.succeeded or outcome.stdout.truncated:
            raise self._trouble(REMOTE_UNREACHABLE, _reason(outcome))
        return _refs_of(outcome.stdout.head, patterns)

    def set(self, ref: str, new: str, old: str | None) -> bool:
        """Sets a ref to the object `new`, which this clone has, where it is still `old` (None: where there is none).

        False where it is something else by now. Where it is `new` already, that counts as done: the answer of an
        earlier call may have been lost.
        """
        return self._push(ref, new, old)

    def delete(self, ref: str, old: str) -> bool:
        """Deletes a ref where it is still `old`; False where it is something else. One that has gone counts as done."""
        return self._push(ref, None, old)

    def fetch(self, *refs: str) -> dict[str, str]:
        """Brings what these refs hold into the clone, and tells the object id of each; one that is gone is left out."""
        fetched: dict[str, str] = {}
        for ref in refs:
            found = self._fetch(ref)
            if found is not None:
                fetched[ref] = found
        return fetched

    def blob(self, ref: str, most_bytes: int) -> tuple[str, bytes] | None:
        """The id and the bytes of a blob that a ref holds, None where there is no such ref.

        The bytes are empty where it holds something else than a blob, or one of more than `most_bytes`.
        """
        object_id = self.fetch(ref).get(ref)
        if object_id is None:
            return None
        size = self.git.blob_sizes([object_id]).get(object_id, most_bytes + 1)
        kind, data = self.git.objects([object_id])[object_id] if size <= most_bytes else ("", b"")
        return object_id, data if kind == "blob" else b""

    def _push(self, ref: str, new: str | None, old: str | None) -> bool:
        lease = f"--force-with-lease={ref}:{old or ''}"
        random = SystemRandom()
        reason = ""
        for attempt in range(_PUSH_ATTEMPTS):
            outcome = self._command.outcome("push", *_QUIET_PUSH, lease, self.remote, f"{new or ''}:{ref}")
            flag, reason = _answer(outcome, ref)
            if outcome.succeeded and flag != _REJECTED:
                return True
            current = self.listed(ref).get(ref)
            if current == new:
                return True
            if current != old:
                return False
            if outcome.ending is Ending.TIMED_OUT:
                raise self._trouble(REMOTE_UNREACHABLE, reason)
            if flag != _REJECTED or not _is_passing(reason):
                break
            self._clock.sleep(_PAUSE_SECONDS * (attempt + 1) * (0.5 + random.random()))
        if _STALE in reason:
            return False
        raise self._trouble(REMOTE_REFUSED, reason)

    def _fetch(self, ref: str) -> str | None:
        ours = f"{_FETCHED}{os.getpid()}-{SystemRandom().randrange(1 << 48):012x}"
        for attempt in range(_FETCH_ATTEMPTS):
            outcome = self._command.outcome("fetch", *_QUIET_FETCH, "--end-of-options", self.remote, f"+{ref}:{ours}")
            if outcome.succeeded:
                break
            reason = _reason(outcome)
            if _NO_SUCH_REF in reason or ref not in self.listed(ref):
                return None
            if attempt == _FETCH_ATTEMPTS - 1:  # a ref that others replace may be another one in the middle of a fetch
                raise self._trouble(REMOTE_UNREACHABLE, reason)
        try:
            object_id = self.git.command.text("rev-parse", "--verify", "-q", "--end-of-options", ours)
            self.git.command.output("update-ref", "-d", ours, object_id)
        except GitFailed as problem:
            raise self._trouble(REMOTE_UNREACHABLE, str(problem)) from problem
        return object_id

    def _trouble(self, code: Code, reason: str) -> CannotContinue:
        what = "does not answer as it should" if code is REMOTE_UNREACHABLE else "takes no ref of ours"
        return CannotContinue(Finding(code, f"'{self.remote}' {what}: {reason}", Place(self.remote)))


def remotes_of(git: Git) -> list[str]:
    """The names of the remotes of a clone that have an address, as its operator's git knows them, sorted."""
    command = operators_command(git.root, git.run, f"--git-dir={git.git_dir}")
    try:
        listed = command.output("config", "-z", "--name-only", "--get-regexp", r"^remote\..*\.url$", allowed=(0, 1))
    except GitFailed:
        return []
    names = {os.fsdecode(name).removeprefix("remote.").removesuffix(".url") for name in listed.split(b"\0")[:-1]}
    return sorted(name for name in names if not name.startswith("-"))


def write_blob(git: Git, data: bytes) -> str:
    """Stores bytes as a blob of the clone, which no ref holds; its object id. Raises GitFailed."""
    return git.command.output("hash-object", "-w", "--no-filters", "--stdin", stdin=data).decode().strip()


def ref_segment(name: str) -> str:
    """A name as one part of a ref (git check-ref-format); different names give different parts."""
    plain = re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]*", name)
    if plain and ".." not in name and not name.endswith((".", ".lock")):
        return name
    data = name.encode("utf-8", "surrogateescape")
    return "".join(chr(byte) if chr(byte).isascii() and chr(byte).isalnum() else f"%{byte:02X}" for byte in data) or "%"


def _refs_of(listed: bytes, patterns: tuple[str, ...]) -> dict[str, str]:
    below = tuple(pattern[:-1] for pattern in patterns if pattern.endswith("/*"))
    found: dict[str, str] = {}
    for line in listed.split(b"\n"):
        object_id, _, name = line.partition(b"\t")
        if _ID.fullmatch(object_id) and _NAME.fullmatch(name):
            ref = name.decode("ascii")
            if ref in patterns or ref.startswith(below):
                found[ref] = object_id.decode("ascii")
    return found


def _answer(outcome: CommandOutcome, ref: str) -> tuple[str, str]:
    """What git says of our ref (git-push(1), --porcelain): the flag, and why; both may be empty."""
    for line in outcome.stdout.head.decode("utf-8", "replace").splitlines():
        flag, _, rest = line.partition("\t")
        names, _, summary = rest.partition("\t")
        if len(flag) == 1 and names.rpartition(":")[2] == ref:
            return flag, _told(summary)
    return "", _reason(outcome)


def _is_passing(reason: str) -> bool:
    """Whether it was refused because somebody else had the ref, or its lock file on the server, for a moment."""
    return any(sign in reason for sign in _PASSING)


def _reason(outcome: CommandOutcome) -> str:
    if outcome.ending is Ending.TIMED_OUT:
        return f"no answer within {round(outcome.duration_ms / 1000)} seconds"
    if outcome.succeeded:
        return "it has more refs than anybody reads"
    lines = [line.strip() for line in outcome.stderr.head.decode("utf-8", "replace").splitlines() if line.strip()]
    first = next((line for line in lines if line.startswith(("fatal: ", "error: ", "ERROR: "))), lines[-1:] or [""])
    said = first if isinstance(first, str) else first[0]
    return _told(said.removeprefix("fatal: ").removeprefix("error: ")) or outcome.problem or "no reason given"


def _told(text: str) -> str:
    """Text of a remote as one safe, short line without credentials."""
    line = _UNPRINTABLE.sub(" ", _URL_CREDENTIALS.sub("//", text)).strip()
    return line if len(line) <= _LONGEST_REASON else f"{line[:_LONGEST_REASON]}…"
