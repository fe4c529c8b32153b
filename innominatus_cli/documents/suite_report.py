"""What `test -o json` writes: the shape alone, from which its schema is made. A newer version may write more keys."""

from typing import Annotated, Literal

from pydantic import Field

from innominatus_cli.documents.findings_report import OpenModel, ReportFinding

Count = Annotated[int, Field(ge=0)]


class ReportedCase(OpenModel):
    """One test and what fails in it; it passes where nothing does."""

    name: Annotated[str, Field(description="`<document>/<test>`.")]
    description: str
    path: str
    line: int
    passed: bool
    duration_ms: Count
    failures: list[ReportFinding]
    diff: Annotated[str, Field(description="How the plan differs from its snapshot, as a unified diff.")]


class SuiteSummary(OpenModel):
    """How many there are; errors and warnings are those outside of tests."""

    tests: Count
    passed: Count
    failed: Count
    errors: Count
    warnings: Count


class ReportedShare(OpenModel):
    """So many of so many."""

    covered: Count
    total: Count
    percent: Annotated[float, Field(ge=0, le=100)]


class ReportedStepCoverage(OpenModel):
    """In how many tests each branch of a step was seen: `ran`, `skipped`, `failed`."""

    step: str
    line: int
    branches: dict[str, Count]


class ReportedWorkflowCoverage(OpenModel):
    """In how many tests a workflow ran, and the branches of its steps."""

    workflow: str
    tier: str
    path: str
    line: int
    tests: Count
    steps: list[ReportedStepCoverage]


class ReportedPolicyCoverage(OpenModel):
    """In how many tests a policy `held` and `refused`."""

    policy: str
    path: str
    line: int
    outcomes: dict[str, Count]


class ReportedCoverage(OpenModel):
    """What the tests cover; `total` is of all three together."""

    total: ReportedShare
    workflows: ReportedShare
    branches: ReportedShare
    policies: ReportedShare
    by_workflow: list[ReportedWorkflowCoverage]
    by_policy: list[ReportedPolicyCoverage]


class SuiteReportDocument(OpenModel):
    """What came of tests, in the order of files and tests. Keys are only ever added to this version."""

    schema_: Annotated[Literal["innominatus.dev/test-report/v1"], Field(alias="schema")]
    passed: bool
    summary: SuiteSummary
    duration_ms: Count
    tests: list[ReportedCase]
    findings: Annotated[list[ReportFinding], Field(description="What is wrong with files of tests and snapshots.")]
    written: Annotated[list[str], Field(description="Snapshots that `--update` wrote.")]
    removed: Annotated[list[str], Field(description="Snapshots that `--update` removed.")]
    coverage: Annotated[ReportedCoverage | None, Field(description="With `--coverage` alone.")] = None
