"""`test-product-workflow`: what one product workflow would do for one application. Nothing is executed here."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from innominatus_cli.documents.admin_config import AdminConfigDocument
from innominatus_cli.documents.organizations import organization_of_path
from innominatus_cli.documents.plan import Plan
from innominatus_cli.documents.repository import Repository
from innominatus_cli.documents.vocabulary import Trigger
from innominatus_cli.findings.catalogue.policy import NOT_ON_ALLOW_LIST
from innominatus_cli.findings.catalogue.workflow import NOT_A_PRODUCT_WORKFLOW, WORKFLOW_NOT_TRIGGERED
from innominatus_cli.findings.finding import CannotContinue, Finding
from innominatus_cli.operations.discovery import Workflow, identity_of, workflow_named
from innominatus_cli.operations.opening import open_repository, repository_path, root_of
from innominatus_cli.operations.planning import DEFAULT_ENVIRONMENT, PlanWish, override, plan_for
from innominatus_cli.planning.request import PlanOutcome
from innominatus_cli.planning.selection import organization_of, product_of
from innominatus_cli.policies.policy_set import policy_set


@dataclass(frozen=True, slots=True)
class TrialStep:
    """One step that would run."""

    name: str
    type: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """What a test found out. `reason` says why the workflow has no part in a deployment; empty where it has."""

    application: str
    identity: str
    name: str
    runs_as: str
    """What `run` calls it: the identity, or the path of a file that stands elsewhere."""
    reason: str = ""
    steps: tuple[TrialStep, ...] = ()
    findings: tuple[Finding, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
    """The texts that findings point into, by path."""


def try_workflow(
    named: str,
    wished: PlanWish,
    directory: Path | None = None,
) -> Trial:
    """Resolves a product workflow (a file, an identity or a name) for the application of the Score file of a wish.

    Raises CannotContinue where there is no such workflow or Score file.
    """
    repository = open_repository(directory)
    score = wished.score or ""
    workflow = _product_workflow(repository, named, directory)
    path = workflow.document.path
    organization = organization_of_path(path)
    products = repository.folder("products", organization)
    in_force = path.rpartition("/")[0] == f"{products}/{workflow.model.metadata.product}"
    identity = identity_of(workflow)
    runs_as = identity if in_force else path
    environment = wished.environment or DEFAULT_ENVIRONMENT
    score_path = repository_path(root_of(repository), score, directory)
    override(repository, score_path, wished.overriding, directory, environment=environment)
    application, product, belongs = _application(repository, score, directory)
    reason = _reason(workflow, product)
    if not reason and in_force and organization != belongs:
        reason = f"it is of organisation '{organization}', and the application of '{belongs}'"
    by_hand = (identity,) if set(workflow.model.spec.triggers) == {Trigger.MANUAL} else ()
    findings: tuple[Finding, ...] = ()
    steps: tuple[TrialStep, ...] = ()
    sources = repository.sources()
    if not reason:
        wish = replace(wished, name=None if in_force else path)
        if in_force:
            wish = replace(wish, workflows=by_hand)
        report = plan_for(wish, directory, judging=False)
        outcome, sources = report.outcome, {**sources, **report.sources}
        findings = outcome.findings
        if outcome.plan is not None:
            steps = _steps(outcome.plan, path)
            reason = "" if steps else _absence(outcome, identity)
    findings += tuple(_early_warnings(repository, workflow))
    if reason:
        message = f"'{identity}' is not triggered for '{application}': {reason}"
        findings += (Finding(WORKFLOW_NOT_TRIGGERED, message, workflow.document.place()),)
    told = tuple(dict.fromkeys(findings))
    return Trial(application, identity, workflow.model.metadata.name, runs_as, reason, steps, told, sources)


def _product_workflow(repository: Repository, named: str, directory: Path | None) -> Workflow:
    workflow = workflow_named(repository, named, directory)
    if workflow.model.kind != "ProductWorkflow":
        place = workflow.document.place(workflow.document.mapping.get("kind"))
        message = f"'{named}' is a {workflow.model.kind}"
        raise CannotContinue(Finding(NOT_A_PRODUCT_WORKFLOW, message, place))
    return workflow


def _application(repository: Repository, score: str, directory: Path | None) -> tuple[str, str | None, str]:
    """The application's name, product and organisation."""
    workload = repository.workload(repository_path(root_of(repository), score, directory))
    if workload is None:
        raise CannotContinue(*repository.findings)
    admin = repository.admin_config()
    config = admin.model if admin else AdminConfigDocument()
    organization = repository.organization = organization_of(workload.model)
    return workload.model.metadata.name, product_of(workload.model, config, repository.has_product), organization


def _reason(workflow: Workflow, product: str | None) -> str:
    """Why no deployment of an application of this product has the workflow; empty where one may."""
    if not workflow.model.spec.triggers:
        return "it has no triggers"
    if product == workflow.model.metadata.product:
        return ""
    belongs = "belongs to no product" if product is None else f"belongs to product '{product}'"
    return f"it is for product '{workflow.model.metadata.product}', and the application {belongs}"


def _absence(outcome: PlanOutcome, identity: str) -> str:
    return next((absent.reason for absent in outcome.absent if absent.identity == identity), "it is not in the plan")


def _steps(plan: Plan, path: str) -> tuple[TrialStep, ...]:
    ids = {workflow.id for workflow in plan.workflows if workflow.path == path}
    steps = [step for step in plan.steps if step.kind == "step" and step.workflow_id in ids]
    return tuple(TrialStep(step.name, step.type, step.description) for step in steps)


def _early_warnings(repository: Repository, workflow: Workflow) -> list[Finding]:
    """A run would be refused: said early, as a warning, because a test may come before the allow-list."""
    rule = policy_set(repository).allowed_product_workflows
    identity = identity_of(workflow)
    if rule is None or identity in rule.value:
        return []
    place = workflow.document.place(workflow.document.mapping.mapping("metadata").get("name"))
    message = f"'{identity}' is not in allowedProductWorkflows"
    return [Finding(NOT_ON_ALLOW_LIST, message, place, related=rule.leaves_out(identity))]
