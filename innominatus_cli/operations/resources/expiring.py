"""What was deployed for a time: until when, and what is past it."""

from datetime import UTC, datetime
from typing import NamedTuple

from innominatus_cli.ledger.facts import taken_back
from innominatus_cli.ledger.store import Records, StoredRecord


class Expiry(NamedTuple):
    """An application in an environment that may be removed from a moment on (RFC 3339, UTC), by its last deployment."""

    application: str
    environment: str
    at: str
    run: str

    def is_past(self, now: datetime) -> bool:
        """Whether that moment has come."""
        return datetime.fromisoformat(self.at).astimezone(UTC) <= now


def expiries(store: Records, application: str | None = None, environment: str | None = None) -> list[Expiry]:
    """Every application and environment that is there for a time, the one that ends first before the others.

    The last deployment decides, also one that failed: a later one without a lifetime lets everything stay. What was
    removed since, or rolled back as a whole, is not there.
    """
    groups: dict[tuple[str, str], list[StoredRecord]] = {}
    for stored in store.records(application, environment):
        groups.setdefault((stored.record.application, stored.record.environment), []).append(stored)
    found = [expiry for group in groups.values() if (expiry := _of(group)) is not None]
    return sorted(found, key=lambda one: (one.at, one.application, one.environment))


def _of(records: list[StoredRecord]) -> Expiry | None:
    undone = taken_back([stored.record for stored in records])
    last = None
    for stored in records:
        record = stored.record
        if record.rolls_back is not None or record.kind == "refusal":
            continue
        if record.operation == "undeploy" and record.status == "succeeded":
            last = None
        began = [step.step for step in record.steps if step.attempts or step.reused_from]
        if record.operation == "deploy" and any((record.run, step) not in undone for step in began):
            last = record
    if last is None or last.expires_at is None:
        return None
    return Expiry(last.application, last.environment, last.expires_at, last.run)
