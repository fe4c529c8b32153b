"""What a provisioner is, and what it answers with."""

import secrets
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Final, Literal, TypeAlias

from innominatus_cli.sdk.hints import Hint
from innominatus_cli.sdk.resource import Config, Resource

OutputType: TypeAlias = Literal["string", "number", "integer", "boolean", "object", "array", "any"]
State: TypeAlias = Literal[
    "requested", "provisioning", "active", "scaling", "updating", "degraded", "terminated", "failed"
]
Health: TypeAlias = Literal["healthy", "degraded", "unhealthy", "unknown"]
_ALPHABET: Final = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class Output:
    """An output that a provisioner promises."""

    type: OutputType = "string"
    description: str = ""
    secret: bool = False
    """Whether no record, log or manifest may hold its value."""

    def as_json(self) -> dict[str, Any]:
        """As `describe` has it."""
        return {"type": self.type, "description": self.description, "secret": self.secret}


@dataclass(frozen=True, slots=True)
class Result:
    """What came of `provision`."""

    outputs: Mapping[str, Any]
    """JSON data by name, read as `${resources.<resource>.<name>}`."""
    message: str = ""
    """One line for people."""
    manifests: Sequence[Mapping[str, Any]] = ()
    """Kubernetes objects that belong to the resource; they are rendered with the application's."""


@dataclass(frozen=True, slots=True)
class Status:
    """How a resource is."""

    state: State
    health: Health = "unknown"
    message: str = ""

    def as_json(self) -> dict[str, str]:
        """As the protocol has it."""
        return {"state": self.state, "health": self.health, "message": self.message}


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that is to be written, or read again."""

    id: str
    folder: Path
    """A folder for it, mode 0700, which stays when the resource is removed."""
    location: str = ""
    """Of `restore`: what `backup` returned."""


@dataclass
class Provisioner:
    """Makes and removes resources of one type. Subclasses set the class variables and write `provision`.

    The same request again changes nothing and gives the same outputs; removing what is not there succeeds. An error of
    `innominatus_cli.sdk.errors` ends the request with its code; any other exception is told as PROVISIONER_ERROR.
    """

    folder: Path = field(default_factory=Path)
    """The resource's own folder, which is the working directory too; it is gone once the resource is removed."""

    name: ClassVar[str] = ""
    type: ClassVar[str] = ""
    version: ClassVar[str] = "0.0.0"
    outputs: ClassVar[Mapping[str, Output]] = {}
    params: ClassVar[Mapping[str, str]] = {}
    """Every param that it takes and what it means; empty: it does not say."""

    def provision(self, resource: Resource, config: Config) -> Result:
        """Makes the resource, or makes sure that it is there. Raises ProvisionerError."""
        raise NotImplementedError

    def deprovision(self, resource: Resource, config: Config) -> None:
        """Removes the resource and what it holds. Raises ProvisionerError."""

    def status(self, resource: Resource, config: Config) -> Status:  # noqa: ARG002 - for subclasses
        """How the resource is. Raises ProvisionerError."""
        return Status("active", "unknown", "this provisioner does not look")

    def hints(self, resource: Resource, outputs: Mapping[str, Any]) -> Sequence[Hint]:  # noqa: ARG002 - for subclasses
        """What people find useful about the resource that gave these outputs."""
        return ()

    def backup(self, resource: Resource, config: Config, backup: Backup) -> str:
        """Writes a backup into `backup.folder`, or to a place of its own, which it returns. Raises ProvisionerError.

        Offered where a subclass has it.
        """
        raise NotImplementedError

    def restore(self, resource: Resource, config: Config, backup: Backup) -> None:
        """Makes the resource hold what a backup holds, of this or of another environment. Raises ProvisionerError.

        Offered where a subclass has it.
        """
        raise NotImplementedError

    @classmethod
    def operations(cls) -> list[str]:
        """Of `backup` and `restore` those that this class offers."""
        own = {"backup": cls.backup is not Provisioner.backup, "restore": cls.restore is not Provisioner.restore}
        return [name for name, offered in own.items() if offered]

    def secret(self, name: str, *, length: int = 32) -> str:
        """A random text of letters and digits, the same for the resource ever after; kept in its folder, 0600."""
        path = self.folder / f".secret-{name}"
        if not path.exists():
            draft = path.with_name(f"{path.name}.draft")
            draft.touch(mode=0o600)
            draft.write_text("".join(secrets.choice(_ALPHABET) for _ in range(length)))
            draft.replace(path)
        return path.read_text()
