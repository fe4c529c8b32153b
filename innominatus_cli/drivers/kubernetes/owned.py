"""The part of an object of a cluster that a field manager has applied: what to apply again to stand where it was.

Source: the Kubernetes reference on server-side apply, "Field management": `managedFields` hold, for each manager, a set
of paths, with `f:` before the key of a mapping, `k:` before the keys that name an item of a list, `v:` before an item.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from innominatus_cli.drivers.kubernetes.names import Data

_IDENTITY = ("name", "namespace")


def applied_by(manager: str, live: Mapping[str, Any]) -> Data:
    """The object with nothing but its identity and the fields that the manager has applied."""
    identity = {key: live["metadata"][key] for key in _IDENTITY if live["metadata"].get(key)}
    found: Data = {"apiVersion": live["apiVersion"], "kind": live["kind"], "metadata": identity}
    for entry in live["metadata"].get("managedFields") or ():
        if entry.get("manager") != manager or entry.get("operation") != "Apply" or entry.get("subresource"):
            continue
        part = _part(live, entry.get("fieldsV1") or {})
        if isinstance(part, dict):
            found["metadata"] = {**part.pop("metadata", {}), **found["metadata"]}
            found |= {key: value for key, value in part.items() if key not in {"apiVersion", "kind"}}
    return found


def _part(live: Any, fields: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a part of an object
    """What the fields name of a value: all of it where they name nothing inside."""
    inner = {path: below for path, below in fields.items() if path != "."}
    if not inner:
        return type(live)() if "." in fields and isinstance(live, dict | list) else live
    if isinstance(live, dict):
        named = ((path.removeprefix("f:"), below) for path, below in inner.items() if path.startswith("f:"))
        return {name: _part(live[name], below) for name, below in named if name in live}
    return list(_items(live, inner)) if isinstance(live, list) else live


def _items(live: list[Any], fields: Mapping[str, Any]) -> Iterator[Any]:
    """The items in their own order, for the order of some lists matters."""
    marks = [
        (path.partition(":")[0], json.loads(path.partition(":")[2] or "null"), below) for path, below in fields.items()
    ]
    for item in live:
        for mark, wanted, below in marks:
            if mark == "v" and item == wanted:
                yield item
            elif mark == "k" and isinstance(item, dict) and all(item.get(key) == wanted[key] for key in wanted):
                yield {**wanted, **_part(item, below)}
