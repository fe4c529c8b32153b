"""The plan: one JSON document that says what will happen, why each step is there, and what it depends on.

Its digest covers everything in it: `sources`, `inputs` and `steps` (docs/adr/0005). What is not in it: commit, clock,
actor, tool versions, verdicts. A value that is known only at run time is a reference:

- `{"$ref": "steps.create-db.outputs.host"}` keeps the type of what it names,
- `{"$template": ["postgres://", {"$ref": "…"}, "/shop"]}` is always text; `$json` in the place of `$ref` writes what
  is no text as JSON, as placeholders of Score do,
- `{"$script": ["echo ", {"$ref": "…"}]}` is the text of a script: every value in it must have a plain form,
- `{"$jinja": {"parts": ["size ", {"value": "v0 | upper"}], "values": {"v0": {"$ref": "…"}}}}` is a template, whose
  tags know nothing but those values; `"optional": ["v0"]` names those that may be absent, `"script": true` asks for
  plain values in its tags,
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


class CallSite(JsonModel):
    """A step of type `workflow` through which another step came into the plan."""

    step: str
    """Its name in the plan: `database`, `database.replica`, `region[1]`."""
    workflow: str
    """The workflow that it calls: its identity, or the path of its file."""
    path: str
    line: int
    column: int


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
    calls: list[CallSite] | None = None
    """For a step of a sub-workflow: the calls that lead to it, the outermost first. `path` and `workflow` are then
    those of the called workflow; `tier`, `product` and `trigger` those of the workflow with the outermost call."""


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
    max_duration_seconds: int | None = None
    """How long all attempts may take with their delays."""
    on: list[int | str] = []


class Gate(JsonModel):
    """An approval that must exist before the step, or the workflow's first step, starts."""

    teams: list[str]
    """Whose members may approve; empty: those of every team."""
    count: int
    """How many different people must."""
    expires_seconds: int | None = None
    """How long an approval holds; None: as long as admin-config says."""


class StepConditions(JsonModel):
    """When a step runs: trees as data, texts for people."""

    when: When = When.ON_SUCCESS
    if_tree: Value = None
    if_text: str | None = None
    unless_tree: Value = None
    unless_text: str | None = None


class PlannedProgram(JsonModel):
    """The program of a step whose type the repository brings (a StepType document), for it is in no version of ours."""

    step_type: str
    """`<name>@<version>`."""
    path: str
    """The StepType document."""
    command: list[str]
    """An argv template: `${inputs.<name>}` inside an argument is replaced when the step starts."""
    reads: Literal["stdout", "file"] = "stdout"
    """Where outputs come from; the file is the step's `output_file`."""
    inputs_schema: dict[str, Any] | None = None
    """The JSON Schema of the inputs, where some of them are known only at run time: they are checked then."""


class Cell(JsonModel):
    """For which of its loop's values a step is there."""

    index: int
    """Its place among the values, from 0 on; the same number stands in the step's id."""
    item: Value = None
    """The value of `forEach`."""
    matrix: dict[str, Value] | None = None
    """The combination of `matrix`; None in a loop with `forEach`."""


class Group(JsonModel):
    """What a barrier ends: a loop with all its steps, or a sub-workflow. Its members name the barrier as `within`."""

    kind: Literal["loop", "workflow"]
    size: int | None = None
    """Of a loop: how many values it has; its members are `<id>[0]` to `<id>[size - 1]`, steps or groups."""
    max_parallel: int | None = None
    """Of a loop: how many of its members run at once."""
    declared_outputs: list[str] | None = None
    """Of a loop: what its step declares; `steps.<loop>.outputs.<name>` is the list of what the members gave."""
    workflow: str | None = None
    """Of a sub-workflow: its identity, or the path of its file."""
    product: str | None = None
    """Of a sub-workflow that is a product workflow: its product; policies allow such a one by its identity."""
    parameters: dict[str, Value] | None = None
    """Of a sub-workflow: what it is called with, defaults included."""
    variables: dict[str, Value] | None = None
    outputs: dict[str, Value] | None = None
    """Of a sub-workflow: read by its caller as `steps.<call>.outputs.<name>`."""
    fail_fast: bool | None = None
    gate: Gate | None = None
    """Of a sub-workflow: what must be approved before its first step."""


class MatrixAxis(JsonModel):
    """One key of a matrix and its values: a list, or a reference to one."""

    key: str
    values: Value


class Expansion(JsonModel):
    """A loop over what only the run knows: its one node in the plan becomes several steps, `<id>[0]` and on.

    Inside of the node, `item` and `matrix.<key>` are references that every one of these steps has a value for.
    """

    for_each: Value = None
    matrix: list[MatrixAxis] | None = None
    """In the order of the file, which is that of the combinations."""
    include: Value = None
    exclude: Value = None
    max_items: int
    """More values than that fail the step; policies count with this number."""
    max_parallel: int | None = None


class Undo(JsonModel):
    """What a step of a rollback plan takes back."""

    step: str
    """The id of the step in the plan of the run that is rolled back."""
    how: Literal["itself", "step", "files"]
    """`itself`: the driver of its type undoes its own work; `step`: what its `rollback` names; `files`: the files that
    it brought into the repository are what they were before."""
    runs: list[str]
    """The runs that may have done its work: the one that is rolled back, and those that it went on from."""
    wrote: dict[str, str] | None = None
    """By path, the digest of each file that the step made."""
    before: dict[str, str] | None = None
    """By path, the text that stood there before; a file of `wrote` that is not here did not exist."""


class PlannedProbe(JsonModel):
    """A program that says whether the work of its step is done: exit status 0 yes, 1 no, anything else: unknown."""

    inputs: dict[str, Value]
    """Those of a `script` step."""
    env: dict[str, Value] | None = None
    """In place of the step's own variables, in a rollback plan."""


class PlannedStep(JsonModel):
    """One node of the plan's graph: a step, or a barrier that a tier, a workflow, a loop or a sub-workflow ends with.

    Ids: `<phase>/<tier>/<product or ->/<workflow>/<step>`; a barrier's is `<phase>/<tier>` (all workflows of that tier
    in that phase have finished), a workflow's id where others of its tier depend on that workflow, or
    `<workflow's id>/[<number>]` between two large groups of its steps. A step of a loop has `[<index>]` behind its
    name, one of a sub-workflow the name of the call and a `.` before it (`deploy[1].migrate`); the barrier that ends a
    loop or a sub-workflow (`group`) has the id of the step as written, so that others need it by that name. `needs`
    names steps and barriers; it holds what is needed directly, never n² edges.
    """

    id: str
    kind: Literal["step", "barrier"] = "step"
    name: str
    type: str = ""
    description: str = ""
    phase: Phase
    tier: Tier
    workflow_id: str | None = None
    """`<phase>/<tier>/<product or ->/<workflow>`; None for a barrier without a `group`."""
    needs: list[str] = Field(default_factory=list)
    cleanup: bool = False
    """A `finally` step: runs whatever happened."""
    provenance: Provenance | None = None
    inputs: dict[str, Value] = {}
    program: PlannedProgram | None = None
    """What runs a step of the repository's own type; None for a built-in one."""
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
    probe: PlannedProbe | None = None
    """What tells whether the step is done, where it was running when its run was killed. A step of a rollback that
    has one takes something back only where that says that there is something."""
    rollback: Value = None
    declared_outputs: list[str] = []
    secret_outputs: list[str] = []
    output_file: str | None = None
    set_variables: dict[str, Value] = {}
    tools: list[ToolNeed] = []
    gate: Gate | None = None
    lock: str | None = None
    within: str | None = None
    """Id of the loop or sub-workflow that it is a member of: a barrier with a `group`."""
    cell: Cell | None = None
    """For which value of its loop it is there; of a step, or of a group that is one round of a loop."""
    group: Group | None = None
    """What this barrier ends. Its `conditions`, `continue_on_error`, `cleanup` and `timeout_seconds` (where
    `timeout_written`) are those of the sub-workflow as a whole."""
    expansion: Expansion | None = None
    """A loop that is expanded while the run goes on: this step is the pattern of its steps."""
    undoes: Undo | None = None
    """Of a step of a rollback plan: what it takes back."""

    @property
    def most_steps(self) -> int:
        """As how many steps it counts for limits: 0 for a barrier, `max_items` for the pattern of a loop."""
        if self.kind == "barrier":
            return 0
        return self.expansion.max_items if self.expansion else 1


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
    gate: Gate | None = None
    """What must be approved before its first step."""
    owner: str | None = None
    """Whose it is, where a limit counts the steps of that owner."""
    variables: dict[str, Value] = {}
    outputs: dict[str, Value] = {}
    override_of: str | None = None
    rollback_on_failure: bool | None = None
    """Whether a run in which one of its steps fails is rolled back at once; None where nothing is said."""


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
    """How much runs at once: `workflows`, `max_parallel`, `platform`, `product`, `application`, `step_types.<type>`,
    `owners.<owner>`; and how long a workflow may take at most: `workflow_seconds`. Each where somebody set it."""
    rollback_on_failure: bool | None = None
    """Whether the golden path asks that a run that fails is rolled back at once; None where nothing is said."""
    rolls_back: str | None = None
    """Of a rollback plan: the run whose steps it undoes."""
    lifetime_seconds: int | None = None
    """How long what is deployed may stay; for ever where nothing is said."""

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
