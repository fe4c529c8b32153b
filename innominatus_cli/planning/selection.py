"""Which workflows of the platform and of the product a deployment has, by their triggers, and why others are absent."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from innominatus_cli.checks.organizations import PRODUCT_KEY
from innominatus_cli.documents.admin_config import AdminConfigDocument
from innominatus_cli.documents.organizations import ORGANIZATION_KEY, with_organization
from innominatus_cli.documents.plan import AbsentWorkflow
from innominatus_cli.documents.repository import YAML, Repository
from innominatus_cli.documents.score import WorkloadDocument
from innominatus_cli.documents.typed import Typed
from innominatus_cli.documents.versions import best_of
from innominatus_cli.documents.vocabulary import Tier, Trigger
from innominatus_cli.documents.workflow import WorkflowDocument
from innominatus_cli.findings.catalogue import plan as codes
from innominatus_cli.findings.catalogue.structure import UNKNOWN_PRODUCT
from innominatus_cli.findings.finding import Finding, Place
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.planning.drafts import Draft, draft_of, identity_of, phases_of
from innominatus_cli.planning.places import Spot
from innominatus_cli.planning.request import Facts

_FIRST_SEGMENT = re.compile(r"[^-]+")
_ORDER = (Trigger.ALL_DEPLOYMENTS, Trigger.PRODUCT_DEPLOYMENT, Trigger.FIRST_DEPLOYMENT, Trigger.MANUAL)


@dataclass(slots=True)
class Selection:
    """What was chosen and what was asked for it."""

    drafts: list[Draft] = field(default_factory=list)
    absent: list[AbsentWorkflow] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    consulted: list[str] = field(default_factory=list)
    """Paths of all files that had a say."""
    asked_first_deployment: bool = False


def product_of(
    workload: WorkloadDocument, config: AdminConfigDocument, has_product: Callable[[str], bool] | None
) -> str | None:
    """The application's product: metadata.product, then annotation or label, then (only if allowed) its name.

    `has_product` says whether there is a product of a name; None where there is none at all.
    """
    extra = workload.metadata.model_extra or {}
    labels = extra.get("labels")
    for found in (
        extra.get("product"),
        workload.metadata.annotations.get(PRODUCT_KEY),
        labels.get(PRODUCT_KEY) if isinstance(labels, dict) else None,
    ):
        if isinstance(found, str) and found:
            return found
    prefix = _FIRST_SEGMENT.match(workload.metadata.name)
    if config.admin.product_from_name and prefix and has_product is not None and has_product(prefix.group()):
        return prefix.group()
    return None


def organization_of(workload: WorkloadDocument) -> str:
    """The application's organisation: metadata.organization, then annotation or label; empty for the platform's own."""
    extra = workload.metadata.model_extra or {}
    labels = extra.get("labels")
    for found in (
        extra.get("organization"),
        workload.metadata.annotations.get(ORGANIZATION_KEY),
        labels.get(ORGANIZATION_KEY) if isinstance(labels, dict) else None,
    ):
        if isinstance(found, str) and found:
            return found
    return ""


class Selector:
    """Chooses the workflows of the platform and product tiers for one deployment."""

    def __init__(
        self,
        repository: Repository,
        facts: Facts,
        named: Sequence[str],
        product: str | None,
        *,
        others: bool = True,
    ) -> None:
        """`others` also lists the workflows of other products as absent."""
        self._others = others
        self._repository = repository
        self._facts = facts
        self._named = list(named)
        self._product = product
        self._known: set[str] = set()
        self._result = Selection()

    def select(self, workload: Spot) -> Selection:
        """The selection; `workload` is where a finding about the product points."""
        repository = self._repository
        for organization in dict.fromkeys(("", repository.organization)):
            self._result.consulted += self._files(repository.folder("platform", organization))
        self._consider_all(repository.platform_workflows(), Tier.PLATFORM, None)
        if self._product is not None:
            self._result.consulted += self._files(f"{repository.folder('products')}/{self._product}")
            self._consider_all(repository.product_workflows(self._product), Tier.PRODUCT, self._product)
        self._check_product(workload)
        if self._others:
            self._other_products()
        self._unknown_names()
        return self._result

    def _files(self, folder: str) -> list[str]:
        paths = self._repository.snapshot.paths(folder, YAML)
        return [path for path in paths if "/" not in path[len(folder) + 1 :]]

    def _consider_all(self, workflows: Sequence[Typed[WorkflowDocument]], tier: Tier, product: str | None) -> None:
        """Each workflow; of several versions of one the newest, where all of them have one."""
        by_name: dict[str, list[Typed[WorkflowDocument]]] = {}
        for workflow in workflows:
            by_name.setdefault(identity_of(workflow, product), []).append(workflow)
        for identity, several in by_name.items():
            versions = [one.model.metadata.version or "" for one in several]
            if len(set(versions)) < len(versions) or "" in versions:
                for workflow in several:  # two of one version are told when they are ordered
                    self._consider(workflow, tier, product)
                continue
            meant = best_of(versions, "") or 0
            self._consider(several[meant], tier, product)
            for index, other in enumerate(several):
                if index != meant:
                    reason = f"version {versions[meant]} is in use"
                    way = f"removing version {versions[meant]}, or a newer version of its own"
                    self._leave_out(other, f"{identity}@{versions[index]}", tier, reason, way)

    def _consider(self, workflow: Typed[WorkflowDocument], tier: Tier, product: str | None) -> None:
        name, identity = workflow.model.metadata.name, identity_of(workflow, product)
        # A bare name is the platform's workflow where it has one of that name, else the product's.
        named = identity in self._named or (name in self._named and name not in self._known)
        self._known.add(identity)
        trigger = self._trigger(workflow.model, product, named=named)
        phases = phases_of(workflow.model)
        if trigger is None or not phases:
            reason = self._reason(workflow.model, product) if phases else "it has no phase"
            remedy = self._remedy(workflow.model, identity, product) if phases else "metadata.phase"
            self._leave_out(workflow, identity, tier, reason, remedy)
            if named and trigger is None:
                self._not_manual(workflow, identity)
            return
        for phase in phases:
            key = ("draft", id(workflow.document), phase, tier, trigger, product)
            draft = partial(draft_of, workflow, phase, tier, trigger, product=product)
            self._result.drafts.append(self._repository.noted(key, draft))

    def _trigger(self, model: WorkflowDocument, product: str | None, *, named: bool) -> Trigger | None:
        triggers = model.spec.triggers
        if Trigger.FIRST_DEPLOYMENT in triggers and not {Trigger.ALL_DEPLOYMENTS} & set(triggers):
            self._result.asked_first_deployment = True
        true = {
            Trigger.ALL_DEPLOYMENTS: True,
            Trigger.PRODUCT_DEPLOYMENT: product is not None,
            Trigger.FIRST_DEPLOYMENT: self._facts.first_deployment,
            Trigger.MANUAL: named,
        }
        return next((trigger for trigger in _ORDER if trigger in triggers and true[trigger]), None)

    def _reason(self, model: WorkflowDocument, product: str | None) -> str:
        triggers = model.spec.triggers
        if not triggers:
            return "it has no triggers"
        reasons = []
        for trigger in _ORDER:
            if trigger not in triggers:
                continue
            if trigger is Trigger.FIRST_DEPLOYMENT:
                reasons.append(f"this is not the first deployment ({self._facts.first_deployment_evidence})")
            elif trigger is Trigger.MANUAL:
                reasons.append("it runs only when it is named with --workflow")
            elif product is None:
                reasons.append("product_deployment means nothing for a platform workflow")
        return "; ".join(reasons)

    def _remedy(self, model: WorkflowDocument, identity: str, product: str | None) -> str:
        """What would make one of its triggers true."""
        ways = {
            Trigger.FIRST_DEPLOYMENT: "an environment in which it was never deployed",
            Trigger.MANUAL: f"--workflow {identity}",
            Trigger.PRODUCT_DEPLOYMENT: "" if product else f"the trigger {Trigger.ALL_DEPLOYMENTS}",
        }
        found = [ways[trigger] for trigger in _ORDER if trigger in model.spec.triggers and ways.get(trigger)]
        return " or ".join(found) or "a trigger under spec.triggers"

    def _leave_out(
        self, workflow: Typed[WorkflowDocument], identity: str, tier: Tier, reason: str, brought_in_by: str
    ) -> None:
        path = workflow.document.path
        self._result.absent.append(
            AbsentWorkflow(identity=identity, tier=tier, path=path, reason=reason, brought_in_by=brought_in_by)
        )

    def _not_manual(self, workflow: Typed[WorkflowDocument], identity: str) -> None:
        spot = Spot(workflow.document).at("spec", "triggers")
        message = f"'{identity}' is named with --workflow and has no trigger 'manual'"
        self._result.findings.append(Finding(codes.NOT_MANUAL, message, spot.place))

    def _check_product(self, workload: Spot) -> None:
        if self._product is not None and not self._repository.has_product(self._product):
            message = f"product '{self._product}' has no folder below {self._repository.folder('products')}"
            remedy = did_you_mean(self._product, self._repository.products())
            self._result.findings.append(Finding(UNKNOWN_PRODUCT, message, workload.place, remedy))

    def _other_products(self) -> None:
        """Workflows of other products, by their files' names: nobody else's file is read."""
        products = self._repository.products()
        whose = "has no product" if self._product is None else f"is of product '{self._product}'"
        for product in products:
            if product == self._product:
                continue
            for path in self._files(f"{self._repository.folder('products')}/{product}"):
                stem = path.rpartition("/")[2].rpartition(".")[0]
                self._result.absent.append(
                    AbsentWorkflow(
                        identity=with_organization(self._repository.organization, f"{product}/{stem}"),
                        tier=Tier.PRODUCT,
                        path=path,
                        reason=f"it is for product '{product}', and the application {whose}",
                        brought_in_by=f"metadata.product: {product} in the Score file",
                    )
                )

    def _unknown_names(self) -> None:
        names = {identity.rpartition("/")[2] for identity in self._known} | self._known
        for name in self._named:
            if name not in names:
                remedy = did_you_mean(name, self._known)
                message = f"there is no workflow '{name}' for this application"
                self._result.findings.append(
                    Finding(codes.UNKNOWN_NAMED_WORKFLOW, message, Place("--workflow"), remedy)
                )
