"""What a workflow gives to the references of its steps: outputs, variables, parameters, resources, other workflows."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from innominatus_cli.documents.workflow import StepDefinition
from innominatus_cli.expressions.contexts import (
    Context,
    Known,
    Later,
    Resolution,
    Unresolved,
    hint,
)
from innominatus_cli.expressions.loops import beyond_loop
from innominatus_cli.expressions.references import split_path
from innominatus_cli.expressions.values import REF, references_in
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.planning.ordering import Before
from innominatus_cli.step_types.catalogue import step_type
from innominatus_cli.step_types.contract import StepType

FindStepType: TypeAlias = Callable[[str], StepType | None]

_WITH_OUTPUT = 2
"""How long the path of an output is at least, behind `steps`."""
_OF_ONE_STEP = frozenset({"item", "matrix", "outputs"})
"""Contexts whose values only the step has that names them."""


@dataclass(frozen=True, slots=True)
class StepsContext:
    """`steps.<step>.outputs.<name>` and `<step>.<name>`, for the steps that stand before one."""

    steps: Mapping[str, StepDefinition]
    """All steps of the workflow."""
    before: Before
    prefix: str = ""
    """What their names have before them in the plan: the call, and a dot."""
    outputs: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """What steps that call give: the outputs of the called workflows."""
    find: FindStepType = step_type

    def names(self) -> Iterable[str]:
        """The steps before."""
        return self.before

    def earlier(self) -> Iterator[StepDefinition]:
        """The steps before, in order."""
        return (self.steps[name] for name in self.before)

    def resolve(self, rest: tuple[str, ...], written: str) -> Resolution:
        """An output of a step before."""
        if not rest:
            return Unresolved(f"'${{{written}}}' names no step", "Write '${steps.<step>.outputs.<name>}'.")
        name, bracket, index = rest[0].partition("[")
        step = self.steps.get(name)
        if step is None or name not in self.before:
            if step is not None:
                return Unresolved(
                    f"'${{{written}}}': step '{name}' is not finished when this one starts",
                    f"Let this step follow '{name}', for example with dependsOn.",
                )
            return Unresolved(f"'${{{written}}}': there is no step '{name}'", hint(name, self.before))
        if bracket and step.for_each is None and step.matrix is None:
            remedy = f"Write '${{steps.{name}.outputs.<name>}}'."
            return Unresolved(f"'${{{written}}}': step '{name}' is no loop", remedy)
        if bracket and isinstance(step.for_each, (list, dict)):
            beyond = beyond_loop(index, len(step.for_each))
            if beyond:
                return Unresolved(f"'${{{written}}}': loop '{name}' {beyond}", "Correct the number.")
        return self._output(step, rest, written)

    def _output(self, step: StepDefinition, rest: tuple[str, ...], written: str) -> Resolution:
        """An output of a step that is finished; `rest` begins with its name, and the index of a loop."""
        path = rest[2:] if rest[1:2] == ("outputs",) else rest[1:]
        if not path:
            return Unresolved(f"'${{{written}}}' names no output", f"Write '${{steps.{rest[0]}.outputs.<name>}}'.")
        called = self.outputs.get(step.name)
        known = _declared(step, self.find) if called is None else called
        if path[0] not in known and (known or called is not None):
            where = "'outputs:' of the called workflow" if called is not None else _where_declared(step, self.find)
            return Unresolved(
                f"'${{{written}}}': step '{step.name}' declares no output '{path[0]}'",
                f"{hint(path[0], known)} Outputs are declared under {where}.".lstrip(),
            )
        return Later(("steps", f"{self.prefix}{rest[0]}", "outputs", *path), f"output of step '{step.name}'")


def _declared(step: StepDefinition, find: FindStepType) -> set[str]:
    """The outputs of a step, where it or a type of the repository says which; nothing where nobody says anything."""
    known = find(step.type)
    of_type = known.outputs if known else {}
    if not step.outputs and (known is None or known.own is None or not of_type):
        return set()
    return {*(step.outputs or ()), *step.set_variables, *step.secret_outputs, *of_type}


def _where_declared(step: StepDefinition, find: FindStepType) -> str:
    known = find(step.type)
    own = known.own if known else None
    more = f" or under 'outputs.names' of {own.document.path}" if own else ""
    return f"'outputs:' of '{step.name}'{more}"


@dataclass(frozen=True, slots=True)
class VariablesContext:
    """`variables.<name>` and `workflow.<name>`: declared values, and what steps before set."""

    declared: Mapping[str, Any]
    """Values of a plan: text, or a reference for what only the run knows."""
    setters: Mapping[str, frozenset[str]]
    """Names of variables, and which steps set them."""
    before: Before
    prefix: str = ""
    """What their names have before them in the plan: the call, and a slash."""

    def names(self) -> Iterable[str]:
        """Everything that has a value here."""
        return {*self.declared, *(name for name in self.setters if self._is_set(name))}

    def _is_set(self, name: str) -> bool:
        return any(step in self.before for step in self.setters.get(name, ()))

    def resolve(self, rest: tuple[str, ...], written: str) -> Resolution:
        """The variable's value, or a reference where a step before sets it."""
        name = rest[0] if len(rest) == 1 else ""
        if self._is_set(name):
            return Later(("variables", f"{self.prefix}{name}"), f"variable '{name}'")
        if name in self.declared:
            if references_in(self.declared[name]):
                return Later(("variables", f"{self.prefix}{name}"), f"variable '{name}'")
            return Known(self.declared[name], f"variable '{name}'")
        if name in self.setters:
            who = ", ".join(f"'{step}'" for step in sorted(self.setters[name]))
            return Unresolved(
                f"'${{{written}}}': variable '{name}' is set by {who}, which is not finished when this step starts",
                "Let this step follow it, or declare the variable under 'variables:'.",
            )
        known = sorted(self.names())
        return Unresolved(f"'${{{written}}}': there is no variable '{'.'.join(rest)}'", hint(name, known), absent=True)


@dataclass(frozen=True, slots=True)
class ParametersContext:
    """`parameters.<name>`."""

    values: Mapping[str, Any]
    call: str = ""
    """The name of the step that gives them, in a sub-workflow."""

    def names(self) -> Iterable[str]:
        """The parameters that have a value."""
        return self.values

    def resolve(self, rest: tuple[str, ...], written: str) -> Resolution:
        """The typed value; a secret parameter's is the secret."""
        if not rest or rest[0] not in self.values:
            return Unresolved(
                f"'${{{written}}}': there is no parameter '{'.'.join(rest)}' with a value",
                hint(rest[0] if rest else "", self.values),
                absent=True,
            )
        value = self.values[rest[0]]
        if references_in(value):
            return self._later(rest, value, written)
        for key in rest[1:]:
            if not isinstance(value, Mapping) or key not in value:
                return Unresolved(f"'${{{written}}}': the parameter has no '{key}'", absent=True)
            value = value[key]
        return Known(value, f"parameter '{rest[0]}'")

    def _later(self, rest: tuple[str, ...], value: Any, written: str) -> Resolution:  # noqa: ANN401 - a value of a plan
        """What only the run knows: where it is one reference, that one; else what the call gives."""
        origin = f"parameter '{rest[0]}'"
        path = split_path(str(value[REF])) if isinstance(value, Mapping) and REF in value else ""
        if isinstance(path, tuple) and path[0] not in _OF_ONE_STEP:
            return Later((*path, *rest[1:]), origin, secret=path[0] == "secrets")
        if self.call:
            return Later(("parameters", self.call, *rest), origin)
        return Unresolved(f"'${{{written}}}': the parameter's default depends on what only the run knows")


@dataclass(frozen=True, slots=True)
class ResourcesContext:
    """`resources.<name>.<output>`: resources of the Score file, once they are provisioned, or of steps before."""

    declared: Mapping[str, Mapping[str, object]]
    """What the Score file says of each resource: type, class, id."""
    available: bool
    """Whether the application's resources are provisioned when this step starts."""
    steps: StepsContext
    """Steps before may make resources of their own."""
    first: Mapping[str, str] = field(default_factory=dict)
    """The name that a resource with several of them is provisioned under."""

    def names(self) -> Iterable[str]:
        """All resources."""
        return {*self.declared, *_made_by(self.steps.earlier())}

    def resolve(self, rest: tuple[str, ...], written: str) -> Resolution:
        """An output of the resource; the bare name says what the Score file says of it."""
        name, path = (rest[0], rest[1:]) if rest else ("", ())
        maker = _made_by(self.steps.earlier()).get(name) if path else None
        if maker is not None:
            return Later(("steps", f"{self.steps.prefix}{maker}", "outputs", *path), f"resource '{name}'")
        if name not in self.declared:
            return Unresolved(
                f"'${{{written}}}': there is no resource '{name}'", hint(name, self.names()), absent=len(rest) == 1
            )
        if not path:
            return Known(dict(self.declared[name]), f"resource '{name}'")
        if not self.available:
            return Unresolved(
                f"'${{{written}}}': resource '{name}' is not provisioned when this step starts",
                "The application's resources are there from the application tier of phase deployment on.",
            )
        return Later(("resources", self.first.get(name, name), *path), f"resource '{name}'")


@dataclass(frozen=True, slots=True)
class WorkflowsContext:
    """`workflows.<identity>.outputs.<name>`: outputs of workflows behind an earlier barrier."""

    outputs: Mapping[str, frozenset[str]]
    replaced: Mapping[str, str] = field(default_factory=dict)
    """Identities of overridden workflows, and of those in their place."""

    def names(self) -> Iterable[str]:
        """The identities."""
        return self.outputs

    def resolve(self, rest: tuple[str, ...], written: str) -> Resolution:
        """A reference to the output, of the workflow that is in the place of another one if need be."""
        identity = rest[0] if rest else ""
        identity = identity if identity in self.outputs else self.replaced.get(identity, identity)
        if identity not in self.outputs:
            return Unresolved(
                f"'${{{written}}}': workflow '{identity}' is not in an earlier phase or tier of this plan",
                hint(identity, self.outputs),
                absent=True,
            )
        if len(rest) < 3 or rest[1] != "outputs":  # noqa: PLR2004 - <identity>.outputs.<name>
            return Unresolved(f"'${{{written}}}' names no output", f"Write '${{workflows.{identity}.outputs.<name>}}'.")
        if rest[2] not in self.outputs[identity]:
            return Unresolved(
                f"'${{{written}}}': workflow '{identity}' has no output '{rest[2]}'",
                hint(rest[2], self.outputs[identity]),
                absent=True,
            )
        return Later(("workflows", identity, *rest[1:]), f"output of workflow '{identity}'")


@dataclass(frozen=True, slots=True)
class TerraformContext:
    """`terraform.<name>`: an output of an earlier terraform step of the workflow."""

    steps: StepsContext

    def names(self) -> Iterable[str]:
        """The declared outputs."""
        return {name for step in self._steps() for name in step.outputs or ()}

    def _steps(self) -> list[StepDefinition]:
        return [step for step in self.steps.earlier() if step.type == "terraform"]

    def resolve(self, rest: tuple[str, ...], written: str) -> Resolution:
        """The output of the one terraform step that can have it."""
        if not rest:
            return Unresolved(f"'${{{written}}}' names no output", "Write '${terraform.<name>}'.")
        steps = self._steps()
        declaring = [step for step in steps if step.outputs and rest[0] in step.outputs]
        silent = [step for step in steps if not step.outputs]
        candidates = declaring or silent
        if len(candidates) == 1:
            name = candidates[0].name
            return Later(("steps", f"{self.steps.prefix}{name}", "outputs", *rest), f"output of step '{name}'")
        if not candidates:
            near = did_you_mean(rest[0], self.names())
            return Unresolved(f"'${{{written}}}': no terraform step before this one has it", near)
        names = " or ".join(f"'${{steps.{step.name}.outputs.{rest[0]}}}'" for step in candidates)
        return Unresolved(f"'${{{written}}}': {len(candidates)} terraform steps may have it", f"Write {names}.")


@dataclass(frozen=True, slots=True)
class OwnOutputsContext:
    """`outputs.<name>` in `setVariables`: what the step itself has just given."""

    step: StepDefinition
    find: FindStepType = step_type

    def names(self) -> Iterable[str]:
        """The declared outputs."""
        return _declared(self.step, self.find)

    def resolve(self, rest: tuple[str, ...], written: str) -> Resolution:
        """An output of the step."""
        known = _declared(self.step, self.find)
        if not rest or (known and rest[0] not in known):
            name = rest[0] if rest else ""
            return Unresolved(f"'${{{written}}}': the step declares no output '{name}'", hint(name, known))
        return Later(("outputs", *rest), "output of this step")


@dataclass(frozen=True, slots=True)
class OwnStepContext:
    """`steps.<name>` in a `rollback`: those before the step, and the step itself, whose work it takes back."""

    others: Context
    step: StepDefinition
    own: OwnOutputsContext

    def names(self) -> Iterable[str]:
        """The names of all of them."""
        return [*self.others.names(), self.step.name]

    def resolve(self, rest: tuple[str, ...], written: str) -> Resolution:
        """What a step gave."""
        if rest[:1] != (self.step.name,) or len(rest) < _WITH_OUTPUT:
            return self.others.resolve(rest, written)
        return self.own.resolve(rest[2:] if rest[1] == "outputs" else rest[1:], written)


def _made_by(steps: Iterable[StepDefinition]) -> dict[str, str]:
    made: dict[str, str] = {}
    for step in steps:
        if step.type in {"terraform", "terraform-generate", "resource-provisioning"}:
            name = next((step.config[key] for key in ("resource", "resourceName", "name") if key in step.config), None)
            if isinstance(name, str):
                made[name] = step.name
    return made
