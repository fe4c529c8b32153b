"""What a provisioner is: a resource's request in, outputs or a problem out.

Provisioners make and remove resources; when and in which order is the plan's affair. They work below the state
folder that they are given, the same request again changes nothing, and removing what is not there succeeds.
Who made a resource is noted beside it before it is made, so that `undo` takes back what one run did and no more.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class ResourceRequest:
    """One resource of an application in an environment."""

    name: str
    """The resource's name in the workload."""
    type: str
    application: str
    environment: str
    state_dir: Path
    """What tools keep for this application and environment."""
    class_: str = "default"
    id: str | None = None
    """Resources that say the same id are one resource."""
    params: Mapping[str, Any] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    services: Mapping[str, Any] = field(default_factory=dict)
    """The services of workloads, as Score provisioners are told: by workload `ServiceName` and `ports`."""
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Variables that the platform team allows."""
    namespace: str = ""
    """Where objects of a cluster go; the application's name where nothing is said."""
    mark: str = ""
    """What is noted beside a resource that is made: by which step of which run."""
    undone_marks: tuple[str, ...] = ()
    """For `undo`: the marks of what is to be taken back."""

    @property
    def identity(self) -> str:
        """What the resource is called where it is made: its id, else its name."""
        return self.id or self.name


@dataclass(frozen=True, slots=True)
class Provisioned:
    """What came of a request: outputs, or a problem in words (the end of "resource 'x': …")."""

    outputs: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Provisioner:
    """Makes and removes resources of one type."""

    type: str
    summary: str
    outputs: Mapping[str, str]
    """Every output and what it is."""
    create: Callable[[ResourceRequest], Provisioned]
    delete: Callable[[ResourceRequest], Provisioned]
    undo: Callable[[ResourceRequest], Provisioned]
    """Removes a resource that was made under one of `undone_marks`; one that was there before stays."""
    params: Mapping[str, str] = field(default_factory=dict)
    """Every param and what it means; others are refused."""
    look: Callable[[ResourceRequest], str] | None = None
    """What is wrong with a resource that was made, in words; empty: nothing. None: there is nothing to look at."""
    described: bool = False
    """Whether it only says what a real one would: nothing is made."""
