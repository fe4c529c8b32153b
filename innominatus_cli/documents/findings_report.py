"""Findings as `-o json` and `-o yaml` write them: the shape alone, from which its schema is made.

The document itself is made without pydantic (`reports.findings_json`), so that a check starts fast; tests hold the two
together. Unlike other documents of ours it is open: a newer version may write more keys.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

FromOne = Annotated[int, Field(ge=0, description="Counted from 1; 0 is unknown.")]
Code = Annotated[str, Field(pattern=r"^ORC-[1-9][0-9]{3}$", description="As `innominatus-ctl explain` takes it.")]


class OpenModel(BaseModel):
    """Keys that are not here may come."""

    model_config = ConfigDict(frozen=True, extra="allow", defer_build=True)


class ReportedPlace(OpenModel):
    """Where something stands. Columns count Unicode code points, and the end is exclusive."""

    path: Annotated[str, Field(description="From the root of the repository, or as it was typed for a file outside.")]
    line: FromOne
    column: FromOne
    end_line: FromOne
    end_column: FromOne
    pointer: Annotated[str, Field(description="A JSON pointer (RFC 6901) into the document; empty for the whole.")]


class ReportedRelated(ReportedPlace):
    """Another place that a finding speaks of."""

    message: str


class ReportedEdit(OpenModel):
    """Text to put in place of what stands between two points; equal points insert it."""

    line: Annotated[int, Field(ge=1)]
    column: Annotated[int, Field(ge=1)]
    end_line: Annotated[int, Field(ge=1)]
    end_column: Annotated[int, Field(ge=1)]
    text: str


class ReportedFix(OpenModel):
    """A safe mend: its edits belong to the finding's own file and do not overlap."""

    title: str
    edits: list[ReportedEdit]


class ReportFinding(ReportedPlace):
    """One thing that is wrong."""

    code: Code
    severity: Literal["error", "warning", "info"]
    title: Annotated[str, Field(description="What the code says in every case.")]
    message: Annotated[str, Field(description="What is wrong in this case.")]
    help: Annotated[str, Field(description="What to do about it.")]
    help_page: str
    related: list[ReportedRelated]
    fix: Annotated[ReportedFix | None, Field(description="Null where no mend is safe.")]


class Suppression(ReportedPlace):
    """Who says that a finding does not count, where, why and until when."""

    by: Literal["comment", "admin-config", "baseline"]
    reason: str
    until: Annotated[str | None, Field(description="The last day, as in 2027-01-31.")]


class SuppressedFinding(ReportFinding):
    """A finding that is ignored or known already."""

    suppression: Suppression


class AppliedFix(OpenModel):
    """What was mended once."""

    code: Code
    title: str


class FixedFile(OpenModel):
    """A file that `--fix` mended, or would mend."""

    path: str
    written: bool
    fixes: list[AppliedFix]
    diff: Annotated[str, Field(description="With `--diff` alone.")] = ""


class ReportSummary(OpenModel):
    """How many there are."""

    errors: Annotated[int, Field(ge=0)]
    warnings: Annotated[int, Field(ge=0)]
    infos: Annotated[int, Field(ge=0)]
    files: Annotated[int, Field(ge=0, description="The files that were looked at.")]
    suppressed: Annotated[int, Field(ge=0)] = 0


class AnsweredFile(OpenModel):
    """What `validate-product-workflow` says of a file; null where the file could not be read."""

    path: str
    structure_valid: bool
    step_types_allowed: bool | None
    metadata_complete: bool | None
    allowed: bool | None


class FindingsReport(OpenModel):
    """What a check found, in the order of files and places. Keys are only ever added to this version."""

    schema_: Annotated[Literal["innominatus.dev/findings/v1"], Field(alias="schema")]
    findings: list[ReportFinding]
    summary: ReportSummary
    suppressed: list[SuppressedFinding] = []
    fixed: Annotated[list[FixedFile], Field(description="With `--fix` or `--diff` alone.")] = []
    files: Annotated[list[AnsweredFile], Field(description="Of validate-product-workflow alone.")] = []
