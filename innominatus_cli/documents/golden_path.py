"""Golden paths: what people run by name, with typed parameters."""

from typing import Annotated, Literal

from pydantic import Field

from innominatus_cli.documents.model import Deprecation, Name, Text, YamlModel
from innominatus_cli.documents.vocabulary import Operation


class GoldenPathParameter(YamlModel):
    """One typed parameter that `--param name=value` sets."""

    type: Literal["string", "int", "integer", "bool", "boolean", "duration", "enum"] = "string"
    description: str = ""
    required: bool = False
    default: Text | None = None
    secret: bool = False
    pattern: str | None = None
    min: int | None = None
    max: int | None = None
    allowed_values: Annotated[list[Text] | None, Field(alias="allowed_values")] = None


class GoldenPathMetadata(YamlModel):
    """How a golden path is found."""

    name: Name
    version: Text = "1.0.0"
    deprecated: Deprecation | None = None
    description: str = ""
    owner: str = ""
    category: str = ""
    tags: list[str] = []


class GoldenPathSpec(YamlModel):
    """What a golden path runs as the application tier; without `workflow` the generated one."""

    operation: Operation = Operation.DEPLOY
    workflow: str | None = None
    parameters: dict[str, GoldenPathParameter] = {}
    environment: str | None = None
    """The environment, from parameters, as `preview-${parameters.name}`; without it, and else, that of `--env`."""
    expires_after: str | None = None
    """The parameter of type duration that says how long what a run deploys may stay."""
    rollback_on_failure: bool | None = None
    """Whether a run of it that fails is rolled back at once."""
    estimated_duration: Annotated[str, Field(alias="estimated_duration")] = ""


class GoldenPathDocument(YamlModel):
    """A golden path."""

    api_version: Literal["workflow.dev/v1"] = "workflow.dev/v1"
    kind: Literal["GoldenPath"]
    metadata: GoldenPathMetadata
    spec: GoldenPathSpec = GoldenPathSpec()
