"""How a plan will run: what it waits for, what runs side by side, how long it takes, and what is risky about it."""

from typing import Annotated, Final, Literal

from pydantic import Field

from innominatus_cli.documents.model import JsonModel
from innominatus_cli.documents.vocabulary import Phase

PLAN_ANALYSIS_SCHEMA: Final = "innominatus.dev/plan-analysis/v1"

Origin = Literal["here", "other environments", "other applications", "never run"]
"""Whose runs a duration is from: the application's in this environment, else its others, else others' of that step."""


class StepTimes(JsonModel):
    """How long a step took when it succeeded, and how long it may take."""

    id: str
    name: str
    type: str
    runs: int
    """Past successes that the numbers are from, at most the last hundred."""
    origin: Origin
    median_ms: int | None = None
    p90_ms: int | None = None
    bound_seconds: int
    """Its timeout in every attempt, with the longest pauses between."""
    failed: int
    """Of its last runs, those that failed."""
    never_runs: bool = False
    """Its condition is false whatever happens."""


class WholeRuns(JsonModel):
    """How long whole runs took that succeeded."""

    runs: int
    median_ms: int
    p90_ms: int


class PhaseWidth(JsonModel):
    """A phase and the most of its steps that can run at once."""

    phase: Phase
    steps: int
    width: int


class Risk(JsonModel):
    """One reason to look twice, and the steps that it is about (none: the plan as a whole)."""

    reason: Literal[
        "production",
        "first deployment",
        "changed",
        "failed recently",
        "never run here",
        "once only",
        "nothing undoes it",
        "no retry",
        "default timeout",
        "failure allowed",
    ]
    says: str
    steps: list[str] = []


class PlanAnalysis(JsonModel):
    """Everything that `analyze` tells."""

    schema_: Annotated[Literal["innominatus.dev/plan-analysis/v1"], Field(alias="schema")] = PLAN_ANALYSIS_SCHEMA
    application: str
    environment: str
    digest: str
    workflows: int
    critical_path: list[str]
    """The steps that decide how long it takes, each waiting for the one before."""
    expected_ms: int | None = None
    """The medians along the critical path; None where no step of it has ever run."""
    slow_ms: int | None = None
    """The longest way by the 90th percentiles: slower than nine runs in ten, as hardly all steps are slow at once."""
    past_runs: WholeRuns | None = None
    """Of the application in this environment, by the same operation; None where none succeeded."""
    bound_seconds: int
    """The longest way by timeouts, attempts and pauses: it cannot take longer."""
    unknown: list[str]
    """Steps of the critical path that have never run: they count as nothing in the expectation."""
    max_parallel: int | None = None
    """How many steps may run at once, where that is limited; the times above do not count it."""
    phases: list[PhaseWidth]
    steps: list[StepTimes]
    risks: list[Risk]
