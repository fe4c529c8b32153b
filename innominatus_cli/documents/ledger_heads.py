"""Heads statements: what the ledger of a branch held at a time, so that a shorter one is known for one."""

from typing import Annotated, Final, Literal

from pydantic import Field

from innominatus_cli.documents.model import StoredModel

HEADS_SCHEMA: Final = "innominatus.dev/ledger-heads/v1"
HEADS_NAMESPACE: Final = "heads@innominatus"
"""What a statement's signature is made for (`ssh-keygen -Y sign -n`)."""


class HeadsStatement(StoredModel):
    """The tips of a branch's ledger, and how many records they stand for. Its canonical bytes are what is signed."""

    schema_: Annotated[Literal["innominatus.dev/ledger-heads/v1"], Field(alias="schema")] = HEADS_SCHEMA
    branch: str
    """Without `refs/heads/`."""
    commit: str
    """The commit whose ledger it is about."""
    tips: list[str]
    """Digests of the records that no other one follows, sorted."""
    count: Annotated[int, Field(ge=0)]
    """How many records there were, of runs and actions."""
    at: str
    """RFC 3339 in UTC."""
    by: str
    """The e-mail address of whom the signature should show."""
