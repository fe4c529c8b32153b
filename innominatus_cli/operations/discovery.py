"""What a repository has: products, their workflows, one workflow, golden paths; each as plain data for every format."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from innominatus_cli.documents.organizations import organization_of_path, with_organization
from innominatus_cli.documents.repository import Repository
from innominatus_cli.documents.typed import Typed
from innominatus_cli.documents.vendored_names import is_vendored, is_vendored_name, vendored_path
from innominatus_cli.documents.versions import parse_version
from innominatus_cli.documents.vocabulary import PHASES
from innominatus_cli.documents.workflow import StepDefinition, WorkflowDocument
from innominatus_cli.findings.catalogue.plan import UNKNOWN_NAMED_WORKFLOW
from innominatus_cli.findings.catalogue.workflow import UNKNOWN_PRODUCT
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.operations.opening import repository_path, root_of
from innominatus_cli.planning.ordering import order_steps
from innominatus_cli.planning.versions import split_version, version_meant
from innominatus_cli.policies.policy_set import PolicySet, policy_set
from innominatus_cli.policies.rules import Rule
from innominatus_cli.system.files import is_named_file

Workflow = Typed[WorkflowDocument]
Data = dict[str, Any]
_RUN = re.compile("latest|0[0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{3,25}")
"""What may name a run: ids are ULIDs, and those of our time begin with a nought."""
_NOT_LISTED = "not in allowedProductWorkflows"


def products(repository: Repository) -> list[Data]:
    """Every product with its counts: allowed ones first, those with most workflows before others, then by name."""
    found = [
        _product(repository, policies, organization, name)
        for organization, policies in _namespaces(repository)
        for name in repository.products(organization)
    ]
    return sorted(found, key=lambda product: (not product["allowed"], -product["workflow_count"], product["product"]))


def _namespaces(repository: Repository) -> Iterator[tuple[str, PolicySet]]:
    """The platform's own namespace and each organisation, with the policies that hold in it."""
    for organization in ("", *repository.organizations()):
        repository.organization = organization
        yield organization, policy_set(repository)
    repository.organization = ""


def workflows_of(repository: Repository, product: str) -> list[Data]:
    """The workflows of a product by phase, then name. Raises CannotContinue for a product that does not exist."""
    by_name = dict(workflows_by_product(repository))
    if product not in by_name:
        remedy = did_you_mean(product, by_name)
        place = Place(f"{repository.workflows_root}/products")
        raise CannotContinue(Finding(UNKNOWN_PRODUCT, f"there is no product '{product}'", place, remedy=remedy))
    return by_name[product]


def workflows_by_product(repository: Repository) -> list[tuple[str, list[Data]]]:
    """The workflows of every product, by the product's name: `<organisation>/<product>` for one of an organisation."""
    return [
        (with_organization(organization, name), _workflows(repository, policies, organization, name))
        for organization, policies in _namespaces(repository)
        for name in repository.products(organization)
    ]


def golden_paths(repository: Repository) -> list[Data]:
    """Every golden path by name and version."""
    found = [
        {
            "name": with_organization(organization_of_path(path.document.path), path.model.metadata.name),
            "version": path.model.metadata.version,
            "description": path.model.metadata.description,
            "category": path.model.metadata.category,
            "tags": path.model.metadata.tags,
            "operation": path.model.spec.operation.value,
            "workflow": path.model.spec.workflow,
            "required_parameters": [name for name, p in path.model.spec.parameters.items() if p.required],
            "parameters": {
                name: parameter.model_dump(mode="json", exclude_none=True)
                for name, parameter in path.model.spec.parameters.items()
            },
            "estimated_duration": path.model.spec.estimated_duration,
            "file": path.document.path,
        }
        for path in repository.every_golden_path()
    ]
    return sorted(found, key=lambda path: (path["name"], _precedence(path["version"])))


def _precedence(version: str) -> tuple[Any, ...]:
    """What versions are sorted by, the oldest first; one that is none before all."""
    parsed = parse_version(version)
    return (parsed is not None, parsed.order if parsed is not None else (), version)


def workflow_named(repository: Repository, typed: str, directory: Path | None = None) -> Workflow:
    """The workflow of a file, an identity (`ecommerce/database-setup`, `security-scan`) or an unambiguous name.

    Of several versions it is the newest release, or the one that a range behind an `@` means.

    A file's path is relative to `directory` (by default the current one), or else to the repository.
    Raises CannotContinue where there is none, or more than one.
    """
    name = (vendored_path(typed) or typed) if is_vendored_name(typed) else typed
    if is_named_file((directory or Path()) / typed):
        name = repository_path(root_of(repository), typed, directory)
    if is_vendored(name) or repository.snapshot.is_file(name):
        found = repository.workflow(name)
        if found is None:
            raise CannotContinue(*repository.findings)
        return found
    name, wanted = split_version(name)
    known: dict[str, list[Workflow]] = {}
    for workflow in _every_workflow(repository):
        known.setdefault(identity_of(workflow), []).append(workflow)
    candidates = [name] if name in known else [one for one in known if one.rpartition("/")[2] == name]
    if len(candidates) == 1:
        return _version_named(known[candidates[0]], wanted, candidates[0])
    if candidates:
        message, remedy = f"'{name}' names {len(candidates)} workflows", f"Name one of {', '.join(sorted(candidates))}."
    else:
        message = f"there is no workflow '{name}'"
        remedy = did_you_mean(name, [*known, *(identity.rpartition("/")[2] for identity in known)])
        if any(path.model.metadata.name == name for path in repository.golden_paths()):
            remedy = f"'{name}' is a golden path: `innominatus-ctl list-goldenpaths -o wide` shows it."
        if _RUN.fullmatch(name):
            remedy = f"A run is shown by `innominatus-ctl ledger show {name}`, what it printed by `logs {name}`."
    raise CannotContinue(Finding(UNKNOWN_NAMED_WORKFLOW, message, Place(repository.workflows_root), remedy=remedy))


def _version_named(versions: Sequence[Workflow], wanted: str, identity: str) -> Workflow:
    """The version of a workflow that a range means, the newest release for none. Raises CannotContinue."""
    findings: list[Finding] = []
    found = version_meant(
        versions,
        lambda one: one.model.metadata.version or "",
        wanted,
        f"workflow '{identity}'",
        Place("NAME"),
        findings,
    )
    if found is None:
        raise CannotContinue(*findings)
    return found


def identity_of(workflow: Workflow) -> str:
    """`<product>/<name>` of a product workflow, else the name."""
    metadata = workflow.model.metadata
    product = metadata.product if workflow.model.kind == "ProductWorkflow" else None
    name = f"{product}/{metadata.name}" if product else metadata.name
    return with_organization(organization_of_path(workflow.document.path), name)


def shown_workflow(repository: Repository, typed: str, directory: Path | None = None) -> Data:
    """One workflow with its file's text, its steps in order, and whether it may run, and why."""
    workflow = workflow_named(repository, typed, directory)
    repository.organization = organization_of_path(workflow.document.path)
    policies = policy_set(repository)
    document, model = workflow.document, workflow.model
    allowed, reason = _allowed(workflow, policies)
    steps = _steps(workflow, policies.allowed_step_types)
    refused = [step["name"] for step in steps if not step["allowed"]]
    if refused:
        allowed, reason = False, f"the type of {', '.join(refused)} is not in allowedStepTypes"
    return {
        "schema": "innominatus.dev/workflow-shown/v1",
        **_workflow(workflow, policies),
        "identity": identity_of(workflow),
        "kind": model.kind,
        "line": document.place().line,
        "allowed": allowed,
        "reason": reason,
        "steps": steps,
        "content": document.text,
    }


def _product(repository: Repository, policies: PolicySet, organization: str, name: str) -> Data:
    workflows = repository.product_workflows(name, organization)
    allowed = sum(_allowed(workflow, policies)[0] for workflow in workflows)
    return {
        "product": with_organization(organization, name),
        "workflow_count": len(workflows),
        "allowed_count": allowed,
        "allowed": allowed > 0,
        "reason": "" if allowed else _NOT_LISTED if workflows else "no workflow can be read",
        "folder": f"{repository.folder('products', organization)}/{name}",
    }


def _workflows(repository: Repository, policies: PolicySet, organization: str, product: str) -> list[Data]:
    found = sorted(repository.product_workflows(product, organization), key=_by_phase)
    return [_workflow(workflow, policies) for workflow in found]


def _by_phase(workflow: Workflow) -> tuple[int, str]:
    phases = _phases(workflow)
    return (min((PHASES.index(phase) for phase in phases), default=len(PHASES)), workflow.model.metadata.name)


def _phases(workflow: Workflow) -> list[Any]:
    metadata = workflow.model.metadata
    return [*metadata.phases] or ([metadata.phase] if metadata.phase else [])


def _workflow(workflow: Workflow, policies: PolicySet) -> Data:
    metadata, spec = workflow.model.metadata, workflow.model.spec
    allowed, reason = _allowed(workflow, policies)
    return {
        "name": metadata.name,
        "file": workflow.document.path,
        "metadata": {
            "description": metadata.description,
            "owner": metadata.owner,
            "phase": ", ".join(phase.value for phase in _phases(workflow)),
            **({"tags": metadata.tags} if metadata.tags else {}),
        },
        "triggers": [trigger.value for trigger in spec.triggers],
        "step_count": len(spec.steps) + len(spec.finally_),
        "allowed": allowed,
        "reason": reason,
    }


def _allowed(workflow: Workflow, policies: PolicySet) -> tuple[bool, str]:
    """Whether policies let a workflow run, and why: the place of the rule that says so."""
    if workflow.model.kind != "ProductWorkflow":
        return True, "only product workflows need to be listed"
    rule = policies.allowed_product_workflows
    if rule is None:
        return True, "allowedProductWorkflows is not written, so all may run"
    identity = identity_of(workflow)
    if identity in rule.value:
        return True, f"listed at {rule.place_of(identity)}"
    return False, f"{_NOT_LISTED}, {rule.place}"


def _steps(workflow: Workflow, rule: Rule[tuple[str, ...]] | None) -> list[Data]:
    spec = workflow.model.spec
    order = order_steps(spec.steps)
    position = {name: number for number, name in enumerate(order.names)}
    steps = sorted(spec.steps, key=lambda step: position.get(step.name, len(position)))
    return [
        {
            "name": step.name,
            "type": step.type,
            "description": step.description,
            "needs": list(order.needs.get(step.name, ())),
            "finally": cleanup,
            "allowed": rule is None or step.type in rule.value,
            "config": step.config,
        }
        for step, cleanup in _with_cleanup(steps, spec.finally_)
    ]


def _with_cleanup(
    steps: Iterable[StepDefinition], finally_: Iterable[StepDefinition]
) -> list[tuple[StepDefinition, bool]]:
    return [*((step, False) for step in steps), *((step, True) for step in finally_)]


def _every_workflow(repository: Repository) -> list[Workflow]:
    found = repository.platform_workflows("")
    for organization in ("", *repository.organizations()):
        own = f"{repository.folder('platform', organization)}/"
        if organization:
            found += [one for one in repository.platform_workflows(organization) if one.document.path.startswith(own)]
        for product in repository.products(organization):
            found += repository.product_workflows(product, organization)
    return found
