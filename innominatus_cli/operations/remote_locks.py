"""The lock of an application and environment over all clones: a ref on a remote that only one run can create.

    refs/innominatus/locks/<application>/<environment>    held by a blob (`documents.remote_lock`)
    refs/innominatus/cancel/<run>                         somebody asks a run to end

A copy of the process renews the lock while the run works, sees whether it is still there, and hears of requests to
cancel. A lock is never broken by its age: who takes one away names its id, the object id of its first blob.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from innominatus_cli.documents.remote_lock import LOCK_BYTES, RemoteLockFacts, read_lock
from innominatus_cli.findings.catalogue.locks import LOCK_LOST, LOCK_NOT_RELEASED, LOCK_NOT_RENEWED, LOCKED_ON_REMOTE
from innominatus_cli.findings.finding import CannotContinue, Finding, Place, Severity
from innominatus_cli.operations.cancel_requests import CancelRequest, cancel_ref, request_of, tell_run
from innominatus_cli.system.clock import Clock, timestamp
from innominatus_cli.system.companion import Companion, Stopped, start_companion
from innominatus_cli.system.git_command import GitFailed
from innominatus_cli.system.git_refs import RemoteRefs, ref_segment, write_blob
from innominatus_cli.system.locks import Holder
from innominatus_cli.system.owned_files import replace_owned
from innominatus_cli.system.state_folder import StateFolder

LOCK_REFS: Final = "refs/innominatus/locks/"
_BEATS_PER_LEASE: Final = 6
_RENEWALS_PER_LEASE: Final = 3
_SHORTEST_BEAT_SECONDS: Final = 0.2
_LONGEST_BEAT_SECONDS: Final = 10.0
_STOP_SECONDS: Final = 5.0
_RELEASE_ATTEMPTS: Final = 3
_REASON: Final = 900


def lock_ref(application: str, environment: str) -> str:
    """The ref that holds the lock of an application and environment."""
    return f"{LOCK_REFS}{ref_segment(application)}/{ref_segment(environment)}"


@dataclass(frozen=True, slots=True)
class StandingLock:
    """A lock as it stands on a remote; `facts` is None where the blob is not one of ours."""

    ref: str
    object_id: str
    facts: RemoteLockFacts | None

    @property
    def token(self) -> str:
        """Its id: the object id of its first blob."""
        return (self.facts.token if self.facts else None) or self.object_id


@dataclass(slots=True)
class RemoteLock:
    """A lock that this process holds."""

    refs: RemoteRefs
    ref: str
    token: str
    facts: RemoteLockFacts
    state: StateFolder
    clock: Clock
    _companion: Companion | None = field(default=None)

    def keep(self, holder: Holder) -> None:
        """Starts to renew it, and to tell this process (`holder`) where it is lost or the run is to end."""
        self._companion = start_companion(_Keeper(self, holder).work)

    def release(self) -> tuple[Finding, ...]:
        """Gives the lock back; warnings where it was not renewed in time, or stays."""
        answer = self._stopped()
        findings = _renewals(self, answer)
        asked = cancel_ref(self.facts.run)
        try:
            standing = self.refs.listed(self.ref, asked)
            if asked in standing:  # the run has ended, whether it heard of it or not
                self.refs.delete(asked, standing[asked])
            lost = bool(answer.get("lost"))
            if not lost and not self._given_back(standing.get(self.ref)):
                message = "it was taken away before the run had ended, which was seen only now"
                findings = (*findings, Finding(LOCK_LOST, message, Place(self.ref), severity_override=Severity.WARNING))
        except CannotContinue as problem:
            what = f"the lock of '{self.facts.application}' in '{self.facts.environment}' was not given back"
            return (*findings, Finding(LOCK_NOT_RELEASED, f"{what}: {_sentence(problem)}", Place(self.ref)))
        self._forget()
        return findings

    def _given_back(self, current: str | None) -> bool:
        """Deletes the ref where it is still ours; False where it is not."""
        if current is None:
            return False
        if current == self.token:
            return _delete(self.refs, self.ref, self.token, current)
        now = standing_lock(self.refs, self.ref)
        return now is not None and now.token == self.token and break_lock(self.refs, now)

    def _stopped(self) -> Mapping[str, Any]:
        if self._companion is None:
            return {"problem": "this process could not be copied"}
        answer = self._companion.stop(_STOP_SECONDS)
        try:
            return dict(json.loads(answer or b"{}"))
        except ValueError:
            return {}

    def _forget(self) -> None:
        _note_path(self.state, self.facts.run).unlink(missing_ok=True)


def acquire_on_remote(
    refs: RemoteRefs, state: StateFolder, clock: Clock, holder: Holder, lease_seconds: int
) -> RemoteLock:
    """Takes the lock of the holder's application and environment on a remote.

    The caller holds this clone's own lock of them, so that a lock that a killed run of this clone left on the remote is
    nobody's, and is given back first. Raises CannotContinue: exit 75 naming the holder, exit 69 for the remote, exit 73
    where the note of it cannot be written.
    """
    _release_left_over(refs, state, holder)
    ref = lock_ref(holder.application, holder.environment)
    now = timestamp(clock.now())
    facts = RemoteLockFacts(
        application=holder.application,
        environment=holder.environment,
        run=holder.run,
        who=holder.who,
        host=holder.host,
        pid=holder.pid,
        since=now,
        renewed_at=now,
        lease_seconds=lease_seconds,
    )
    token = write_blob(refs.git, facts.canonical)
    _note(state, holder, refs.remote, ref, token)
    if not _taken(refs, ref, token):
        _note_path(state, holder.run).unlink(missing_ok=True)
        standing = standing_lock(refs, ref)
        whom = f" by {holder_text(standing, clock)}" if standing else ", by a run that has just ended"
        message = f"'{holder.application}' in '{holder.environment}' is being run{whom}"
        raise CannotContinue(Finding(LOCKED_ON_REMOTE, message, Place(f"{refs.remote} {ref}")))
    return RemoteLock(refs, ref, token, facts, state, clock)


def _taken(refs: RemoteRefs, ref: str, token: str) -> bool:
    """Creates the ref; whoever is interrupted meanwhile takes it back, as far as that works."""
    try:
        return refs.set(ref, token, None)
    except KeyboardInterrupt:
        with suppress(CannotContinue):
            _delete(refs, ref, token, token)
        raise


def standing_lock(refs: RemoteRefs, ref: str) -> StandingLock | None:
    """The lock that a ref holds now; None where there is none. Raises CannotContinue (exit 69)."""
    found = refs.blob(ref, LOCK_BYTES)
    return StandingLock(ref, found[0], read_lock(found[1])) if found else None


def standing_locks(refs: RemoteRefs) -> list[StandingLock]:
    """All locks on a remote, by application and environment. Raises CannotContinue (exit 69)."""
    found = (standing_lock(refs, ref) for ref in sorted(refs.listed(f"{LOCK_REFS}*")))
    return [lock for lock in found if lock is not None]


def break_lock(refs: RemoteRefs, lock: StandingLock) -> bool:
    """Takes a lock away, whoever holds it, also where it was renewed since; False where it is another one by now."""
    return _delete(refs, lock.ref, lock.token, lock.object_id)


def holder_text(lock: StandingLock, clock: Clock) -> str:
    """`ada@example.org (run …, pid 12 on host, since …, renewed …, its lease ran out 90 s ago; lock <id>)`."""
    facts = lock.facts
    if facts is None:
        return f"somebody who left no word (lock {lock.token})"
    overdue = facts.overdue_seconds(clock.now())
    late = f", its lease ran out {overdue} s ago" if overdue is not None else ""
    where = f"pid {facts.pid} on {facts.host}"
    times = f"since {facts.since}, renewed {facts.renewed_at}{late}"
    return f"{facts.who} (run {facts.run}, {where}, {times}; lock {lock.token})"


class _Keeper:
    """What the copy of the process does."""

    def __init__(self, lock: RemoteLock, holder: Holder) -> None:
        self._lock = lock
        self._holder = holder
        self._current = lock.token
        self._sent = {lock.token}
        self._lost = False
        self._told = ""
        self._problem = ""
        self._longest = 0.0

    def work(self, stopped: Stopped) -> bytes:
        lease = self._lock.facts.lease_seconds
        beat = min(max(lease / _BEATS_PER_LEASE, _SHORTEST_BEAT_SECONDS), _LONGEST_BEAT_SECONDS)
        clock = self._lock.clock
        renewed = clock.monotonic()
        while not stopped(beat):
            try:
                if not self._look():
                    break
                if clock.monotonic() - renewed >= lease / _RENEWALS_PER_LEASE:
                    self._renew()
                    self._longest = max(self._longest, clock.monotonic() - renewed)
                    renewed = clock.monotonic()
            except (CannotContinue, GitFailed, OSError) as trouble:
                self._problem = _sentence(trouble)
        self._longest = max(self._longest, clock.monotonic() - renewed)
        late = self._longest > lease
        problem = self._problem if late else ""
        answer = {"lost": self._lost, "problem": problem}
        return json.dumps(answer).encode()

    def _look(self) -> bool:
        """Whether the lock is still there; tells the run where it is not, or where somebody wants it to end."""
        lock, run = self._lock, self._lock.facts.run
        asked = cancel_ref(run)
        standing = lock.refs.listed(lock.ref, asked)
        current = standing.get(lock.ref)
        if current is None or current not in self._sent:
            self._tell_of_loss(current)
            return False
        self._current = current
        if standing.get(asked, self._told) != self._told:
            self._told = standing[asked]
            tell_run(lock.state, self._holder, request_of(lock.refs, run, timestamp(lock.clock.now())))
        return True

    def _tell_of_loss(self, current: str | None) -> None:
        lock = self._lock
        self._lost = True
        now = standing_lock(lock.refs, lock.ref) if current else None
        where = f"the lock of this run on '{lock.refs.remote}' was taken away"
        reason = f"{where}, and {holder_text(now, lock.clock)} holds one now" if now else where
        request = CancelRequest(lock.facts.run, "", timestamp(lock.clock.now()), reason[:_REASON], lost_lock=True)
        tell_run(lock.state, self._holder, request)

    def _renew(self) -> None:
        lock = self._lock
        facts = lock.facts.renewed(timestamp(lock.clock.now()), lock.token)
        blob = write_blob(lock.refs.git, facts.canonical)
        self._sent.add(blob)
        if lock.refs.set(lock.ref, blob, self._current):
            self._current = blob


def _delete(refs: RemoteRefs, ref: str, token: str, current: str) -> bool:
    """Deletes the lock with this token, whichever of its blobs stands there."""
    for _ in range(_RELEASE_ATTEMPTS):
        if refs.delete(ref, current):
            return True
        standing = standing_lock(refs, ref)
        if standing is None:
            return True
        if standing.token != token:
            return False
        current = standing.object_id
    return False


def _renewals(lock: RemoteLock, answer: Mapping[str, Any]) -> tuple[Finding, ...]:
    problem = answer.get("problem")
    if not problem:
        return ()
    message = f"the lock of '{lock.facts.application}' in '{lock.facts.environment}' was not renewed in time: {problem}"
    return (Finding(LOCK_NOT_RENEWED, message, Place(lock.ref)),)


def _note_path(state: StateFolder, run: str) -> Path:
    return state.root / "locks" / "remote" / f"{run}.json"


def _note(state: StateFolder, holder: Holder, remote: str, ref: str, token: str) -> None:
    """Notes a lock before it is asked for: where this process is killed, the next run gives it back."""
    path = _note_path(state, holder.run)
    note = {"remote": remote, "ref": ref, "token": token, "holder": asdict(holder)}
    try:
        state.ensure(path.parent)
        replace_owned(path.parent, path.name, json.dumps(note, sort_keys=True).encode(), 0o600)
    except OSError as problem:
        from innominatus_cli.findings.catalogue.ledger import LOCK_UNUSABLE  # noqa: PLC0415 - where the disk refuses

        message = f"the lock cannot be noted: {problem.strerror}"
        raise CannotContinue(Finding(LOCK_UNUSABLE, message, Place(str(path)))) from problem


def _release_left_over(refs: RemoteRefs, state: StateFolder, holder: Holder) -> None:
    """Gives back what killed runs of this clone, of the same application and environment, hold on the remote."""
    for path in sorted((state.root / "locks" / "remote").glob("*.json")):
        with suppress(OSError, ValueError, TypeError, KeyError):
            note = json.loads(path.read_bytes())
            left = Holder(**note["holder"])
            same = (left.application, left.environment, left.host) == (
                holder.application,
                holder.environment,
                holder.host,
            )
            if same and not left.lives and note["remote"] == refs.remote:
                standing = standing_lock(refs, str(note["ref"]))
                if standing is None or standing.token != note["token"] or break_lock(refs, standing):
                    path.unlink(missing_ok=True)


def _sentence(problem: Exception) -> str:
    if isinstance(problem, CannotContinue):
        return "; ".join(finding.message for finding in problem.findings)
    return str(problem)
