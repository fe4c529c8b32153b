"""Finds what steps of `type: workflow` call, before anything is expanded: circles and endless numbers end here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from innominatus_cli.checks.calls import DEEPEST, Shelf, file_of_call, is_path
from innominatus_cli.documents.admin_config import AdminConfigDocument
from innominatus_cli.documents.repository import YAML, Repository
from innominatus_cli.documents.typed import Typed
from innominatus_cli.documents.vocabulary import Phase, Tier
from innominatus_cli.documents.workflow import WorkflowDocument
from innominatus_cli.expressions.loops import LARGEST
from innominatus_cli.findings.catalogue import expansion as codes
from innominatus_cli.findings.finding import Finding, Place, Related
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.planning.drafts import Called, Draft, DraftStep, draft_of
from innominatus_cli.planning.versions import deprecation_of, split_version, version_meant
from innominatus_cli.provisioners.offers import provider_folder

MOST_STEPS: Final = LARGEST
"""Of a plan."""
CALL: Final = "workflow"
"""The type of a step that calls."""
PROVISIONING: Final = "resource-provisioning"
"""The type of a step whose work the provisioner of a resource does."""


@dataclass(frozen=True, slots=True)
class _Way:
    """The calls that lead to a workflow: names of the workflows, and the steps that call, from the outermost on."""

    names: tuple[str, ...] = ()
    steps: tuple[DraftStep, ...] = ()
    product: str | None = None
    """Whose workflows may be called, besides those that are there for everybody."""


@dataclass(slots=True)
class CallLinker:
    """Gives every calling step of drafts what it calls; `consulted` are the files that had a say."""

    repository: Repository
    config: AdminConfigDocument
    findings: list[Finding] = field(default_factory=list)
    consulted: list[str] = field(default_factory=list)
    prepared: Callable[[DraftStep, str | None], DraftStep] = lambda part, _product: part
    """What is done with every step, those of called workflows included; it is told whose provisioners there are."""
    _known: dict[str, Called | None] = field(default_factory=dict)

    def link(self, draft: Draft, product: str | None) -> Draft:
        """The draft with its calls. `product` is the application's, for what belongs to no product itself."""
        if not any(part.definition.type in {CALL, PROVISIONING} for part in draft.steps):
            return draft
        way = _Way((draft.identity,), (), draft.product or product)
        return replace(draft, steps=self._linked(draft.steps, draft.spot.document.path, way))

    def _linked(self, steps: Sequence[DraftStep], path: str, way: _Way) -> tuple[DraftStep, ...]:
        return tuple(
            self._with_call(part, path, way) if part.definition.type == CALL else self.prepared(part, way.product)
            for part in steps
        )

    def _with_call(self, part: DraftStep, path: str, way: _Way) -> DraftStep:
        written = part.definition.workflow
        if not written:  # said by the rules over the document
            return part
        workflow = self._find(written, path, part)
        called = None if workflow is None else self._called(workflow, part, way)
        if called is None:
            return part
        others = sorted(called.products - {way.product})
        if others:
            message = f"step '{part.definition.name}': '{called.name}' is of product '{others[0]}'"
            self._add(Finding(codes.CALL_NOT_ALLOWED, message, _place(part)))
            return part
        return self.prepared(replace(part, called=called), way.product)

    def _called(self, workflow: Typed[WorkflowDocument], part: DraftStep, way: _Way) -> Called | None:
        draft = _draft(workflow)
        name = draft.identity
        if name in way.names:
            self._circle(name, part, way)
            return None
        key = Called(draft, 0, frozenset()).key
        if key in self._known:
            return self._known[key]
        if len(way.names) > DEEPEST:
            message = f"step '{part.definition.name}' calls '{name}', which is more than {DEEPEST} calls deep"
            self._add(Finding(codes.PLAN_TOO_LARGE, message, _place(part)))
            return None
        if workflow.document.path not in self.consulted:
            self.consulted.append(workflow.document.path)
        for notice in deprecation_of(draft.deprecated, workflow.document, f"workflow '{name}'"):
            self._add(notice)
        inner = _Way((*way.names, name), (*way.steps, part), way.product)
        steps = self._linked(draft.steps, workflow.document.path, inner)
        count = sum(step.called.count if step.called else 1 for step in steps)
        products = frozenset[str]().union(*(step.called.products for step in steps if step.called))
        if draft.product is not None:
            products |= {draft.product}
        called = Called(replace(draft, steps=steps), count, products)
        if count > MOST_STEPS:
            message = f"step '{part.definition.name}' calls '{name}', which has {count} steps; a plan has {MOST_STEPS}"
            self._add(Finding(codes.PLAN_TOO_LARGE, message, _place(part)))
            self._known[key] = None
        else:
            self._known[key] = called
        return self._known[key]

    def _circle(self, name: str, part: DraftStep, way: _Way) -> None:
        first = way.names.index(name)
        circle = way.names[first:]
        message = f"workflows call each other in a circle: {' → '.join([*circle, name])}"
        if len(circle) == 1:
            message = f"workflow '{name}' calls itself"
        related = tuple(
            Related(f"calls '{way.names[at + 1]}'", _place(way.steps[at])) for at in range(first, len(way.steps))
        )
        self._add(Finding(codes.CALL_CYCLE, message, _place(part), related=related))

    def _add(self, finding: Finding) -> None:
        """Each finding once, and of too many steps the first one: it says all that the others would."""
        told = finding.code is codes.PLAN_TOO_LARGE and any(one.code is finding.code for one in self.findings)
        if not told and finding not in self.findings:
            self.findings.append(finding)

    def _find(self, written: str, caller: str, part: DraftStep) -> Typed[WorkflowDocument] | None:
        if not is_path(written):
            several, version = self._by_identity(written)
            if several:
                what, place = f"workflow '{written.removesuffix(f'@{version}')}'", _place(part)
                return version_meant(
                    several, lambda one: one.model.metadata.version or "", version, what, place, self.findings
                )
        path = file_of_call(written, caller, self._shelf())
        if path:
            self.consulted.append(path)  # its own errors are told too
            return self.repository.workflow(path)
        remedy = did_you_mean(written, self._names(written))
        message = f"step '{part.definition.name}' calls '{written}', which is no workflow here"
        self._add(Finding(codes.UNKNOWN_CALL, message, _place(part), remedy))
        return None

    def _by_identity(self, written: str) -> tuple[list[Typed[WorkflowDocument]], str]:
        """All versions of a workflow of the platform or of a product, and which of them are meant."""
        organization = self.repository.organization
        identity, version = split_version(written)
        identity = identity.removeprefix(f"{organization}/") if organization else identity
        product, slash, name = identity.partition("/")
        candidates: list[Typed[WorkflowDocument]] = []
        if not slash:
            name, candidates = identity, self.repository.platform_workflows()
        elif product in self.repository.products():
            candidates = self.repository.product_workflows(product)
        return [one for one in candidates if one.model.metadata.name == name], version

    def _shelf(self) -> Shelf:
        folders = tuple(filter(None, (provider_folder(entry) for entry in self.config.providers if entry.enabled)))
        snapshot = self.repository.snapshot
        return Shelf(
            self.repository.workflows_root,
            snapshot.is_file,
            lambda path: self.repository.loaded(path).documents,
            folders,
        )

    def _names(self, written: str) -> list[str]:
        """What a call may have meant: files, by their paths, or identities."""
        root = self.repository.workflows_root
        paths = self.repository.snapshot.paths(root, YAML)
        if is_path(written):
            return [*paths, *(path.removeprefix(f"{root}/") for path in paths)]
        platform = [one.model.metadata.name for one in self.repository.platform_workflows()]
        product = written.partition("/")[0]
        own = self.repository.product_workflows(product) if product in self.repository.products() else []
        others = [path.removeprefix(f"{root}/").rpartition(".")[0] for path in paths]
        return [*platform, *(f"{product}/{one.model.metadata.name}" for one in own), *others]


def _draft(workflow: Typed[WorkflowDocument]) -> Draft:
    kind, metadata = workflow.model.kind, workflow.model.metadata
    product = metadata.product if kind == "ProductWorkflow" else None
    identity = None if kind != "Workflow" else workflow.document.path
    return draft_of(workflow, Phase.DEPLOYMENT, Tier.APPLICATION, CALL, product=product, identity=identity)


def _place(part: DraftStep) -> Place:
    return part.spot.at("workflow").place
