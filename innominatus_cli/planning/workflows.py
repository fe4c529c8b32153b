"""Builds the workflows and steps of a plan, in order: what is behind an earlier barrier may be referred to."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from innominatus_cli.documents.plan import PlannedWorkflow
from innominatus_cli.documents.vocabulary import Phase, Tier
from innominatus_cli.expressions.values import Folded, fold, text_without_references
from innominatus_cli.findings.catalogue import plan as codes
from innominatus_cli.findings.finding import Finding
from innominatus_cli.planning.application_tier import RESOURCES
from innominatus_cli.planning.call_values import CallValues, called_outputs
from innominatus_cli.planning.drafts import Draft
from innominatus_cli.planning.expansion import Expander, Part
from innominatus_cli.planning.gates import gate_of
from innominatus_cli.planning.graph import OrderedDraft
from innominatus_cli.planning.inputs import InputBuilder
from innominatus_cli.planning.ordering import Order
from innominatus_cli.planning.parameters import parameter_of, resolve_parameters
from innominatus_cli.planning.places import findings_of
from innominatus_cli.planning.scopes import Surroundings, WorkflowScope
from innominatus_cli.planning.sketch import Member
from innominatus_cli.planning.steps import BuiltStep, build_step

if TYPE_CHECKING:
    from innominatus_cli.expressions.contexts import Known

_NO_ORDER = Order({}, ())


class WorkflowBuilder:
    """Builds everything; afterwards `findings` and `outside` say what came up."""

    def __init__(
        self,
        ordered: Sequence[OrderedDraft],
        surroundings: Surroundings,
        inputs: InputBuilder,
        parameters: Mapping[str, Any],
        build: Callable[..., BuiltStep] = build_step,
    ) -> None:
        """`build` makes one step; who plans many applications gives one that remembers."""
        self._ordered = ordered
        self._surroundings = surroundings
        self._parameters = parameters
        self._known_before: dict[str, tuple[dict[str, frozenset[str]], bool]] = {}
        self.findings: list[Finding] = []
        self.outside: dict[str, Known] = {}
        self._counted_owners = inputs.tables.config.limits.owners.keys()
        self._expander = Expander(inputs, CallValues(), self.findings, self.outside, build=build)

    def build(self) -> tuple[dict[str, dict[str, Part]], list[PlannedWorkflow]]:
        """What steps become, by workflow and name and without their needs, and all workflows in order."""
        parts: dict[str, dict[str, Part]] = {}
        workflows = []
        for one in self._ordered:
            parameters = self._parameters_of(one.draft)
            variables = self._variables_of(one, parameters)
            scope = self._scope(one, variables, parameters)
            parts[one.draft.id] = self._expander.parts(one.draft, one.draft.steps, scope, Member())
            workflows.append(self._workflow(one, variables, scope))
        return parts, workflows

    def _scope(self, one: OrderedDraft, variables: Mapping[str, Any], parameters: Mapping[str, Any]) -> WorkflowScope:
        return WorkflowScope(
            self._surroundings,
            {part.definition.name: part.definition for part in one.draft.steps},
            one.order,
            variables,
            parameters,
            *self._before(one),
            called_outputs={part.definition.name: called_outputs(part) for part in one.draft.steps if part.called},
            replaced=self._replaced,
        )

    @cached_property
    def _replaced(self) -> dict[str, str]:
        return {other.draft.override_of: other.draft.identity for other in self._ordered if other.draft.override_of}

    def _before(self, one: OrderedDraft) -> tuple[dict[str, frozenset[str]], bool]:
        """What has finished before a workflow starts; several scopes of each ask."""
        known = self._known_before.get(one.draft.id)
        if known is None:
            known = self._earlier(one), self._resources_available(one.draft)
            self._known_before[one.draft.id] = known
        return known

    def _earlier(self, one: OrderedDraft) -> dict[str, frozenset[str]]:
        """Outputs of the workflows that have finished before this one starts, by identity."""
        ancestors = one.draft.ancestors_in([other.draft for other in self._ordered])
        found: dict[str, frozenset[str]] = {}
        for other in self._ordered:
            if other is one:
                break
            same = (other.draft.phase, other.draft.tier) == (one.draft.phase, one.draft.tier)
            if not same or other.draft.name in ancestors:
                found[other.draft.identity] = frozenset(other.draft.outputs)
        return found

    def _resources_available(self, draft: Draft) -> bool:
        """Whether the generated workflow that makes the resources has finished before this one starts."""
        drafts = [one.draft for one in self._ordered]
        if not any(other.name == RESOURCES and other.trigger == "generated" for other in drafts):
            return False
        if draft.phase is Phase.POST_DEPLOYMENT:
            return True
        in_tier = draft.phase is Phase.DEPLOYMENT and draft.tier is Tier.APPLICATION
        return in_tier and RESOURCES in draft.ancestors_in(drafts)

    def _parameters_of(self, draft: Draft) -> dict[str, Any]:
        """The plan's parameters, and defaults of the workflow's own ones."""
        if not draft.parameters:
            return dict(self._parameters)
        spot = draft.spec.at("parameters")
        owner = f"workflow '{draft.identity}'"
        definitions = {
            written.name: parameter_of(written.name, written, spot.at(index).place, owner)
            for index, written in enumerate(draft.parameters)
            if written.name not in self._parameters
        }
        own = resolve_parameters(definitions, (), spot.place, owner)
        self.findings += [finding for finding in own.findings if finding not in self.findings]
        values = {**self._parameters, **own.values}
        scope = WorkflowScope(
            self._surroundings, {}, _NO_ORDER, {}, values, {}, resources_available=False
        ).before_steps()
        for index, written in enumerate(draft.parameters):
            is_default = written.name in own.values or values.get(written.name) == written.default
            if isinstance(values.get(written.name), str) and is_default:
                folded = Folded()
                values[written.name] = fold(values[written.name], scope, folded)
                self.findings += findings_of(folded, spot.at(index, "default"))
        return values

    def _variables_of(self, one: OrderedDraft, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Each variable may use those before it in the file."""
        found: dict[str, Any] = {}
        for name, text in one.draft.variables.items():
            static = text_without_references(text)
            if static is not None:
                found[name] = static
                continue
            folded = Folded()
            scope = self._scope(one, found, parameters).before_steps()
            found[name] = fold(text, scope, folded)
            self.findings += findings_of(folded, one.draft.spec.at("variables", name))
            self.outside |= folded.outside
        return found

    def _workflow(self, one: OrderedDraft, variables: Mapping[str, Any], scope: WorkflowScope) -> PlannedWorkflow:
        draft = one.draft
        folded = Folded()
        outputs = fold(dict(draft.outputs), scope.of_step(""), folded) if draft.outputs else {}
        self.findings += findings_of(folded, draft.spec.at("outputs"))
        self.outside |= folded.outside
        if folded.secrets:
            names = ", ".join(sorted(folded.secrets))
            message = f"an output of '{draft.identity}' would hold a secret ({names})"
            remedy = "Let the step that needs the secret refer to it itself."
            self.findings.append(Finding(codes.UNUSABLE_VALUE, message, draft.spec.at("outputs").place, remedy))
        place = draft.spot.place
        prefix = draft.id.rpartition("/")[0]
        return PlannedWorkflow(
            id=draft.id,
            identity=draft.identity,
            name=draft.name,
            tier=draft.tier,
            product=draft.product,
            phase=draft.phase,
            path=place.path,
            line=place.line,
            column=place.column,
            trigger=draft.trigger,
            needs=[f"{prefix}/{name}" for name in one.needs],
            timeout_seconds=draft.timeout,
            fail_fast=draft.fail_fast,
            rollback_on_failure=draft.rollback_on_failure,
            gate=gate_of(draft.approval),
            owner=draft.owner if draft.owner in self._counted_owners else None,
            variables=dict(variables),
            outputs=outputs,
            override_of=draft.override_of,
        )
