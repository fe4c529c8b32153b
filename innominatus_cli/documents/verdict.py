"""The verdict: what the policies say of a plan. Its own document, beside the plan and never in it."""

from typing import Annotated, Final, Literal

from pydantic import Field

from innominatus_cli.documents.model import JsonModel
from innominatus_cli.findings.catalogue import every_code
from innominatus_cli.findings.finding import Finding, Place, Severity

VERDICT_SCHEMA: Final = "innominatus.dev/verdict/v1"


class ReportedFinding(JsonModel):
    """A finding as data."""

    code: str
    severity: Literal["error", "warning", "info"]
    message: str
    path: str
    line: int = 0
    column: int = 0
    pointer: str = ""
    remedy: str = ""

    @classmethod
    def of(cls, finding: Finding) -> "ReportedFinding":
        """The data of a finding."""
        place = finding.place
        return cls(
            code=finding.code.number,
            severity=finding.severity.value,
            message=finding.message,
            path=place.path,
            line=place.line,
            column=place.column,
            pointer=place.pointer,
            remedy=finding.help,
        )

    def as_finding(self, severity: Severity | None = None) -> Finding:
        """The finding again, of another severity if one is given; the end of its place is not kept in data."""
        place = Place(self.path, self.line, self.column, pointer=self.pointer)
        code = every_code()[self.code]
        return Finding(code, self.message, place, self.remedy, severity_override=severity)


class Actor(JsonModel):
    """Who runs: for now what git says, which nobody has verified."""

    name: str
    email: str
    source: str
    """`git config`, `GIT_AUTHOR_*`, `operating system user`."""
    verification: Literal["unverified"] = "unverified"
    teams: list[str] = []


class Verdict(JsonModel):
    """The judgement of one plan under one set of policies."""

    schema_: Annotated[Literal["innominatus.dev/verdict/v1"], Field(alias="schema")] = VERDICT_SCHEMA
    plan: str
    """The plan's digest."""
    policies: str
    """The digest of the merged policies."""
    policies_from: str
    """Where the policies were read: `working tree` or a revision."""
    actor: Actor
    judged_at: str
    allowed: bool
    findings: list[ReportedFinding]
