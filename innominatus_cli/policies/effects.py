"""What the changes of a plan and of the policies' word on it come to, in a few words."""

from innominatus_cli.findings.catalogue.policy import APPROVAL_NEEDED
from innominatus_cli.planning.comparison import Comparison
from innominatus_cli.planning.effects import APPROVAL, NO_APPROVAL, NOT_REFUSED, POLICIES, REFUSED, SAME_STEPS, effects
from innominatus_cli.policies.facts import Judgement


def judged_effects(comparison: Comparison, old: Judgement | None, new: Judgement | None) -> tuple[str, ...]:
    """The effects of the comparison, then `approval now needed` and `refused`, where policies changed their word."""
    found = effects(comparison)
    before, after = objections_of(old), objections_of(new)
    said = []
    needed = [any(number == APPROVAL_NEEDED.number for number, _ in one) for one in (before, after)]
    if needed[0] != needed[1]:
        said.append(APPROVAL if needed[1] else NO_APPROVAL)
    refused = [one is not None and not one.verdict.allowed for one in (old, new)]
    if refused[0] != refused[1]:
        said.append(REFUSED if refused[1] else NOT_REFUSED)
    if not said and before != after:
        said.append(POLICIES)
    if said and found == (SAME_STEPS,):
        found = ()
    return tuple(dict.fromkeys((*found, *said)))


def objections_of(judgement: Judgement | None) -> frozenset[tuple[str, str]]:
    """What policies say, by code and message: line numbers may differ."""
    return frozenset((one.code.number, one.message) for one in (judgement.findings if judgement else ()))
