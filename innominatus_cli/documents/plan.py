"""The plan: one JSON document that says what will happen, why each step is there, and what it depends on.

Its digest covers everything in it: `sources`, `inputs` and `steps` (docs/adr/0005). What is not in it: commit, clock,
actor, tool versions, verdicts. A value that is known only at run time is a reference:

- `{"$ref": "steps.create-db.outputs.host"}` keeps the type of what it names,
- `{"$template": ["postgres://", {"$ref": "…"}, "/shop"]}` is always text; `$json` in the place of `$ref` writes what
  is no text as JSON, as placeholders of Score do,
- `{"$script": ["echo ", {"$ref": "…"}]}` is the text of a script: every value in it must have a plain form,
- `{"$jinja": {"parts": ["size ", {"value": "v0 | upper"}], "values": {"v0": {"$ref": "…"}}}}` is a template, whose
  tags know nothing but those values; `"script": true` asks for plain values in its tags,
- `{"$literal": {"$ref": "…"}}` is data as written, which only looks like one of these (see `expressions.values`).

A condition is a tree (see `expressions.conditions`) in which everything static is already a literal.
"""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from innominatus_cli.documents.model import JsonModel, StoredModel
from innominatus_cli.documents.vocabulary import Idempotency, Operation, Phase, Tier, When

PLAN_SCHEMA: Final = "innominatus.dev/plan/v1"

Value = Any
"""JSON data in which `$ref`, `$template`, `$script` and `$jinja` objects stand for what is known at run time."""


class Source(JsonModel):
    """A file that the plan was made from or that a step reads, with its git object id."""

    path: str
    object_id: str
    role: Literal["document", "input"]
    """`document`: read for planning; `input`: read by a step (manifests, SQL, scripts)."""


class PlanInput(JsonModel):
    """Something taken from outside the sources, and what says so."""

    name: str
    value: Value
    evidence: str
    """`argument --env`, `environment variable CI`, `record .innominatus/runs/…`, `default`, …"""


class Application(JsonModel):
    """The application that is planned; None fields where a task has none."""

    name: str
    product: str | None = None
    path: str | None = None
    metadata: dict[str, Value] = {}


class Provenance(JsonModel):
    """Where a step came from and why it is there."""

    path: str
    line: int
    column: int
    tier: Tier
    product: str | None = None
    workflow: str
    """The workflow's identity: `security-scan`, `ecommerce/database-setup`, `checkout-service/workload`."""
    trigger: str
    """What brought it in: a trigger's name, `golden path deploy-app`, `score workflows.<name>`, `generated`."""
    override_of: str | None = None


class ToolNeed(JsonModel):
    """A program that a step needs and which versions are good."""

    name: str
    range: str = "*"


class PlannedRetry(JsonModel):
    """The retry of a step with nothing left to default."""

    attempts: int
    delay_seconds: int
    backoff: Literal["constant", "linear", "exponential"]
    max_delay_seconds: int
    jitter: Literal["full", "none"]
    on: list[int | str] = []


class Gate(JsonModel):
    """An approval that must exist before the step starts."""

    teams: list[str]
    count: int


class StepConditions(JsonModel):
    """When a step runs: trees as data, texts for people."""

    when: When = When.ON_SUCCESS
    if_tree: Value = None
    if_text: str | None = None
    unless_tree: Value = None
    unless_text: str | None = None


class PlannedStep(JsonModel):
    """One node of the plan's graph: a step, or a barrier that a tier or a workflow ends with.

    Ids: `<phase>/<tier>/<product or ->/<workflow>/<step>`; a barrier's is `<phase>/<tier>` (all workflows of that tier
    in that phase have finished), a workflow's id where others of its tier depend on that workflow, or
    `<workflow's id>/[<number>]` between two large groups of its steps. `needs` names steps and barriers; it holds what
    is needed directly, never n² edges.
    """

    id: str
    kind: Literal["step", "barrier"] = "step"
    name: str
    type: str = ""
    description: str = ""
    phase: Phase
    tier: Tier
    workflow_id: str | None = None
    """`<phase>/<tier>/<product or ->/<workflow>`; None for a barrier."""
    needs: list[str] = []
    cleanup: bool = False
    """A `finally` step: runs whatever happened."""
    provenance: Provenance | None = None
    inputs: dict[str, Value] = {}
    input_files: list[str] = []
    """Paths (see `sources`) that the step reads; compared once more before it starts."""
    env: dict[str, Value] = {}
    secrets: list[str] = []
    """Names of secrets that inputs and env refer to."""
    conditions: StepConditions = StepConditions()
    timeout_seconds: int = 3600
    timeout_written: bool = False
    """Whether somebody wrote that timeout; False: the step type's default, which policies do not judge."""
    retry: PlannedRetry | None = None
    continue_on_error: bool = False
    idempotency: Idempotency = Idempotency.ONCE
    rollback: Value = None
    declared_outputs: list[str] = []
    secret_outputs: list[str] = []
    output_file: str | None = None
    set_variables: dict[str, Value] = {}
    tools: list[ToolNeed] = []
    gate: Gate | None = None
    lock: str | None = None


class PlannedWorkflow(JsonModel):
    """One workflow of the plan, once for each phase it runs in."""

    id: str
    identity: str
    name: str
    tier: Tier
    product: str | None = None
    phase: Phase
    path: str
    line: int
    column: int = 1
    trigger: str
    needs: list[str] = []
    """Ids of workflows of the same tier and phase that it depends on."""
    timeout_seconds: int | None = None
    fail_fast: bool = False
    variables: dict[str, Value] = {}
    outputs: dict[str, Value] = {}
    override_of: str | None = None


class Plan(StoredModel):
    """What will happen."""

    schema_: Annotated[Literal["innominatus.dev/plan/v1"], Field(alias="schema")] = PLAN_SCHEMA
    operation: Operation
    application: Application
    environment: str
    golden_path: str | None = None
    parameters: dict[str, Value] = {}
    sources: list[Source]
    inputs: list[PlanInput]
    workflows: list[PlannedWorkflow]
    steps: list[PlannedStep]
    """In execution order: a step stands behind everything it needs."""
    limits: dict[str, int] = {}
    """How much runs at once: `workflows`, `max_parallel`, `platform`, `product`, `application`; and how long a workflow
    may take at most: `workflow_seconds`. Each where somebody set it."""

    def step(self, step_id: str) -> PlannedStep:
        """The step or barrier with this id. Raises KeyError."""
        for step in self.steps:
            if step.id == step_id:
                return step
        raise KeyError(step_id)


class AbsentWorkflow(JsonModel):
    """A workflow that the repository has and the plan has not, and why; told beside a plan, never in its digest."""

    identity: str
    tier: Tier
    path: str
    reason: str
    brought_in_by: str = ""
    """What would bring it in, as words that can follow "or"; empty where nothing known would."""
