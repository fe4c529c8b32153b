"""Which resources of Score files are one and the same: identity, and what several declarations say together.

Source: score-go's `framework` (`NewResourceUid`, `WithPrimedResources`). Unlike there, what a resource needs is worked
out after all declarations are known, so that a shared resource stands in the order once, behind all that it needs.
"""

from collections.abc import Iterable, Mapping
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


def resource_uid(workload: str, name: str, kind: str, class_: str | None = None, id_: str | None = None) -> str:
    """`type.class#id`, where a resource without an id has `workload.name` for one and so is shared with none."""
    return f"{kind}.{class_ or 'default'}#{id_ or f'{workload}.{name}'}"


def first_names(uids: Mapping[str, str]) -> dict[str, str]:
    """For each name of a resource the first name, in alphabetical order, of the same resource."""
    first: dict[str, str] = {}
    return {name: first.setdefault(uid, name) for name, uid in sorted(uids.items())}


class Declaration(NamedTuple, Generic[T]):
    """What one workload says of a resource; None where it says nothing. `needs` are uids."""

    workload: str
    name: str
    uid: str
    params: T | None = None
    metadata: T | None = None
    needs: frozenset[str] = frozenset()


class SharedResource(NamedTuple, Generic[T]):
    """One resource: all of its declarations, the first one first, and what they say together."""

    uid: str
    declarations: tuple[Declaration[T], ...]
    source: Declaration[T]
    """The declaration whose params count: the first one that has any, else the first one."""
    metadata: T | None
    needs: frozenset[str]


class Conflict(NamedTuple, Generic[T]):
    """Two declarations of one resource that say different things under `params` or `metadata`."""

    key: str
    first: Declaration[T]
    other: Declaration[T]


def shared_resources(
    declarations: Iterable[Declaration[T]],
) -> tuple[dict[str, SharedResource[T]], list[Conflict[T]]]:
    """The resources by uid, sorted, and every declaration that contradicts the first one of its kind.

    Declarations count in the order in which they are given; upstream's is that of workloads and names.
    """
    by_uid: dict[str, list[Declaration[T]]] = {}
    for declaration in declarations:
        by_uid.setdefault(declaration.uid, []).append(declaration)
    found: dict[str, SharedResource[T]] = {}
    conflicts: list[Conflict[T]] = []
    for uid, same in sorted(by_uid.items()):
        with_params = [one for one in same if one.params is not None]
        with_metadata = [one for one in same if one.metadata is not None]
        conflicts += [
            Conflict("params", with_params[0], one) for one in with_params[1:] if one.params != with_params[0].params
        ]
        conflicts += [
            Conflict("metadata", with_metadata[0], one)
            for one in with_metadata[1:]
            if one.metadata != with_metadata[0].metadata
        ]
        needs = frozenset(need for one in same for need in one.needs)
        source = (with_params or same)[0]
        metadata = with_metadata[0].metadata if with_metadata else None
        found[uid] = SharedResource(uid, tuple(same), source, metadata, needs)
    return found, conflicts
