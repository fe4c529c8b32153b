"""The judgement of a plan: every policy asked, every violation told, nothing changed."""

from collections.abc import Callable, Iterator
from typing import Any, Final, TypeAlias

from innominatus_cli.documents.plan import Plan
from innominatus_cli.documents.verdict import ReportedFinding, Verdict
from innominatus_cli.findings.finding import Finding, has_errors
from innominatus_cli.policies.environment_rules import allowed_environments, enforce_backups
from innominatus_cli.policies.facts import JudgeFacts, Judgement
from innominatus_cli.policies.limit_rules import max_concurrent_workflows, max_steps_per_workflow, max_workflow_duration
from innominatus_cli.policies.policy_set import PolicySet
from innominatus_cli.policies.rollback_rules import rollback_coverage
from innominatus_cli.policies.security_rules import allowed_executors, require_approval, secrets_access
from innominatus_cli.policies.workflow_rules import (
    allowed_product_workflows,
    allowed_step_types,
    required_platform_workflows,
    workflow_overrides,
)

POLICY_INPUT_SCHEMA: Final = "innominatus.dev/policy-input/v1"
Policy: TypeAlias = Callable[[Plan, PolicySet, JudgeFacts], Iterator[Finding]]

POLICIES: tuple[Policy, ...] = (
    required_platform_workflows,
    allowed_product_workflows,
    allowed_step_types,
    workflow_overrides,
    rollback_coverage,
    max_workflow_duration,
    max_concurrent_workflows,
    max_steps_per_workflow,
    require_approval,
    allowed_executors,
    secrets_access,
    allowed_environments,
    enforce_backups,
)
"""One function a key; a new policy is a new line here, and in one of the two sets below."""

OF_WORKFLOWS: Final[frozenset[Policy]] = frozenset(POLICIES) - {rollback_coverage, secrets_access}
"""What they say of a plan is what they say of each of its workflows, and of its environment and limits."""


def judged_by_workflow(policies: PolicySet) -> bool:
    """Whether all that these policies say of a plan comes from single workflows, and not from the whole of it."""
    return policies.rollback_coverage is None and not policies.secrets_access


def judge(plan: Plan, policies: PolicySet, facts: JudgeFacts) -> Judgement:
    """The verdict on `plan` and its findings, sorted by place: all violations at once, warnings of the policies too."""
    found = violations(plan, policies, facts)
    findings = tuple(sorted((*policies.findings, *found), key=lambda finding: finding.sort_key))
    verdict = Verdict(
        plan=plan.digest,
        policies=policies.digest,
        policies_from=policies.read_from,
        actor=facts.actor,
        judged_at=facts.judged_at,
        allowed=not has_errors(findings),
        findings=[ReportedFinding.of(finding) for finding in findings],
    )
    return Judgement(verdict, findings)


def violations(plan: Plan, policies: PolicySet, facts: JudgeFacts) -> list[Finding]:
    """What the policies say of a plan, without a verdict: for who compares thousands of plans."""
    return [finding for policy in POLICIES for finding in policy(plan, policies, facts)]


def policy_input(plan: Plan, facts: JudgeFacts) -> dict[str, Any]:
    """What a policy in another language reads: the plan, its digest and the facts (docs/reference/policies.md)."""
    return {
        "schema": POLICY_INPUT_SCHEMA,
        "plan": plan.as_json(),
        "plan_digest": plan.digest,
        "environment": plan.environment,
        "actor": facts.actor.as_json(),
        "judged_at": facts.judged_at,
        "secrets": {
            name: {"store": secret.store, "generated": bool(secret.generate)}
            for name, secret in sorted(facts.secrets.items())
        },
        "absent": [workflow.as_json() for workflow in facts.absent],
    }
