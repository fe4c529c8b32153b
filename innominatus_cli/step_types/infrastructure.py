"""Steps of other infrastructure tools: ansible, cloudformation, pulumi."""

from typing import Any, Final, Literal

from pydantic import ConfigDict

from innominatus_cli.documents.model import Text
from innominatus_cli.documents.plan import ToolNeed
from innominatus_cli.documents.vocabulary import Idempotency
from innominatus_cli.step_types.contract import PathInput, Reference, StepInputs, StepType, VariableName, aliases

ANSIBLE_TOOL: Final = ToolNeed(name="ansible-playbook", range=">=2.15")


class AnsibleInputs(StepInputs):
    """Inputs of `ansible`."""

    model_config = ConfigDict(
        json_schema_extra=aliases(
            variables=["vars", "extraVars"],
            workingDir=["path"],
            inventory=["inventoryFile"],
        )
    )

    playbook: PathInput
    working_dir: PathInput = "."
    """Where Ansible runs: an `ansible.cfg` there counts."""
    inventory: PathInput | None = None
    """An inventory file or folder."""
    hosts: list[str] = []
    """Hosts by name, without an inventory. Where all of them are this machine, nothing is connected to."""
    variables: dict[str, Any] = {}
    """Variables that win over all others. They reach Ansible in a private file, never as arguments."""
    tags: list[str] = []
    skip_tags: list[str] = []
    limit: str | None = None
    """A pattern of hosts to which everything is limited."""
    check: bool | Reference[bool] = False
    """Only say what would change (`--check --diff`)."""
    diff: bool | Reference[bool] = False
    """Show in the log how files change."""
    vault_password_from: VariableName | None = None
    """The variable of the step's `env` that holds the password of ansible-vault."""
    python_interpreter: str | None = None
    """The Python on the hosts, where Ansible's own search finds a wrong one."""
    includes: list[PathInput] = []
    """More files and folders that the playbook reads (roles, templates), so that the plan's digest covers them."""


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
    outputs={
        "changed": "How many tasks changed something, over all hosts.",
        "hosts": "By host: `ok`, `changed`, `failures`, `skipped`, `unreachable`, `rescued`, `ignored`.",
    },
    tools=(ANSIBLE_TOOL,),
    idempotency=Idempotency.CONVERGENT,
    default_timeout_seconds=3600,
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
