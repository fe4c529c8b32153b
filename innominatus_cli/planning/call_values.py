"""The values of a sub-workflow: its parameters as a call gives them, its variables and its outputs."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from innominatus_cli.documents.workflow import ParameterDefinition
from innominatus_cli.expressions.contexts import Scope
from innominatus_cli.expressions.values import REF, Folded, as_literal, fold, references_in
from innominatus_cli.findings.catalogue import expansion as codes
from innominatus_cli.findings.catalogue import plan as plan_codes
from innominatus_cli.findings.finding import Finding, Place, Related
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.planning.drafts import Called, DraftStep
from innominatus_cli.planning.graph import order_of_steps
from innominatus_cli.planning.loop_contexts import plain_data
from innominatus_cli.planning.ordering import Order
from innominatus_cli.planning.parameters import parameter_of, typed_value
from innominatus_cli.planning.places import Spot, findings_of
from innominatus_cli.planning.scopes import WorkflowScope
from innominatus_cli.planning.step_contexts import ParametersContext

if TYPE_CHECKING:
    from innominatus_cli.expressions.contexts import Known

_NO_ORDER = Order({}, ())


@dataclass(frozen=True, slots=True)
class CallParameters:
    """Values by name: as the plan holds them, and as references inside of the workflow resolve to them."""

    planned: dict[str, Any]
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class CalledScope:
    """What the steps of a called workflow may name, and its values as the plan holds them."""

    scope: WorkflowScope
    variables: dict[str, Any]
    outputs: dict[str, Any]


class CallValues:
    """Works out the values of calls; the order of a workflow's steps is worked out once, however often it is called."""

    def __init__(self) -> None:
        self._orders: dict[str, Order] = {}

    def order(self, called: Called, findings: list[Finding]) -> Order:
        """The order of the steps of a called workflow."""
        if called.key not in self._orders:
            self._orders[called.key] = order_of_steps(called.draft, findings)
        return self._orders[called.key]

    def parameters(
        self, part: DraftStep, called: Called, scope: Scope, folded: Folded, findings: list[Finding]
    ) -> CallParameters:
        """What the call gives, checked against the definitions, and defaults for the rest."""
        definitions = {one.name: one for one in called.draft.parameters}
        given = part.definition.parameters if part.ready is None else part.ready
        spot = part.spot.at("parameters" if part.ready is None else "params")
        planned: dict[str, Any] = {}
        for name, value in given.items():
            if name not in definitions:
                findings.append(_unknown(name, part, called, spot))
                continue
            found = Folded()
            planned[name] = fold(value, scope, found) if part.ready is None else value
            wrong = findings_of(found, spot.at(name))
            findings += wrong
            folded.outside |= found.outside
            if not wrong:
                planned[name] = _checked(definitions[name], planned[name], part, called, spot, findings)
        for name, definition in definitions.items():
            if name not in given:
                self._default(definition, part, called, scope, planned, findings)
        values = {name: value if references_in(value) else plain_data(value) for name, value in planned.items()}
        return CallParameters(planned, values)

    def _default(
        self,
        definition: ParameterDefinition,
        part: DraftStep,
        called: Called,
        scope: Scope,
        planned: dict[str, Any],
        findings: list[Finding],
    ) -> None:
        """The default of a parameter.

        Its references speak of parameters that have a value already and of the surroundings, not of the caller's steps.
        """
        place = _definition_spot(called, definition.name)
        if definition.default is None:
            if definition.required:
                message = f"step '{part.definition.name}' gives no '{definition.name}', which '{called.name}' needs"
                related = (Related("the parameter", place.place),)
                findings.append(Finding(codes.WRONG_CALL_PARAMETER, message, _parameters_place(part), related=related))
            return
        found = Folded()
        known = {name: value if references_in(value) else plain_data(value) for name, value in planned.items()}
        outer = {name: one for name, one in scope.contexts.items() if name in _SURROUNDINGS}
        outer["parameters"] = ParametersContext(known, part.definition.name)
        value = fold(definition.default, Scope(outer, bare=()), found)
        wrong = findings_of(found, place.at("default"))
        findings += wrong
        if not wrong:
            planned[definition.name] = _checked(definition, value, part, called, place, findings)

    def scope(
        self,
        called: Called,
        name: str,
        order: Order,
        parameters: CallParameters,
        caller: WorkflowScope,
        findings: list[Finding],
        outside: "dict[str, Known]",
    ) -> CalledScope:
        """The scope of the steps of a workflow that is called by the step `name`; nothing of the caller is in it."""
        steps = {part.definition.name: part.definition for part in called.draft.steps}
        outputs = {part.definition.name: called_outputs(part) for part in called.draft.steps if part.called}
        scope = replace(
            caller,
            steps=steps,
            order=order,
            variables={},
            parameters=parameters.values,
            call=name,
            called_outputs=outputs,
        )
        variables: dict[str, Any] = {}
        for variable, text in called.draft.variables.items():
            found = Folded()
            before = replace(scope, order=_NO_ORDER, variables=variables)
            variables[variable] = fold(text, before.before_steps(), found)
            findings += findings_of(found, called.draft.spec.at("variables", variable))
            outside |= found.outside
        scope = replace(scope, variables=variables)
        found = Folded()
        planned = fold(dict(called.draft.outputs), scope.of_step(""), found)
        findings += findings_of(found, called.draft.spec.at("outputs"))
        outside |= found.outside
        if found.secrets:
            message = f"an output of '{called.name}' would hold a secret ({', '.join(sorted(found.secrets))})"
            remedy = "Let the step that needs the secret refer to it itself."
            findings.append(Finding(plan_codes.UNUSABLE_VALUE, message, called.draft.spec.at("outputs").place, remedy))
        return CalledScope(scope, variables, planned)


_SURROUNDINGS = frozenset({"application", "metadata", "environment", "admin", "git", "env", "run", "secrets"})


def called_outputs(part: DraftStep) -> frozenset[str]:
    """The outputs that a call gives."""
    return frozenset(part.called.draft.outputs) if part.called else frozenset()


def _definition_spot(called: Called, name: str) -> Spot:
    spot = called.draft.spec.at("parameters")
    index = next((at for at, one in enumerate(called.draft.parameters) if one.name == name), 0)
    return spot.at(index)


def _parameters_place(part: DraftStep) -> Place:
    return (part.spot.key("parameters") if part.spot.has("parameters") else part.spot.at("workflow")).place


def _unknown(name: str, part: DraftStep, called: Called, spot: Spot) -> Finding:
    known = [one.name for one in called.draft.parameters]
    listed = f"Known: {', '.join(sorted(known))}." if known else f"'{called.name}' has no parameters."
    message = f"step '{part.definition.name}': '{called.name}' has no parameter '{name}'"
    return Finding(codes.WRONG_CALL_PARAMETER, message, spot.key(name).place, did_you_mean(name, known) or listed)


def _checked(
    definition: ParameterDefinition,
    value: Any,  # noqa: ANN401 - a value of a plan
    part: DraftStep,
    called: Called,
    spot: Spot,
    findings: list[Finding],
) -> Any:  # noqa: ANN401 - a value of a plan
    """The typed value; what only the run knows is taken as it is, but for secrets, which are told apart now."""
    place = spot.at(definition.name).place

    def wrong(message: str) -> None:
        whose = f"step '{part.definition.name}': parameter '{definition.name}' of '{called.name}'"
        related = (Related("the parameter", _definition_spot(called, definition.name).place),)
        findings.append(Finding(codes.WRONG_CALL_PARAMETER, f"{whose} {message}", place, related=related))

    secrets = sorted(name for name in references_in(value) if name.startswith("secrets."))
    if definition.secret:
        if not (isinstance(value, Mapping) and str(value.get(REF, "")) in secrets):
            wrong("is a secret, and this is no reference to one")
        return value
    if secrets:
        wrong(f"is not declared with `secret: true`, and would hold a secret ({', '.join(secrets)})")
        return value
    if references_in(value):
        return value
    parameter = parameter_of(definition.name, definition, place, called.name)
    try:
        return as_literal(typed_value(parameter, plain_data(value)))
    except ValueError as problem:
        wrong(str(problem))
        return value
