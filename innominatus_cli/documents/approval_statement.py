"""What a person signs who approves or rejects a plan: it names all that it is for, so that it fits nowhere else."""

from typing import Annotated, Final, Literal

from pydantic import Field

from innominatus_cli.documents.model import StoredModel

STATEMENT_SCHEMA: Final = "innominatus.dev/approval-statement/v1"
SIGNATURE_NAMESPACE: Final = "approval@innominatus"
"""Of ssh signatures: one made for a commit or a file proves nothing here."""
AUDIENCE: Final = "innominatus-approval:"
"""What stands before the plan's digest in the audience of an OpenID token."""


class ApprovalStatement(StoredModel):
    """One decision. Signed are its canonical bytes without the newline at their end."""

    schema_: Annotated[Literal["innominatus.dev/approval-statement/v1"], Field(alias="schema")] = STATEMENT_SCHEMA
    action: Literal["approve", "reject"]
    record: str
    """The id of the action record that it stands in."""
    plan: str
    """The plan's digest."""
    run: str | None = None
    """The run that it is for, and those that resume it; None: any run of this plan."""
    gates: list[str]
    """Ids of the gates, sorted."""
    application: str
    environment: str
    teams: list[str]
    """For which teams the person decides."""
    email: str
    decided_at: str
    """RFC 3339 in UTC."""
    expires_at: str
    nonce: str
    """A random number in hex, used once."""

    @property
    def text(self) -> str:
        """The exact text that is signed."""
        return self.canonical[:-1].decode("utf-8")
