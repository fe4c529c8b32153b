"""What the records of a time say: who deploys what, how often it fails, what is refused, and what is covered."""

from typing import Annotated, Final, Literal

from pydantic import Field

from innominatus_cli.documents.model import JsonModel

STATISTICS_SCHEMA: Final = "innominatus.dev/statistics/v1"


class Tally(JsonModel):
    """Runs of one thing: an application, an environment, a workflow or a type of step."""

    name: str
    runs: int
    """Runs that ended, refusals aside. Of a workflow or a type: runs in which a step of it ran; of a type, steps."""
    failed: int
    """Those that failed or timed out, in whatever step; a failure that `continueOnError` allowed is none."""
    failure_rate: float
    """Between 0 and 1."""
    median_ms: int | None = None
    """Of those that succeeded."""


class ProductActivity(JsonModel):
    """A product: what of it ran."""

    name: str
    applications: list[str]
    """Applications of it that ran."""
    runs: int
    workflows_run: int
    workflows_defined: int


class Refusals(JsonModel):
    """A code because of which runs were refused."""

    code: str
    title: str
    count: int
    applications: list[str]


class Uncovered(JsonModel):
    """A deployment that stands without a workflow that the platform requires."""

    application: str
    environment: str
    reason: Literal["not in its plan", "no step of it ran"]
    run: str
    """The application's last successful deployment there."""


class Coverage(JsonModel):
    """A required platform workflow, and the standing deployments that it did or did not run in."""

    workflow: str
    deployments: int
    covered: int
    uncovered: list[Uncovered]


class Statistics(JsonModel):
    """Everything that `stats` tells."""

    schema_: Annotated[Literal["innominatus.dev/statistics/v1"], Field(alias="schema")] = STATISTICS_SCHEMA
    since: str | None = None
    """RFC 3339, UTC; None for all records."""
    until: str
    runs: int
    failed: int
    refusals: int
    applications_defined: int
    """Applications that have a Score file."""
    by_application: list[Tally]
    by_environment: list[Tally]
    by_workflow: list[Tally]
    by_step_type: list[Tally]
    products: list[ProductActivity]
    idle_workflows: list[str]
    """Platform and product workflows that the repository has and no run ran."""
    refused_by: list[Refusals]
    coverage: list[Coverage]
    never_deployed: list[str]
    """Applications with a Score file and no successful deployment, whenever."""
