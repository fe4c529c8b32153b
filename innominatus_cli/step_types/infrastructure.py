"""Steps of other infrastructure tools: ansible, cloudformation, pulumi."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field

from innominatus_cli.documents.model import Text
from innominatus_cli.documents.plan import ToolNeed
from innominatus_cli.documents.vocabulary import Idempotency
from innominatus_cli.step_types.contract import (
    PathInput,
    Reference,
    RollbackMeans,
    StepInputs,
    StepType,
    VariableName,
    aliases,
)

AWS_TOOL: Final = ToolNeed(name="aws", range=">=1.29")
PULUMI_TOOL: Final = ToolNeed(name="pulumi", range=">=3")
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
        json_schema_extra=aliases(
            stack=["stackName"], template=["templateFile", "templateBody"], operation=["action"], tags=["stackTags"]
        )
    )

    stack: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,127}$|\$\{|\{\{")]
    template: PathInput | None = None
    """The template's file, at most 51,200 bytes; not needed to delete or describe."""
    operation: Literal["deploy", "plan", "delete", "describe"] | Reference[str] = "deploy"
    """`plan` only says what a change set would do."""
    parameters: dict[str, Text] = {}
    parameters_from: dict[str, VariableName] = {}
    """Parameters whose values are secrets: names of variables of the step's `env`."""
    region: str | None = None
    """The region; what `AWS_REGION` of the step's `env` says where nothing is said."""
    capabilities: list[Literal["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]] = []
    tags: dict[str, Text] = {}
    """Tags of the stack, which its resources get too."""


class PulumiInputs(StepInputs):
    """Inputs of `pulumi`."""

    model_config = ConfigDict(
        json_schema_extra=aliases(workingDir=["path", "project"], operation=["action"], stack=["stackName"])
    )

    working_dir: PathInput
    """The project's folder, with its `Pulumi.yaml`. It is copied, its subfolders are linked: nothing is written
    there."""
    stack: str
    """`stack`, or `organization/project/stack`; `up` makes it where it is missing."""
    operation: Literal["preview", "up", "destroy", "refresh"] | Reference[str] = "up"
    config: dict[str, Text] = {}
    """Configuration of the stack, by key."""
    config_from: dict[str, VariableName] = {}
    """Configuration that is secret: names of variables of the step's `env`. Pulumi encrypts the values."""
    includes: list[PathInput] = []
    """More files and folders that the program reads, so that the plan's digest covers them."""


def _rollback_of_stack(inputs: Mapping[str, Any]) -> RollbackMeans:
    """A stack that the run made is deleted; what was deleted is not made again."""
    operation = inputs.get("operation", "deploy")
    if operation in {"plan", "describe"}:
        return "nothing"
    return "reversible" if operation == "deploy" else "irreversible"


def _rollback_of_pulumi(inputs: Mapping[str, Any]) -> RollbackMeans:
    """The same of a stack of Pulumi's."""
    operation = inputs.get("operation", "up")
    if operation in {"preview", "refresh"}:
        return "nothing"
    return "reversible" if operation == "up" else "irreversible"


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
    has_probe=True,
    default_timeout_seconds=3600,
)
CLOUDFORMATION = StepType(
    name="cloudformation",
    summary="Deploys an AWS CloudFormation stack by a change set.",
    inputs=CloudFormationInputs,
    outputs={
        "stack_id": "The stack's ARN.",
        "status": "The stack's status.",
        "changed": "Whether there was anything to do.",
        "plan_summary": "`add`, `change`, `destroy`: numbers; `changes`: `action` and `object` of each.",
    },
    tools=(AWS_TOOL,),
    idempotency=Idempotency.CONVERGENT,
    rollback="reversible",
    rollback_by_inputs=_rollback_of_stack,
    default_timeout_seconds=3600,
)
PULUMI = StepType(
    name="pulumi",
    summary="Previews a Pulumi program and brings its stack up.",
    inputs=PulumiInputs,
    outputs={
        "changed": "Whether there was anything to do.",
        "plan_summary": "`add`, `change`, `destroy`: numbers; `changes`: `action` and `object` of each.",
    },
    tools=(PULUMI_TOOL,),
    idempotency=Idempotency.CONVERGENT,
    has_probe=True,
    rollback="reversible",
    rollback_by_inputs=_rollback_of_pulumi,
    default_timeout_seconds=3600,
)
