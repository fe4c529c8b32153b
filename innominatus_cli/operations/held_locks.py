"""`locks`: who holds which lock, in this clone and on a remote; one is broken by its whole id."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, NamedTuple, TypeAlias

from innominatus_cli.findings.catalogue.locks import LOCK_IN_USE, UNKNOWN_LOCK
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.ledger.records import is_safe_name
from innominatus_cli.operations.acting import new_action
from innominatus_cli.operations.history import OpenLedger
from innominatus_cli.operations.remote_locks import LOCK_REFS, StandingLock, break_lock, holder_text, standing_locks
from innominatus_cli.system.clock import Clock, SystemClock
from innominatus_cli.system.git_refs import RemoteRefs
from innominatus_cli.system.locks import Holder, held_locks, read_holder
from innominatus_cli.system.state_folder import StateFolder

Data: TypeAlias = dict[str, Any]

HERE = "this clone"


class HeldLock(NamedTuple):
    """A lock: where it is, its row of plain data, and on a remote what stands there."""

    row: Data
    standing: StandingLock | None = None


class Broken(NamedTuple):
    """A lock that was taken away: its row, the id of the action that says so, and what was wrong with writing that."""

    row: Data
    action: str
    findings: tuple[Finding, ...] = ()


def lock_remote(ledger: OpenLedger, remote: str | None) -> str | None:
    """The remote that is named, else the one that admin-config.yaml names."""
    admin = ledger.repository.admin_config()
    return remote or (admin.model.locks.remote if admin else None)


def holders(state: StateFolder) -> list[Holder]:
    """Who holds, or was killed while it held, a lock of this clone."""
    return [holder for path in held_locks(state) if (holder := read_holder(path)) is not None]


def all_locks(ledger: OpenLedger, remote: str | None = None, clock: Clock | None = None) -> list[HeldLock]:
    """The locks of this clone, then those on the remote. Raises CannotContinue (exit 69) where that does not answer."""
    now = clock or SystemClock()
    found = [HeldLock(_row_of_clone(holder)) for holder in holders(ledger.state)]
    refs = _refs(ledger, remote, now)
    if refs is not None:
        found += [HeldLock(_row_of_remote(lock, refs.remote, now), lock) for lock in standing_locks(refs)]
    return found


def lock_of_id(ledger: OpenLedger, lock_id: str, remote: str | None = None, clock: Clock | None = None) -> HeldLock:
    """The lock with exactly this id. Raises CannotContinue where there is none."""
    for lock in all_locks(ledger, remote, clock):
        if lock.row["id"] == lock_id:
            return lock
    place = lock_remote(ledger, remote)
    where = f"in this clone or on '{place}'" if place else "in this clone, and no remote is configured or named"
    raise CannotContinue(Finding(UNKNOWN_LOCK, f"no lock has the id '{lock_id}' {where}", Place(lock_id or "lock")))


def take_away(
    ledger: OpenLedger, lock: HeldLock, reason: str = "", remote: str | None = None, clock: Clock | None = None
) -> Broken:
    """Breaks a lock on the remote, and records who did.

    Raises CannotContinue: exit 75 where its run works in this clone, exit 1 where it is another lock by now or where it
    is one of this clone, which is the kernel's; exit 69 where the remote does not answer.
    """
    now = clock or SystemClock()
    run = lock.row["run"]
    if any(holder.run == run and holder.lives for holder in holders(ledger.state)):
        message = f"run {run} works in this clone and holds it"
        raise CannotContinue(Finding(LOCK_IN_USE, message, Place(lock.row["id"])))
    refs = _refs(ledger, remote, now)
    if lock.standing is None or refs is None:
        message = f"run {run} was killed: its lock is nobody's, and the next run takes it"
        raise CannotContinue(Finding(UNKNOWN_LOCK, message, Place(lock.row["id"]), "Run again."))
    if not break_lock(refs, lock.standing):
        message = f"the lock '{lock.row['id']}' has gone meanwhile, and another one stands there"
        raise CannotContinue(Finding(UNKNOWN_LOCK, message, Place(lock.row["id"])))
    action = new_action(
        ledger,
        "break_lock",
        application=lock.row["application"],
        environment=lock.row["environment"],
        run=run,
        reason=reason,
        details={"remote": refs.remote, "ref": lock.standing.ref, "lock": lock.row["id"], "holder": _facts(lock)},
        clock=now,
    )
    written = ledger.store.write_action(action, ledger.store.git.head())
    return Broken(lock.row, action.id, tuple(written.findings))


def told_of(lock: HeldLock, clock: Clock | None = None) -> str:
    """Who holds it, for a question."""
    return holder_text(lock.standing, clock or SystemClock()) if lock.standing else str(lock.row["who"])


def _refs(ledger: OpenLedger, remote: str | None, clock: Clock) -> RemoteRefs | None:
    name = lock_remote(ledger, remote)
    return RemoteRefs.open(ledger.store.git, name, clock=clock) if name else None


def _facts(lock: HeldLock) -> Data:
    facts = lock.standing.facts if lock.standing else None
    return asdict(facts) if facts else {}


def _row_of_clone(holder: Holder) -> Data:
    return dict(_rows(holder.run, HERE, "working" if holder.lives else "killed", asdict(holder)))


def _row_of_remote(lock: StandingLock, remote: str, clock: Clock) -> Data:
    overdue = lock.facts.overdue_seconds(clock.now()) if lock.facts else None
    state = "unreadable" if lock.facts is None else "working" if overdue is None else "lease ran out"
    facts = asdict(lock.facts) if lock.facts else _named(lock.ref)
    return dict(_rows(lock.token, remote, state, facts), overdue_seconds=overdue, ref=lock.ref)


def _named(ref: str) -> Data:
    """Whose lock a ref is, where what stands there does not say."""
    application, _, environment = ref.removeprefix(LOCK_REFS).partition("/")
    if not is_safe_name(application) or not is_safe_name(environment):
        return {}
    return {"application": application, "environment": environment}


def _rows(lock_id: str, where: str, state: str, facts: Data) -> Iterator[tuple[str, Any]]:
    yield "id", lock_id
    yield "where", where
    yield "state", state
    for name in ("application", "environment", "run", "who", "host", "pid", "since", "renewed_at", "lease_seconds"):
        yield name, facts.get(name)
    yield "overdue_seconds", None
    yield "ref", None
