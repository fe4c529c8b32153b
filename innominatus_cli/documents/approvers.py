"""Who people are and whose word opens gates: `teams` and `approvals` of admin-config.yaml."""

from typing import Annotated, Final, Literal

from pydantic import Field

from innominatus_cli.documents.model import DurationSeconds, YamlModel

SSH_KEY: Final = r"^(ssh|ecdsa|sk)-[A-Za-z0-9@.-]+ [A-Za-z0-9+/]+=*( [^\r\n]*)?$"
DAY: Final = 24 * 60 * 60


class Signer(YamlModel):
    """What proves that an approval comes from one person."""

    ssh: list[Annotated[str, Field(pattern=SSH_KEY)]] = []
    """Public keys, as `ssh-ed25519 AAAA…`, with or without a comment."""
    gpg: list[Annotated[str, Field(pattern=r"^[0-9A-Fa-f]{40}$")]] = []
    """Fingerprints of primary keys."""
    oidc: list[Annotated[str, Field(min_length=1)]] = []
    """Subjects (`sub`) of tokens of `approvals.oidc`."""
    github: list[Annotated[str, Field(min_length=1)]] = []
    """Logins whose reviews count, where `approvals.reviews` is `allow`."""
    aliases: list[Annotated[str, Field(min_length=3)]] = []
    """Other addresses under which this person commits: an author under one of them cannot approve either."""


class Team(YamlModel):
    """People, by the e-mail of their git identity; `*` matches any run of characters."""

    members: list[str] = []
    description: str = ""
    signers: dict[str, Signer] = {}
    """By the e-mail address of a member: what proves that an approval is theirs."""


class GateRule(YamlModel):
    """Who must approve, and how many of them."""

    teams: list[str] = []
    """Whose members may approve; empty: those of every team."""
    count: Annotated[int, Field(ge=1)] = 1
    expires: DurationSeconds | None = None


class TokenIssuer(YamlModel):
    """An OpenID provider whose tokens prove who approves, as the one of a CI service."""

    issuer: Annotated[str, Field(pattern=r"^https://")]
    """What its tokens have as `iss`."""
    jwks: Annotated[str, Field(min_length=1)]
    """A file of this repository with its public keys (RFC 7517): nothing is fetched."""


class ApprovalSettings(YamlModel):
    """`approvals`: what counts as one, how long it holds, and gates that no workflow has to write."""

    expires: Annotated[DurationSeconds, Field(ge=1)] = DAY
    """How long an approval holds, where its gate says nothing; a day."""
    unsigned: Literal["refuse", "allow"] = "refuse"
    """Whether an approval counts that nothing but git's own name and address stands for."""
    reviews: Literal["refuse", "allow"] = "refuse"
    """Whether a review of GitHub counts, on the word of whoever fetched it."""
    environments: dict[str, GateRule] = {}
    """Who approves runs in an environment of `security.requireApproval`; an environment named only here has a gate
    too."""
    resource_types: dict[str, GateRule] = {}
    """Gates before steps that provision a type of resource."""
    oidc: list[TokenIssuer] = []
