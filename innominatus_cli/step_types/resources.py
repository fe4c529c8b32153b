"""Steps that make what a workload needs: resources and secrets."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import ConfigDict

from innominatus_cli.documents.model import Text
from innominatus_cli.documents.secret_definitions import SecretDefinition
from innominatus_cli.documents.vocabulary import Idempotency
from innominatus_cli.step_types.contract import (
    Reference,
    RollbackMeans,
    SecretName,
    StepInputs,
    StepType,
    aliases,
)


class ResourceProvisioningInputs(StepInputs):
    """Inputs of `resource-provisioning`; the application tier makes one such step for each resource."""

    model_config = ConfigDict(
        json_schema_extra=aliases(
            resource=["resourceName", "name"],
            resourceType=["type"],
            resourceClass=["class"],
            resourceId=["id"],
            params=["properties", "parameters"],
            operation=["action"],
        )
    )

    resource: str
    """The resource's name in the workload."""
    resource_type: str
    resource_class: str = "default"
    resource_id: str | None = None
    """Shared by all resources that say the same; the application and the name where it is absent."""
    params: dict[str, Any] = {}
    annotations: dict[str, Text] = {}
    """The resource's `metadata.annotations`, as in `innominatus.dev/backup`."""
    operation: Literal["create", "delete"] | Reference[str] = "create"


class NamedSecret(SecretDefinition):
    """A secret with its name: an entry of admin-config's `secrets`. It never holds a value."""

    name: str


class VaultSetupInputs(StepInputs):
    """Inputs of `vault-setup`."""

    model_config = ConfigDict(json_schema_extra=aliases(policies=["policy"]))

    secrets: list[NamedSecret | SecretName] = []
    """Names in admin-config's table `secrets`; none binds none."""
    policies: list[str] = []
    """Names of access policies that the bindings carry."""
    path: str | None = None
    """A prefix for the names in the store."""
    namespace: str | None = None
    """The namespace of the bindings; the application's name where nothing is said."""


def _rollback_of_provisioning(inputs: Mapping[str, Any]) -> RollbackMeans:
    """A resource that was deleted is not made again: its data is gone."""
    return "reversible" if inputs.get("operation", "create") == "create" else "irreversible"


RESOURCE_PROVISIONING = StepType(
    name="resource-provisioning",
    summary="Creates or deletes one resource of a workload through the provisioner of its type.",
    inputs=ResourceProvisioningInputs,
    outputs={"name": "The resource's name in its provider; each provisioner adds outputs of its own."},
    idempotency=Idempotency.CONVERGENT,
    rollback="reversible",
    rollback_by_inputs=_rollback_of_provisioning,
    default_timeout_seconds=900,
)
VAULT_SETUP = StepType(
    name="vault-setup",
    summary="Makes sure that named secrets exist and renders their bindings; values are never shown.",
    inputs=VaultSetupInputs,
    outputs={
        "bound": "Names of the secrets that are bound.",
        "generated": "Names of the secrets that this step generated.",
    },
    idempotency=Idempotency.CONVERGENT,
    rollback="reversible",
    default_timeout_seconds=300,
)
