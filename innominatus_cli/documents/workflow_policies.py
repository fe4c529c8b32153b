"""Workflow policies: in admin-config.yaml under `workflowPolicies`, or a document of kind `WorkflowPolicies`."""

from typing import Annotated, Literal

from pydantic import Field

from innominatus_cli.documents.model import DurationSeconds, YamlModel


class WorkflowOverrides(YamlModel):
    """Whether a lower tier's workflow may be replaced by one of the named tier."""

    platform: bool = False
    product: bool = False


SecretsAccess = Literal["none", "read-only", "namespace-scoped", "read-write"]


class PolicySecurity(YamlModel):
    """Who may run, where approval is needed, and which secrets steps may use."""

    require_approval: list[str] | None = None
    """Environments in which every run needs an approval."""
    allowed_executors: list[str] | None = None
    """Teams (see `teams`) whose members may run."""
    secrets_access: dict[str, SecretsAccess] | None = None
    """By step type or secret store."""


class RollbackCoverage(YamlModel):
    """How much of a plan a rollback must be able to take back."""

    minimum: Annotated[int, Field(ge=0, le=100)] = 0
    """Percent of the steps that change something: those that are reversible or compensated."""
    gate_irreversible: bool = False
    """Whether every step that nothing takes back needs an approval before it (`approval` of the step)."""
    environments: list[str] | None = None
    """Where that is asked; everywhere where nothing is said."""


class PolicyRules(YamlModel):
    """Every policy; None means that nothing is said (no restriction), an empty list allows nothing."""

    workflows_root: str | None = None
    required_platform_workflows: list[str] | None = None
    allowed_product_workflows: list[str] | None = None
    workflow_overrides: WorkflowOverrides | None = None
    max_workflow_duration: DurationSeconds | None = None
    max_concurrent_workflows: Annotated[int, Field(ge=1)] | None = None
    max_steps_per_workflow: Annotated[int, Field(ge=1)] | None = None
    allowed_step_types: list[str] | None = None
    rollback_coverage: RollbackCoverage | None = None
    security: PolicySecurity = PolicySecurity()


class PolicyResources(YamlModel):
    """The three limits that WorkflowPolicies documents nest one level deeper."""

    max_concurrent_workflows: Annotated[int, Field(ge=1)] | None = None
    max_steps_per_workflow: Annotated[int, Field(ge=1)] | None = None
    allowed_step_types: list[str] | None = None


class WorkflowPoliciesSpec(PolicyRules):
    """`spec` of a WorkflowPolicies document."""

    resources: PolicyResources = PolicyResources()


class PoliciesMetadata(YamlModel):
    """Name of a WorkflowPolicies document."""

    name: str
    description: str = ""
    owner: str = ""


class WorkflowPoliciesDocument(YamlModel):
    """workflows/policies/*.yaml."""

    api_version: Literal["workflow.dev/v1"] = "workflow.dev/v1"
    kind: Literal["WorkflowPolicies"]
    metadata: PoliciesMetadata
    spec: WorkflowPoliciesSpec
