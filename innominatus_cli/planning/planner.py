"""`plan_application`: from a repository, a request and facts to a plan. Pure: no clock, no environment, no order."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, TypeAlias

from innominatus_cli.documents.canonical import canonical_json
from innominatus_cli.documents.consulted import Asked, RecordingSnapshot
from innominatus_cli.documents.golden_path import GoldenPathDocument
from innominatus_cli.documents.plan import (
    AbsentWorkflow,
    Application,
    Plan,
    Source,
)
from innominatus_cli.documents.repository import ADMIN_CONFIG, Repository
from innominatus_cli.documents.typed import Typed
from innominatus_cli.documents.vocabulary import TIERS, Operation
from innominatus_cli.expressions.values import as_literal
from innominatus_cli.findings.catalogue import plan as codes
from innominatus_cli.findings.finding import Finding, Place, has_errors
from innominatus_cli.planning.calls import CallLinker
from innominatus_cli.planning.common_part import CommonPart
from innominatus_cli.planning.document_rules import document_findings
from innominatus_cli.planning.drafts import Draft
from innominatus_cli.planning.files import InputFiles
from innominatus_cli.planning.golden_path_environment import lifetime_of_path
from innominatus_cli.planning.golden_paths import FoundPath, GoldenPaths
from innominatus_cli.planning.graph import OrderedDraft, order_drafts
from innominatus_cli.planning.inputs import InputBuilder
from innominatus_cli.planning.nodes import place_node, same_ids, with_barriers
from innominatus_cli.planning.outside import plan_inputs
from innominatus_cli.planning.overriding import override_workflows
from innominatus_cli.planning.own_documents import read_own_documents
from innominatus_cli.planning.own_tier import OwnTier
from innominatus_cli.planning.own_types import StepTypes
from innominatus_cli.planning.parameters import ParameterValues, resolve_parameters
from innominatus_cli.planning.places import Spot
from innominatus_cli.planning.reads import Reads, noted
from innominatus_cli.planning.removal import with_taken_back
from innominatus_cli.planning.request import Facts, PlanOutcome, PlanRequest
from innominatus_cli.planning.scopes import Surroundings
from innominatus_cli.planning.selection import Selector
from innominatus_cli.planning.siblings import Sibling, rest_of
from innominatus_cli.planning.sketch import sketch_of
from innominatus_cli.planning.step_memo import StepMemo
from innominatus_cli.planning.steps import is_right
from innominatus_cli.planning.surroundings import ApplicationData, data_of, naming_one, no_application, surroundings_of
from innominatus_cli.planning.tables import Tables
from innominatus_cli.planning.workflows import WorkflowBuilder

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


def _is_text(sketch: Plan) -> bool:
    """Whether a sketch can be written: names of files may be no text, and numbers may be too large."""
    try:
        _ = sketch.canonical
    except ValueError:
        return False
    return True


class _Planning:
    def __init__(self, repository: Repository, request: PlanRequest, facts: Facts) -> None:
        self._repository = repository
        self._request = request
        self._facts = facts
        self._findings: list[Finding] = []
        self._consulted: list[str] = []
        self._files = InputFiles(repository.snapshot, repository.vendored)
        self._own = read_own_documents(repository, request)
        self._tier = OwnTier(repository, request.environment, facts, self._own, self._files)
        self._replicas: int | None = None
        """What a golden path's parameter of that name says."""
        self._types = StepTypes(repository)
        self._common = CommonPart(repository)

    def plan(self, spare: Spare | None) -> PlanOutcome:
        self._consulted += self._own.consulted
        path = None if self._stopped() else self._path()
        if path is None or self._stopped():
            return self._outcome(None)
        operation = self._operation(path.golden_path)
        request = self._request
        parameters = resolve_parameters(
            path.parameters, request.parameters, Place("--param"), path.owner, request.parameter_places
        )
        self._findings += parameters.findings
        replicas = parameters.values.get("replicas") if path.golden_path is not None else None
        self._replicas = replicas if isinstance(replicas, int) else None
        chosen = self._choose(operation, path.workflow)
        self._findings += document_findings(
            self._repository,
            self._types,
            chosen.drafts,
            self._consulted,
            self._common.selection,
            removes=operation is Operation.UNDEPLOY,
        )
        self._findings += self._common.deprecated(chosen.drafts, self._types)
        if self._stopped():
            return self._outcome(None, chosen)
        tell = partial(self._sibling, chosen, path, parameters.values)
        if spare is not None and self._asks_nothing_more(chosen) and spare(tell):
            return PlanOutcome(None, spared=True)
        return self._finished(chosen, path, parameters, tell())

    def _finished(
        self, chosen: _Chosen, path: FoundPath, parameters: ParameterValues, sibling: Sibling | None
    ) -> PlanOutcome:
        """The plan of what is chosen; with what can be said of those of `sibling`s, where there may be some."""
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
        lifetime = lifetime_of_path(path.golden_path, parameters.values)
        self._findings += [lifetime] if isinstance(lifetime, Finding) else []
        steps = with_barriers(ordered.drafts, parts, memo.place if memo else place_node)
        self._findings += same_ids(steps)
        plan = Plan(
            operation=chosen.operation,
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
                self._tier.from_records,
                asked_first_deployment=chosen.asked_first_deployment,
                removes=any(draft.name == "removal" for draft in chosen.drafts),
            ),
            workflows=workflows,
            steps=steps,
            limits=limits,
            rollback_on_failure=path.golden_path.model.spec.rollback_on_failure if path.golden_path else None,
            lifetime_seconds=lifetime if isinstance(lifetime, int) and chosen.operation is Operation.DEPLOY else None,
        )
        outcome = self._outcome(self._checked(self._with_taken_back(plan)), chosen)
        return outcome if sibling is None or reads is None else self._with_rest(outcome, chosen, sibling, reads)

    def _with_taken_back(self, plan: Plan) -> Plan:
        """A removal's plan with what takes back the work of all other steps; any other plan as it is."""
        if self._tier.back is None or self._facts.standing is None:
            return plan
        return with_taken_back(plan, self._tier.back, self._facts.standing, self._repository.snapshot.object_id)

    def _with_rest(self, outcome: PlanOutcome, chosen: _Chosen, sibling: Sibling, reads: Reads) -> PlanOutcome:
        """The outcome, and what its plan says of the workflows that others have too."""
        snapshot = self._repository.snapshot
        if outcome.plan is None or not self._asks_nothing_more(chosen) or not isinstance(snapshot, RecordingSnapshot):
            return outcome
        asked = Asked(sibling.asked.own, snapshot.everything_asked.together)
        sibling = replace(sibling, asked=asked)
        return replace(outcome, rest=rest_of(outcome.plan, sibling, reads))

    def _path(self) -> FoundPath:
        """What is to be run."""
        golden_paths = GoldenPaths(self._repository, self._own.settings)
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
        tables = Tables(self._own.settings, self._request.environment)
        self._limits()
        self._document_ids(leave_out=self._common.paths)
        return self._common.asks_again(chosen.drafts, tables, snapshot, memo)

    def _limits(self) -> dict[str, int]:
        """How much runs at once; who says so has a say."""
        limits, consulted = self._common.limits(self._own.config)
        self._consulted += consulted
        return limits

    def _sibling(self, chosen: _Chosen, path: FoundPath, parameters: Mapping[str, Any]) -> Sibling | None:
        """In what this application is like others; None where it is unlike them all."""
        if chosen.operation is not Operation.DEPLOY or path.workflow is not None:
            return None
        about = (path.name, parameters, self._request)
        is_right = partial(self._is_own_tier_right, chosen)
        around = (lambda: self._data, lambda: self._surroundings)
        return self._common.sibling(chosen.drafts, about, self._own.workload, around, is_right)

    def _is_own_tier_right(self, chosen: _Chosen) -> bool:
        """Whether nothing in the generated application tier, or about the application, is wrong."""
        inputs = self._inputs()
        try:
            canonical_json(self._application(chosen).as_json())
            return all(is_right(part, inputs) for draft in self._common.own(chosen.drafts) for part in draft.steps)
        except ValueError:
            return False

    def _stopped(self) -> bool:
        return has_errors(self._all_findings())

    def _all_findings(self) -> list[Finding]:
        """Ours, and the repository's about files that had a say; each once, by place."""
        consulted = {*self._consulted, *self._overriding_paths()}
        ours = [finding for finding in self._repository.findings if finding.place.path in consulted]
        found = dict.fromkeys([*ours, *self._own.findings, *self._tier.findings, *self._findings])
        return sorted(found, key=lambda finding: finding.sort_key)

    def _overriding_paths(self) -> list[str]:
        """The paths of places in overrides: those of their files and of arguments."""
        if self._request.overrides is None:
            return []
        from innominatus_cli.documents.score_overrides import ARGUMENT, IMAGE  # noqa: PLC0415 - few plans have overrides

        return [ARGUMENT, IMAGE, *self._request.overrides.files]

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
        return PlanOutcome(None, findings, tuple(absent), tuple(chosen.drafts), sketch if _is_text(sketch) else None)

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
            where = self._own.workload.document.path if self._own.workload else ADMIN_CONFIG
            self._findings.append(Finding(codes.UNUSABLE_VALUE, str(problem), Place(where)))
            return None
        return plan

    def _need_application(self, operation: Operation) -> None:
        if operation is not Operation.TASK and self._own.workload is None and not self._request.score_path:
            self._findings.append(no_application(operation, self._repository.application_paths()))

    def _operation(self, golden_path: Typed[GoldenPathDocument] | None) -> Operation:
        if self._request.task is not None:
            return Operation.TASK
        return golden_path.model.spec.operation if golden_path else self._request.operation

    def _choose(self, operation: Operation, workflow: Draft | None) -> _Chosen:
        chosen = _Chosen(operation)
        if operation is Operation.TASK:
            chosen.drafts = [workflow] if workflow else []
        elif operation is Operation.UNDEPLOY:
            chosen.drafts = [workflow] if workflow else self._tier.removal()
        else:
            self._select_deployment(chosen)
            chosen.drafts += [workflow] if workflow else self._tier.deployment(self._replicas)
            overridden = override_workflows(chosen.drafts, self._own.settings)
            chosen.drafts = overridden.drafts
            chosen.absent += overridden.absent
            self._findings += overridden.findings
        self._link_calls(chosen)
        return chosen

    def _link_calls(self, chosen: _Chosen) -> None:
        """Gives steps that call a workflow what they call; its file has a say too."""
        makers = self._tier.makers()
        linker = CallLinker(self._repository, self._own.settings, prepared=makers.prepared)
        own = self._common.own(chosen.drafts)  # the others are as they are
        chosen.drafts = [*self._common.drafts, *(linker.link(draft, self._own.product) for draft in own)]
        self._findings += [*linker.findings, *makers.findings]
        self._consulted += linker.consulted
        self._tier.offering += makers.consulted

    def _select_deployment(self, chosen: _Chosen) -> None:
        if self._own.config is None or self._own.workload is None:
            return
        request = self._request
        product = self._own.product
        selector = Selector(self._repository, self._facts, request.workflows, product, others=request.list_others)
        metadata = Spot(self._own.workload.document).at("metadata")
        self._consulted.append(self._repository.folder("products"))
        place = metadata.at("product") if metadata.has("product") else metadata
        selection = self._common.select(request, self._facts, product, lambda: selector.select(place))
        self._consulted += selection.consulted
        self._findings += selection.findings
        chosen.drafts += selection.drafts
        chosen.absent += selection.absent
        chosen.asked_first_deployment = selection.asked_first_deployment

    @cached_property
    def _surroundings(self) -> Surroundings:
        bringing = "" if self._own.workload else naming_one(self._request)
        around = surroundings_of(self._data, self._facts, self._own.settings, bringing)
        return replace(around, find=self._types.find)

    @cached_property
    def _data(self) -> ApplicationData:
        return data_of(self._request, self._own.settings, self._own.workload, self._own.product)

    def _inputs(self) -> InputBuilder:
        tables = Tables(self._own.settings, self._request.environment)
        return InputBuilder(tables, self._files, self._own.folded.data if self._own.folded else None, self._types)

    def _builder(
        self, ordered: list[OrderedDraft], parameters: Mapping[str, Any], reads: Reads | None = None
    ) -> WorkflowBuilder:
        """What builds workflows; it notes in `reads` what they take from their surroundings."""
        inputs = self._inputs()
        surroundings = self._surroundings if reads is None else noted(self._surroundings, reads)
        memo, snapshot = self._repository.kept(StepMemo), self._repository.snapshot
        if memo is None or not isinstance(snapshot, RecordingSnapshot):
            return WorkflowBuilder(ordered, surroundings, inputs, parameters)
        return WorkflowBuilder(
            ordered, surroundings, inputs, parameters, partial(memo.step, snapshot=snapshot, reads=reads)
        )

    def _application(self, chosen: _Chosen) -> Application:
        if self._own.workload is None:
            return Application(name=chosen.drafts[0].name if chosen.drafts else "task")
        plain = Spot(self._own.workload.document).at("metadata").node.plain()
        metadata = (
            as_literal({key: value for key, value in plain.items() if key != "name"}) if isinstance(plain, dict) else {}
        )
        return Application(
            name=self._own.workload.model.metadata.name,
            product=self._own.product,
            path=self._own.workload.document.path,
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
        overrides = self._request.overrides.files if self._request.overrides else ()
        paths = dict.fromkeys(
            filter(None, (*self._consulted, *self._tier.offering, *overrides, *self._repository.vendored.used()))
        )
        ids = ((path, self._repository.snapshot.object_id(path)) for path in paths if path not in leave_out)
        return {path: object_id for path, object_id in ids if object_id is not None}
