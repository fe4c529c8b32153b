"""What the changes of a plan and of the policies' word on it come to, in a few words."""

from collections.abc import Iterable, Sequence

from innominatus_cli.findings.catalogue.policy import APPROVAL_NEEDED
from innominatus_cli.findings.finding import Finding, Severity
from innominatus_cli.planning.comparison import Comparison
from innominatus_cli.planning.effects import APPROVAL, NO_APPROVAL, NOT_REFUSED, POLICIES, REFUSED, SAME_STEPS, effects


def judged_effects(
    comparison: Comparison, old: Sequence[Finding] | None, new: Sequence[Finding] | None
) -> tuple[str, ...]:
    """The effects of the comparison, then `approval now needed` and `refused`, where policies changed their word.

    `old` and `new` are what policies say of both plans; None where nobody judged.
    """
    found = effects(comparison)
    if old is None or new is None:
        return found
    before, after = objections(old), objections(new)
    said = []
    needed = [any(one.code is APPROVAL_NEEDED for one in found) for found in (before.values(), after.values())]
    if needed[0] != needed[1]:
        said.append(APPROVAL if needed[1] else NO_APPROVAL)
    if bool(before) != bool(after):
        said.append(REFUSED if after else NOT_REFUSED)
    if not said and before.keys() != after.keys():
        said.append(POLICIES)
    if said and found == (SAME_STEPS,):
        found = ()
    return tuple(dict.fromkeys((*found, *said)))


def objections(findings: Iterable[Finding]) -> dict[tuple[str, str], Finding]:
    """Because of what a plan is refused, by code and message: line numbers may differ between two plans."""
    return {(one.code.number, one.message): one for one in findings if one.severity is Severity.ERROR}
