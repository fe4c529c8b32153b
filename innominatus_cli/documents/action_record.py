"""Action records: what people did to the ledger and to runs, beside running. Immutable JSON files, committed."""

from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, model_validator

from innominatus_cli.documents.action_names import Action
from innominatus_cli.documents.model import JsonModel, StoredModel
from innominatus_cli.documents.tombstones import GcDetails
from innominatus_cli.documents.verdict import Actor

ACTION_SCHEMA: Final = "innominatus.dev/action-record/v1"


class Evidence(JsonModel):
    """What proves who acted: a signature over `statement`, or the word of a forge."""

    kind: Literal["ssh", "gpg", "oidc", "github-review", "git-identity"]
    """`git-identity`: nothing proves it; it counts only where `approvals.unsigned` is `allow`."""
    statement: str
    """The exact text that was signed: canonical JSON."""
    signature: str
    """An armored signature, a token's claims, or the review as its API gave it."""
    signer: str
    """Who it shows: an e-mail address, or the subject of a token."""


class ActionRecord(StoredModel):
    """One action. Its file is `<root>/actions/<yyyy-mm>/<id>.json`."""

    schema_: Annotated[Literal["innominatus.dev/action-record/v1"], Field(alias="schema")] = ACTION_SCHEMA
    action: Action
    id: str
    """A ULID."""
    parents: list[str]
    """Digests of the records, of runs and of actions, that it follows: all tips when it was written, sorted."""
    at: str
    """RFC 3339 in UTC."""
    actor: Actor
    application: str | None = None
    environment: str | None = None
    run: str | None = None
    """The run that it concerns."""
    plan: str | None = None
    """Digest of the plan that it concerns."""
    reason: str = ""
    """In the actor's own words."""
    commit: str | None = None
    tool_version: str
    evidence: Evidence | None = None
    details: dict[str, Any] = {}
    """What else belongs to this kind of action; of `gc`, what `GcDetails` says."""

    @model_validator(mode="after")
    def _has_its_details(self) -> Self:
        if self.action == "gc":
            _ = self.removal
        return self

    @cached_property
    def removal(self) -> GcDetails | None:
        """What a `gc` removed; None for every other action. Raises ValidationError for details that are not that."""
        return GcDetails.model_validate(self.details) if self.action == "gc" else None

    def followed(self) -> Iterator[str]:
        """The digests of all records that it follows, those that it removed among them."""
        yield from self.parents
        if self.removal is not None:
            yield from self.removal.followed()
