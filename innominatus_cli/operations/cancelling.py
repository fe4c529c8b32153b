"""`cancel`: a run of this clone, of another one, or one that waits, is told to end; an action says who told it."""

from typing import Any, NamedTuple

from innominatus_cli.documents.run_record import RunRecord
from innominatus_cli.execution.opening import read_opening
from innominatus_cli.execution.stopping import Way
from innominatus_cli.findings.catalogue.ledger import UNKNOWN_RUN
from innominatus_cli.findings.catalogue.locks import RUN_HAS_ENDED, RUN_IS_ELSEWHERE
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.operations.acting import new_action
from innominatus_cli.operations.cancel_requests import CancelRequest, cancel_ref, tell_run
from innominatus_cli.operations.held_locks import holders, lock_remote
from innominatus_cli.operations.history import OpenLedger
from innominatus_cli.operations.logs import find_run
from innominatus_cli.operations.remote_locks import StandingLock, standing_locks
from innominatus_cli.system.clock import Clock, SystemClock, timestamp
from innominatus_cli.system.git_refs import RemoteRefs, write_blob
from innominatus_cli.system.locks import Holder


class Cancelled(NamedTuple):
    """What came of it. `how`: `interrupted` (it runs here), `asked` (it runs elsewhere) or `closed` (it waited).

    `way` is the value of a `Way`: how it ends, where it works.
    """

    run: str
    application: str
    environment: str
    how: str
    action: str
    way: str
    findings: tuple[Finding, ...] = ()

    @property
    def document(self) -> dict[str, Any]:
        """The same as data."""
        known = {name: value for name, value in self._asdict().items() if name != "findings"}
        return {"schema": "innominatus.dev/run-cancelled/v1", **known}


class _Known(NamedTuple):
    """Where a run that works is known from."""

    run: str
    holder: Holder | None = None
    lock: StandingLock | None = None


def cancel_run(
    ledger: OpenLedger,
    wanted: str,
    reason: str = "",
    remote: str | None = None,
    clock: Clock | None = None,
    way: Way = Way.INTERRUPT,
) -> Cancelled:
    """Tells the run that `wanted` names (an id, the start of one, or `latest`) to end in this way.

    `remote` is where other clones' locks are, else what admin-config.yaml says. Raises CannotContinue for an unknown
    run, one that has ended, one that nobody here can reach (exit 1), and a remote that does not answer (exit 69).
    """
    now = clock or SystemClock()
    name = lock_remote(ledger, remote)
    refs = RemoteRefs.open(ledger.store.git, name, clock=now) if name else None
    known = _known(ledger, wanted, refs)
    request = CancelRequest(known.run, ledger.store.who.email, timestamp(now.now()), reason, way=way.value)
    stored = ledger.store.record(known.run)
    if stored is not None:
        if stored.record.status != "waiting" or is_cancelled(ledger, known.run):
            ended = "cancelled" if stored.record.status == "waiting" else stored.record.status.replace("_", " ")
            raise CannotContinue(Finding(RUN_HAS_ENDED, f"run {known.run} has ended: {ended}", Place(known.run)))
        _not_gone_on_with(ledger, stored.record)
        return _recorded(ledger, request, (stored.record.application, stored.record.environment), "closed", now)
    if known.holder is not None and tell_run(ledger.state, known.holder, request):
        return _recorded(ledger, request, (known.holder.application, known.holder.environment), "interrupted", now)
    if known.lock is not None and known.lock.facts is not None and refs is not None:
        _ask(refs, known.run, write_blob(ledger.store.git, request.canonical))
        where = (known.lock.facts.application, known.lock.facts.environment)
        return _recorded(ledger, request, where, "asked", now)
    if known.holder is not None:
        message = f"run {known.run} was killed, and the next run of '{known.holder.application}' closes it"
        raise CannotContinue(Finding(RUN_HAS_ENDED, message, Place(known.run)))
    message = f"run {known.run} does not run in this clone" + (f", and has no lock on '{name}'" if name else "")
    raise CannotContinue(Finding(RUN_IS_ELSEWHERE, message, Place(known.run)))


def _ask(refs: RemoteRefs, run: str, blob: str) -> None:
    """Puts the request where the run looks; one that stands there still is replaced."""
    ref = cancel_ref(run)
    if not refs.set(ref, blob, None):
        refs.set(ref, blob, refs.listed(ref).get(ref))


def _known(ledger: OpenLedger, wanted: str, refs: RemoteRefs | None) -> _Known:
    """The run that is meant, of those that work here, those that the ledger has, and those of the remote's locks."""
    here = {holder.run: holder for holder in holders(ledger.state)}
    run, unknown = "", None
    try:
        run = find_run(ledger, wanted)
    except CannotContinue as problem:
        unknown = problem
    there = {lock.facts.run: lock for lock in standing_locks(refs) if lock.facts} if refs is not None else {}
    meant = sorted({one for one in (*here, *there) if wanted and one.startswith(wanted.upper())} | ({run} - {""}))
    if not meant and unknown is not None:
        raise unknown
    if len(meant) != 1:
        raise CannotContinue(Finding(UNKNOWN_RUN, f"'{wanted}' is the start of {len(meant)} runs", Place(wanted)))
    return _Known(meant[0], here.get(meant[0]), there.get(meant[0]))


def is_cancelled(ledger: OpenLedger, run: str) -> bool:
    """Whether an action says that somebody cancelled this run: one that waited cannot be resumed then."""
    return any(one.record.action == "cancel" and one.record.run == run for one in ledger.store.actions())


def _not_gone_on_with(ledger: OpenLedger, waits: RunRecord) -> None:
    """Raises CannotContinue where another run goes on with one that waited, or has: to close that one ends nothing."""
    known = [
        one.record for one in ledger.store.records(waits.application, waits.environment) if one.record.kind != "refusal"
    ]
    work = (read_opening(ledger.state, holder.run) for holder in holders(ledger.state) if holder.lives)
    later = next((one.run for one in (*known, *work) if one is not None and one.resumes == waits.run), None)
    if later is not None:
        message = f"run {waits.run} has ended: run {later} went on with it"
        raise CannotContinue(Finding(RUN_HAS_ENDED, message, Place(waits.run), f"Cancel that one: {later}."))


def _recorded(ledger: OpenLedger, request: CancelRequest, where: tuple[str, str], how: str, clock: Clock) -> Cancelled:
    application, environment = where
    action = new_action(
        ledger,
        "cancel",
        application=application,
        environment=environment,
        run=request.run,
        reason=request.reason,
        details={"how": how, "way": request.way},
        clock=clock,
    )
    written = ledger.store.write_action(action, ledger.store.git.head())
    return Cancelled(request.run, application, environment, how, action.id, request.way, tuple(written.findings))
