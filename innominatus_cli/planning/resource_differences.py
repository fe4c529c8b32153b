"""What of a resource differs between two plans: what a person asked for, and who is to make it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

_ASKED: Final = ("resourceType", "resourceClass", "resourceId", "params", "annotations", "tags")
_WORDS: Final = {"resourceType": "type", "resourceClass": "class", "resourceId": "id"}
_MADE_BY: Final = ("name", "version", "kind", "config")
_SIZES: Final = frozenset(
    {
        "capacity",
        "cpu",
        "disk",
        "instances",
        "iops",
        "maxreplicas",
        "memory",
        "minreplicas",
        "nodes",
        "partitions",
        "replicas",
        "shards",
        "size",
        "storage",
        "storagegb",
        "storagesize",
    }
)
_MOST_CHARACTERS: Final = 60


class Difference(NamedTuple):
    """One value that differs; None is one that is not there."""

    what: str
    """`params.size`, `class`, `provisioner.version`."""
    was: Any
    now: Any

    @property
    def text(self) -> str:
        """The same for people: `params.size: 1Gi → 5Gi`."""
        return f"{self.what}: {_shown(self.was)} → {_shown(self.now)}"


def differences_of(was: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[Difference, ...]:
    """What differs between the inputs of two steps that make one resource; references are compared as they are written.

    Where a provisioner is declared may move, and its files may change with their plan: neither is a difference here. Of
    a provider's workflows only the one that creates counts: the others have made nothing.
    """
    found: list[Difference] = []
    for key in _ASKED:
        found += _compared(_WORDS.get(key, key), was.get(key) or None, now.get(key) or None)
    before, after = was.get("provisioner") or {}, now.get("provisioner") or {}
    for key in _MADE_BY:
        found += _compared(f"provisioner.{key}", before.get(key), after.get(key))
    created = ((one.get("workflows") or {}).get("create") for one in (before, after))
    found += _compared("provisioner.workflows.create", *created)
    return tuple(found)


def is_scaling(differences: tuple[Difference, ...]) -> bool:
    """Whether sizes and counts among the params are all that differs."""
    names = [one.what.removeprefix("params.") for one in differences if one.what.startswith("params.")]
    plain = {name.rpartition(".")[2].replace("_", "").replace("-", "").lower() for name in names}
    return len(names) == len(differences) > 0 and plain <= _SIZES


def _compared(what: str, was: Any, now: Any) -> Iterator[Difference]:  # noqa: ANN401 - JSON data
    if isinstance(was, Mapping | None) and isinstance(now, Mapping | None):
        before, after = was or {}, now or {}
        for key in sorted({*before, *after}):
            yield from _compared(f"{what}.{key}", before.get(key), after.get(key))
    elif was != now:
        yield Difference(what, was, now)


def _shown(value: object) -> str:
    import json  # noqa: PLC0415 - only what differs is shown

    if value is None:
        return "nothing"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MOST_CHARACTERS else f"{text[: _MOST_CHARACTERS - 1]}…"
