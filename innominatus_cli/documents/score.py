"""Score workloads (score.dev/v1b1, specification 0.4.1) with the house's two extensions, `environment` and `workflows`.

`documents.shapes` brings the deprecated array forms and the house dialect to this shape first.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from innominatus_cli.documents.model import YamlModel
from innominatus_cli.documents.workflow import StepDefinition

LABEL = r"^[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$"
Label = Annotated[str, Field(min_length=2, max_length=63, pattern=LABEL)]
NonEmpty = Annotated[str, Field(min_length=1)]
Port = Annotated[int, Field(ge=1, le=65535)]
_TYPE = r"^[A-Za-z0-9][A-Za-z0-9-]{0,61}[A-Za-z0-9]$"
_ID = r"^[a-z0-9]+(?:-+[a-z0-9]+)*(?:\.[a-z0-9]+(?:-+[a-z0-9]+)*)*$"
_MEMORY = r"^(0\.[0-9]+|[1-9][0-9]*(\.[0-9]+)?)(K|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$"
_CPU = r"^[0-9]+(?:m|\.[0-9]+)?$"
_ANNOTATION = (
    r"^(([a-z0-9][a-z0-9-]{0,61}[a-z0-9])(\.[a-z0-9][a-z0-9-]{0,61}[a-z0-9])*/)?"
    r"[A-Za-z0-9][A-Za-z0-9._-]{0,61}[A-Za-z0-9]$"
)
AnnotationKey = Annotated[str, Field(min_length=2, max_length=316, pattern=_ANNOTATION)]


class Metadata(BaseModel):
    """Open: `product`, `team`, `costCenter` and any other key are kept."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: Label
    annotations: dict[AnnotationKey, str] = {}


class ResourceMetadata(BaseModel):
    """Open metadata of a resource."""

    model_config = ConfigDict(frozen=True, extra="allow")

    annotations: dict[AnnotationKey, str] = {}


class ServicePort(YamlModel):
    """One port of the service."""

    port: Port
    protocol: Literal["TCP", "UDP"] = "TCP"
    target_port: Port | None = None


class Service(YamlModel):
    """The network service of the workload."""

    ports: dict[Label, ServicePort] = {}


class ContainerFile(YamlModel):
    """A file in a container: exactly one of source, content and binaryContent."""

    source: NonEmpty | None = None
    content: str | None = None
    binary_content: str | None = None
    mode: Annotated[str, Field(pattern=r"^0?[0-7]{3}$")] | None = None
    no_expand: bool = False

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [{"required": ["source"]}, {"required": ["content"]}, {"required": ["binaryContent"]}]
        }
    )

    @model_validator(mode="after")
    def _one_content(self) -> "ContainerFile":
        if sum(value is not None for value in (self.source, self.content, self.binary_content)) != 1:
            raise ValueError("exactly one of source, content and binaryContent is needed")
        return self


class ContainerVolume(YamlModel):
    """A volume in a container."""

    source: str
    path: str | None = None
    read_only: bool = False


class Before(YamlModel):
    """What must be true of this container before the named one starts."""

    ready: Literal["started", "healthy", "complete"]


class Quantities(YamlModel):
    """Compute quantities as Kubernetes writes them."""

    memory: Annotated[str, Field(pattern=_MEMORY)] | None = None
    cpu: Annotated[str, Field(pattern=_CPU)] | None = None


class ContainerResources(YamlModel):
    """Limits and requests of a container."""

    limits: Quantities = Quantities()
    requests: Quantities = Quantities()


class HttpHeader(YamlModel):
    """A header that a probe sends."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")]
    value: NonEmpty


class HttpGet(YamlModel):
    """A probe over HTTP."""

    path: str
    port: Port
    host: NonEmpty | None = None
    scheme: Literal["HTTP", "HTTPS"] | None = None
    http_headers: list[HttpHeader] = []


class Exec(YamlModel):
    """A probe by command."""

    command: list[str]


class Probe(YamlModel):
    """A probe: `httpGet`, `exec`, or both."""

    http_get: HttpGet | None = None
    exec: Exec | None = None

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["httpGet"]}, {"required": ["exec"]}]})

    @model_validator(mode="after")
    def _some_probe(self) -> "Probe":
        if self.http_get is None and self.exec is None:
            raise ValueError("httpGet or exec is needed")
        return self


class Container(YamlModel):
    """One container of the workload."""

    image: NonEmpty
    command: list[str] = []
    args: list[str] = []
    variables: dict[Annotated[str, Field(min_length=1, pattern=r"^[^=]+$")], str] = {}
    files: dict[str, ContainerFile] = {}
    volumes: dict[str, ContainerVolume] = {}
    before: dict[Label, Before] = {}
    resources: ContainerResources = ContainerResources()
    liveness_probe: Probe | None = None
    readiness_probe: Probe | None = None


class Resource(YamlModel):
    """Something the workload needs; a provisioner for its type makes it."""

    type: Annotated[str, Field(min_length=2, max_length=63, pattern=_TYPE)]
    class_: Annotated[str, Field(min_length=2, max_length=63, pattern=_TYPE, alias="class")] = "default"
    id: Annotated[str, Field(min_length=2, max_length=63, pattern=_ID)] | None = None
    metadata: ResourceMetadata = ResourceMetadata()
    params: dict[str, Any] = {}


class WorkloadEnvironment(YamlModel):
    """House extension: `environment.type` and `environment.ttl`."""

    type: str = ""
    ttl: str | None = None


class EmbeddedWorkflow(YamlModel):
    """House extension: a workflow of the application itself."""

    steps: list[StepDefinition]
    variables: dict[str, str] = {}
    outputs: dict[str, Any] = {}


class WorkloadDocument(YamlModel):
    """A Score workload."""

    api_version: Literal["score.dev/v1b1"]
    metadata: Metadata
    service: Service = Service()
    containers: Annotated[dict[Label, Container], Field(min_length=1)]
    resources: dict[Label, Resource] = {}
    environment: WorkloadEnvironment | None = None
    workflows: dict[Label, EmbeddedWorkflow] = {}
