"""Which policies speak of a step, whether they object or not. Objections are the judge's."""

from collections.abc import Iterator
from typing import NamedTuple

from innominatus_cli.documents.durations import duration_text
from innominatus_cli.documents.plan import Plan, PlannedStep
from innominatus_cli.documents.vocabulary import Operation, Tier
from innominatus_cli.findings.finding import Place
from innominatus_cli.policies.policy_set import Names, PolicySet
from innominatus_cli.policies.rollback_rules import asked_in
from innominatus_cli.policies.rules import Rule
from innominatus_cli.policies.security_rules import KEYS_OF_A_STEP_TYPE


class Spoken(NamedTuple):
    """A policy's key as in admin-config.yaml, what it says, and where."""

    key: str
    says: str
    place: Place


def spoken_of(plan: Plan, step: PlannedStep, policies: PolicySet) -> Iterator[Spoken]:
    """The policies that speak of a step: of its workflow, its type, its environment, or what it does."""
    if step.provenance is None:
        return
    yield from _of_its_workflow(plan, step, policies)
    yield from _listed("allowedStepTypes", policies.allowed_step_types, step.type, f"type {step.type}")
    yield from _of_its_environment(plan, policies)
    coverage = policies.rollback_coverage
    if coverage is not None and (asked := asked_in(plan.environment, coverage)) != (0, False):
        gates = ", and a gate before what cannot be rolled back" if asked.gates else ""
        yield Spoken("rollbackCoverage", f"asks for {asked.minimum} %{gates}", coverage.place)
    if step.secrets:
        for key, rule in policies.secrets_access.items():
            if KEYS_OF_A_STEP_TYPE.get(key, key) == step.type:
                yield Spoken(f"security.secretsAccess.{key}", f"is {' and '.join(rule.value)}", rule.place)
    backups = policies.enforce_backups
    if backups is not None and backups.value and step.type == "resource-provisioning":
        yield Spoken("policies.enforceBackups", "asks data of production for a backup", backups.place)


def _of_its_workflow(plan: Plan, step: PlannedStep, policies: PolicySet) -> Iterator[Spoken]:
    """Of the workflow that stands in the plan, and of those of a product that it calls on the way to the step."""
    workflow = next((one for one in plan.workflows if one.id == step.workflow_id), None)
    identity = workflow.identity if workflow is not None else ""
    required = policies.required_platform_workflows
    of_platform = step.tier is Tier.PLATFORM and plan.operation is Operation.DEPLOY
    if required is not None and of_platform and identity in required.value:
        yield Spoken("requiredPlatformWorkflows", f"requires {identity}", required.place_of(identity))
    of_a_product = [identity] if step.tier is Tier.PRODUCT or (workflow is not None and workflow.product) else []
    for one in (*of_a_product, *_called_of_a_product(plan, step)):
        yield from _listed("allowedProductWorkflows", policies.allowed_product_workflows, one, one)
    override = policies.workflow_overrides.get(step.tier.value)
    if override is not None and workflow is not None and workflow.override_of is not None:
        says = f"lets {step.tier} workflows override" if override.value else f"lets no {step.tier} workflow override"
        yield Spoken(f"workflowOverrides.{step.tier}", says, override.place)
    longest = policies.max_workflow_duration
    if longest is not None:
        yield Spoken("maxWorkflowDuration", f"is {duration_text(longest.value)}", longest.place)
    most = policies.max_steps_per_workflow
    if most is not None:
        count = sum(one.most_steps for one in plan.steps if one.workflow_id == step.workflow_id)
        yield Spoken("maxStepsPerWorkflow", f"is {most.value}; its workflow has {count}", most.place)


def _called_of_a_product(plan: Plan, step: PlannedStep) -> Iterator[str]:
    """The workflows of a product whose call the step is a part of, the innermost first."""
    if step.within is None:
        return
    groups = {one.id: one for one in plan.steps if one.group is not None}
    around = groups.get(step.within)
    while around is not None:
        if around.group is not None and around.group.product is not None and around.group.workflow is not None:
            yield around.group.workflow
        around = groups.get(around.within) if around.within is not None else None


def _of_its_environment(plan: Plan, policies: PolicySet) -> Iterator[Spoken]:
    yield from _listed(
        "policies.allowedEnvironments", policies.allowed_environments, plan.environment, plan.environment
    )
    approval = policies.require_approval
    if approval is not None and plan.environment in approval.value:
        place = approval.place_of(plan.environment)
        yield Spoken("security.requireApproval", f"asks for an approval in {plan.environment}", place)
    executors = policies.allowed_executors
    if executors is not None:
        who = ", ".join(executors.value) or "nobody"
        yield Spoken("security.allowedExecutors", f"lets {who} run it", executors.place)


def _listed(key: str, rule: Rule[Names] | None, entry: str, shown: str) -> Iterator[Spoken]:
    """What a list of what is allowed says of one entry."""
    if rule is not None:
        word = "allows" if entry in rule.value else "does not allow"
        yield Spoken(key, f"{word} {shown}", rule.place_of(entry))
