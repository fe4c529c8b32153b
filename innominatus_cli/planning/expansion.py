"""Steps as they stand in the plan: a loop becomes a step for each of its values, a call the steps of what it calls.

What comes of one written step is a `Part`: a step, or the barrier that ends a loop or a sub-workflow with everything
before it. So whatever needs the written step needs one node, whose id is `<workflow>/<name>` either way.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from innominatus_cli.documents.plan import Cell, Expansion, Group, MatrixAxis, PlannedStep
from innominatus_cli.expressions.contexts import Scope
from innominatus_cli.expressions.loops import EXCLUDE, INCLUDE, MOST_VALUES, LoopError, combinations, items_of
from innominatus_cli.expressions.references import path_text, split_path
from innominatus_cli.expressions.values import JINJA, LITERAL, REF, TEMPLATE, Folded, as_literal, fold, references_in
from innominatus_cli.findings.catalogue import expansion as codes
from innominatus_cli.findings.catalogue.steps import UNUSABLE_LOOP
from innominatus_cli.findings.finding import Finding, has_errors
from innominatus_cli.planning.call_values import CallValues
from innominatus_cli.planning.calls import CALL, MOST_STEPS
from innominatus_cli.planning.drafts import Called, Draft, DraftStep
from innominatus_cli.planning.gates import gate_of
from innominatus_cli.planning.inputs import InputBuilder
from innominatus_cli.planning.loop_contexts import ItemContext, LaterLoopContext, MatrixContext, in_loop
from innominatus_cli.planning.ordering import Order
from innominatus_cli.planning.places import findings_of
from innominatus_cli.planning.scopes import WorkflowScope
from innominatus_cli.planning.sketch import Member, provenance_of
from innominatus_cli.planning.steps import BuiltStep, build_step, conditions_of_step

if TYPE_CHECKING:
    from innominatus_cli.expressions.contexts import Known


@dataclass(frozen=True, slots=True)
class Part:
    """What one written step becomes. `node` is the step, or the barrier behind the rest; `needs` are empty still."""

    node: PlannedStep
    rounds: tuple["Part", ...] = ()
    """Of a loop: what it becomes for each value."""
    inner: "Inner | None" = None
    """Of a call: the steps of what it calls."""


@dataclass(frozen=True, slots=True)
class Inner:
    """The steps of a called workflow by name, and their order."""

    order: Order
    parts: Mapping[str, Part]


@dataclass(frozen=True, slots=True)
class _Rounds:
    """The values of a loop: what is known when planning, or (`expansion`) how the run comes by it."""

    cells: tuple[Cell, ...] = ()
    keys: frozenset[str] | None = None
    """Of a matrix: the keys of all combinations."""
    expansion: Expansion | None = None


@dataclass(slots=True)
class Expander:
    """Builds the steps of a whole plan; `left` is how many more it may have."""

    inputs: InputBuilder
    values: CallValues
    findings: list[Finding] = field(default_factory=list)
    outside: "dict[str, Known]" = field(default_factory=dict)
    left: int = MOST_STEPS
    build: Callable[..., BuiltStep] = build_step
    """What makes one step; whoever plans many applications has one that remembers."""

    def parts(
        self, draft: Draft, steps: "tuple[DraftStep, ...]", scope: WorkflowScope, member: Member
    ) -> dict[str, Part]:
        """What the steps of one workflow become, by their names as written; those with errors are left out."""
        found: dict[str, Part] = {}
        for part in steps:
            step_scope = scope.of_step(part.definition.name)
            built = self._step(draft, part, step_scope, scope, member)
            if built is not None:
                found[part.definition.name] = built
        return found

    def _step(
        self, draft: Draft, part: DraftStep, scope: Scope, workflow: WorkflowScope, member: Member
    ) -> Part | None:
        if part.definition.for_each is None and part.definition.matrix is None:
            return self._one(draft, part, scope, workflow, member)
        rounds = self._rounds(part, scope, workflow)
        if rounds is None:
            return None
        if rounds.expansion is not None:
            return self._later(draft, part, scope, member, rounds)
        return self._loop(draft, part, scope, workflow, member, rounds)

    def _one(self, draft: Draft, part: DraftStep, scope: Scope, workflow: WorkflowScope, member: Member) -> Part | None:
        """A single step, or the call that it is."""
        if part.called is not None:
            return self._call(draft, part, part.called, scope, workflow, member)
        if part.definition.type == CALL:
            self._names_no_workflow(part)
            return None
        if not self._is_room(1, part):
            return None
        self.left -= 1
        built = self.build(draft, part, scope, self.inputs, member)
        self.findings += built.findings
        self.outside |= built.outside
        return Part(built.step) if built.step is not None else None

    def _names_no_workflow(self, part: DraftStep) -> None:
        """A call without a workflow is a finding of the rules, but for steps that no rule reads."""
        if not part.definition.workflow:
            message = f"step '{part.definition.name}' is of type '{CALL}' and names none"
            self.findings.append(Finding(codes.SETTING_OF_NO_CALL, message, part.spot.at("type").place))

    def _loop(
        self, draft: Draft, part: DraftStep, scope: Scope, workflow: WorkflowScope, member: Member, rounds: _Rounds
    ) -> Part | None:
        definition = part.definition
        name = member.name(part)
        count = part.called.count if part.called else 1
        if not self._is_room(len(rounds.cells) * count, part):
            return None
        found: list[Part] = []
        for cell in rounds.cells:
            here = Member(member.prefix, f"[{cell.index}]", f"{draft.id}/{name}", cell, member.calls)
            own = in_loop(
                scope,
                item=ItemContext(cell.index, cell.item) if definition.for_each is not None else None,
                matrix=MatrixContext(cell.matrix, rounds.keys or frozenset()) if cell.matrix is not None else None,
            )
            built = self._one(draft, part, own, workflow, here)
            if built is None:
                return None  # the others would be wrong in the same way
            found.append(built)
        declared = (
            part.called.draft.outputs
            if part.called
            else found[0].node.declared_outputs
            if found
            else definition.outputs
        )
        group = Group(
            kind="loop",
            size=len(found),
            max_parallel=definition.max_parallel,
            declared_outputs=list(declared or ()),
        )
        return Part(self._barrier(draft, part, name, member, group), rounds=tuple(found))

    def _later(self, draft: Draft, part: DraftStep, scope: Scope, member: Member, rounds: _Rounds) -> Part | None:
        """The one step of a loop that the run expands."""
        expansion = rounds.expansion
        if expansion is None or not self._is_room(expansion.max_items, part):
            return None
        wrong = "calls a sub-workflow" if part.called else "is a gate" if part.definition.approval else ""
        if wrong or part.definition.type == "approval":
            message = f"step '{part.definition.name}' {wrong or 'is a gate'} in a loop whose values only the run knows"
            self.findings.append(Finding(codes.NO_LOOP_WHILE_RUNNING, message, part.spot.at("type").place))
            return None
        self.left -= expansion.max_items
        of_items = part.definition.for_each is not None
        own = in_loop(
            scope,
            item=LaterLoopContext("item") if of_items else None,
            matrix=None if of_items else LaterLoopContext("matrix", rounds.keys),
        )
        built = build_step(draft, part, own, self.inputs, member)
        self.findings += built.findings
        self.outside |= built.outside
        return Part(built.step.model_copy(update={"expansion": expansion})) if built.step is not None else None

    def _call(
        self, draft: Draft, part: DraftStep, called: Called, scope: Scope, workflow: WorkflowScope, member: Member
    ) -> Part | None:
        definition, spot, name = part.definition, part.spot, member.name(part)
        if not self._is_room(called.count, part) or not self._can_be_named(name, part):
            return None
        findings: list[Finding] = []
        order = self.values.order(called, findings)
        folded = Folded()
        parameters = self.values.parameters(part, called, scope, folded, findings)
        conditions = conditions_of_step(definition, scope, spot, folded, findings, member.prefix)
        inside = self.values.scope(called, name, order, parameters, workflow, findings, self.outside)
        self.findings += findings
        self.outside |= folded.outside
        if has_errors(findings):
            return None
        parts = self.parts(draft, called.draft.steps, inside.scope, member.inside(part, called, f"{draft.id}/{name}"))
        timeouts = [seconds for seconds in (definition.timeout, called.draft.timeout) if seconds is not None]
        group = Group(
            kind="workflow",
            workflow=called.name,
            product=called.draft.product,
            parameters=parameters.planned,
            variables=inside.variables,
            outputs=inside.outputs,
            fail_fast=called.draft.fail_fast or None,
            gate=gate_of(called.draft.approval),
        )
        node = self._barrier(draft, part, name, member, group).model_copy(
            update={
                "conditions": conditions,
                "continue_on_error": definition.continue_on_error,
                "timeout_written": bool(timeouts),
                **({"timeout_seconds": min(timeouts)} if timeouts else {}),
            }
        )
        return Part(node, inner=Inner(order, parts))

    def _barrier(self, draft: Draft, part: DraftStep, name: str, member: Member, group: Group) -> PlannedStep:
        return PlannedStep(
            id=f"{draft.id}/{name}",
            kind="barrier",
            name=name,
            type=part.definition.type,
            description=part.definition.description,
            phase=draft.phase,
            tier=draft.tier,
            workflow_id=draft.id,
            cleanup=part.cleanup,
            provenance=provenance_of(draft, part.spot, member.calls),
            within=member.within,
            cell=member.cell,
            group=group,
        )

    def _is_room(self, count: int, part: DraftStep) -> bool:
        """Whether the plan may have so many more steps; counted before they are built, and told once."""
        if count <= self.left:
            return True
        if not any(finding.code is codes.PLAN_TOO_LARGE for finding in self.findings):
            message = f"with step '{part.definition.name}' the plan would have over {MOST_STEPS:,} steps"
            self.findings.append(Finding(codes.PLAN_TOO_LARGE, message, part.spot.place))
        return False

    def _can_be_named(self, name: str, part: DraftStep) -> bool:
        """Whether references of a plan can hold the name of the call."""
        if isinstance(split_path(path_text((name,))), tuple):
            return True
        message = f"step '{part.definition.name}' calls a workflow, and no reference can hold its name"
        remedy = "Use letters, digits, '-' and '_'."
        self.findings.append(Finding(codes.SAME_STEP_ID, message, part.spot.at("name").place, remedy))
        return False

    def _rounds(self, part: DraftStep, scope: Scope, workflow: WorkflowScope) -> _Rounds | None:
        """The values of a loop; None, and findings, where it has none."""
        definition = part.definition
        key = "forEach" if definition.for_each is not None else "matrix"
        found = Folded()
        written = definition.for_each if key == "forEach" else definition.matrix
        value = fold(written, scope, found)
        spot = part.spot.at(key)
        problems = findings_of(found, spot)
        self.findings += problems
        self.outside |= found.outside
        secret = self._secret_in(found, workflow)
        if secret:
            message = f"step '{definition.name}' would go over a secret ({secret})"
            self.findings.append(Finding(codes.NO_LOOP_WHILE_RUNNING, message, spot.place))
        if problems or secret:
            return None
        try:
            return _items(part, value) if key == "forEach" else _combinations(part, value)
        except LoopError as wrong:
            self.findings.append(Finding(UNUSABLE_LOOP, f"'{key}' {wrong.problem}", spot.place))
            return None

    def _secret_in(self, found: Folded, workflow: WorkflowScope) -> str:
        """The secret, or the secret output, that the values of a loop name; empty where they name none."""
        prefix = f"{workflow.call}." if workflow.call else ""
        for path in sorted(found.later):
            step = workflow.steps.get(path[1].removeprefix(prefix)) if path[0] == "steps" else None
            if step is not None and len(path) > 3 and path[3] in step.secret_outputs:  # noqa: PLR2004 - steps.<step>.outputs.<name>
                return path_text(path)
        return min(found.secrets, default="")


def _items(part: DraftStep, value: Any) -> _Rounds:  # noqa: ANN401 - a value of a plan
    """The cells of `forEach`. Raises LoopError."""
    if _is_known_later(value):
        return _Rounds(expansion=Expansion(for_each=value, **_bounds(part)))
    found = items_of(_outer(value), _most(part))
    items = [as_literal(item) if isinstance(value, str) else item for item in found]
    return _Rounds(tuple(Cell(index=index, item=item) for index, item in enumerate(items)))


def _combinations(part: DraftStep, value: Any) -> _Rounds:  # noqa: ANN401 - a value of a plan
    """The cells of `matrix`. Raises LoopError."""
    matrix: dict[str, Any] = dict(_outer(value))
    include, exclude = matrix.pop(INCLUDE, None), matrix.pop(EXCLUDE, None)
    entries = [one for one in (include, exclude) if isinstance(one, list)]
    keys = {*matrix, *(key for entry in entries[:1] if include is not None for one in entry for key in _keys_of(one))}
    if any(map(_is_known_later, (*matrix.values(), include, exclude))):
        axes = [MatrixAxis(key=key, values=values) for key, values in matrix.items()]
        expansion = Expansion(matrix=axes, include=include, exclude=exclude, **_bounds(part))
        known = None if _is_known_later(include) else frozenset(keys)
        return _Rounds(keys=known, expansion=expansion)
    found = combinations(list(matrix.items()), _outer(include), _outer(exclude), _most(part))
    cells = tuple(Cell(index=index, matrix=one) for index, one in enumerate(found))
    return _Rounds(cells, frozenset(key for one in found for key in one) | keys)


_LATER = frozenset({REF, TEMPLATE, JINJA})


def _keys_of(entry: object) -> list[str]:
    found = _outer(entry)
    return list(found) if isinstance(found, Mapping) else []


def _is_known_later(value: object) -> bool:
    """Whether nobody can say how many values it has: it is a reference itself, not a list that holds some."""
    return isinstance(value, Mapping) and not _LATER.isdisjoint(value) and bool(references_in(value))


def _outer(value: Any) -> Any:  # noqa: ANN401 - a value of a plan
    """The value without the mark that says that it is data; what stands inside is left as it is."""
    return value[LITERAL] if isinstance(value, Mapping) and len(value) == 1 and LITERAL in value else value


def _most(part: DraftStep) -> int:
    return min(part.definition.max_items or MOST_VALUES, MOST_STEPS)


def _bounds(part: DraftStep) -> dict[str, Any]:
    """The limits of a loop that the run expands. Raises LoopError where nobody says how many values there may be."""
    if part.definition.max_items is None:
        raise LoopError("takes its values from what only the run knows, and 'maxItems' does not say how many there are")
    return {"max_items": part.definition.max_items, "max_parallel": part.definition.max_parallel}
