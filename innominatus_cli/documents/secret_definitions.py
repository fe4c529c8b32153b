"""Which secrets there are and where their values stand: `secrets`, `secretStores`, `secretPolicy`. No value is here."""

from typing import Annotated, Literal

from pydantic import Field

from innominatus_cli.documents.environment_names import entry_for
from innominatus_cli.documents.model import DurationSeconds, YamlModel


class SecretGeneration(YamlModel):
    """How a secret that does not exist yet is made, once."""

    length: Annotated[int, Field(ge=16, le=256)] = 32
    alphabet: Literal["alphanumeric", "hex", "base64url"] = "alphanumeric"


class SecretDefinition(YamlModel):
    """A secret by name; its value is never in the repository."""

    description: str = ""
    store: Literal["local", "env", "file", "vault", "aws", "azure", "gcp", "command"] = "local"
    env: str | None = None
    """The environment variable that holds it, for the store `env`."""
    generate: SecretGeneration | bool = False
    inject: Literal["env", "file", "stdin"] = "env"
    """How a step that names it in `env` is given it: as the variable's value, as a private file whose path is the
    variable's value, or on stdin."""
    key: str | None = None
    """What its store calls it, where that is not its name; may have `{application}`, `{environment}` and `{name}`."""
    field: str | None = None
    """The member of a value that is a JSON object; in Vault that of the secret's data, by default `value`."""
    command: Annotated[list[str], Field(min_length=1)] | None = None
    """For the store `command`: a program and its arguments, `{key}` among them; the value is what it prints."""
    max_age: DurationSeconds | None = None
    """How long after its last change it may be used; see `secretPolicy`."""


class SecretEntry(SecretDefinition):
    """An entry of `secrets`; `environments` replaces it where an environment keeps the secret somewhere else."""

    environments: dict[str, SecretDefinition] = {}

    def here(self, environment: str) -> SecretDefinition:
        """The definition that holds in an environment; what it does not describe is described as everywhere."""
        found = entry_for(self.environments, environment)
        if found is None:
            return self
        return found if found.description else found.model_copy(update={"description": self.description})


class FileStoreConfig(YamlModel):
    """`secretStores.file`: a YAML or JSON file that is encrypted with age."""

    path: str = "secrets.{environment}.yaml.age"
    identity: str = "INNOMINATUS_AGE_IDENTITY"
    """The environment variable with the age identity, or with the path of its file."""
    recipients: list[str] = []
    """Age public keys, for which `secrets rotate` encrypts the file anew."""


class VaultStoreConfig(YamlModel):
    """`secretStores.vault`: a KV engine of version 2. Credentials are in the environment."""

    address: str | None = None
    """Else VAULT_ADDR."""
    mount: str = "secret"
    namespace: str | None = None
    approle_mount: str = "approle"


class CloudStoreConfig(YamlModel):
    """`secretStores.aws`, `.azure` and `.gcp`: what their command lines are told beside the secret's name."""

    region: str | None = None
    profile: str | None = None
    vault: str | None = None
    project: str | None = None


class SecretStoresConfig(YamlModel):
    """`secretStores`: where secrets are that are neither local nor in the environment."""

    file: FileStoreConfig = FileStoreConfig()
    vault: VaultStoreConfig = VaultStoreConfig()
    aws: CloudStoreConfig = CloudStoreConfig()
    azure: CloudStoreConfig = CloudStoreConfig()
    gcp: CloudStoreConfig = CloudStoreConfig()


class SecretPolicy(YamlModel):
    """`secretPolicy`: how old secrets may be."""

    max_age: DurationSeconds | None = None
    """For secrets without a `maxAge` of their own."""
    enforce: Literal["never", "production", "always"] = "never"
    """Where a step is not given a secret that is too old; elsewhere `secrets check` warns."""
