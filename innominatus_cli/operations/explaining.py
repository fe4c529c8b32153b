"""`explain APP`: why each step of a plan is there, and why each other workflow of the repository is not."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from innominatus_cli.documents.admin_config import AdminConfigDocument
from innominatus_cli.documents.organizations import with_organization
from innominatus_cli.documents.plan import AbsentWorkflow, Plan, PlannedStep
from innominatus_cli.documents.plan_explanation import (
    ExplainedAbsence,
    ExplainedResource,
    ExplainedStep,
    PlanExplanation,
    SpokenPolicy,
)
from innominatus_cli.documents.repository import YAML, Repository
from innominatus_cli.documents.verdict import ReportedFinding
from innominatus_cli.documents.vocabulary import TIERS, Operation, Tier
from innominatus_cli.findings.catalogue.plan_files import NO_SUCH_STEP
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.operations.judging import judgement_on, policies_for
from innominatus_cli.operations.opening import open_repository
from innominatus_cli.operations.planning import PlanWish, plan_with, store_of
from innominatus_cli.operations.resources.changes import resource_changes
from innominatus_cli.operations.resources.told_by_hand import scaled_by_hand
from innominatus_cli.operations.step_names import ends_like, names_step
from innominatus_cli.planning.reasons import Reasons, trigger_reason
from innominatus_cli.planning.request import PlanOutcome
from innominatus_cli.planning.rollback_means import StepMeans, means_of
from innominatus_cli.policies.facts import Judgement
from innominatus_cli.policies.policy_set import PolicySet
from innominatus_cli.policies.speaking import spoken_of
from innominatus_cli.system.clock import Clock, SystemClock, timestamp
from innominatus_cli.system.git_identity import Identity


@dataclass(frozen=True, slots=True)
class ExplanationReport:
    """The explanation, or None where errors stand in the way of a plan; the outcome's findings say which then."""

    outcome: PlanOutcome
    explanation: PlanExplanation | None
    sources: Mapping[str, str]
    """The texts that findings point into, by path."""


def explain_plan(
    wish: PlanWish, step: str | None = None, directory: Path | None = None, clock: Clock | None = None
) -> ExplanationReport:
    """Explains the plan of a wish: all of it, or the steps and absent workflows that `step` names.

    Policies of the working tree are asked. Raises CannotContinue where they cannot be read, and where `step` names
    nothing.
    """
    repository = open_repository(directory)
    store = store_of(repository)
    outcome = plan_with(repository, store, wish)
    if outcome.plan is None:
        return ExplanationReport(outcome, None, repository.sources())
    policies = policies_for(repository, None, None).rules
    admin = repository.admin_config()
    who = store.who if store else Identity("nobody", "", "no git repository")
    now = timestamp((clock or SystemClock()).now())
    judgement = judgement_on(outcome.plan, outcome, policies, who, now, admin.model if admin else AdminConfigDocument())
    explanation = explained(repository, outcome, policies, judgement)
    changes, warnings = resource_changes(repository, store, outcome.plan) if store else ((), ())
    by_hand = scaled_by_hand(store, outcome.plan) if store else ()
    outcome = replace(outcome, findings=(*outcome.findings, *warnings, *by_hand))
    if changes:
        told = [ExplainedResource.model_validate(one.document) for one in changes]
        explanation = explanation.model_copy(update={"resources": told})
    found = explanation if step is None else part_of(explanation, step)
    return ExplanationReport(outcome, found, repository.sources())


def explained(
    repository: Repository, outcome: PlanOutcome, policies: PolicySet, judgement: Judgement | None = None
) -> PlanExplanation:
    """Everything about the plan of an outcome, which has one: every step, and every workflow that is absent."""
    plan = outcome.plan
    if plan is None:
        raise AssertionError("there is no plan to explain")
    reasons = Reasons(plan, outcome.resolved)
    violations = [ReportedFinding.of(finding) for finding in judgement.findings] if judgement else []
    means = {one.step.id: one for one in means_of(plan)}
    return PlanExplanation(
        application=plan.application.name,
        product=plan.application.product,
        environment=plan.environment,
        operation=plan.operation,
        golden_path=plan.golden_path,
        digest=plan.digest,
        inputs=plan.inputs,
        steps=[
            _step(plan, step, reasons, policies, violations, means.get(step.id))
            for step in plan.steps
            if step.kind == "step"
        ],
        absent=[_absence(one) for one in absent_workflows(repository, outcome)],
        violations=violations,
    )


def absent_workflows(repository: Repository, outcome: PlanOutcome) -> list[AbsentWorkflow]:
    """Every workflow of the platform and of products that the outcome's plan lacks, by tier and identity.

    Those that planning looked at have its reasons. A plan that asks for no such workflow (a task, a removal, a
    repository without admin-config.yaml) never looked at them: those are named by their files.
    """
    plan = outcome.plan
    there = {workflow.path for workflow in plan.workflows} if plan else set()
    there |= {absent.path for absent in outcome.absent}
    reason, remedy = _why_not_asked(repository, plan)
    unasked = [
        AbsentWorkflow(identity=identity, tier=tier, path=path, reason=reason, brought_in_by=remedy)
        for path, identity, tier in _workflow_files(repository)
        if path not in there
    ]
    return sorted((*outcome.absent, *unasked), key=lambda one: (TIERS.index(one.tier), one.identity))


def _why_not_asked(repository: Repository, plan: Plan | None) -> tuple[str, str]:
    if plan is not None and plan.operation is Operation.TASK:
        return "a task runs one workflow alone", "a deployment"
    if plan is not None and plan.operation is Operation.UNDEPLOY:
        return "a removal asks for no workflow of the platform or of products", "a deployment"
    if not repository.has_admin_config:
        off = "there is no admin-config.yaml, so platform and product workflows are off"
        return off, "admin-config.yaml in the repository's root, which may be empty"
    return "no deployment asks for it", ""


def _workflow_files(repository: Repository) -> Iterator[tuple[str, str, Tier]]:
    """The files of platform and product workflows with their identities, by their names: nobody's file is read."""
    own = repository.organization
    folders = [(repository.folder("platform", ""), "", Tier.PLATFORM)]
    if own:
        folders.append((repository.folder("platform"), f"{own}/", Tier.PLATFORM))
    products = repository.folder("products")
    names = repository.products()
    folders += [(f"{products}/{name}", with_organization(own, f"{name}/"), Tier.PRODUCT) for name in names]
    for folder, owner, tier in folders:
        for path in repository.snapshot.paths(folder, YAML):
            if "/" not in path[len(folder) + 1 :]:
                yield path, f"{owner}{path.rpartition('/')[2].rpartition('.')[0]}", tier


def _absence(absent: AbsentWorkflow) -> ExplainedAbsence:
    return ExplainedAbsence(
        identity=absent.identity,
        tier=absent.tier,
        path=absent.path,
        reason=absent.reason,
        brought_in_by=absent.brought_in_by,
    )


def _step(
    plan: Plan,
    step: PlannedStep,
    reasons: Reasons,
    policies: PolicySet,
    violations: Iterable[ReportedFinding],
    means: StepMeans | None = None,
) -> ExplainedStep:
    written = step.provenance
    if written is None:
        raise AssertionError(f"nobody knows where {step.id} comes from")
    workflow = next(one for one in plan.workflows if one.id == step.workflow_id)
    places = {(written.path, written.line), (workflow.path, workflow.line)}
    return ExplainedStep(
        id=step.id,
        name=step.name,
        type=step.type,
        description=step.description,
        phase=step.phase,
        tier=step.tier,
        product=written.product,
        workflow=written.workflow,
        path=written.path,
        line=written.line,
        column=written.column,
        trigger=written.trigger,
        because=trigger_reason(plan, written),
        override_of=written.override_of,
        calls=written.calls or [],
        cell=step.cell,
        max_items=step.expansion.max_items if step.expansion else None,
        needs=reasons.needs(step),
        when=step.conditions.when,
        conditions=reasons.conditions(step),
        cleanup=step.cleanup,
        tools=step.tools,
        secrets=step.secrets,
        gate=step.gate,
        rollback=means.means if means else None,
        rollback_by=means.by if means else "",
        policies=[
            SpokenPolicy(key=one.key, says=one.says, path=one.place.path, line=one.place.line)
            for one in spoken_of(plan, step, policies)
        ],
        violations=[one for one in violations if (one.path, one.line) in places],
    )


def part_of(explanation: PlanExplanation, word: str) -> PlanExplanation:
    """The steps and absent workflows that a word names: an id, the end of one, a workflow, or a pattern with `*`.

    The name of a loop or of a call names the steps that it became.
    """
    steps = [step for step in explanation.steps if _names(word, step.id, step.workflow)]
    absent = [one for one in explanation.absent if _names(word, one.identity, one.identity)]
    if not steps and not absent:
        names = ends_like(word, [step.id for step in explanation.steps])
        hint = did_you_mean(word, [*names, *(one.identity for one in explanation.absent)])
        message = f"there is no step '{word}' in the plan of '{explanation.application}'{f': {hint}' if hint else ''}"
        raise CannotContinue(Finding(NO_SUCH_STEP, message, Place("STEP")))
    return explanation.model_copy(update={"steps": steps, "absent": absent, "resources": None})


def _names(word: str, whole: str, workflow: str) -> bool:
    if word == workflow or names_step(word, whole):
        return True
    return fnmatchcase(whole, word) or fnmatchcase(whole, f"*/{word}") or fnmatchcase(workflow, word)
