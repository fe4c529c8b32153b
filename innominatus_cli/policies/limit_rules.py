"""Policies that bound how long, how wide and how large a plan is."""

from collections import Counter
from collections.abc import Iterator

from innominatus_cli.documents.durations import duration_text
from innominatus_cli.documents.plan import Plan
from innominatus_cli.documents.words import counted
from innominatus_cli.findings.catalogue import policy as codes
from innominatus_cli.findings.finding import Finding, Place
from innominatus_cli.policies.facts import JudgeFacts
from innominatus_cli.policies.policy_set import PolicySet
from innominatus_cli.policies.workflow_rules import place_of_step, place_of_workflow


def max_workflow_duration(plan: Plan, policies: PolicySet, _facts: JudgeFacts) -> Iterator[Finding]:
    """No timeout that somebody wrote is longer than the limit, and the plan carries a deadline within it."""
    rule = policies.max_workflow_duration
    if rule is None:
        return
    deadline = plan.limits.get("workflow_seconds")
    if deadline is None or deadline > rule.value:
        carried = "no deadline for workflows" if deadline is None else f"a deadline of {duration_text(deadline)}"
        message = f"the plan carries {carried}; maxWorkflowDuration is {duration_text(rule.value)}"
        yield Finding(codes.LIMIT_OF_PLAN_TOO_HIGH, message, rule.place)
    written: dict[Place, tuple[str, int]] = {}
    for workflow in plan.workflows:
        if workflow.timeout_seconds is not None:
            written[place_of_workflow(workflow)] = (f"workflow '{workflow.identity}'", workflow.timeout_seconds)
    for step in plan.steps:
        if step.timeout_written:
            written[place_of_step(step)] = (f"step '{step.name}'", step.timeout_seconds)
    for place, (what, seconds) in written.items():
        if seconds > rule.value:
            yield Finding(
                codes.DURATION_BEYOND_LIMIT,
                f"{what} may take {duration_text(seconds)}; maxWorkflowDuration is {duration_text(rule.value)}",
                place,
                related=rule.stands(),
            )


def max_concurrent_workflows(plan: Plan, policies: PolicySet, _facts: JudgeFacts) -> Iterator[Finding]:
    """The plan carries a cap on concurrent workflows that is no higher than the limit."""
    rule = policies.max_concurrent_workflows
    if rule is None:
        return
    cap = plan.limits.get("workflows")
    if cap is not None and cap <= rule.value:
        return
    carried = "no limit on concurrent workflows" if cap is None else f"a limit of {counted(cap, 'concurrent workflow')}"
    yield Finding(
        codes.LIMIT_OF_PLAN_TOO_HIGH,
        f"the plan carries {carried}; maxConcurrentWorkflows is {rule.value}",
        rule.place,
    )


def max_steps_per_workflow(plan: Plan, policies: PolicySet, _facts: JudgeFacts) -> Iterator[Finding]:
    """No workflow has more steps than the limit: `finally` steps, those of its sub-workflows and loops included.

    A loop over outputs counts with its `maxItems`.
    """
    rule = policies.max_steps_per_workflow
    if rule is None:
        return
    counts: Counter[str | None] = Counter()
    for step in plan.steps:
        counts[step.workflow_id] += step.most_steps
    seen: set[str] = set()
    for workflow in plan.workflows:
        count = counts[workflow.id]
        if count <= rule.value or workflow.identity in seen:
            continue
        seen.add(workflow.identity)
        yield Finding(
            codes.TOO_MANY_STEPS,
            f"workflow '{workflow.identity}' has {counted(count, 'step')}; maxStepsPerWorkflow is {rule.value}",
            place_of_workflow(workflow),
            related=rule.stands(),
        )
