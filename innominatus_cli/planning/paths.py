"""Ways through a plan's graph: the longest one, and how many steps can run at once."""

from collections.abc import Callable, Iterable

from innominatus_cli.documents.plan import Plan, PlannedStep
from innominatus_cli.documents.vocabulary import PHASES, Phase


def longest_path(plan: Plan, weight: Callable[[PlannedStep], int]) -> tuple[list[PlannedStep], int]:
    """The steps of the heaviest way from a beginning to an end, without barriers, and its weight.

    Of ways of the same weight the one with more steps; linear in steps and edges.
    """
    best: dict[str, tuple[int, int]] = {}
    before: dict[str, str | None] = {}
    for node in plan.steps:
        came = max(node.needs, key=lambda need: best[need], default=None)
        heavy, steps = best[came] if came is not None else (0, 0)
        is_step = node.kind == "step"
        best[node.id] = (heavy + (weight(node) if is_step else 0), steps + is_step)
        before[node.id] = came
    if not best:
        return [], 0
    nodes = {node.id: node for node in plan.steps}
    at: str | None = max(best, key=lambda node_id: best[node_id])
    total = best[at][0] if at else 0
    path = []
    while at is not None:
        if nodes[at].kind == "step":
            path.append(nodes[at])
        at = before[at]
    return path[::-1], total


def widths(plan: Plan) -> list[tuple[Phase, int, int]]:
    """By phase, how many steps it has and the most of them that can run at once.

    Tiers follow each other, so the widest tier decides. Two steps can run at once where neither needs the other,
    however far; the largest set of such steps is as large as the fewest chains that hold all (Dilworth's theorem).
    """
    found = []
    for phase in PHASES:
        here = [node for node in plan.steps if node.phase is phase]
        tiers = dict.fromkeys(node.tier for node in here)
        count = sum(node.kind == "step" for node in here)
        if count:
            width = max(_width([node for node in here if node.tier is tier]) for tier in tiers)
            found.append((phase, count, width))
    return found


def _width(nodes: Iterable[PlannedStep]) -> int:
    """Steps less the most pairs of a step and a follower in which each stands once on each side."""
    behind: dict[str, int] = {}
    follows: list[int] = []
    for node in nodes:
        mask = 0
        for need in node.needs:
            mask |= behind.get(need, 0)
        if node.kind == "step":
            for place in _bits(mask):
                follows[place] |= 1 << len(follows)
            mask |= 1 << len(follows)
            follows.append(0)
        behind[node.id] = mask
    matching = _Matching(follows)
    return len(follows) - sum(matching.add(place) for place in range(len(follows)))


class _Matching:
    """Pairs of steps and followers, grown one at a time along augmenting paths; sets are bits of integers."""

    def __init__(self, follows: list[int]) -> None:
        self._follows = follows
        self._follower: dict[int, int] = {}
        self._leader: dict[int, int] = {}
        self._free = (1 << len(follows)) - 1
        """Steps that follow nobody in a pair yet."""

    def add(self, start: int) -> bool:
        """Finds a follower for a step, moving others' where that helps."""
        unseen = (1 << len(self._follows)) - 1
        came: dict[int, int] = {}
        waiting = [start]
        while waiting:
            step = waiting.pop()
            reach = self._follows[step] & unseen
            if reach & self._free:
                self._move(start, step, _lowest(reach & self._free), came)
                return True
            unseen &= ~reach
            for follower in _bits(reach):
                leader = self._leader[follower]
                came[leader] = step
                waiting.append(leader)
        return False

    def _move(self, start: int, step: int, follower: int, came: dict[int, int]) -> None:
        self._free &= ~(1 << follower)
        while True:
            previous = self._follower.get(step)
            self._follower[step], self._leader[follower] = follower, step
            if step == start or previous is None:
                return
            follower, step = previous, came[step]


def _lowest(bits: int) -> int:
    return (bits & -bits).bit_length() - 1


def _bits(bits: int) -> Iterable[int]:
    while bits:
        yield _lowest(bits)
        bits &= bits - 1
