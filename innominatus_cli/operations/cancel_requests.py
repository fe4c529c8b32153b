"""Requests to end a run: a file in its folder and an interrupt where it runs, a ref on its lock's remote elsewhere.

runs/<run>/cancel.json            {"at":…,"lost_lock":false,"reason":…,"run":…,"way":…,"who":…}
refs/innominatus/cancel/<run>     a blob with the same
"""

import json
import signal
from dataclasses import asdict, dataclass
from typing import Final

from innominatus_cli.documents.canonical import canonical_json
from innominatus_cli.execution.stopping import StopAsked, Way
from innominatus_cli.findings.catalogue.locks import LOCK_LOST, RUN_CANCELLED
from innominatus_cli.findings.finding import Finding, Place
from innominatus_cli.system.git_refs import RemoteRefs
from innominatus_cli.system.locks import Holder
from innominatus_cli.system.owned_files import replace_owned
from innominatus_cli.system.process_tree import ignores, process_facts, send_signal
from innominatus_cli.system.state_folder import StateFolder

_MOST: Final = 16 * 1024
_LONGEST: Final = 1000
_WAYS: Final = frozenset(way.value for way in Way)


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """Who wants a run to end, when (RFC 3339), why and how; `lost_lock` where nobody asked, but its lock is gone."""

    run: str
    who: str
    at: str
    reason: str = ""
    lost_lock: bool = False
    way: str = Way.INTERRUPT.value
    """The value of a `Way`."""

    @property
    def canonical(self) -> bytes:
        """The bytes of the file, and of the blob."""
        return canonical_json(asdict(self)) + b"\n"

    def finding(self) -> Finding:
        """What the run tells of it."""
        if self.lost_lock:
            return Finding(LOCK_LOST, self.reason, Place(self.run))
        why = f": {self.reason}" if self.reason else ""
        return Finding(RUN_CANCELLED, f"{self.who} cancelled it{why}", Place(self.run))

    def asks(self) -> StopAsked:
        """The same for the run; one whose lock is gone starts nothing, not even to clean up: another may work there."""
        return StopAsked(self.finding(), Way(self.way), cleans_up=not self.lost_lock, at=self.at)


def cancel_ref(run: str) -> str:
    """The ref that asks a run to end."""
    return f"refs/innominatus/cancel/{run}"


def read_request(run: str, data: bytes) -> CancelRequest | None:
    """The request that bytes hold; None where they are none for this run."""
    try:
        content = json.loads(data)
        request = CancelRequest(**content)
    except (ValueError, TypeError, RecursionError):
        return None
    texts = (request.run, request.who, request.at, request.reason, request.way)
    if not all(type(text) is str and len(text) <= _LONGEST for text in texts):
        return None
    if request.way in _WAYS and type(request.lost_lock) is bool:
        return request if request.run == run else None
    return None


def request_of(refs: RemoteRefs, run: str, now: str) -> CancelRequest:
    """The request that stands on a remote; one without a word where it cannot be read. Raises CannotContinue."""
    found = refs.blob(cancel_ref(run), _MOST)
    request = read_request(run, found[1]) if found else None
    if request is None or request.lost_lock:
        return CancelRequest(run, f"somebody with access to '{refs.remote}'", now)
    return request


def tell_run(state: StateFolder, holder: Holder, request: CancelRequest) -> bool:
    """Leaves the request in the run's folder and interrupts its process once; False where that is not here any more.

    Raises OSError.
    """
    path = state.cancel_path(request.run)
    facts = process_facts(holder.pid) if holder.lives else None
    if facts is None or facts.start_ticks != holder.start_ticks:
        return False
    state.ensure(path.parent)
    replace_owned(path.parent, path.name, request.canonical, 0o600)
    send_signal(facts, signal.SIGTERM if ignores(facts.pid, signal.SIGINT) else signal.SIGINT)
    return True


def cancelled(state: StateFolder, run: str) -> CancelRequest | None:
    """The request that a run of this clone was told of; None where there was none."""
    try:
        with state.cancel_path(run).open("rb") as file:
            return read_request(run, file.read(_MOST))
    except OSError:
        return None
