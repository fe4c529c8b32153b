"""The order of drafts and of their steps: workflows of a tier by their dependencies, steps in their workflow."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from innominatus_cli.documents.vocabulary import PHASES, TIERS
from innominatus_cli.findings.catalogue import plan as codes
from innominatus_cli.findings.catalogue.workflow import DUPLICATE_STEP_NAME, STEP_CYCLE, UNKNOWN_DEPENDENCY
from innominatus_cli.findings.finding import Finding, Related
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.planning.drafts import Draft
from innominatus_cli.planning.ordering import Order, in_order, order_steps
from innominatus_cli.planning.places import Spot


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


OrderSteps: TypeAlias = Callable[[Draft, list[Finding]], Order]
"""What orders the steps of one workflow, as `order_of_steps` does."""


def order_drafts(
    drafts: Sequence[Draft], absent: frozenset[str], order_steps_of: "OrderSteps | None" = None
) -> OrderedDrafts:
    """Orders workflows by phase, tier, dependencies and name. `absent` are identities that the plan left out."""
    result = OrderedDrafts()
    for phase in PHASES:
        for tier in TIERS:
            here = [draft for draft in drafts if (draft.phase, draft.tier) == (phase, tier)]
            _order_tier(here, absent, result, order_steps_of or order_of_steps)
    return result


def _order_tier(drafts: list[Draft], absent: frozenset[str], result: OrderedDrafts, order_steps_of: OrderSteps) -> None:
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
        result.drafts.append(OrderedDraft(draft, order_steps_of(draft, result.findings), needs[name]))


def _unknown_needs(draft: Draft, known: Mapping[str, Draft], absent: frozenset[str]) -> list[Finding]:
    findings = []
    for index, need in enumerate(draft.needs):
        identity = f"{draft.product}/{need}" if draft.product else need.replace(":", "/")
        if need in known or identity in absent:
            continue
        remedy = did_you_mean(need, known)
        place = Spot(draft.spot.document).at("metadata", "dependsOn", index).place
        message = f"'{draft.identity}' depends on '{need}', which is no workflow of tier {draft.tier} in {draft.phase}"
        findings.append(Finding(codes.UNKNOWN_WORKFLOW_NEED, message, place, remedy))
    return findings


def order_of_steps(draft: Draft, findings: list[Finding]) -> Order:
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
