"""Workflows in their canonical shape, to which `documents.shapes` brings all four shapes found in the wild."""

from typing import Annotated, Any, Literal

from pydantic import Field

from innominatus_cli.documents.model import Deprecation, DurationSeconds, Name, Text, VariableName, YamlModel
from innominatus_cli.documents.vocabulary import Idempotency, Phase, Trigger, When


class Retry(YamlModel):
    """How often and when a failed attempt is repeated."""

    attempts: Annotated[int, Field(ge=1, le=10)] = 3
    delay: DurationSeconds = 1
    backoff: Literal["constant", "linear", "exponential"] = "constant"
    max_delay: DurationSeconds = 300
    jitter: Literal["full", "none"] = "full"
    max_duration: DurationSeconds | None = None
    """How long all attempts may take with their delays; None: each as long as the step's `timeout`."""
    on: list[int | str] = []
    """Exit codes, output patterns or `timeout`; empty: any failure."""


class StepApproval(YamlModel):
    """A gate before a step or a workflow: who must approve, and how many of them."""

    teams: Annotated[list[str], Field(min_length=1)]
    count: Annotated[int, Field(ge=1)] = 1
    expires: DurationSeconds | None = None
    """How long an approval holds; None: as long as admin-config's `approvals.expires` says."""


class ParameterDefinition(YamlModel):
    """One typed parameter of a workflow."""

    name: str
    type: Literal[
        "string", "int", "integer", "number", "bool", "boolean", "duration", "enum", "object", "map", "list"
    ] = "string"
    description: str = ""
    required: bool = False
    default: Any = None
    secret: bool = False
    pattern: str | None = None
    min: int | None = None
    max: int | None = None
    allowed_values: Annotated[list[Text] | None, Field(alias="allowed_values")] = None


class ProbeDefinition(YamlModel):
    """A program that says whether the work of its step is done: exit status 0 yes, 1 no, anything else: unknown."""

    script: Text | None = None
    """Text that bash runs. Values reach it as environment variables."""
    command: Annotated[list[Text], Field(min_length=1)] | None = None
    """A program and its arguments, run without a shell."""


class StepDefinition(YamlModel):
    """One step as written: the step type's own inputs stand in `config`."""

    name: Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^/\[\]\s][^/\[\]]*$")]
    type: Annotated[str, Field(min_length=1)]
    description: str = ""
    config: dict[str, Any] = Field(default_factory=dict)
    env: dict[VariableName, Text] = Field(default_factory=dict)
    if_: Annotated[Text | None, Field(alias="if")] = None
    unless: Text | None = None
    when: When = When.ON_SUCCESS
    depends_on: list[str] | None = None
    """None: the implicit order; an empty list: starts at once."""
    parallel: bool = False
    parallel_group: Annotated[int, Field(ge=0)] = 0
    for_each: Any = None
    matrix: dict[str, Any] | None = None
    max_items: Annotated[int, Field(ge=1)] | None = None
    max_parallel: Annotated[int, Field(ge=1)] | None = None
    timeout: DurationSeconds | None = None
    retry: Retry | None = None
    continue_on_error: bool = False
    rollback: dict[str, Any] | bool | None = None
    idempotency: Idempotency | None = None
    probe: ProbeDefinition | None = None
    """Asked by `resume` of a step that was running when its run was killed."""
    outputs: list[str] | dict[str, Any] | None = None
    output_file: str | None = None
    set_variables: dict[str, Text] = Field(default_factory=dict)
    secret_outputs: list[str] = Field(default_factory=list)
    approval: StepApproval | None = None
    lock: str | None = None
    workflow: str | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)


class WorkflowMetadata(YamlModel):
    """Who a workflow is and where in a deployment it stands."""

    name: Name
    description: str = ""
    owner: str = ""
    product: str | None = None
    phase: Phase | None = None
    phases: list[Phase] = []
    version: Text | None = None
    """A semantic version, where several of one name stand side by side."""
    deprecated: Deprecation | None = None
    overrides: str | None = None
    depends_on: list[str] = []
    tags: list[str] = []
    labels: dict[str, Text] = {}
    annotations: dict[str, Text] = {}


class WorkflowSpec(YamlModel):
    """What a workflow does."""

    triggers: list[Trigger] = []
    parameters: list[ParameterDefinition] = []
    variables: dict[str, Text] = {}
    outputs: dict[str, Any] = {}
    timeout: DurationSeconds | None = None
    fail_fast: bool = False
    rollback_on_failure: bool | None = None
    """Whether a run in which one of its steps fails is rolled back at once."""
    approval: StepApproval | None = None
    """A gate before the workflow's first step."""
    retry: Retry | None = None
    """Of its steps that say nothing themselves."""
    steps: list[StepDefinition]
    finally_: Annotated[list[StepDefinition], Field(alias="finally")] = []


class WorkflowDocument(YamlModel):
    """A workflow of any tier, or a reusable one."""

    api_version: Literal["workflow.dev/v1"] = "workflow.dev/v1"
    kind: Literal["PlatformWorkflow", "ProductWorkflow", "Workflow"]
    metadata: WorkflowMetadata
    spec: WorkflowSpec
