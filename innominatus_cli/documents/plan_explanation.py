"""Why a plan is what it is: each step with what put it there, each absent workflow with what would bring it in."""

from typing import Annotated, Final, Literal

from pydantic import Field

from innominatus_cli.documents.model import JsonModel
from innominatus_cli.documents.plan import CallSite, Cell, Gate, PlanInput, ToolNeed, Value
from innominatus_cli.documents.verdict import ReportedFinding
from innominatus_cli.documents.vocabulary import Operation, Phase, Tier, When

PLAN_EXPLANATION_SCHEMA: Final = "innominatus.dev/plan-explanation/v1"


Because = Literal["order of the list", "group", "dependsOn", "workflow dependsOn", "sub-workflow", "barrier", "finally"]


class ExplainedNeed(JsonModel):
    """What a step waits for, and what says so."""

    id: str
    because: Because
    """`barrier`: all workflows of an earlier tier and phase; `group`: steps before it that run side by side;
    `sub-workflow`: the order inside of a workflow that a step calls."""


class KnownValue(JsonModel):
    """A value that a condition asks for and that is known when planning."""

    name: str
    value: Value
    evidence: str


class ExplainedCondition(JsonModel):
    """`if` or `unless` of a step, or of the sub-workflow or loop that it is in."""

    word: Literal["if", "unless"]
    text: str
    truth: bool | None = None
    """What it is in any run; None where only the run knows."""
    known: list[KnownValue] = []


class SpokenPolicy(JsonModel):
    """A policy that speaks of a step, whether it is content or not; where it stands."""

    key: str
    """As in admin-config.yaml: `allowedStepTypes`, `security.secretsAccess.vault`."""
    says: str
    path: str
    line: int


class ExplainedStep(JsonModel):
    """One step and everything that put it there."""

    id: str
    name: str
    type: str
    description: str = ""
    phase: Phase
    tier: Tier
    product: str | None = None
    workflow: str
    """The workflow's identity."""
    path: str
    line: int
    column: int
    trigger: str
    because: str
    """Why the trigger is true, as a sentence."""
    override_of: str | None = None
    calls: list[CallSite] = []
    """For a step of a sub-workflow: the calls that lead to it, the outermost first."""
    cell: Cell | None = None
    """For a step of a loop: for which of its values it is there."""
    max_items: int | None = None
    """For a loop over what only the run knows: it becomes at most so many steps."""
    needs: list[ExplainedNeed] = []
    when: When
    conditions: list[ExplainedCondition] = []
    cleanup: bool = False
    tools: list[ToolNeed] = []
    secrets: list[str] = []
    gate: Gate | None = None
    rollback: Literal["nothing", "reversible", "compensated", "irreversible"] | None = None
    """How a rollback would take its work back; None for a step that only runs by hand."""
    rollback_by: str = ""
    """What does that: the undo of its type, or the step that its `rollback` names."""
    policies: list[SpokenPolicy] = []
    violations: list[ReportedFinding] = []
    """What policies object to at this step or its workflow."""


class ExplainedChange(JsonModel):
    """One value of a resource that differs from how the last success made it."""

    what: str
    was: Value = None
    now: Value = None


class ExplainedResource(JsonModel):
    """What the plan does to a resource."""

    resource: str
    type: str
    change: Literal["create", "update", "unchanged", "delete", "release", "orphaned"]
    differences: list[ExplainedChange] = []
    state: str | None = None
    """As the records have it; None where they do not know it."""
    operation: Literal["create", "update", "delete", "release"] | None = None
    """What its provisioner is asked for; None of an orphan."""
    because: str | None = None
    """Why that, where its provider has workflows for both `create` and `update`."""


class ExplainedAbsence(JsonModel):
    """A workflow of the repository that the plan lacks."""

    identity: str
    tier: Tier
    path: str
    reason: str
    brought_in_by: str
    """What would bring it in; empty where nothing known would."""


class PlanExplanation(JsonModel):
    """Everything that `explain` says of the plan of an application."""

    schema_: Annotated[Literal["innominatus.dev/plan-explanation/v1"], Field(alias="schema")] = PLAN_EXPLANATION_SCHEMA
    application: str
    product: str | None = None
    environment: str
    operation: Operation
    golden_path: str | None = None
    digest: str
    inputs: list[PlanInput]
    """What was taken from outside of the sources, with what says so."""
    steps: list[ExplainedStep]
    resources: list[ExplainedResource] | None = None
    """What it does to the application's resources; None where it touches none."""
    absent: list[ExplainedAbsence]
    violations: list[ReportedFinding] = []
    """Everything that policies object to."""
