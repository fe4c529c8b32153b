"""`innominatus.dev/provisioner/v1` as models: what provisioners are asked and what they answer, for the schemas.

The reader of answers (`provisioners.protocol`) is by hand, for a program's answer is told in words of its own.
"""

from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field

from innominatus_cli.documents.model import JsonModel

PROVISIONER_PROTOCOL: Final = "innominatus.dev/provisioner/v1"
_Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,127}$")]


class RequestedResource(JsonModel):
    """The resource that a request is about."""

    name: str
    type: str
    class_: Annotated[str, Field(alias="class")]
    id: str | None
    uid: str
    """`type.class#id`; the id is `<application>.<resource>` where none is said."""
    params: dict[str, Any]
    annotations: dict[str, str]
    application: str
    environment: str


class RequestedBackup(JsonModel):
    """The backup that is to be written, or read again."""

    id: str
    folder: str
    """A folder for it, which stays when the resource is removed."""
    location: str = ""
    """Where it is besides, as the answer said when it was made."""


class ProvisionerRequest(JsonModel):
    """One JSON object on stdin."""

    protocol: Literal["innominatus.dev/provisioner/v1"]
    operation: Literal["provision", "deprovision", "status", "describe", "backup", "restore"]
    resource: RequestedResource
    backup: RequestedBackup | None = None
    """Of `backup` and `restore`."""
    config: dict[str, Any]
    """Settings that the platform team gives."""


class ProvisionerHint(JsonModel):
    """One line for people; it holds no secret."""

    type: str
    label: str
    value: str


class ProvisionerStatus(JsonModel):
    """How a resource is."""

    state: str
    health: Literal["healthy", "degraded", "unhealthy", "unknown"] = "unknown"
    message: str = ""


class DescribedOutput(JsonModel):
    """An output that is promised."""

    type: Literal["string", "number", "integer", "boolean", "object", "array", "any"] = "any"
    description: str = ""
    secret: bool = False


class ProvisionerDescription(JsonModel):
    """What a provisioner promises."""

    name: str
    type: str
    version: str
    outputs: dict[_Name, DescribedOutput] = {}
    params: dict[str, str] = {}
    operations: list[Literal["backup", "restore"]] = []
    """What it offers beside making, removing and telling."""


class BackupMade(JsonModel):
    """Where a backup is, if it is not only in its folder."""

    location: str = ""


class ProvisionerError(JsonModel):
    """That nothing was done, and why."""

    code: str = ""
    message: Annotated[str, Field(min_length=1)]


class RenderedObject(JsonModel):
    """A Kubernetes object."""

    model_config = ConfigDict(extra="allow")

    api_version: Annotated[str, Field(alias="apiVersion")]
    kind: str


class ProvisionerAnswer(JsonModel):
    """One JSON object on stdout."""

    protocol: Literal["innominatus.dev/provisioner/v1"] = PROVISIONER_PROTOCOL
    outputs: dict[_Name, Any] | None = None
    secrets: list[_Name] | None = None
    """Names of outputs that no record, log or manifest may hold."""
    message: str | None = None
    manifests: list[RenderedObject] | None = None
    hints: list[ProvisionerHint] | None = None
    status: ProvisionerStatus | None = None
    describes: ProvisionerDescription | None = None
    backup: BackupMade | None = None
    error: ProvisionerError | None = None
