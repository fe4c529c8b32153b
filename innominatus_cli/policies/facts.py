"""What a judgement takes from outside the plan and the policies, and what it gives back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from innominatus_cli.documents.plan import AbsentWorkflow
from innominatus_cli.documents.secret_definitions import SecretDefinition
from innominatus_cli.documents.verdict import Actor, Verdict
from innominatus_cli.findings.finding import Finding


@dataclass(frozen=True, slots=True)
class JudgeFacts:
    """Who runs and when, and what the repository of the plan says of secrets and of workflows left out."""

    actor: Actor
    judged_at: str
    """RFC 3339, UTC."""
    secrets: Mapping[str, SecretDefinition] = field(default_factory=dict)
    absent: tuple[AbsentWorkflow, ...] = ()
    approved: bool = False
    """Whether the gate of the plan's environment is open."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict, and its findings with their places."""

    verdict: Verdict
    findings: tuple[Finding, ...]


def teams_of(email: str, teams: Mapping[str, tuple[str, ...]]) -> list[str]:
    """The teams whose members' patterns match an e-mail address, sorted; case is ignored, `*` matches any run."""
    address = email.strip().lower()
    return sorted(
        team
        for team, members in teams.items()
        if address and any(fnmatchcase(address, _pattern(member)) for member in members)
    )


def _pattern(member: str) -> str:
    """Only `*` is special: `?` and `[` are legal in addresses and mean themselves."""
    return member.strip().lower().replace("[", "[[]").replace("?", "[?]")
