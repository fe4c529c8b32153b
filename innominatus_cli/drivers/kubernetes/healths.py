"""How objects of a cluster are, told from what the server says of them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from innominatus_cli.drivers.manifests import Manifest

_RUNS: Final = frozenset({"Deployment", "StatefulSet", "ReplicaSet"})


def healths(wanted: Sequence[Manifest], found: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """`object`, `health` and `message` of everything that runs, and of every other object that is not there."""
    there = {(one.get("kind"), _of(one, "metadata").get("name")): one for one in found}
    told = []
    for manifest in wanted:
        one = there.get((manifest.kind, manifest.name))
        if one is None:
            said: tuple[str, str] | None = ("unhealthy", "it is not there")
        else:
            said = _health(manifest.kind, one)
        if said is not None:
            told.append({"object": manifest.title, "health": said[0], "message": said[1]})
    return told


def _health(kind: str, one: Mapping[str, Any]) -> tuple[str, str] | None:
    """Health and message; None for an object that is well by being there."""
    spec, status = _of(one, "spec"), _of(one, "status")
    if kind == "DaemonSet":
        return _ready(status.get("desiredNumberScheduled", 0), status.get("numberReady", 0))
    if kind in _RUNS:
        return _ready(spec.get("replicas", 1), status.get("readyReplicas", 0))
    if kind == "Job":
        ends = {str(end.get("type")): str(end.get("status")) for end in status.get("conditions") or ()}
        return ("unhealthy", "it failed") if ends.get("Failed") == "True" else ("healthy", "")
    return None


def _ready(desired: object, ready: object) -> tuple[str, str]:
    wanted, there = _number(desired), _number(ready)
    message = f"{there} of {wanted} ready"
    if there >= wanted:
        return "healthy", message
    return ("degraded" if there else "unhealthy"), message


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _of(one: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    part = one.get(key)
    return part if isinstance(part, Mapping) else {}
