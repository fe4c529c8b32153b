"""Steps of other infrastructure tools: ansible, cloudformation, pulumi."""

from typing import Any, Literal

from pydantic import ConfigDict

from innominatus_cli.documents.model import Text
from innominatus_cli.documents.plan import ToolNeed
from innominatus_cli.documents.vocabulary import Idempotency
from innominatus_cli.step_types.contract import PathInput, Reference, StepInputs, StepType, aliases


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
