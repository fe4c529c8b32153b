"""Which operation of a provider serves a resource: `create`, or `update` where the records say that it is there.

The records are facts (`Facts.made`): what a decision took from them stands in the plan, under `inputs`. Pure.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

from innominatus_cli.documents.plan import PlanInput
from innominatus_cli.documents.workflow import ParameterDefinition, WorkflowDocument
from innominatus_cli.expressions.references import may_refer
from innominatus_cli.expressions.values import REF, as_literal
from innominatus_cli.planning.request import MadeResource
from innominatus_cli.planning.resource_differences import differences_of
from innominatus_cli.planning.secret_outputs import SECRET_OUTPUT
from innominatus_cli.provisioners.choice import Choice, Kind

UPDATES: Final = "update-"
READS: Final = "read-"
_ALL_PARAMS: Final = frozenset({"params", "resourceparams", "properties", "configuration", "config"})
_NO_RECORD: Final = "no record of it"


class Taken(NamedTuple):
    """What a workflow of a provider is called with."""

    values: dict[str, Any]
    params: frozenset[str]
    """The params of the resource that it takes, as the Score file calls them."""
    missing: tuple[str, ...]
    """Parameters that it needs and that nothing gives."""


class Decision(NamedTuple):
    """The operation, and why."""

    operation: Literal["create", "update"]
    because: str
    made: MadeResource | None = None
    given: Mapping[str, Any] = {}
    """Of `update`: what its workflow is called with."""
    reads: tuple[str, ...] = ()
    """Of `update`: secret outputs that only `create` and `read` give, so that `read` is called behind it."""
    cannot: str = ""
    """Why `update` cannot be called though it should be; empty where it can, or should not be."""

    def as_input(self, resource: str) -> PlanInput:
        """What the plan says of it."""
        value = {"operation": self.operation, "because": self.because}
        evidence = self.made.evidence if self.made is not None else _NO_RECORD
        return PlanInput(name=f"resources.{resource}.operation", value=value, evidence=evidence)


def plain(name: str) -> str:
    """A name without what its spellings differ in."""
    return name.replace("_", "").replace("-", "").lower()


def known_of(
    resource: Mapping[str, Any], application: str, environment: str, product: str | None, operation: str
) -> dict[str, Any]:
    """What parameters of these names (plain ones) are, where no param of the resource says it.

    `resource` are the inputs of its step.
    """
    return {
        "resourcename": resource["resource"],
        "resourcetype": resource["resourceType"],
        "resourceclass": resource.get("resourceClass", "default"),
        "resourceid": resource.get("resourceId") or f"{application}.{resource['resource']}",
        "application": application,
        "applicationname": application,
        "appname": application,
        "environment": environment,
        "product": product or "",
        "operation": operation,
    }


def taken_by(definitions: Sequence[ParameterDefinition], params: Mapping[str, Any], *known: Mapping[str, Any]) -> Taken:
    """What a workflow is called with: the params by name, in any spelling, and for the rest what is `known`.

    Names of `known` are plain ones; the first table that has one counts. All but the first are asked only for what the
    workflow needs and has no default of its own for.
    """
    by_name = {plain(key): key for key in params}
    values: dict[str, Any] = {}
    used: set[str] = set()
    missing: list[str] = []
    for one in definitions:
        name = plain(one.name)
        key = one.name if one.name in params else by_name.get(name)
        needed = one.required and one.default is None
        if key is not None:
            values[one.name] = params[key]
            used.add(key)
        elif name in _ALL_PARAMS:
            values[one.name] = dict(params)
            used |= params.keys()
        elif (table := _first(known if needed else known[:1], name)) is not None:
            values[one.name] = table[name]
        elif needed:
            missing.append(one.name)
    return Taken(values, frozenset(used), tuple(missing))


def _first(tables: Sequence[Mapping[str, Any]], name: str) -> Mapping[str, Any] | None:
    return next((table for table in tables if name in table), None)


def decision_for(
    choice: Choice,
    planned: Mapping[str, Any],
    made: MadeResource | None,
    workflows: Mapping[str, WorkflowDocument],
    known: Mapping[str, Any],
) -> Decision:
    """Whether a resource that a provider makes is made (again) or updated.

    `planned` are the inputs of its step with the provisioner, `workflows` those of the provider by operation, `create`
    and `update` at least; `known` is what parameters of these plain names are where no param says it.
    """
    if made is None:
        return Decision("create", "the records know none that is there")
    if other := _made_otherwise(choice, made):
        return Decision("create", other, made)
    differences = differences_of(made.inputs, planned)
    tried = differences_of(made.attempted, planned) if made.attempted is not None else ()
    if not differences and not tried:
        return Decision("create", "it is asked for as it was made, and 'create' makes sure of it", made)
    because = "; ".join(one.text for one in differences) or "a run after it was made asked for something else"
    changed = {one.what.split(".")[1] for one in (*differences, *tried) if one.what.startswith("params.")}
    return _updated(planned.get("params") or {}, made, workflows, known, changed, because)


def _updated(
    params: Mapping[str, Any],
    made: MadeResource,
    workflows: Mapping[str, WorkflowDocument],
    known: Mapping[str, Any],
    changed: set[str],
    because: str,
) -> Decision:
    """`update`, where it can be called, changes all params that have to be, and no output gets lost; else `create`."""
    create, update = workflows["create"].spec, workflows["update"].spec
    outputs, defaults = remembered(made, create.parameters)
    again = {name: defaults[plain(name)] for name in changed - params.keys() if plain(name) in defaults}
    taken = taken_by(update.parameters, {**again, **params}, known, outputs, defaults)
    gone = sorted(changed - taken.params)
    if gone:
        return Decision("create", f"{because}; 'update' does not change '{gone[0]}'", made)
    if taken.missing:
        cannot = f"its 'update' needs '{taken.missing[0]}', which neither a param nor an output of the resource gives"
        return Decision("create", f"{because}; {cannot}", made, cannot=cannot)
    hidden = {name for name in create.outputs if name in made.withheld or SECRET_OUTPUT.search(name)}
    hidden -= update.outputs.keys()
    read = workflows.get("read")
    if read is not None and taken_by(read.spec.parameters, params, known, outputs, defaults).missing:
        read = None
    lost = sorted(hidden - (read.spec.outputs.keys() if read is not None else set()))
    if lost:
        return Decision("create", f"{because}; 'update' does not give the secret output '{lost[0]}'", made)
    return Decision("update", because, made, taken.values, tuple(sorted(hidden)))


def remembered(made: MadeResource, of_create: Sequence[ParameterDefinition]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is known of a resource that is there, by plain names: its recorded outputs, and defaults of `create`.

    Defaults that are references or templates are left out: they speak of the workflow that they stand in.
    """
    outputs = {plain(name): as_literal(value) for name, value in made.outputs.items()}
    defaults = {
        plain(one.name): as_literal(one.default)
        for one in of_create
        if one.default is not None and not (isinstance(one.default, str) and may_refer(one.default))
    }
    return outputs, defaults


def outputs_after(
    decision: Decision, create: Mapping[str, Any], update: Mapping[str, Any], resource: str
) -> dict[str, Any]:
    """The outputs of a resource that is updated: what `update` gives, what is read again, and what the records have."""
    recorded = decision.made.outputs if decision.made is not None else {}
    found: dict[str, Any] = {}
    for name in dict.fromkeys([*create, *update]):
        if name in update:
            found[name] = {REF: f"steps.{UPDATES}{resource}.outputs.{name}"}
        elif name in decision.reads:
            found[name] = {REF: f"steps.{READS}{resource}.outputs.{name}"}
        elif name in recorded:
            found[name] = as_literal(recorded[name])
    return found


def _made_otherwise(choice: Choice, made: MadeResource) -> str:
    """Why `update` of this provider is not for what is there; empty where it is."""
    before = made.inputs.get("provisioner")
    if not isinstance(before, Mapping) or before.get("kind") != Kind.WORKFLOW.value:
        return "it was not made by a provider's workflow"
    if before.get("name") != choice.name:
        return f"it was made by the provider '{before.get('name')}'"
    if before.get("type") != choice.own_type:
        return f"it was made as a '{before.get('type')}'"
    return ""
