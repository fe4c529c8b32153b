"""The policy about what a rollback of a plan could take back, judged before its first step."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from innominatus_cli.documents.plan import Plan, PlannedStep
from innominatus_cli.documents.vocabulary import Operation
from innominatus_cli.findings.catalogue import policy as codes
from innominatus_cli.findings.finding import Finding
from innominatus_cli.policies.facts import JudgeFacts
from innominatus_cli.policies.policy_set import PolicySet
from innominatus_cli.policies.rules import Rule
from innominatus_cli.policies.workflow_rules import place_of_step

_SHOWN: Final = 5


class Asked(NamedTuple):
    """What counts in one environment, of all documents that speak of it: the stricter."""

    minimum: int
    gates: bool


def asked_in(environment: str, rule: Rule[tuple[str, ...]]) -> Asked:
    """What the rule asks of a plan for this environment."""
    minimum, gates = 0, False
    for entry in rule.value:
        least, gate, where = entry.split(" ", 2)
        if where in {"*", environment}:
            minimum, gates = max(minimum, int(least)), gates or gate == "gated"
    return Asked(minimum, gates)


def rollback_coverage(plan: Plan, policies: PolicySet, _facts: JudgeFacts) -> Iterator[Finding]:
    """Enough of a plan can be taken back, and nobody starts what cannot without an approval, where that is asked.

    A removal takes things away for good, and a rollback is not rolled back: neither is judged.
    """
    rule = policies.rollback_coverage
    if rule is None or plan.operation is Operation.UNDEPLOY or plan.rolls_back is not None:
        return
    asked = asked_in(plan.environment, rule)
    if not asked.minimum and not asked.gates:
        return
    from innominatus_cli.planning.rollback_means import coverage_of, means_of  # noqa: PLC0415 - few repositories ask

    means = means_of(plan)
    lacking = [one.step for one in reversed(means) if one.means == "irreversible"]
    coverage = coverage_of(means)
    if coverage.percent < asked.minimum:
        yield Finding(
            codes.ROLLBACK_COVERAGE_LOW,
            f"a rollback could take back {coverage.percent} % of this plan, and rollbackCoverage asks for "
            f"{asked.minimum} % in '{plan.environment}'; nothing takes back {_names(lacking)}",
            rule.place,
        )
    for step in lacking if asked.gates else ():
        if step.gate is None:
            yield Finding(
                codes.IRREVERSIBLE_WITHOUT_GATE,
                f"nothing takes back step '{step.name}', and it has no approval before it",
                place_of_step(step),
                related=rule.stands(),
            )


def _names(steps: list[PlannedStep]) -> str:
    shown = [f"'{step.name}'" for step in steps[:_SHOWN]]
    more = len(steps) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
