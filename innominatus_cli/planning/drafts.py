"""Workflows that a plan will have, before their steps are built: wherever they come from, they look the same."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from innominatus_cli.documents.model import Deprecation
from innominatus_cli.documents.organizations import organization_of_path, with_organization
from innominatus_cli.documents.typed import Typed
from innominatus_cli.documents.vocabulary import Phase, Tier
from innominatus_cli.documents.workflow import (
    ParameterDefinition,
    Retry,
    StepApproval,
    StepDefinition,
    WorkflowDocument,
)
from innominatus_cli.planning.places import Spot


@dataclass(frozen=True, slots=True)
class DraftStep:
    """One step and where it is written."""

    definition: StepDefinition
    spot: Spot
    cleanup: bool = False
    ready: Mapping[str, Any] | None = None
    """Inputs of a generated step, which are values of a plan already; None for a written step."""
    images: Mapping[str, str] = field(default_factory=dict)
    """Of the step that deploys the workload: images that name an output of a workflow, by container, as written."""
    files: tuple[str, ...] = ()
    """Files that a generated step reads."""
    retry: Retry | None = None
    """What its workflow says for steps that say nothing."""
    called: "Called | None" = None
    """Of a step of type `workflow`: what it calls."""


@dataclass(frozen=True, slots=True)
class Called:
    """A workflow that steps call, with everything that it calls itself; several calls share it."""

    draft: "Draft"
    """Its steps and values. Phase, tier and trigger are those of whoever calls it."""
    count: int
    """How many steps it has, those of its own calls included and loops counted once."""
    products: frozenset[str]
    """The products whose workflows are in it."""

    @property
    def name(self) -> str:
        """Its identity, or the path of its file."""
        return self.draft.identity

    @property
    def key(self) -> str:
        """What tells it from all others: versions of one workflow share its identity."""
        return f"{self.draft.spot.document.path}#{self.draft.identity}"


def step_types_in(drafts: "Iterable[Draft]") -> set[str]:
    """The step types of all steps, those of called workflows included."""
    found: set[str] = set()
    seen: set[int] = set()
    waiting = list(drafts)
    while waiting:
        for part in waiting.pop().steps:
            found.add(part.definition.type)
            if part.called is not None and id(part.called) not in seen:
                seen.add(id(part.called))
                waiting.append(part.called.draft)
    return found


@dataclass(frozen=True, slots=True)
class Draft:
    """One workflow in one phase."""

    name: str
    identity: str
    tier: Tier
    phase: Phase
    trigger: str
    spot: Spot
    """What a finding about the workflow points at."""
    spec: Spot
    """The mapping that holds `variables`, `outputs`, `parameters`."""
    steps: tuple[DraftStep, ...]
    product: str | None = None
    needs: tuple[str, ...] = ()
    """Names of workflows of the same tier and phase."""
    variables: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    parameters: tuple[ParameterDefinition, ...] = ()
    timeout: int | None = None
    fail_fast: bool = False
    rollback_on_failure: bool | None = None
    approval: StepApproval | None = None
    owner: str = ""
    override_of: str | None = None
    deprecated: Deprecation | None = None

    @property
    def id(self) -> str:
        """`<phase>/<tier>/<product or ->/<workflow>`."""
        return f"{self.phase}/{self.tier}/{(self.product or '-').replace('/', ':')}/{self.name}"

    @property
    def label(self) -> str:
        """`platform-<name>`, `product-<product>-<name>`, `application-<application>-<name>`."""
        whose = self.identity.rpartition("/")[0] if self.tier is Tier.APPLICATION else self.product
        return "-".join(part for part in (self.tier.value, whose, self.name) if part)

    def ancestors_in(self, others: Sequence["Draft"]) -> frozenset[str]:
        """Names of the workflows of the same tier and phase that are finished when this one starts."""
        if not self.needs:
            return frozenset()
        by_name = {draft.name: draft for draft in others if (draft.phase, draft.tier) == (self.phase, self.tier)}
        found: set[str] = set()
        waiting = list(self.needs)
        while waiting:
            name = waiting.pop()
            if name in by_name and name not in found:
                found.add(name)
                waiting.extend(by_name[name].needs)
        return frozenset(found)


def identity_of(workflow: Typed[WorkflowDocument], product: str | None) -> str:
    """`<name>`, `<product>/<name>`, with the organisation before it where the file is in one's folders."""
    name = workflow.model.metadata.name
    organization = organization_of_path(workflow.document.path)
    return with_organization(organization, f"{product}/{name}" if product else name)


def phases_of(document: WorkflowDocument) -> tuple[Phase, ...]:
    """The phases that a workflow runs in, in the order of the phases."""
    named = {document.metadata.phase, *document.metadata.phases}
    return tuple(phase for phase in Phase if phase in named)


def draft_of(
    workflow: Typed[WorkflowDocument],
    phase: Phase,
    tier: Tier,
    trigger: str,
    *,
    product: str | None = None,
    identity: str | None = None,
) -> Draft:
    """The draft of a written workflow."""
    document, model = workflow.document, workflow.model
    spec = Spot(document).at("spec")
    organization = organization_of_path(document.path) if model.kind != "Workflow" else ""
    name = model.metadata.name
    needs = [need.removeprefix(f"{product}/") if product else need for need in model.metadata.depends_on]
    if organization:  # in ids ':' stands for the '/' of a namespace: a platform's own workflow may have the same name
        name = name if product else f"{organization}:{name}"
        needs = [_name_in_tier(need, organization, product) for need in model.metadata.depends_on]
    return Draft(
        name=name,
        identity=identity or identity_of(workflow, product),
        tier=tier,
        phase=phase,
        trigger=trigger,
        spot=Spot(document).at("metadata", "name"),
        spec=spec,
        steps=draft_steps(model.spec.steps, model.spec.finally_, spec, model.spec.retry),
        product=with_organization(organization, product or "") or None,
        needs=tuple(needs),
        variables=model.spec.variables,
        outputs=model.spec.outputs,
        parameters=tuple(model.spec.parameters),
        timeout=model.spec.timeout,
        fail_fast=model.spec.fail_fast,
        rollback_on_failure=model.spec.rollback_on_failure,
        approval=model.spec.approval,
        owner=model.metadata.owner,
        override_of=model.metadata.overrides,
        deprecated=model.metadata.deprecated,
    )


def _name_in_tier(need: str, organization: str, product: str | None) -> str:
    """The name, in its tier, of a workflow that one of an organisation depends on."""
    if product:
        return need.rpartition("/")[2]
    return f"{organization}:{need.removeprefix(f'{organization}/')}"


def draft_steps(
    steps: Sequence[StepDefinition], cleanup: Sequence[StepDefinition], spec: Spot, retry: Retry | None = None
) -> tuple[DraftStep, ...]:
    """The written steps of a workflow, `finally` steps last."""
    main = [DraftStep(step, spec.at("steps", index), retry=retry) for index, step in enumerate(steps)]
    last = [DraftStep(step, spec.at("finally", index), cleanup=True, retry=retry) for index, step in enumerate(cleanup)]
    return (*main, *last)
