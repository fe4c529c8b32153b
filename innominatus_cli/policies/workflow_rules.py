"""Policies about which workflows and step types a plan has."""

from collections.abc import Iterator, Mapping

from innominatus_cli.documents.plan import Plan, PlannedStep, PlannedWorkflow
from innominatus_cli.documents.vocabulary import Operation, Tier, Trigger, When
from innominatus_cli.findings.catalogue import policy as codes
from innominatus_cli.findings.finding import Finding, Place, Related
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.policies.facts import JudgeFacts
from innominatus_cli.policies.policy_set import PolicySet
from innominatus_cli.policies.rules import Rule


def place_of_workflow(workflow: PlannedWorkflow) -> Place:
    """Where a workflow stands."""
    return Place(workflow.path, workflow.line, workflow.column)


def place_of_step(step: PlannedStep) -> Place:
    """Where a step stands; a barrier has no place."""
    written = step.provenance
    return Place("") if written is None else Place(written.path, written.line, written.column)


def steps_of(plan: Plan, workflow: PlannedWorkflow) -> list[PlannedStep]:
    """The steps of a planned workflow."""
    return [step for step in plan.steps if step.kind == "step" and step.workflow_id == workflow.id]


def required_platform_workflows(plan: Plan, policies: PolicySet, facts: JudgeFacts) -> Iterator[Finding]:
    """Every required workflow is in a deployment, cannot be left out of another one, and is not overridden."""
    rule = policies.required_platform_workflows
    if rule is None or plan.operation is not Operation.DEPLOY or plan.rolls_back is not None:
        return
    for name in rule.value:
        planned = [w for w in plan.workflows if w.tier is Tier.PLATFORM and w.identity == name]
        overriding = [w for w in plan.workflows if w.override_of == name]
        for workflow in overriding:
            yield Finding(
                codes.REQUIRED_WORKFLOW_OVERRIDDEN,
                f"'{workflow.identity}' overrides '{name}', which every deployment must run",
                place_of_workflow(workflow),
                related=(Related("it is required here", rule.place_of(name)),),
            )
        if not planned and not overriding:
            yield _absent(name, rule, facts, plan)
        for workflow in planned[:1]:
            yield from _avoidable(plan, workflow, rule)


def _absent(name: str, rule: Rule[tuple[str, ...]], facts: JudgeFacts, plan: Plan) -> Finding:
    message = f"required platform workflow '{name}' is not in the plan"
    related: tuple[Related, ...] = ()
    for absent in facts.absent:
        if absent.tier is Tier.PLATFORM and absent.identity == name:
            message += f": {absent.reason}"
            related = (Related("the workflow", Place(absent.path)),)
            break
    else:
        known = {w.identity for w in plan.workflows if w.tier is Tier.PLATFORM}
        known |= {w.identity for w in facts.absent if w.tier is Tier.PLATFORM}
        hint = did_you_mean(name, known - set(rule.value))
        message += f": the repository has none of that name{f'; {hint}' if hint else ''}"
    return Finding(codes.REQUIRED_WORKFLOW_ABSENT, message, rule.place_of(name), related=related)


def _avoidable(plan: Plan, workflow: PlannedWorkflow, rule: Rule[tuple[str, ...]]) -> Iterator[Finding]:
    related = (Related("it is required here", rule.place_of(workflow.identity)),)
    if workflow.trigger != Trigger.ALL_DEPLOYMENTS:
        yield Finding(
            codes.REQUIRED_WORKFLOW_AVOIDABLE,
            f"required platform workflow '{workflow.identity}' is here by '{workflow.trigger}', "
            "so another deployment may lack it",
            place_of_workflow(workflow),
            related=related,
        )
    groups = {step.id: step for step in plan.steps if step.group is not None}
    if not any(_always_runs(step, groups) for step in steps_of(plan, workflow)):
        yield Finding(
            codes.REQUIRED_WORKFLOW_AVOIDABLE,
            f"required platform workflow '{workflow.identity}' has no step that always runs",
            place_of_workflow(workflow),
            related=related,
        )


def _always_runs(step: PlannedStep, groups: Mapping[str, PlannedStep]) -> bool:
    """Whether a step runs whenever its workflow does: neither it nor a sub-workflow around it asks for anything."""
    if step.expansion is not None:  # it may find nothing to go over
        return False
    around: PlannedStep | None = step
    while around is not None:
        if not _unconditional(around):
            return False
        around = groups.get(around.within or "")
    return True


def _unconditional(step: PlannedStep) -> bool:
    conditions = step.conditions
    return (
        not step.cleanup
        and conditions.when in {When.ON_SUCCESS, When.ALWAYS}
        and conditions.if_tree is None
        and conditions.if_text is None
        and conditions.unless_tree is None
        and conditions.unless_text is None
    )


def allowed_product_workflows(plan: Plan, policies: PolicySet, _facts: JudgeFacts) -> Iterator[Finding]:
    """Every product workflow of the plan is on the list, also one that a golden path runs as the application tier."""
    rule = policies.allowed_product_workflows
    if rule is None:
        return
    seen: set[str] = set()
    for workflow in plan.workflows:
        of_a_product = workflow.tier is Tier.PRODUCT or workflow.product is not None
        if not of_a_product or workflow.identity in rule.value or workflow.identity in seen:
            continue
        seen.add(workflow.identity)
        nothing = "" if rule.value else ", which allows none"
        yield Finding(
            codes.PRODUCT_WORKFLOW_NOT_ALLOWED,
            f"product workflow '{workflow.identity}' is not in allowedProductWorkflows{nothing}",
            place_of_workflow(workflow),
            related=rule.leaves_out(workflow.identity),
        )
    for call in plan.steps:
        called = call.group.workflow if call.group is not None and call.group.product is not None else None
        if called is None or called in rule.value or called in seen:
            continue
        seen.add(called)
        nothing = "" if rule.value else ", which allows none"
        message = f"step '{call.name}' calls '{called}', which is not in allowedProductWorkflows{nothing}"
        yield Finding(codes.PRODUCT_WORKFLOW_NOT_ALLOWED, message, place_of_step(call), related=rule.leaves_out(called))


def allowed_step_types(plan: Plan, policies: PolicySet, _facts: JudgeFacts) -> Iterator[Finding]:
    """Every step of the plan, a call of a workflow too, is of an allowed type; the place is the step's own line."""
    rule = policies.allowed_step_types
    if rule is None:
        return
    seen: set[tuple[Place, str]] = set()
    for step in plan.steps:
        place = place_of_step(step)
        undoing = step.rollback.get("type") if isinstance(step.rollback, Mapping) else None
        for kind, of in ((step.type, "of"), (undoing, "of the rollback of")):
            if not isinstance(kind, str) or not kind or kind in rule.value or (place, kind) in seen:
                continue
            seen.add((place, kind))
            hint = did_you_mean(kind, rule.value)
            yield Finding(
                codes.STEP_TYPE_NOT_ALLOWED,
                f"type '{kind}' {of} step '{step.name}' is not in allowedStepTypes{f'; {hint}' if hint else ''}",
                place,
                related=rule.leaves_out(kind),
            )


def workflow_overrides(plan: Plan, policies: PolicySet, _facts: JudgeFacts) -> Iterator[Finding]:
    """A workflow overrides another one only where its tier may; where nothing is said, it may not."""
    for workflow in plan.workflows:
        if workflow.override_of is None:
            continue
        rule = policies.workflow_overrides.get(workflow.tier)
        if rule is not None and rule.value:
            continue
        why = "workflowOverrides does not allow that" if rule is None else f"{rule.key} is false"
        yield Finding(
            codes.OVERRIDE_NOT_ALLOWED,
            f"{workflow.tier} workflow '{workflow.identity}' overrides '{workflow.override_of}', and {why}",
            place_of_workflow(workflow),
            related=() if rule is None else rule.stands(),
        )
