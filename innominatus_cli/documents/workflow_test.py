"""Tests of workflows: what is given, which steps are faked, and what a deployment is expected to do with that.

workflows/**/tests/*.yaml. A test is planned as `plan` would and judged by the policies; its run is only simulated.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from innominatus_cli.documents.model import Name, Text, VariableName, YamlModel

NonEmpty = Annotated[str, Field(min_length=1)]
CodeNumber = Annotated[str, Field(pattern=r"^ORC-[0-9]{4}$")]


class WorkflowTestMetadata(YamlModel):
    """How a file of tests is found: `name` stands before the name of each of its tests."""

    name: Name
    description: str = ""
    owner: str = ""


class Given(YamlModel):
    """What a test starts from. A key that a test leaves out is that of its file; `parameters` and `env` are merged."""

    score: NonEmpty | dict[str, Any] | None = None
    """A Score spec, or the path of one: from this file where it begins with `./` or `../`, else from the root."""
    environment: NonEmpty | None = None
    """By default `development`."""
    golden_path: NonEmpty | None = None
    """By default the repository's."""
    task: NonEmpty | None = None
    """A workflow that is run by itself, in the place of a golden path."""
    workflows: list[NonEmpty] | None = None
    """Workflows that somebody names with `--workflow`."""
    first_deployment: bool | None = None
    """Whether the application has never been deployed to this environment; by default it has not."""
    parameters: dict[str, Any] | None = None
    """Those of the golden path: texts as `--param` takes them, or typed values."""
    env: dict[VariableName, Text] | None = None
    """The allow-listed variables of the environment that plans may read; all others are unset."""
    actor: NonEmpty | None = None
    """The e-mail address of who runs."""
    approved: bool | None = None
    """Whether everybody who must approve has; by default nobody has."""


class FakedFailure(YamlModel):
    """How a faked step fails."""

    exit_code: Annotated[int, Field(ge=1, le=255)] = 1
    prints: str = ""
    """What it prints before, for the patterns of `retry.on`."""
    times_out: bool = False
    attempts: Annotated[int, Field(ge=1, le=10)] | None = None
    """How many attempts fail so, from the first on; all where nobody says."""


class Fake(YamlModel):
    """What the steps that a pattern names do instead of their work. Later fakes win over earlier ones."""

    step: NonEmpty
    outputs: dict[str, Any] = {}
    fails: bool | FakedFailure = False


class SkippedStep(YamlModel):
    """A step that is skipped, and why: a part of the reason that `run` would tell."""

    step: NonEmpty
    reason: NonEmpty | None = None


class ExpectedOrder(YamlModel):
    """A step that always ends before some, or starts behind some."""

    step: NonEmpty
    before: NonEmpty | list[NonEmpty] = []
    after: NonEmpty | list[NonEmpty] = []


class ExpectedApproval(YamlModel):
    """The approval that a step waits for."""

    teams: list[NonEmpty] | None = None
    count: Annotated[int, Field(ge=1)] | None = None


class ExpectedStep(YamlModel):
    """What a step that runs is, and gets: `inputs` and `env` are a part of what it gets, `exactInputs` is all."""

    step: NonEmpty
    type: NonEmpty | None = None
    inputs: dict[str, Any] | None = None
    exact_inputs: dict[str, Any] | None = None
    env: dict[VariableName, Text] | None = None
    attempts: Annotated[int, Field(ge=1)] | None = None
    outputs: dict[str, Any] | None = None
    approval: ExpectedApproval | None = None


class ExpectedVerdict(YamlModel):
    """What the policies say of the plan: that it may run, or the codes for which it may not."""

    allowed: bool | None = None
    refused: list[CodeNumber] = []
    """All codes for which the policies refuse it."""
    warned: list[CodeNumber] = []
    """Codes that are among its warnings."""


class ExpectedFinding(YamlModel):
    """A finding of planning: its code, and a part of its message."""

    code: CodeNumber
    message: NonEmpty | None = None


class Expectations(YamlModel):
    """What must hold. Steps are named by id, by `<workflow>/<step>` or by name; `*` and `**` stand for many."""

    result: Literal["succeeded", "failed", "refused", "waiting", "unplanned"] | None = None
    runs: list[NonEmpty] = []
    """Steps that run, whatever comes of them."""
    runs_only: list[NonEmpty] | None = None
    """All steps that run."""
    succeeds: list[NonEmpty] = []
    fails: list[NonEmpty] = []
    skipped: list[NonEmpty | SkippedStep] = []
    """Steps of the plan that do not run."""
    absent: list[NonEmpty] = []
    """Steps that are not in the plan."""
    order: list[ExpectedOrder] = []
    steps: list[ExpectedStep] = []
    outputs: dict[str, dict[str, Any]] = {}
    """By the identity of a workflow, a part of its outputs."""
    policies: ExpectedVerdict | None = None
    findings: list[CodeNumber | ExpectedFinding] = []
    """Findings because of which there is no plan, all of them; or warnings that come with one."""


class DeclaredTest(YamlModel):
    """One test."""

    name: Name
    description: str = ""
    given: Given = Given()
    fakes: list[Fake] = []
    expect: Expectations = Expectations()
    snapshot: bool = False
    """Whether the plan must be the one in `snapshots/<file's name>/<test's name>.snap`."""


class WorkflowTestSpec(YamlModel):
    """What all tests of a file are given, the fakes that they share, and the tests."""

    given: Given = Given()
    fakes: list[Fake] = []
    tests: Annotated[list[DeclaredTest], Field(min_length=1)]


class WorkflowTestDocument(YamlModel):
    """workflows/**/tests/*.yaml."""

    api_version: Literal["workflow.dev/v1"] = "workflow.dev/v1"
    kind: Literal["WorkflowTest"]
    metadata: WorkflowTestMetadata
    spec: WorkflowTestSpec
