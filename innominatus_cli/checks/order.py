"""The order of steps as their workflow gives it, and circles in it. Everything here takes linear time."""

from collections.abc import Iterable, Mapping, Sequence

from innominatus_cli.documents.nodes import MappingNode, ScalarNode, SequenceNode

Edges = dict[str, list[str]]
"""For each name, in the order of the file, the names that come directly before it."""

_BARRIER = "\0"
"""Begins the name of a barrier: one node stands for a whole parallel group, instead of an edge to each of its steps."""


def follows(steps: Sequence[MappingNode]) -> Edges:
    """What each step waits for: its `dependsOn`, or else the step or parallel group before it.

    Unknown names are left out; of two steps with one name the first counts.
    """
    edges: Edges = {name: [] for step in steps if (name := step.text("name"))}
    placed: set[str] = set()
    barrier = ""
    for number, unit in enumerate(_units(steps)):
        for name, step in unit:
            if name not in placed:
                placed.add(name)
                explicit = _depends_on(step)
                edges[name] = [text for text in explicit if text in edges] if explicit is not None else [barrier]
        barrier = f"{_BARRIER}{number}"
        edges[barrier] = list(dict.fromkeys(name for name, _ in unit))
    edges[""] = []
    return edges


def _depends_on(step: MappingNode) -> list[str] | None:
    node = step.get("dependsOn")
    if not isinstance(node, SequenceNode):
        return None
    return list(dict.fromkeys(str(item.value) for item in node.items if isinstance(item, ScalarNode)))


def _units(steps: Sequence[MappingNode]) -> list[list[tuple[str, MappingNode]]]:
    """Single steps and parallel groups with their names, each at the place of its first step."""
    units: list[list[tuple[str, MappingNode]]] = []
    numbered: dict[int, list[tuple[str, MappingNode]]] = {}
    neighbours: list[tuple[str, MappingNode]] | None = None
    for step in steps:
        name = step.text("name")
        if not name:
            continue
        group = _scalar(step, "parallelGroup")
        if isinstance(group, int) and not isinstance(group, bool) and group > 0:
            if group not in numbered:
                units.append(numbered.setdefault(group, []))
            numbered[group].append((name, step))
            neighbours = None
        elif _scalar(step, "parallel") is True:
            if neighbours is None:
                neighbours = []
                units.append(neighbours)
            neighbours.append((name, step))
        else:
            units.append([(name, step)])
            neighbours = None
    return units


def groups(steps: Sequence[MappingNode]) -> list[list[tuple[str, MappingNode]]]:
    """The parallel groups among the steps, each with its steps by name; those of one step too."""
    return [
        unit
        for unit in _units(steps)
        if any(_scalar(step, "parallel") is True or _scalar(step, "parallelGroup") for _, step in unit)
    ]


def _scalar(step: MappingNode, key: str) -> object:
    node = step.get(key)
    return node.value if isinstance(node, ScalarNode) else None


def cycles(edges: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """One circle, a shortest one, of every knot of names that wait for each other; barriers are left out.

    Each begins with the knot's first name in the order of `edges`. `[a, b]` reads "a waits for b, and b for a"; one
    that waits for itself is `[a]`.
    """
    waiting = {name: targets for name, targets in edges.items() if targets}
    found = []
    for knot in _knots(waiting):
        start = next(name for name in edges if name in knot and not name.startswith(_BARRIER))
        way = _way_back(start, knot, edges)
        found.append([name for name in way if not name.startswith(_BARRIER)])
    return found


def _way_back(start: str, knot: set[str], edges: Mapping[str, Sequence[str]]) -> list[str]:
    came_from: dict[str, str] = {}
    queue = [start]
    for name in queue:
        for target in edges[name]:
            if target == start:
                way = [name]
                while way[-1] != start:
                    way.append(came_from[way[-1]])
                return way[::-1]
            if target in knot and target not in came_from:
                came_from[target] = name
                queue.append(target)
    raise AssertionError(f"{start!r} is in a knot, and no way leads back to it")


def _knots(edges: Mapping[str, Sequence[str]]) -> list[set[str]]:
    """The strongly connected components that hold a circle (Kosaraju's algorithm, without recursion)."""
    backwards: dict[str, list[str]] = {name: [] for name in edges}
    for name, targets in edges.items():
        for target in targets:
            if target in backwards:
                backwards[target].append(name)
    seen: set[str] = set()
    knots = []
    for name in reversed(_in_order_of_finish(edges)):
        if name not in seen:
            knot = _collected(name, backwards, seen)
            if len(knot) > 1 or name in edges[name]:
                knots.append(knot)
    position = {name: index for index, name in enumerate(edges)}
    return sorted(knots, key=lambda knot: min(position[name] for name in knot))


def _in_order_of_finish(edges: Mapping[str, Sequence[str]]) -> list[str]:
    finished: list[str] = []
    seen: set[str] = set()
    for root in edges:
        work = [] if root in seen else [(root, iter(edges[root]))]
        seen.add(root)
        while work:
            name, targets = work[-1]
            fresh = next((target for target in targets if target in edges and target not in seen), None)
            if fresh is None:
                finished.append(name)
                work.pop()
            else:
                seen.add(fresh)
                work.append((fresh, iter(edges[fresh])))
    return finished


def _collected(root: str, edges: Mapping[str, Sequence[str]], seen: set[str]) -> set[str]:
    seen.add(root)
    found = [root]
    for name in found:
        fresh = [target for target in edges[name] if target not in seen]
        seen.update(fresh)
        found += fresh
    return set(found)


def behind(edges: Mapping[str, Sequence[str]], marked: Iterable[str]) -> frozenset[str]:
    """The names that wait, at once or through others, for one of the marked ones."""
    dependants: dict[str, list[str]] = {}
    for name, targets in edges.items():
        for target in targets:
            dependants.setdefault(target, []).append(name)
    found: set[str] = set()
    waiting = list(marked)
    for name in waiting:
        fresh = [other for other in dependants.get(name, ()) if other not in found]
        found.update(fresh)
        waiting += fresh
    return frozenset(found)


class Before:
    """Which names are ordered before which, for edges without a circle."""

    def __init__(self, edges: Mapping[str, Sequence[str]]) -> None:
        self._bit = {name: 1 << index for index, name in enumerate(edges)}
        self._edges = edges
        self._masks: dict[str, int] = {}

    def is_before(self, earlier: str, later: str) -> bool:
        """Whether `earlier` is finished when `later` starts."""
        return bool(self._mask(later) & self._bit.get(earlier, 0))

    def _mask(self, wanted: str) -> int:
        work = [wanted]
        while work:
            name = work[-1]
            missing = [target for target in self._edges.get(name, ()) if target not in self._masks]
            if missing:
                work += missing
                continue
            work.pop()
            mask = 0
            for target in self._edges.get(name, ()):
                mask |= self._masks[target] | self._bit[target]
            self._masks[name] = mask
        return self._masks[wanted]
