"""Action types: the taxonomy that remediation workflows are filed under (kubernaut.ai/v1alpha1)."""

from typing import Annotated, Any, Literal

from pydantic import Field

from innominatus_cli.documents.model import YamlModel

NonEmpty = Annotated[str, Field(min_length=1)]
ActionTypeName = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[A-Z][A-Za-z0-9]*$")]


class KubernetesMetadata(YamlModel):
    """Metadata of a Kubernetes object, as far as the catalogue reads it."""

    name: NonEmpty
    namespace: str | None = None
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class CatalogueDescription(YamlModel):
    """What something does, and when to use it."""

    what: NonEmpty
    when_to_use: NonEmpty
    when_not_to_use: str | None = None
    preconditions: str | None = None


class ActionTypeSpec(YamlModel):
    """An action and what it means."""

    name: ActionTypeName
    description: CatalogueDescription


class ActionTypeDocument(YamlModel):
    """An action type of the catalogue."""

    api_version: Literal["kubernaut.ai/v1alpha1"]
    kind: Literal["ActionType"]
    metadata: KubernetesMetadata
    spec: ActionTypeSpec
    status: dict[str, Any] | None = None
