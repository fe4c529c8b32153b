"""Providers: a team's workflows that provision resource types (provider.yaml)."""

from typing import Annotated, Any, Literal

from pydantic import Field

from innominatus_cli.documents.model import Text, YamlModel

NonEmpty = Annotated[str, Field(min_length=1)]
NonEmptyText = Annotated[Text, Field(min_length=1)]


class ProviderMetadata(YamlModel):
    """Who provides."""

    name: NonEmpty
    version: NonEmptyText
    category: str = ""
    description: str = ""
    author: str = ""
    owner: str = ""
    homepage: str = ""
    repository: str = ""
    license: str = ""
    tags: list[str] = []


class Compatibility(YamlModel):
    """Which versions of the original's core the provider was written for; nothing here depends on it."""

    min_core_version: Text = ""
    max_core_version: Text = ""


class OperationChoice(YamlModel):
    """One of several workflows for an operation."""

    name: NonEmpty
    tags: list[str] = []


class ResourceOperation(YamlModel):
    """The workflow of an operation, or several and the one to take by default."""

    workflow: NonEmpty | None = None
    workflows: list[OperationChoice] = []
    default: str | None = None


class ResourceOperations(YamlModel):
    """What can be done with a resource."""

    create: ResourceOperation | None = None
    read: ResourceOperation | None = None
    update: ResourceOperation | None = None
    delete: ResourceOperation | None = None


class ResourceTypeCapability(YamlModel):
    """A resource type with its operations, or another name of one."""

    type: NonEmpty
    alias_for: NonEmpty | None = None
    operations: ResourceOperations | None = None


class Capabilities(YamlModel):
    """What a provider provides; `resourceTypes` is the older form and means `create`."""

    resource_types: list[str] = []
    resource_type_capabilities: list[ResourceTypeCapability] = []


class ProviderWorkflow(YamlModel):
    """A workflow file of the provider, relative to provider.yaml."""

    name: NonEmpty
    file: NonEmpty
    version: Text = ""
    description: str = ""
    category: Literal["provisioner", "goldenpath", ""] = ""
    operation: Literal["create", "read", "update", "delete", ""] = ""
    tags: list[str] = []


class OldProvisioner(YamlModel):
    """A deprecated entry of `provisioners` or `goldenpaths`."""

    name: NonEmpty
    type: str = ""
    version: Text = ""
    file: str = ""
    description: str = ""
    author: str = ""
    category: str = ""
    tags: list[str] = []


class ProviderDocument(YamlModel):
    """A provider; it needs at least one workflow or provisioner (a rule of the repository's checks)."""

    api_version: NonEmpty
    kind: Literal["Provider"]
    metadata: ProviderMetadata
    compatibility: Compatibility = Compatibility()
    capabilities: Capabilities = Capabilities()
    workflows: list[ProviderWorkflow] = []
    provisioners: list[OldProvisioner] = []
    goldenpaths: list[OldProvisioner] = []
    configuration: dict[str, Any] = {}
