"""What provisions a resource, as documents say it: values that a plan carries. Pure; nothing is started or opened."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from innominatus_cli.findings.finding import Place

ANY: Final = "*"
"""The product of what is there for everybody."""
_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class Kind(StrEnum):
    """How a provisioner does its work."""

    BUILT_IN = "built-in"
    WORKFLOW = "workflow"
    """Workflows of a provider, one an operation."""
    COMMAND = "command"
    """A program that speaks `innominatus.dev/provisioner/v1`."""
    MODULE = "module"
    """A class of the SDK in a Python module of the repository, or of an installed distribution."""
    ENTRY_POINT = "entry-point"
    """A class of the SDK by its name in the group `innominatus.provisioners`."""
    SCORE_COMMAND = "score-command"
    """`cmd://` of a Score provisioner file."""
    SCORE_TEMPLATE = "score-template"
    """`template://` of a Score provisioner file."""
    COMPILED = "compiled"
    """A Go module or a shared object, which nothing here can load."""


CODE: Final = frozenset({Kind.COMMAND, Kind.MODULE, Kind.ENTRY_POINT})


class Choice(NamedTuple):
    """One provisioner of one type of resource."""

    type: str
    name: str
    kind: Kind
    place: Place
    """Where it is written; for a built-in one the empty path."""
    version: str = ""
    product: str = ANY
    class_: str | None = None
    """The only class that it takes; None: all."""
    id: str | None = None
    """The only id that it takes; None: all."""
    alias_of: str | None = None
    """The type as the provisioner calls it, where `type` is another name for it."""
    workflows: Mapping[str, str] = _NOTHING
    """By operation, what a calling step names: a path, or `@<source>/<path>`."""
    run: tuple[str, ...] = ()
    """The argv of a command, `pkg.mod:Class` of a module, the name of an entry point, the uri of a Score file's."""
    entry: int = -1
    """The position in its Score provisioner file."""
    files: tuple[str, ...] = ()
    """Repository paths of what it is made of; a plan holds their object ids."""
    documents: tuple[str, ...] = ()
    """Repository paths of the documents that say all this."""
    outputs: Mapping[str, str] = _NOTHING
    """What it promises: names and types (`string`, `number`, `integer`, `boolean`, `object`, `array`, `any`); empty
    where it promises nothing."""
    secret_outputs: tuple[str, ...] = ()
    params: tuple[str, ...] = ()
    """The params that it takes; empty where it does not say."""
    env: Mapping[str, str] = _NOTHING
    """Variables for its process, as written: references to secrets are resolved when the step starts."""
    timeout_seconds: int | None = None
    config: Mapping[str, Any] = _NOTHING
    """Settings that the platform team gives it."""
    description: str = ""
    problem: str = ""
    """Why it cannot be used; empty: it can."""

    @property
    def own_type(self) -> str:
        """The type as the provisioner calls it."""
        return self.alias_of or self.type

    @property
    def where(self) -> str:
        """`path:line` of where it is written."""
        return f"{self.place.path}:{self.place.line}" if self.place.path else "built in"

    def as_planned(self) -> dict[str, Any]:
        """What a plan says of it, and all that its driver needs: JSON data without empty values."""
        said: dict[str, Any] = {
            "name": self.name,
            "version": self.version,
            "kind": self.kind.value,
            "source": self.where,
            "type": self.own_type,
            "run": list(self.run),
            "entry": self.entry if self.entry >= 0 else None,
            "file": self.place.path if self.entry >= 0 else "",
            "workflows": dict(self.workflows),
            "outputs": dict(self.outputs),
            "secretOutputs": list(self.secret_outputs),
            "config": dict(self.config),
            "timeoutSeconds": self.timeout_seconds,
        }
        return {key: value for key, value in said.items() if value not in ("", [], {}, None)}
