"""What `locks` and `cancel` print."""

from collections.abc import Sequence
from typing import Final

from innominatus_cli.operations.cancelling import Cancelled
from innominatus_cli.operations.held_locks import Broken, HeldLock
from innominatus_cli.reports.listing import Column, Listing
from innominatus_cli.reports.terminal import one_line

LOCKS: Final = (
    Column("Application", "application"),
    Column("Environment", "environment"),
    Column("Where", "where"),
    Column("State", "state"),
    Column("Who", "who"),
    Column("Host", "host"),
    Column("Since", "since"),
    Column("Run", "run"),
    Column("Id", "id"),
    Column("Renewed", "renewed_at", wide=True),
    Column("Lease", "lease_seconds", wide=True),
    Column("Pid", "pid", wide=True),
)
_HOW: Final = {
    "interrupted": "no step is started any more, those that run {way}",
    "asked": "it is told with the next renewal of its lock; then those steps that run {way}",
    "closed": "it waited, and cannot be resumed any more",
}
_WAYS: Final = {"finish": "come to their end", "interrupt": "are interrupted", "kill": "are killed"}


def locks_listing(locks: Sequence[HeldLock]) -> Listing:
    """Locks, those of the clone first."""
    rows = [lock.row for lock in locks]
    return Listing(LOCKS, rows, {"schema": "innominatus.dev/locks/v1", "locks": rows}, "There are no locks.")


def broken_text(broken: Broken) -> str:
    """That a lock was taken away."""
    row = broken.row
    what = f"the lock of '{one_line(str(row['application']))}' in '{one_line(str(row['environment']))}'"
    if row["application"] is None:
        what = f"the lock '{one_line(str(row['ref']))}'"
    return f"Broke {what} on '{row['where']}' (action {broken.action}).\n"


def broken_document(broken: Broken) -> dict[str, object]:
    """The same as data."""
    return {"schema": "innominatus.dev/lock-broken/v1", "lock": broken.row, "action": broken.action}


def cancelled_text(cancelled: Cancelled) -> str:
    """What a request to cancel does."""
    what = f"'{one_line(cancelled.application)}' in '{one_line(cancelled.environment)}'"
    how = _HOW[cancelled.how].format(way=_WAYS[cancelled.way])
    return f"Cancelled run {cancelled.run} of {what}: {how} (action {cancelled.action}).\n"
