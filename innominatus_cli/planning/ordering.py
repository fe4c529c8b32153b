"""The order of steps in a workflow and of workflows in a tier. Names in, names out; nothing else is known here."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from heapq import heapify, heappop, heappush

from innominatus_cli.documents.workflow import StepDefinition


@dataclass(frozen=True)
class Order:
    """Direct needs by name, and the names in an order in which everything needed comes first."""

    needs: Mapping[str, tuple[str, ...]]
    names: tuple[str, ...]
    unknown: tuple[tuple[str, str], ...] = ()
    """Pairs of a name and what it needs that does not exist."""
    duplicates: tuple[str, ...] = ()
    cycle: tuple[str, ...] = ()
    """The names of a circle, each needing the next one and the last one the first; empty where there is none."""
    _known_masks: dict[str, int] = field(default_factory=dict, repr=False, compare=False)

    @property
    def leaves(self) -> tuple[str, ...]:
        """The names that nothing else needs, in order."""
        needed = {name for needs in self.needs.values() for name in needs}
        return tuple(name for name in self.names if name not in needed)

    def before(self, name: str) -> "Before":
        """Everything that stands before `name`, directly or not; everything at all for an empty name."""
        masks = self._masks()
        return Before(self.names, self._places, masks[name] if name else (1 << len(self.names)) - 1)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: index for index, name in enumerate(self.names)}

    def _masks(self) -> dict[str, int]:
        """By name, the bits of everything before it: in an order in which needs come first, one pass is enough."""
        if not self._known_masks:
            for name in self.names:
                mask = 0
                for need in self.needs.get(name, ()):
                    mask |= self._known_masks[need] | 1 << self._places[need]
                self._known_masks[name] = mask
        return self._known_masks


@dataclass(frozen=True, slots=True)
class Before:
    """A set of names as bits: a thousand steps have a thousand of these."""

    names: tuple[str, ...]
    places: Mapping[str, int]
    mask: int

    def __contains__(self, name: object) -> bool:
        place = self.places.get(name) if isinstance(name, str) else None
        return place is not None and bool(self.mask >> place & 1)

    def __iter__(self) -> Iterator[str]:
        return (name for index, name in enumerate(self.names) if self.mask >> index & 1)


def order_steps(steps: Sequence[StepDefinition]) -> Order:
    """List order, groups, `dependsOn`.

    Without `dependsOn` a step follows the step or group before it. Consecutive `parallel: true` steps form a group, and
    so do the steps of one `parallelGroup`, at the place of the first of them. `dependsOn` replaces that order for its
    step; an empty one starts at once.
    """
    unique = {step.name: step for step in reversed(steps)}
    duplicates = tuple(sorted({step.name for step in steps if unique[step.name] is not step}))
    listed = [step for step in steps if unique[step.name] is step]
    needs: dict[str, tuple[str, ...]] = {}
    before: tuple[str, ...] = ()
    for group in _groups(listed):
        for name in group:
            explicit = unique[name].depends_on
            needs[name] = before if explicit is None else tuple(dict.fromkeys(explicit))
        before = tuple(group)
    return in_order([step.name for step in listed], needs, duplicates)


def _groups(steps: Iterable[StepDefinition]) -> list[list[str]]:
    """The names of single steps and of groups, each at the place of its first step."""
    groups: list[list[str]] = []
    numbered: dict[int, list[str]] = {}
    neighbours: list[str] | None = None
    for step in steps:
        if step.parallel_group:
            if step.parallel_group not in numbered:
                groups.append(numbered.setdefault(step.parallel_group, []))
            numbered[step.parallel_group].append(step.name)
            neighbours = None
        elif step.parallel:
            if neighbours is None:
                neighbours = []
                groups.append(neighbours)
            neighbours.append(step.name)
        else:
            groups.append([step.name])
            neighbours = None
    return groups


def in_order(names: Sequence[str], needs: Mapping[str, Sequence[str]], duplicates: tuple[str, ...] = ()) -> Order:
    """`names` so that everything needed comes first; among equals the given order decides."""
    place = {name: index for index, name in enumerate(names)}
    unknown = tuple((name, need) for name in names for need in needs.get(name, ()) if need not in place)
    known = {name: tuple(need for need in needs.get(name, ()) if need in place) for name in names}
    waiting = {name: len(known[name]) for name in names}
    followers: dict[str, list[str]] = {name: [] for name in names}
    for name in names:
        for need in known[name]:
            followers[need].append(name)
    ready = [place[name] for name in names if not waiting[name]]
    heapify(ready)
    ordered: list[str] = []
    while ready:
        name = names[heappop(ready)]
        ordered.append(name)
        for follower in followers[name]:
            waiting[follower] -= 1
            if not waiting[follower]:
                heappush(ready, place[follower])
    cycle = () if len(ordered) == len(names) else _cycle(names, known, set(ordered))
    return Order(known, tuple(ordered), unknown, duplicates, cycle)


def _cycle(names: Sequence[str], needs: Mapping[str, Sequence[str]], ordered: set[str]) -> tuple[str, ...]:
    """One circle among the names that could not be ordered: from any of them, needs lead into one."""
    name = next(found for found in names if found not in ordered)
    walked: list[str] = []
    while name not in walked:
        walked.append(name)
        name = next(need for need in needs[name] if need not in ordered)
    circle = walked[walked.index(name) :]
    first = min(range(len(circle)), key=lambda index: names.index(circle[index]))
    return tuple(circle[first:] + circle[:first])
