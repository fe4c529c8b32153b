"""Steps that make what a workload needs: resources and secrets."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from innominatus_cli.documents.model import DurationSeconds, Text, YamlModel
from innominatus_cli.documents.secret_definitions import SecretDefinition, VaultStoreConfig
from innominatus_cli.documents.vocabulary import Idempotency
from innominatus_cli.step_types.contract import (
    PathInput,
    Reference,
    RollbackMeans,
    SecretName,
    StepInputs,
    StepType,
    VariableName,
    aliases,
)


class ClusterOfResource(YamlModel):
    """Where objects go that a provisioner gives for a resource, as the environment has it."""

    mode: Literal["render", "apply"] = "render"
    context: str | None = None
    namespace: str | None = None


class ProvisionedBy(YamlModel):
    """The provisioner of a resource, as planning has chosen it from the documents of the repository."""

    name: str
    version: str = ""
    kind: Literal["workflow", "command", "module", "entry-point", "score-command", "score-template"]
    source: str = ""
    """`path:line` of where it is declared."""
    type: str
    """The type as the provisioner calls it."""
    run: list[str] = []
    entry: int | None = None
    """The position of its entry in the Score provisioner file `file`."""
    file: str = ""
    workflows: dict[str, str] = {}
    """Of a provider: what is called for each operation."""
    outputs: dict[str, str] = {}
    """What it promises: names and their types."""
    secret_outputs: list[str] = []
    config: dict[str, Any] = {}
    timeout_seconds: int | None = None
    services: dict[str, Any] = {}
    """For Score provisioner files: the ports of the workload's service."""
    cluster: ClusterOfResource = ClusterOfResource()


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
    tags: dict[str, Text] = {}
    """The resource's `metadata.tags`, by which resources are found and counted."""
    operation: Literal["create", "update", "delete", "release"] | Reference[str] = "create"
    """`update`: the provider's workflow for it has changed the resource. `release`: nothing is removed, the application
    lets go of a resource that another one shares."""
    provisioner: ProvisionedBy | None = None
    """Written by planning, never by people; absent: the built-in provisioner of the type."""
    outputs: dict[str, Any] | None = None
    """Written by planning: what the workflow of a provider has given, which are the outputs of the resource."""


VaultName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$")]
"""A name in a path of Vault's API."""


class NamedSecret(SecretDefinition):
    """A secret with its name: an entry of admin-config's `secrets`. It never holds a value."""

    name: str
    vault: VaultStoreConfig | None = None
    """Planning puts `secretStores.vault` here for one of the store `vault`."""


class VaultPolicy(YamlModel):
    """An access policy of Vault, with its rules in HCL or JSON."""

    name: VaultName
    rules: str | None = None
    file: PathInput | None = None
    """The file with the rules. One of both is needed."""

    @model_validator(mode="after")
    def _one_source(self) -> "VaultPolicy":
        if (self.rules is None) is (self.file is None):
            raise ValueError("a policy has either 'rules' or 'file'")
        return self


class VaultRole(YamlModel):
    """A role of an auth method: who may log in, and with which policies."""

    name: VaultName
    method: Literal["approle", "kubernetes"] = "approle"
    mount: VaultName | None = None
    """Where the method is mounted; its own name where nothing is said."""
    policies: list[VaultName] = []
    token_ttl: DurationSeconds | None = None
    token_max_ttl: DurationSeconds | None = None
    secret_id_ttl: DurationSeconds | None = None
    """`approle`: how long a secret id may be used."""
    service_accounts: list[str] = []
    """`kubernetes`: names of service accounts."""
    namespaces: list[str] = []
    """`kubernetes`: the namespaces that they are in."""


class VaultSetupInputs(StepInputs):
    """Inputs of `vault-setup`."""

    model_config = ConfigDict(json_schema_extra=aliases(policies=["policy"]))

    secrets: list[NamedSecret | SecretName] = []
    """Names in admin-config's table `secrets`; none binds none."""
    policies: list[VaultPolicy | str] = []
    """Access policies. Those with rules are made in Vault; the bindings carry the names of all of them, and names
    alone must be there where a secret is in Vault."""
    roles: list[VaultRole] = []
    """Roles of Vault's auth methods, which are enabled already."""
    vault: VaultStoreConfig | None = None
    """Which Vault policies and roles are made in; that of the secrets where nothing is said."""
    token_from: VariableName = "VAULT_TOKEN"  # noqa: S105 - the name of a variable
    """The variable of the step's `env` with the token. Without it VAULT_ROLE_ID and VAULT_SECRET_ID log in. VAULT_ADDR,
    VAULT_NAMESPACE and VAULT_CACERT are read too."""
    path: str | None = None
    """A prefix for the names in the store."""
    namespace: str | None = None
    """The namespace of the bindings; the application's name where nothing is said."""


def _rollback_of_provisioning(inputs: Mapping[str, Any]) -> RollbackMeans:
    """A deleted resource is not made again: its data is gone. A provider's workflow has steps of its own to undo."""
    if inputs.get("provisioner", {}).get("kind") == "workflow" or inputs.get("operation") == "release":
        return "nothing"
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
        "changed": "Policies and roles of Vault that this step made or changed.",
    },
    idempotency=Idempotency.CONVERGENT,
    has_probe=True,
    rollback="reversible",
    default_timeout_seconds=300,
)
