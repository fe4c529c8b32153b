"""The life of a resource: its states, and which one follows which. Pure (docs/adr/0046).

    requested → provisioning → active ⇄ updating, scaling, degraded → terminating → terminated
                     ↓                                                      ↓
                   failed ⇄ provisioning                                  failed

A state is never stored. It is what the results of a resource's steps come to, taken in the order of the runs.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, TypeAlias

State: TypeAlias = Literal[
    "requested", "provisioning", "active", "updating", "scaling", "degraded", "terminating", "terminated", "failed"
]
Work: TypeAlias = Literal["make", "change", "scale", "remove"]
"""What a step is to do: `make` sure that the resource is there as it was, `change` it, `scale` it (only sizes and
counts differ), or `remove` it."""
End: TypeAlias = Literal["done", "failed", "open", "skipped"]
"""What came of that. `open`: the run was interrupted meanwhile, and nobody knows."""

STATES: Final[tuple[State, ...]] = (
    "requested",
    "provisioning",
    "active",
    "updating",
    "scaling",
    "degraded",
    "terminating",
    "terminated",
    "failed",
)
TRANSITIONS: Final[Mapping[State, frozenset[State]]] = MappingProxyType(
    {
        "requested": frozenset[State]({"provisioning", "terminating"}),
        "provisioning": frozenset[State]({"active", "failed"}),
        "active": frozenset[State]({"updating", "scaling", "degraded", "terminating"}),
        "updating": frozenset[State]({"active", "degraded"}),
        "scaling": frozenset[State]({"active", "degraded"}),
        "degraded": frozenset[State]({"active", "updating", "scaling", "terminating"}),
        "terminating": frozenset[State]({"terminated", "failed"}),
        "failed": frozenset[State]({"provisioning", "terminating"}),
        "terminated": frozenset[State](),
    }
)
"""What may follow. Nothing follows `terminated`: the same name asked for again is a new resource."""
BIRTHS: Final[frozenset[State]] = frozenset[State]({"requested", "terminating"})
"""How a life begins; with `terminating` where retention took the records of the beginning."""
THERE: Final[frozenset[State]] = frozenset[State]({"active", "degraded", "updating", "scaling"})
"""The states of a resource that was made and not removed."""
_UNDERWAY: Final[Mapping[State, State]] = MappingProxyType(
    {"provisioning": "failed", "updating": "degraded", "scaling": "degraded", "terminating": "failed"}
)
"""What was under way, and what it counts as once something else begins."""


class Event(NamedTuple):
    """One step of a run that was about the resource."""

    work: Work
    end: End


def is_legal(before: State | None, after: State) -> bool:
    """Whether `after` may follow `before`; None and `terminated` are before a life."""
    if before is None or before == "terminated":
        return after in BIRTHS
    return after in TRANSITIONS[before]


def moves(before: State | None, event: Event) -> tuple[State, ...]:
    """The states that a resource goes through by an event, in order; none where the event changes nothing."""
    unborn = before is None or before == "terminated"
    if event.work == "remove" and before == "terminated":
        return ()
    if event.end == "skipped":
        return ("requested",) if unborn and event.work != "remove" else ()
    went: list[State] = []
    now = before
    if now is not None and now in _UNDERWAY:
        now = _UNDERWAY[now]
        went.append(now)
    if event.work == "make" and now in {"active", "degraded"}:
        return (*went, *_still_there(now, event.end))
    if event.work == "remove":
        went.append("terminating")
    elif now in {"active", "degraded"}:
        went.append("scaling" if event.work == "scale" else "updating")
    else:
        went += ["requested", "provisioning"] if unborn else ["provisioning"]
    if event.end == "failed":
        went.append(_UNDERWAY[went[-1]])
    elif event.end == "done":
        went.append("terminated" if event.work == "remove" else "active")
    return tuple(went)


def _still_there(now: State, end: End) -> tuple[State, ...]:
    """After a step that only made sure of a resource: a good end mends it, a bad one shows that something is wrong."""
    if end == "done" and now == "degraded":
        return ("active",)
    return ("degraded",) if end == "failed" and now == "active" else ()


def life(events: Iterable[Event]) -> list[State]:
    """Every state that a resource went through by its events."""
    went: list[State] = []
    for event in events:
        went += moves(went[-1] if went else None, event)
    return went
