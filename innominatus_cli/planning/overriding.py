"""Workflows in the place of others: `metadata.overrides`, where workflowOverrides of the policies allows it.

A workflow replaces one of a lower tier in the same phase: platform those of products and applications, a product those
of applications. It runs where that one would have run, and nowhere else. What policies do not allow stays beside the
other one in the plan, which their judgement then refuses.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from innominatus_cli.documents.admin_config import AdminConfigDocument
from innominatus_cli.documents.plan import AbsentWorkflow
from innominatus_cli.documents.vocabulary import TIERS, Tier
from innominatus_cli.findings.catalogue.structure import OVERRIDDEN_TWICE
from innominatus_cli.findings.catalogue.workflow import OVERRIDE_OF_WRONG_WORKFLOW
from innominatus_cli.findings.finding import Finding, Place, Related
from innominatus_cli.planning.drafts import Draft
from innominatus_cli.planning.places import Spot

OF_SCORE = "score workflows."
"""What the trigger of a Score file's own workflow begins with; the generated ones are never replaced."""


@dataclass(frozen=True, slots=True)
class Overridden:
    """The workflows that are left, those that are absent now, and what is wrong."""

    drafts: list[Draft]
    absent: list[AbsentWorkflow]
    findings: list[Finding]


def override_workflows(drafts: Sequence[Draft], config: AdminConfigDocument) -> Overridden:
    """Replaces what is overridden; a workflow that was replaced itself replaces nothing."""
    allowed = _allowed_tiers(config)
    result = Overridden(list(drafts), [], [])
    for draft in sorted(
        (one for one in drafts if one.override_of is not None), key=lambda one: (TIERS.index(one.tier), one.id)
    ):
        if draft.override_of is not None and draft.tier in allowed and draft in result.drafts:
            _override(draft, draft.override_of, drafts, result)
    return result


def _allowed_tiers(config: AdminConfigDocument) -> frozenset[Tier]:
    said = config.workflow_policies.workflow_overrides
    if said is None:
        return frozenset()
    tiers = ((Tier.PLATFORM, said.platform), (Tier.PRODUCT, said.product))
    return frozenset(tier for tier, is_allowed in tiers if is_allowed)


def _override(draft: Draft, name: str, drafts: Sequence[Draft], result: Overridden) -> None:
    named = [one for one in drafts if one is not draft and _is_called(one, name)]
    wrong = [one for one in named if TIERS.index(one.tier) <= TIERS.index(draft.tier)]
    place = _place(draft)
    if wrong:
        message = f"'{name}' is of tier {wrong[0].tier}, which '{draft.identity}' of tier {draft.tier} cannot replace"
        result.findings.append(Finding(OVERRIDE_OF_WRONG_WORKFLOW, message, place))
        return
    replaced = next((one for one in named if one.phase is draft.phase), None)
    if replaced is None and named:
        message = f"'{name}' runs in {named[0].phase}, '{draft.identity}' in {draft.phase}"
        result.findings.append(Finding(OVERRIDE_OF_WRONG_WORKFLOW, message, place))
    elif replaced is None:
        reason = f"it replaces '{name}', which is not in this deployment"
        _leave_out([draft], reason, f"a deployment that has '{name}'", result)
    elif replaced in result.drafts:
        reason = f"'{draft.identity}' replaces it ({place.path}:{place.line})"
        _leave_out([replaced], reason, f"'{draft.identity}' without metadata.overrides", result)
    else:
        others = [one for one in result.drafts if one.override_of == name and one.phase is draft.phase]
        other = next(one for one in others if one is not draft)
        related = (Related("the other one", _place(other)),)
        message = f"'{name}' is replaced by '{other.identity}' already"
        result.findings.append(Finding(OVERRIDDEN_TWICE, message, place, related=related))


def _is_called(draft: Draft, name: str) -> bool:
    if draft.tier is Tier.APPLICATION:
        return draft.trigger.startswith(OF_SCORE) and name in {draft.name, draft.identity}
    return draft.identity == name


def _place(draft: Draft) -> Place:
    return Spot(draft.spot.document).at("metadata", "overrides").place


def _leave_out(gone: Iterable[Draft], reason: str, way: str, result: Overridden) -> None:
    """Takes workflows out; what depended on one of them follows what that one depended on."""
    for draft in gone:
        result.drafts.remove(draft)
        path = draft.spot.place.path
        absent = AbsentWorkflow(identity=draft.identity, tier=draft.tier, path=path, reason=reason, brought_in_by=way)
        result.absent.append(absent)
        for index, other in enumerate(result.drafts):
            if draft.name in other.needs and (other.phase, other.tier) == (draft.phase, draft.tier):
                kept = [need for need in other.needs if need != draft.name]
                result.drafts[index] = replace(other, needs=tuple(dict.fromkeys([*kept, *draft.needs])))
