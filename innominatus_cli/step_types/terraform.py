"""Steps of Terraform and OpenTofu: `terraform` and `terraform-generate`."""

from collections.abc import Mapping
from typing import Any, Final, Literal

from pydantic import ConfigDict

from innominatus_cli.documents.model import DurationSeconds, Text
from innominatus_cli.documents.plan import ToolNeed
from innominatus_cli.documents.vocabulary import Idempotency
from innominatus_cli.step_types.contract import (
    LaterPathInput,
    PathInput,
    Reference,
    RollbackMeans,
    StepInputs,
    StepType,
    aliases,
    known,
)

VERSIONS: Final = ">=1.6"
Operation = Literal["init", "validate", "plan", "apply", "destroy", "output"]
_LOOKS: Final = ("init", "validate", "plan", "output")
_STRONGEST: Final = ("destroy", "apply", "plan", "output", "validate", "init")


class TerraformInputs(StepInputs):
    """Inputs of `terraform`."""

    model_config = ConfigDict(
        json_schema_extra=aliases(
            workingDir=["working_dir", "path", "folder", "module"],
            operation=["action"],
            variables=["vars"],
            backendConfig=["backend"],
            varFiles=["varFile"],
        )
    )

    working_dir: LaterPathInput
    """The root module's folder, or one that an earlier step gives (`module` of `terraform-generate`), by
    its path from the root. It is copied: nothing is written into it."""
    operation: Operation | Reference[str] = "apply"
    tool: Literal["terraform", "tofu"] | None = None
    """The program; `terraform` where it is there, else `tofu`, where nothing is said."""
    variables: dict[str, Any] = {}
    """Values of the module's variables. They reach Terraform in a private file, never as arguments."""
    var_files: list[PathInput] = []
    """Files of variables, in order; `variables` wins over them."""
    outputs: list[str] = []
    """Outputs to keep; all where nothing is said. Those that the module marks as sensitive are secrets."""
    workspace: str | None = None
    """Chosen, and made where it is missing; `default` where nothing is said."""
    backend_config: dict[str, Text] = {}
    """What the module's backend still needs. A module without a backend, or with `local`, keeps its state in the state
    folder; `path` is below that."""
    state: str | None = None
    """A name for the state in the state folder. Steps of the same module share one where nothing is said."""
    resource: str | None = None
    """The resource that the module makes: each has a state of its own."""
    targets: list[str] = []
    """Addresses to which everything is limited, for repairs."""
    replace: list[str] = []
    """Addresses that are made anew."""
    lock_timeout: DurationSeconds | Reference[int] = 30
    """How long to wait for a state that another run has locked."""
    includes: list[PathInput] = []
    """More files and folders that the module reads (`../modules/db`), so that the plan's digest covers them."""
    commands: list[Literal["init", "validate", "plan", "apply", "destroy", "output", "clean"]] = []
    """Old files name several operations here; the one that does most is done, with what it needs before it."""


class TerraformGenerateInputs(StepInputs):
    """Inputs of `terraform-generate`."""

    model_config = ConfigDict(
        json_schema_extra=aliases(outputDir=["output"], variables=["vars", "params"], resource=["resourceType"])
    )

    resource: Literal["s3", "minio-s3-bucket", "postgres", "mysql", "redis", "sqs", "sns", "dynamodb"] | Reference[str]
    """What the module makes."""
    name: str | None = None
    """The resource's name; the application's and the environment's, with the resource, where nothing is said."""
    output_dir: str | None = None
    """The module's folder in the repository; below `.innominatus/manifests` where nothing is said."""
    variables: dict[str, Any] = {}
    """Defaults of the module's variables; unknown names are findings. Never a secret: the module is committed."""


def operation_of(inputs: TerraformInputs) -> str:
    """What a step does: `operation`, or the strongest of the old `commands`."""
    named = [command for command in _STRONGEST if command in inputs.commands]
    if named:
        return named[0]
    return "destroy" if "clean" in inputs.commands else str(known(inputs.operation))


def _rollback(inputs: Mapping[str, Any]) -> RollbackMeans:
    """A state that the run made is destroyed; what was destroyed is not made again."""
    commands = inputs.get("commands") or [inputs.get("operation", "apply")]
    if all(command in _LOOKS for command in commands):
        return "nothing"
    return "reversible" if all(command in (*_LOOKS, "apply") for command in commands) else "irreversible"


def _tools(inputs: Mapping[str, Any]) -> tuple[ToolNeed, ...]:
    return (ToolNeed(name="tofu" if inputs.get("tool") == "tofu" else "terraform", range=VERSIONS),)


TERRAFORM = StepType(
    name="terraform",
    summary="Plans a Terraform or OpenTofu module and applies exactly that plan.",
    inputs=TerraformInputs,
    outputs={
        "plan_summary": "`add`, `change`, `destroy`: numbers; `changes`: `action` and `object` (address) of each.",
        "changed": "Whether there was anything to do.",
        "plan": "With `operation: plan`: a file below the state folder, the plan as JSON without secrets; else empty.",
    },
    tools_by_inputs=_tools,
    idempotency=Idempotency.CONVERGENT,
    has_probe=True,
    rollback="reversible",
    rollback_by_inputs=_rollback,
    default_timeout_seconds=3600,
)
TERRAFORM_GENERATE = StepType(
    name="terraform-generate",
    summary="Writes a Terraform module for a known resource.",
    inputs=TerraformGenerateInputs,
    outputs={
        "module": "The module's folder in the repository, for `workingDir` of a `terraform` step.",
        "files": "The names of its files.",
    },
    idempotency=Idempotency.CONVERGENT,
    rollback="nothing",
    default_timeout_seconds=60,
)
