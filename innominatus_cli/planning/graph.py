"""From drafts to the plan's graph: workflows of a tier in order, steps in their workflow, barriers between all of them.

A barrier is a node, never n² edges: `<phase>/<tier>` says that a tier has finished in a phase, and a workflow that
others of its tier depend on has one of its own, whose id is the workflow's; between two large groups of steps stands
`<workflow>/[<number>]`. What stands behind a tier without
workflows needs the barrier before it, so that the chain never breaks.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from innominatus_cli.documents.plan import PlannedStep
from innominatus_cli.documents.vocabulary import PHASES, TIERS
from innominatus_cli.findings.catalogue import plan as codes
from innominatus_cli.findings.catalogue.workflow import DUPLICATE_STEP_NAME, STEP_CYCLE, UNKNOWN_DEPENDENCY
from innominatus_cli.findings.finding import Finding, Related
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.planning.drafts import Draft
from innominatus_cli.planning.ordering import Order, in_order, order_steps
from innominatus_cli.planning.places import Spot

_MOST_EDGES = 16
"""Edges between two groups that are drawn one by one; more of them go through a barrier."""


@dataclass(frozen=True, slots=True)
class OrderedDraft:
    """A draft and the order of its steps, `finally` ones included."""

    draft: Draft
    order: Order
    needs: tuple[str, ...]
    """Names of workflows of its tier and phase that are in the plan."""


@dataclass(slots=True)
class OrderedDrafts:
    """All workflows in the order in which the plan lists them."""

    drafts: list[OrderedDraft] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def order_drafts(drafts: Sequence[Draft], absent: frozenset[str]) -> OrderedDrafts:
    """Orders workflows by phase, tier, dependencies and name. `absent` are identities that the plan left out."""
    result = OrderedDrafts()
    for phase in PHASES:
        for tier in TIERS:
            here = [draft for draft in drafts if (draft.phase, draft.tier) == (phase, tier)]
            _order_tier(here, absent, result)
    return result


def _order_tier(drafts: list[Draft], absent: frozenset[str], result: OrderedDrafts) -> None:
    by_name: dict[str, Draft] = {}
    for draft in drafts:
        other = by_name.setdefault(draft.name, draft)
        if other is not draft:
            related = (Related("the other one", other.spot.place),)
            message = f"two workflows have the id '{draft.id}'"
            result.findings.append(Finding(codes.DUPLICATE_WORKFLOW, message, draft.spot.place, related=related))
    needs = {name: tuple(need for need in draft.needs if need in by_name) for name, draft in by_name.items()}
    for draft in by_name.values():
        result.findings += _unknown_needs(draft, by_name, absent)
    # Generated workflows keep their order: names decide only among those that do not depend on each other.
    order = in_order(sorted(by_name), needs)
    if order.cycle:
        circle = " → ".join((*order.cycle, order.cycle[0]))
        draft = by_name[order.cycle[0]]
        place = Spot(draft.spot.document).at("metadata", "dependsOn").place
        result.findings.append(
            Finding(codes.WORKFLOW_NEEDS_CYCLE, f"workflows depend on each other in a circle: {circle}", place)
        )
    for name in order.names:
        draft = by_name[name]
        result.drafts.append(OrderedDraft(draft, _order_of_steps(draft, result.findings), needs[name]))


def _unknown_needs(draft: Draft, known: Mapping[str, Draft], absent: frozenset[str]) -> list[Finding]:
    findings = []
    for index, need in enumerate(draft.needs):
        identity = f"{draft.product}/{need}" if draft.product else need
        if need in known or identity in absent:
            continue
        remedy = did_you_mean(need, known)
        place = Spot(draft.spot.document).at("metadata", "dependsOn", index).place
        message = f"'{draft.identity}' depends on '{need}', which is no workflow of tier {draft.tier} in {draft.phase}"
        findings.append(Finding(codes.UNKNOWN_WORKFLOW_NEED, message, place, remedy))
    return findings


def _order_of_steps(draft: Draft, findings: list[Finding]) -> Order:
    """One order for the steps and, behind all of them, the `finally` steps."""
    spots = {part.definition.name: part.spot for part in reversed(draft.steps)}
    main = order_steps([part.definition for part in draft.steps if not part.cleanup])
    last = order_steps([part.definition for part in draft.steps if part.cleanup])
    both = set(main.names) & set(last.names)
    findings += [
        Finding(DUPLICATE_STEP_NAME, f"two steps of '{draft.identity}' are called '{name}'", spots[name].place)
        for name in sorted({*main.duplicates, *last.duplicates, *both})
    ]
    for order in (main, last):
        findings += _step_problems(order, draft, spots)
    needs = {**main.needs}
    for name in last.names:
        if name not in both:
            needs[name] = last.needs[name] or main.leaves
    return Order(needs, tuple(dict.fromkeys((*main.names, *last.names))))


def _step_problems(order: Order, draft: Draft, spots: Mapping[str, Spot]) -> list[Finding]:
    findings = []
    for name, need in order.unknown:
        remedy = did_you_mean(need, spots) or f"Steps here: {', '.join(spots)}."
        message = f"step '{name}' depends on '{need}', which is no step of '{draft.identity}'"
        findings.append(Finding(UNKNOWN_DEPENDENCY, message, spots[name].at("dependsOn").place, remedy))
    if order.cycle:
        circle = " → ".join((*order.cycle, order.cycle[0]))
        message = f"steps of '{draft.identity}' wait for each other in a circle: {circle}"
        findings.append(Finding(STEP_CYCLE, message, spots[order.cycle[0]].place))
    return findings


def with_barriers(ordered: Sequence[OrderedDraft], steps: Mapping[str, PlannedStep]) -> list[PlannedStep]:
    """The nodes of the graph in execution order. `steps` are the built steps by id."""
    nodes: list[PlannedStep] = []
    before: tuple[str, ...] = ()
    for phase in PHASES:
        for tier in TIERS:
            here = [one for one in ordered if (one.draft.phase, one.draft.tier) == (phase, tier)]
            if not here:
                continue
            ends = _tier(here, before, steps, nodes)
            barrier = f"{phase}/{tier}"
            nodes.append(PlannedStep(id=barrier, kind="barrier", name=tier, phase=phase, tier=tier, needs=ends))
            before = (barrier,)
    return nodes


def _tier(
    here: Sequence[OrderedDraft], before: tuple[str, ...], steps: Mapping[str, PlannedStep], nodes: list[PlannedStep]
) -> list[str]:
    """Adds the nodes of a tier in a phase; returns what its barrier needs."""
    needed = {need for one in here for need in one.needs}
    ends: list[str] = []
    for one in here:
        draft = one.draft
        roots = tuple(_barrier_id(here, need) for need in one.needs) or before
        _steps_of(one, roots, steps, nodes)
        leaves = [f"{draft.id}/{name}" for name in one.order.leaves] or list(roots)
        if draft.name in needed:
            nodes.append(_barrier(draft.id, draft.name, draft, leaves))
        else:
            ends += leaves
    return ends or list(before)


def _steps_of(
    one: OrderedDraft, roots: tuple[str, ...], steps: Mapping[str, PlannedStep], nodes: list[PlannedStep]
) -> None:
    """Adds the steps of a workflow; between two large groups stands a barrier, `<workflow>/[<number>]`."""
    draft, order = one.draft, one.order
    sharing = Counter(order.needs[name] for name in order.names)
    barriers: dict[tuple[str, ...], str] = {}
    for name in order.names:
        shared = order.needs[name]
        needs = [f"{draft.id}/{need}" for need in shared] or list(roots)
        if len(shared) * sharing[shared] > _MOST_EDGES:
            if shared not in barriers:
                barriers[shared] = f"{draft.id}/[{len(barriers) + 1}]"
                nodes.append(_barrier(barriers[shared], f"[{len(barriers)}]", draft, needs))
            needs = [barriers[shared]]
        nodes.append(steps[f"{draft.id}/{name}"].model_copy(update={"needs": needs}))


def _barrier(barrier_id: str, name: str, draft: Draft, needs: list[str]) -> PlannedStep:
    return PlannedStep(id=barrier_id, kind="barrier", name=name, phase=draft.phase, tier=draft.tier, needs=needs)


def _barrier_id(here: Sequence[OrderedDraft], name: str) -> str:
    return next(one.draft.id for one in here if one.draft.name == name)
