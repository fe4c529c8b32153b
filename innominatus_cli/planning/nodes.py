"""The nodes of the plan's graph in execution order, and what each needs.

A barrier is a node, never n² edges: `<phase>/<tier>` says that a tier has finished in a phase, and a workflow that
others of its tier depend on has one of its own, whose id is the workflow's; between two large groups of steps stands
`<workflow>/[<number>]`; a loop and a sub-workflow end with one that has the id of the written step. What stands behind
a tier without workflows needs the barrier before it, so that the chain never breaks.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from innominatus_cli.documents.plan import PlannedStep
from innominatus_cli.documents.vocabulary import PHASES, TIERS
from innominatus_cli.findings.catalogue.expansion import SAME_STEP_ID
from innominatus_cli.findings.finding import Finding, Place, Related
from innominatus_cli.planning.drafts import Draft
from innominatus_cli.planning.expansion import Part
from innominatus_cli.planning.graph import OrderedDraft
from innominatus_cli.planning.ordering import Order

_MOST_EDGES = 16
"""Edges between two groups that are drawn one by one; more of them go through a barrier."""

Parts = Mapping[str, Mapping[str, Part]]
"""By the id of a workflow and the name of a step, what it becomes."""


PlaceNode: TypeAlias = Callable[[PlannedStep, list[str]], PlannedStep]
"""What gives a node its needs."""


def place_node(node: PlannedStep, needs: list[str]) -> PlannedStep:
    """The node with these needs."""
    return node.model_copy(update={"needs": needs})


def with_barriers(ordered: Sequence[OrderedDraft], parts: Parts, place: PlaceNode = place_node) -> list[PlannedStep]:
    """The nodes of the graph in execution order."""
    nodes: list[PlannedStep] = []
    before: tuple[str, ...] = ()
    for phase in PHASES:
        for tier in TIERS:
            here = [one for one in ordered if (one.draft.phase, one.draft.tier) == (phase, tier)]
            if not here:
                continue
            ends = _tier(here, before, parts, nodes, place)
            barrier = f"{phase}/{tier}"
            nodes.append(PlannedStep(id=barrier, kind="barrier", name=tier, phase=phase, tier=tier, needs=ends))
            before = (barrier,)
    return nodes


def _tier(
    here: Sequence[OrderedDraft], before: tuple[str, ...], parts: Parts, nodes: list[PlannedStep], place: PlaceNode
) -> list[str]:
    """Adds the nodes of a tier in a phase; returns what its barrier needs."""
    needed = {need for one in here for need in one.needs}
    ends: list[str] = []
    for one in here:
        draft = one.draft
        roots = tuple(_barrier_id(here, need) for need in one.needs) or before
        leaves = _Workflow(draft, nodes, place).add(one.order, parts[draft.id], roots) or list(roots)
        if draft.name in needed:
            nodes.append(_barrier(draft.id, draft.name, draft, leaves))
        else:
            ends += leaves
    return ends or list(before)


def same_ids(steps: Sequence[PlannedStep]) -> list[Finding]:
    """A finding for each id that several nodes have."""
    first: dict[str, PlannedStep] = {}
    found = []
    for step in steps:
        other = first.setdefault(step.id, step)
        if other is not step:
            places = [place_of_node(one) for one in (step, other)]
            message = f"two steps would have the id '{step.id}'"
            found.append(Finding(SAME_STEP_ID, message, places[0], related=(Related("the other one", places[1]),)))
    return found


def place_of_node(step: PlannedStep) -> Place:
    """Where a node of a plan is written; nowhere for a barrier between workflows."""
    written = step.provenance
    return Place(written.path, written.line, written.column) if written else Place("")


class _Workflow:
    """Adds the nodes of one workflow, those of its loops and sub-workflows included."""

    def __init__(self, draft: Draft, nodes: list[PlannedStep], place: PlaceNode) -> None:
        self._place = place
        self._draft = draft
        self._nodes = nodes
        self._barriers = 0

    def add(
        self, order: Order, parts: Mapping[str, Part], roots: Sequence[str], within: str | None = None
    ) -> list[str]:
        """Adds the steps of the workflow, or of one that it calls; returns the ids of those that nothing else needs."""
        sharing: Counter[tuple[str, ...]] = Counter()
        for name in order.names:
            sharing[order.needs[name]] += max(1, len(parts[name].rounds))
        barriers: dict[tuple[str, ...], str] = {}
        for name in order.names:
            shared = order.needs[name]
            needs = [parts[need].node.id for need in shared] or list(roots)
            if len(shared) * sharing[shared] > _MOST_EDGES:
                if shared not in barriers:
                    self._barriers += 1
                    label = f"[{self._barriers}]"
                    barriers[shared] = f"{self._draft.id}/{label}"
                    self._nodes.append(_barrier(barriers[shared], label, self._draft, needs, within))
                needs = [barriers[shared]]
            self._part(parts[name], needs)
        return [parts[name].node.id for name in order.leaves]

    def _part(self, part: Part, needs: list[str]) -> None:
        ends = needs
        if part.node.group is not None and part.node.group.kind == "loop":
            for one in part.rounds:
                self._part(one, needs)
            ends = [one.node.id for one in part.rounds] or needs
        elif part.inner is not None:
            ends = self.add(part.inner.order, part.inner.parts, needs, part.node.id) or needs
        self._nodes.append(self._place(part.node, ends))


def _barrier(barrier_id: str, name: str, draft: Draft, needs: list[str], within: str | None = None) -> PlannedStep:
    return PlannedStep(
        id=barrier_id, kind="barrier", name=name, phase=draft.phase, tier=draft.tier, needs=needs, within=within
    )


def _barrier_id(here: Sequence[OrderedDraft], name: str) -> str:
    return next(one.draft.id for one in here if one.draft.name == name)
