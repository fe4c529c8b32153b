"""Infrastructure tools: terraform, ansible, cloudformation, pulumi. Known to the language; nothing runs them yet."""

from typing import Any, Literal

from pydantic import ConfigDict

from innominatus_cli.documents.model import Text
from innominatus_cli.documents.plan import ToolNeed
from innominatus_cli.documents.vocabulary import Idempotency
from innominatus_cli.step_types.contract import PathInput, Reference, StepInputs, StepType, aliases

TERRAFORM_TOOL = ToolNeed(name="terraform", range=">=1.6")


class TerraformInputs(StepInputs):
    """Inputs of `terraform`."""

    model_config = ConfigDict(
        json_schema_extra=aliases(
            workingDir=["working_dir", "path", "folder"], operation=["action"], variables=["vars"]
        )
    )

    working_dir: PathInput
    """The root module's folder."""
    operation: Literal["init", "validate", "plan", "apply", "destroy", "output"] | Reference[str] = "apply"
    variables: dict[str, Any] = {}
    outputs: list[str] = []
    """Outputs to keep; all that are not sensitive where nothing is said."""
    workspace: str | None = None
    backend_config: dict[str, Text] = {}
    resource: str | None = None
    """The resource whose outputs these are: `${resources.<resource>.<output>}`."""
    commands: list[str] = []
    """Old files name several operations here, in order."""


class TerraformGenerateInputs(StepInputs):
    """Inputs of `terraform-generate`."""

    model_config = ConfigDict(json_schema_extra=aliases(outputDir=["output", "path"], variables=["vars", "params"]))

    resource: str
    """What is generated: `s3`, `minio-s3-bucket`, `postgres`."""
    output_dir: str | None = None
    variables: dict[str, Any] = {}


class AnsibleInputs(StepInputs):
    """Inputs of `ansible`."""

    model_config = ConfigDict(
        json_schema_extra=aliases(variables=["vars", "extraVars"], workingDir=["path"], inventory=["inventoryFile"])
    )

    playbook: PathInput
    working_dir: PathInput = "."
    inventory: PathInput | None = None
    variables: dict[str, Any] = {}
    tags: list[str] = []
    limit: str | None = None
    check: bool | Reference[bool] = False


class CloudFormationInputs(StepInputs):
    """Inputs of `cloudformation`."""

    model_config = ConfigDict(
        json_schema_extra=aliases(stack=["stackName"], template=["templateFile"], operation=["action"])
    )

    stack: str
    template: PathInput | None = None
    operation: Literal["deploy", "delete", "describe"] | Reference[str] = "deploy"
    parameters: dict[str, Text] = {}
    region: str | None = None
    capabilities: list[str] = []


class PulumiInputs(StepInputs):
    """Inputs of `pulumi`."""

    model_config = ConfigDict(json_schema_extra=aliases(workingDir=["path"], operation=["action"], stack=["stackName"]))

    working_dir: PathInput
    stack: str
    operation: Literal["preview", "up", "destroy", "refresh"] | Reference[str] = "up"
    config: dict[str, Text] = {}


TERRAFORM = StepType(
    name="terraform",
    summary="Plans and applies a Terraform module.",
    inputs=TerraformInputs,
    tools=(TERRAFORM_TOOL,),
    idempotency=Idempotency.CONVERGENT,
    rollback="compensated",
    default_timeout_seconds=3600,
    has_driver=False,
)
TERRAFORM_GENERATE = StepType(
    name="terraform-generate",
    summary="Writes a Terraform module for a known resource.",
    inputs=TerraformGenerateInputs,
    idempotency=Idempotency.CONVERGENT,
    rollback="nothing",
    has_driver=False,
)
ANSIBLE = StepType(
    name="ansible",
    summary="Runs an Ansible playbook.",
    inputs=AnsibleInputs,
    tools=(ToolNeed(name="ansible-playbook", range=">=2.15"),),
    idempotency=Idempotency.CONVERGENT,
    default_timeout_seconds=3600,
    has_driver=False,
)
CLOUDFORMATION = StepType(
    name="cloudformation",
    summary="Deploys an AWS CloudFormation stack.",
    inputs=CloudFormationInputs,
    tools=(ToolNeed(name="aws", range=">=1.29"),),
    idempotency=Idempotency.CONVERGENT,
    rollback="compensated",
    default_timeout_seconds=3600,
    has_driver=False,
)
PULUMI = StepType(
    name="pulumi",
    summary="Previews and applies a Pulumi program.",
    inputs=PulumiInputs,
    tools=(ToolNeed(name="pulumi", range=">=3"),),
    idempotency=Idempotency.CONVERGENT,
    rollback="compensated",
    default_timeout_seconds=3600,
    has_driver=False,
)
