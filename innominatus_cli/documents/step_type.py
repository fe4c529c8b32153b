"""Step types that a repository brings: a schema for inputs, a command and a rule for outputs."""

from typing import Annotated, Any, Literal

from pydantic import Field

from innominatus_cli.documents.model import Deprecation, DurationSeconds, Name, Text, VariableName, YamlModel
from innominatus_cli.documents.vocabulary import Idempotency


class StepTypeMetadata(YamlModel):
    """How a step type is found; `name` is what steps write under `type`."""

    name: Name
    version: Text = "1.0.0"
    deprecated: Deprecation | None = None
    description: str = ""
    owner: str = ""


class StepTypeTool(YamlModel):
    """A program that the command needs, and which versions are good."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._+-]*$")]
    """As it is found on the PATH; never a path."""
    range: str = "*"


class StepTypeOutputs(YamlModel):
    """Where outputs come from: a JSON object or `OUTPUT_k=v` lines on stdout, or a file that the command writes."""

    source: Annotated[Literal["stdout", "file"], Field(alias="from")] = "stdout"
    path: str | None = None
    names: dict[str, str] = {}
    """Names of outputs to their descriptions."""


class StepTypeSpec(YamlModel):
    """What a step of this type takes and does."""

    inputs: dict[str, Any] = {}
    """A JSON Schema (draft 2020-12) of `config`; `$ref` only inside of itself."""
    command: Annotated[list[str], Field(min_length=1)]
    """An argv template; `${inputs.<name>}` in an argument is replaced, and never split."""
    env: dict[VariableName, Text] = {}
    """Variables of its process; `${secrets.<name>}` stands nowhere else."""
    files: list[str] = []
    """Files and folders that the command reads: the plan's digest covers them."""
    outputs: StepTypeOutputs = StepTypeOutputs()
    tools: list[StepTypeTool] = []
    timeout: DurationSeconds | None = None
    idempotency: Idempotency = Idempotency.ONCE


class StepTypeDocument(YamlModel):
    """workflows/step-types/*.yaml."""

    api_version: Literal["workflow.dev/v1"] = "workflow.dev/v1"
    kind: Literal["StepType"]
    metadata: StepTypeMetadata
    spec: StepTypeSpec
