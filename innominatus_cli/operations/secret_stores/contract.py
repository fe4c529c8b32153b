"""What every store of secrets can do."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Protocol

from innominatus_cli.documents.secret_definitions import SecretDefinition
from innominatus_cli.execution.values import UnusableSecret
from innominatus_cli.findings.catalogue.secrets import SECRET_CANNOT_ROTATE, SECRET_STORE_FAILED

LONGEST: Final = 64 * 1024
"""Bytes of a value."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A secret of admin-config, for one application and environment."""

    name: str
    definition: SecretDefinition
    application: str
    environment: str

    @property
    def key(self) -> str:
        """What the store calls it: `key` with `{application}`, `{environment}` and `{name}` filled in, or its name."""
        written = self.definition.key or self.name
        for word in ("application", "environment", "name"):
            written = written.replace(f"{{{word}}}", getattr(self, word))
        return written


@dataclass(frozen=True, slots=True)
class Held:
    """What a store has: the value, and when it was last changed, where the store knows that."""

    value: str = field(repr=False)
    changed: datetime | None = None


class SecretStore(Protocol):
    """One kind of store."""

    def read(self, wanted: Wanted) -> Held | None:
        """The secret; None where the store has none of that name. Raises UnusableSecret where it cannot be asked."""

    def replace(self, wanted: Wanted, value: str) -> None:
        """Puts a new value in place of the old one. Raises UnusableSecret where this store, or this secret, cannot."""


def store_failed(wanted: Wanted, why: str) -> UnusableSecret:
    """ORC-5287; `why` never holds what a store answered."""
    return UnusableSecret(SECRET_STORE_FAILED, f"secret '{wanted.name}' (store {wanted.definition.store}): {why}")


def cannot_rotate(wanted: Wanted, how: str) -> UnusableSecret:
    """ORC-5289; `how` says where a person changes it."""
    message = f"secret '{wanted.name}' of store '{wanted.definition.store}' is changed where it is: {how}"
    return UnusableSecret(SECRET_CANNOT_ROTATE, message)


def member_of(wanted: Wanted, text: str, data: Mapping[str, object]) -> str | None:
    """The member that `field` names in a value that is a JSON object, or the whole text without `field`.

    A member that is no text is given as JSON.
    """
    name = wanted.definition.field
    if name is None:
        return text
    found = data.get(name)
    return None if found is None else found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)


def moment_of(written: object) -> datetime | None:
    """A time as stores write it: RFC 3339, or seconds since 1970; None for anything else."""
    try:
        if isinstance(written, int | float):
            return datetime.fromtimestamp(written, UTC)
        found = datetime.fromisoformat(str(written))
    except (ValueError, OverflowError, OSError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
