"""`plan_application`: from a repository, a request and facts to a plan. Pure: no clock, no environment, no order."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypeAlias

from innominatus_cli.documents.admin_config import AdminConfigDocument
from innominatus_cli.documents.canonical import canonical_json
from innominatus_cli.documents.consulted import Question, RecordingSnapshot
from innominatus_cli.documents.golden_path import GoldenPathDocument
from innominatus_cli.documents.plan import (
    AbsentWorkflow,
    Application,
    Plan,
    PlannedStep,
    Source,
)
from innominatus_cli.documents.repository import ADMIN_CONFIG, Repository
from innominatus_cli.documents.typed import Typed
from innominatus_cli.documents.vocabulary import TIERS, Operation
from innominatus_cli.expressions.values import as_literal
from innominatus_cli.findings.catalogue import expansion as expansion_codes
from innominatus_cli.findings.catalogue import plan as codes
from innominatus_cli.findings.catalogue.structure import UNKNOWN_ORGANIZATION
from innominatus_cli.findings.finding import Finding, Place, Related, has_errors
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.planning.application_tier import RESOURCES, application_tier, removal
from innominatus_cli.planning.calls import CallLinker
from innominatus_cli.planning.document_rules import document_findings
from innominatus_cli.planning.drafts import Draft
from innominatus_cli.planning.files import InputFiles
from innominatus_cli.planning.golden_paths import FoundPath, GoldenPaths
from innominatus_cli.planning.graph import OrderedDraft, order_drafts
from innominatus_cli.planning.inputs import InputBuilder
from innominatus_cli.planning.nodes import place_node, with_barriers
from innominatus_cli.planning.outside import plan_inputs, plan_limits
from innominatus_cli.planning.overriding import override_workflows
from innominatus_cli.planning.own_types import StepTypes, has_own_types
from innominatus_cli.planning.parameters import resolve_parameters
from innominatus_cli.planning.places import Spot
from innominatus_cli.planning.provisioning import ResourceSteps, services_of
from innominatus_cli.planning.reads import Reads, noted
from innominatus_cli.planning.request import Facts, PlanOutcome, PlanRequest
from innominatus_cli.planning.scopes import Surroundings
from innominatus_cli.planning.selection import Selection, Selector, organization_of, product_of
from innominatus_cli.planning.siblings import Sibling, is_plain_selection, rest_of
from innominatus_cli.planning.sketch import sketch_of
from innominatus_cli.planning.step_memo import StepMemo
from innominatus_cli.planning.surroundings import environment_values, surroundings_of
from innominatus_cli.planning.tables import Tables
from innominatus_cli.planning.versions import deprecated_in
from innominatus_cli.planning.workflows import WorkflowBuilder
from innominatus_cli.planning.workload import FoldedWorkload, fold_workload

if TYPE_CHECKING:
    from innominatus_cli.documents.score import WorkloadDocument


Spare: TypeAlias = Callable[[Callable[[], Sibling | None]], bool]
"""Whether nobody needs a plan, by what tells in which it is like those of others."""


def plan_application(
    repository: Repository, request: PlanRequest, facts: Facts, spare: Spare | None = None
) -> PlanOutcome:
    """The plan for `request`, or every finding because of which there is none; warnings stand beside a plan.

    Documents come from the repository's snapshot, everything else from `request` and `facts`, so that the same three
    give the same bytes anywhere. `spare` is for who plans many applications of a pool: it is called once everything
    that the plan needs of the repository has been asked, and ends planning there by answering True.
    """
    return _Planning(repository, request, facts).plan(spare)


@dataclass(slots=True)
class _Chosen:
    """What the plan consists of, before its steps are built."""

    operation: Operation
    drafts: list[Draft] = field(default_factory=list)
    absent: list[AbsentWorkflow] = field(default_factory=list)
    asked_first_deployment: bool = False


class _Planning:
    def __init__(self, repository: Repository, request: PlanRequest, facts: Facts) -> None:
        self._repository = repository
        self._request = request
        self._facts = facts
        self._findings: list[Finding] = []
        self._consulted: list[str] = []
        self._offering: list[str] = []
        """Documents that provisioners stand in; what is wrong with those that make nothing here stops nobody."""
        self._config: AdminConfigDocument | None = None
        self._workload: Typed[WorkloadDocument] | None = None
        self._folded: FoldedWorkload | None = None
        self._files = InputFiles(repository.snapshot, repository.vendored)
        self._product: str | None = None
        self._types = StepTypes(repository)
        self._selection: Selection | None = None
        """What other applications have in common with this one, if it can be shared with them."""

    def plan(self, spare: Spare | None) -> PlanOutcome:
        self._read()
        path = None if self._stopped() else self._path()
        if path is None or self._stopped():
            return self._outcome(None)
        operation = self._operation(path.golden_path)
        request = self._request
        parameters = resolve_parameters(
            path.parameters, request.parameters, Place("--param"), path.owner, request.parameter_places
        )
        self._findings += parameters.findings
        chosen = self._choose(operation, path.workflow)
        self._findings += document_findings(
            self._repository, self._types, chosen.drafts, self._consulted, self._selection
        )
        self._findings += deprecated_in(chosen.drafts, self._types)
        if self._stopped():
            return self._outcome(None, chosen)
        tell = partial(self._sibling, chosen, path, parameters.values)
        if spare is not None and self._asks_nothing_more(chosen) and spare(tell):
            return PlanOutcome(None, spared=True)
        sibling = tell()
        memo = self._repository.kept(StepMemo)
        absent = frozenset(absent.identity for absent in chosen.absent)
        ordered = order_drafts(chosen.drafts, absent, memo.order if memo else None)
        self._findings += ordered.findings
        if self._stopped():
            return self._outcome(None, chosen)
        reads = Reads() if sibling is not None else None
        builder = self._builder(ordered.drafts, parameters.values, reads)
        parts, workflows = builder.build()
        self._findings += builder.findings
        if self._stopped():
            return self._outcome(None, chosen)
        limits = self._limits()
        plan = Plan(
            operation=operation,
            application=self._application(chosen),
            environment=self._request.environment,
            golden_path=path.name,
            parameters=parameters.values,
            sources=self._sources(),
            inputs=plan_inputs(
                self._request,
                self._facts,
                parameters,
                builder.outside,
                path.name,
                asked_first_deployment=chosen.asked_first_deployment,
                removes=any(draft.name == "removal" for draft in chosen.drafts),
            ),
            workflows=workflows,
            steps=self._unique(with_barriers(ordered.drafts, parts, memo.place if memo else place_node)),
            limits=limits,
            rollback_on_failure=path.golden_path.model.spec.rollback_on_failure if path.golden_path else None,
        )
        outcome = self._outcome(self._checked(plan), chosen)
        if outcome.plan is None or sibling is None or reads is None or not self._asks_nothing_more(chosen):
            return outcome
        sibling = replace(sibling, together=self._asked_together())
        return replace(outcome, rest=rest_of(outcome.plan, sibling, reads))

    def _path(self) -> FoundPath:
        """What is to be run."""
        golden_paths = GoldenPaths(self._repository, self._config or AdminConfigDocument())
        path = golden_paths.find(self._request, self._findings)
        self._consulted += golden_paths.consulted
        if not self._stopped():
            self._need_application(self._operation(path.golden_path))
        return path

    def _asks_nothing_more(self, chosen: _Chosen) -> bool:
        """Whether everything that the rest of planning asks of the repository is known, and has been asked."""
        memo, snapshot = self._repository.kept(StepMemo), self._repository.snapshot
        if memo is None or not isinstance(snapshot, RecordingSnapshot):
            return False
        tables = Tables(self._config or AdminConfigDocument(), self._request.environment)
        self._limits()
        selection = self._selection
        self._document_ids(leave_out=frozenset(selection.consulted) if selection is not None else frozenset())

        def ask(drafts: Iterable[Draft]) -> bool:
            return all(memo.ask_again(draft, tables, snapshot) for draft in drafts)

        if selection is None:
            return ask(chosen.drafts)
        key = ("files", id(selection), self._request.environment)
        return self._repository.shared(key, lambda: ask(selection.drafts), bool) and ask(self._own(chosen))

    def _own(self, chosen: _Chosen) -> list[Draft]:
        """The workflows that no other application has."""
        return chosen.drafts[len(self._selection.drafts) :] if self._selection is not None else chosen.drafts

    def _limits(self) -> dict[str, int]:
        """How much runs at once; who says so has a say."""

        def look() -> tuple[dict[str, int], list[str]]:
            consulted: list[str] = []
            return plan_limits(self._config, self._repository, consulted), consulted

        key = ("limits", self._repository.organization)
        limits, consulted = look() if self._selection is None else self._repository.shared(key, look, lambda _: True)
        self._consulted += consulted
        return dict(limits)

    def _sibling(self, chosen: _Chosen, path: FoundPath, parameters: Mapping[str, Any]) -> Sibling | None:
        """In what this application is like others; None where it is unlike them all."""
        workload, snapshot, request = self._workload, self._repository.snapshot, self._request
        is_usual = chosen.operation is Operation.DEPLOY and path.workflow is None and request.overrides is None
        if self._selection is None or not is_usual or workload is None or workload.model.workflows:
            return None
        if not isinstance(snapshot, RecordingSnapshot) or has_own_types(self._repository):
            return None
        own = self._own(chosen)
        has_resources = any(draft.name == RESOURCES for draft in own)
        key = (id(self._selection), request.environment, path.name, repr(parameters), has_resources)
        files = {file for draft in own for part in draft.steps for file in part.files}
        return Sibling(
            key,
            workload.model.metadata.name,
            frozenset(snapshot.asked),
            self._asked_together(),
            self._selection.drafts,
            frozenset((workload.document.path, *files)),
            lambda: self._surroundings,
            partial(self._count_own_steps, chosen, parameters),
        )

    def _asked_together(self) -> frozenset[Question]:
        snapshot = self._repository.snapshot
        return frozenset(snapshot.asked_together) if isinstance(snapshot, RecordingSnapshot) else frozenset()

    def _count_own_steps(self, chosen: _Chosen, parameters: Mapping[str, Any]) -> int | None:
        """How many steps the application tier has; None where anything in it, or about the application, is wrong."""
        memo = self._repository.kept(StepMemo)
        ordered = order_drafts(self._own(chosen), frozenset(), memo.order if memo else None)
        builder = self._builder(ordered.drafts, parameters)
        try:
            parts, _ = builder.build()
            canonical_json(self._application(chosen).as_json())
        except ValueError:
            return None
        ids = [part.node.id for some in parts.values() for part in some.values()]
        is_right = not has_errors([*ordered.findings, *builder.findings]) and len(set(ids)) == len(ids)
        return len(ids) if is_right else None

    def _stopped(self) -> bool:
        return has_errors(self._all_findings())

    def _all_findings(self) -> list[Finding]:
        """Ours, and the repository's about files that had a say; each once, by place."""
        consulted = {*self._consulted, *self._overriding_paths()}
        ours = [finding for finding in self._repository.findings if finding.place.path in consulted]
        return sorted(dict.fromkeys([*ours, *self._findings]), key=lambda finding: finding.sort_key)

    def _overriding_paths(self) -> list[str]:
        """The paths of places in overrides: those of their file and of arguments."""
        if self._request.overrides is None:
            return []
        from innominatus_cli.documents.score_overrides import ARGUMENT  # noqa: PLC0415 - few plans have overrides

        file = self._request.overrides.file
        return [ARGUMENT] if file is None else [ARGUMENT, file]

    def _outcome(self, plan: Plan | None, chosen: _Chosen | None = None) -> PlanOutcome:
        absent = sorted(chosen.absent, key=lambda one: (TIERS.index(one.tier), one.identity)) if chosen else []
        findings = tuple(self._all_findings())
        if chosen is None or not has_errors(findings):
            return PlanOutcome(plan, findings, tuple(absent), tuple(chosen.drafts) if chosen else ())
        application = self._application(chosen)
        sketch = sketch_of(
            chosen.operation,
            application,
            self._request.environment,
            self._limits(),
            chosen.drafts,
        )
        return PlanOutcome(None, findings, tuple(absent), tuple(chosen.drafts), sketch)

    def _unique(self, steps: list[PlannedStep]) -> list[PlannedStep]:
        """The steps; a finding for each id that several have."""
        first: dict[str, PlannedStep] = {}
        for step in steps:
            other = first.setdefault(step.id, step)
            if other is not step:
                places = [place_of_node(one) for one in (step, other)]
                message = f"two steps would have the id '{step.id}'"
                related = (Related("the other one", places[1]),)
                self._findings.append(Finding(expansion_codes.SAME_STEP_ID, message, places[0], related=related))
        return steps

    def _checked(self, plan: Plan) -> Plan | None:
        """The plan, if it has no errors and its bytes can be written."""
        if self._stopped():
            return None
        try:
            if self._repository.kept(StepMemo) is None:
                _ = plan.canonical
            else:  # which has looked at the steps
                canonical_json(plan.model_copy(update={"steps": []}).as_json())
        except ValueError as problem:
            where = self._workload.document.path if self._workload else ADMIN_CONFIG
            self._findings.append(Finding(codes.UNUSABLE_VALUE, str(problem), Place(where)))
            return None
        return plan

    def _read(self) -> None:
        self._repository.organization = ""
        if self._repository.has_admin_config:
            self._consulted.append(ADMIN_CONFIG)
            config = self._repository.admin_config()
            self._config = config.model if config else None
        else:
            message = "there is no admin-config.yaml, so platform and product workflows are off"
            self._findings.append(Finding(codes.NO_ADMIN_CONFIG, message, Place(ADMIN_CONFIG)))
        self._check_environment()
        if self._request.score_path is not None:
            self._consulted.append(self._request.score_path)
            self._workload = self._repository.workload(self._request.score_path)
        if self._workload is not None:
            self._enter_organization(self._workload)
            environment = environment_values(self._request, self._config or AdminConfigDocument(), self._workload)
            self._folded = fold_workload(Spot(self._workload.document), environment)
            self._findings += self._folded.findings
            has_product = self._repository.has_product if self._config else None
            self._product = product_of(self._workload.model, self._config or AdminConfigDocument(), has_product)

    def _enter_organization(self, workload: "Typed[WorkloadDocument]") -> None:
        """Lets the repository be read for the application's organisation; without its policies nothing is planned."""
        name = organization_of(workload.model)
        known = self._repository.organizations() if name and self._config else []
        if name and self._config and name not in known:
            spot = Spot(workload.document).at("metadata")
            place = (spot.at("organization") if spot.has("organization") else spot).place
            message = f"there is no organisation '{name}' below {self._repository.workflows_root}"
            self._findings.append(Finding(UNKNOWN_ORGANIZATION, message, place, did_you_mean(name, known)))
        self._repository.organization = name if name in known else ""

    def _need_application(self, operation: Operation) -> None:
        if operation is not Operation.TASK and self._workload is None and not self._request.score_path:
            self._findings.append(Finding(codes.NO_APPLICATION, f"{operation} needs a Score file", Place("SCORE")))

    def _check_environment(self) -> None:
        """Where admin-config defines environments, one that it does not define gets a warning."""
        config = self._repository.admin_config()
        known = config.model.environments if config else {}
        if config and known and self._request.environment not in known:
            remedy = did_you_mean(self._request.environment, known)
            message = f"environment '{self._request.environment}' is not defined in admin-config.yaml"
            place = Spot(config.document).key("environments").place
            self._findings.append(Finding(codes.ENVIRONMENT_UNDEFINED, message, place, remedy))

    def _operation(self, golden_path: Typed[GoldenPathDocument] | None) -> Operation:
        if self._request.task is not None:
            return Operation.TASK
        return golden_path.model.spec.operation if golden_path else self._request.operation

    def _choose(self, operation: Operation, workflow: Draft | None) -> _Chosen:
        chosen = _Chosen(operation)
        if operation is Operation.TASK:
            chosen.drafts = [workflow] if workflow else []
        elif operation is Operation.UNDEPLOY:
            chosen.drafts = [workflow] if workflow else self._removal()
        else:
            self._select_deployment(chosen)
            chosen.drafts += [workflow] if workflow else self._application_tier()
            overridden = override_workflows(chosen.drafts, self._config or AdminConfigDocument())
            chosen.drafts = overridden.drafts
            chosen.absent += overridden.absent
            self._findings += overridden.findings
        self._link_calls(chosen)
        return chosen

    def _link_calls(self, chosen: _Chosen) -> None:
        """Gives steps that call a workflow what they call; its file has a say too."""
        makers = self._makers()
        linker = CallLinker(self._repository, self._config or AdminConfigDocument(), prepared=makers.prepared)
        chosen.drafts = [linker.link(draft, self._product) for draft in chosen.drafts]
        self._findings += [*linker.findings, *makers.findings]
        self._consulted += linker.consulted
        self._offering += makers.consulted

    def _select_deployment(self, chosen: _Chosen) -> None:
        if self._config is None or self._workload is None:
            return
        others = self._request.list_others
        selector = Selector(self._repository, self._facts, self._request.workflows, self._product, others=others)
        metadata = Spot(self._workload.document).at("metadata")
        self._consulted.append(self._repository.folder("products"))
        selection = self._shared_selection(
            lambda: selector.select(metadata.at("product") if metadata.has("product") else metadata)
        )
        self._consulted += selection.consulted
        self._findings += selection.findings
        chosen.drafts += selection.drafts
        chosen.absent += selection.absent
        chosen.asked_first_deployment = selection.asked_first_deployment

    def _shared_selection(self, select: Callable[[], Selection]) -> Selection:
        """The selection, made once for all applications of a product; noted if others can have the very same."""
        request, facts = self._request, self._facts
        path = request.score_path or ""
        if self._repository.kept(StepMemo) is None or path.startswith(f"{self._repository.workflows_root}/"):
            return select()
        asked = (facts.first_deployment, request.workflows, request.list_others)
        key = ("selection", self._repository.organization, self._product, *asked)

        def is_shared(made: tuple[Selection, bool]) -> bool:
            names_evidence = made[0].asked_first_deployment and not facts.first_deployment
            return not made[0].findings and not names_evidence

        def look() -> tuple[Selection, bool]:
            selection = select()
            return selection, is_plain_selection(selection.drafts)

        made = self._repository.shared(key, look, is_shared)
        self._selection = made[0] if made[1] and is_shared(made) else None
        return made[0]

    def _application_tier(self) -> list[Draft]:
        if self._workload is None or self._folded is None:
            return []
        files: list[str] = []
        for written, spot in self._folded.source_files:
            found = self._files.resolve(written, spot)
            if isinstance(found, Finding):
                self._findings.append(found)
            else:
                files += found.files
        makers = self._makers()
        drafts = application_tier(self._workload, self._folded, tuple(sorted(set(files))), makers, self._findings)
        self._findings += makers.findings
        self._offering += makers.consulted
        return drafts

    def _makers(self) -> ResourceSteps:
        name = self._workload.model.metadata.name if self._workload else "task"
        definitions = self._config.resource_definitions if self._config else {}
        environment, product = self._request.environment, self._product
        services = services_of(name, self._folded.data.get("service")) if self._folded else {}
        return ResourceSteps(self._repository, self._files, name, environment, product, services, definitions)

    def _removal(self) -> list[Draft]:
        if self._workload is None:
            return []
        deployed = self._facts.deployed
        spot = Spot(self._workload.document).at("metadata", "name")
        name = self._workload.model.metadata.name
        makers = self._makers()
        drafts = removal(name, deployed, spot, makers) if deployed else []
        self._findings += makers.findings
        self._offering += makers.consulted
        if not drafts:
            message = f"the records say that nothing of '{name}' exists in {self._request.environment}"
            self._findings.append(Finding(codes.NOTHING_DEPLOYED, message, spot.place))
        return drafts

    @cached_property
    def _surroundings(self) -> Surroundings:
        config = self._config or AdminConfigDocument()
        surroundings = surroundings_of(self._request, self._facts, config, self._workload, self._product)
        return replace(surroundings, find=self._types.find)

    def _builder(
        self, ordered: list[OrderedDraft], parameters: Mapping[str, Any], reads: Reads | None = None
    ) -> WorkflowBuilder:
        """What builds workflows; it notes in `reads` what they take from their surroundings."""
        config = self._config or AdminConfigDocument()
        inputs = InputBuilder(
            Tables(config, self._request.environment),
            self._files,
            self._folded.data if self._folded else None,
            self._types,
        )
        surroundings = self._surroundings if reads is None else noted(self._surroundings, reads)
        memo, snapshot = self._repository.kept(StepMemo), self._repository.snapshot
        if memo is None or not isinstance(snapshot, RecordingSnapshot):
            return WorkflowBuilder(ordered, surroundings, inputs, parameters)
        return WorkflowBuilder(
            ordered, surroundings, inputs, parameters, partial(memo.step, snapshot=snapshot, reads=reads)
        )

    def _application(self, chosen: _Chosen) -> Application:
        if self._workload is None:
            return Application(name=chosen.drafts[0].name if chosen.drafts else "task")
        plain = Spot(self._workload.document).at("metadata").node.plain()
        metadata = (
            as_literal({key: value for key, value in plain.items() if key != "name"}) if isinstance(plain, dict) else {}
        )
        return Application(
            name=self._workload.model.metadata.name,
            product=self._product,
            path=self._workload.document.path,
            metadata=metadata,
        )

    def _sources(self) -> list[Source]:
        found: dict[str, Source] = {}
        for path, object_id in self._files.object_ids.items():
            found[path] = Source(path=path, object_id=object_id, role="input")
        for path, object_id in self._document_ids().items():
            found[path] = Source(path=path, object_id=object_id, role="document")
        return [found[path] for path in sorted(found)]

    def _document_ids(self, leave_out: frozenset[str] = frozenset()) -> dict[str, str]:
        """The object ids of all documents that had a say, but for those to `leave_out`."""
        overrides_file = self._request.overrides.file if self._request.overrides else None
        paths = dict.fromkeys(
            filter(None, (*self._consulted, *self._offering, overrides_file, *self._repository.vendored.used()))
        )
        ids = ((path, self._repository.snapshot.object_id(path)) for path in paths if path not in leave_out)
        return {path: object_id for path, object_id in ids if object_id is not None}


def place_of_node(step: PlannedStep) -> Place:
    """Where a node of a plan is written; nowhere for a barrier between workflows."""
    written = step.provenance
    return Place(written.path, written.line, written.column) if written else Place("")
