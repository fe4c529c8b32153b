"""The lock of an application and environment on a remote: a small JSON document, the blob that a ref holds.

    {"application":…,"environment":…,"host":…,"lease_seconds":60,"pid":…,"renewed_at":…,"run":…,
     "schema":"innominatus.dev/lock/v1","since":…,"token":…,"who":…}

`token` is the object id of the first document of this lock; the first one cannot hold it and has null. It never changes
while the lock is held: it is the lock's id, and its fencing token.
"""

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final

from innominatus_cli.documents.canonical import canonical_json

LOCK_SCHEMA: Final = "innominatus.dev/lock/v1"
LOCK_BYTES: Final = 16 * 1024
_LONGEST: Final = 1000
_TEXTS: Final = ("application", "environment", "host", "renewed_at", "run", "since", "who")
_NUMBERS: Final = ("lease_seconds", "pid")


@dataclass(frozen=True, slots=True)
class RemoteLockFacts:
    """Who holds a lock. Times are RFC 3339 in UTC, by the holder's clock."""

    application: str
    environment: str
    run: str
    who: str
    host: str
    pid: int
    since: str
    renewed_at: str
    lease_seconds: int
    token: str | None = None

    @property
    def canonical(self) -> bytes:
        """The bytes of the document."""
        return canonical_json({"schema": LOCK_SCHEMA, **asdict(self)}) + b"\n"

    def renewed(self, at: str, token: str) -> "RemoteLockFacts":
        """The document of the same lock a while later."""
        return replace(self, renewed_at=at, token=token)

    def overdue_seconds(self, now: datetime) -> int | None:
        """How long ago the lease ran out, by our own clock; None where it has not, or where nobody can tell."""
        try:
            age = (now - datetime.fromisoformat(self.renewed_at)).total_seconds()
        except (ValueError, TypeError):
            return None
        return round(age - self.lease_seconds) if age > self.lease_seconds else None


def read_lock(data: bytes) -> RemoteLockFacts | None:
    """The document that bytes from a remote hold; None where they are no such thing."""
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or content.get("schema") != LOCK_SCHEMA:
        return None
    token = content.get("token")
    if token is not None and not _is_text(token):
        return None
    texts = {name: content.get(name) for name in _TEXTS}
    numbers = {name: content.get(name) for name in _NUMBERS}
    if not all(map(_is_text, texts.values())) or not all(type(number) is int for number in numbers.values()):
        return None
    facts: dict[str, Any] = {**texts, **numbers, "token": token}
    return RemoteLockFacts(**facts)


def _is_text(value: object) -> bool:
    return type(value) is str and len(value) <= _LONGEST
