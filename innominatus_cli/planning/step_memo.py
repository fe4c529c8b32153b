"""Steps that are planned once for many applications: a platform's workflow gives most of them the very same steps.

What a written step becomes depends on its definition, on what its references name, on the tables of admin-config.yaml
and on files. A kept step notes what each of its references named, and which questions it asked of the repository; it is
used again only where all of that comes out the same. Environment variables are where steps name their application:
a step is kept without them, and they are worked out again for each.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from innominatus_cli.documents.canonical import check_exact
from innominatus_cli.documents.consulted import Question, RecordingSnapshot
from innominatus_cli.documents.plan import PlannedStep
from innominatus_cli.documents.workflow import StepDefinition
from innominatus_cli.expressions.contexts import Resolution, Scope
from innominatus_cli.expressions.references import may_refer
from innominatus_cli.expressions.values import Folded, fold
from innominatus_cli.findings.finding import Finding
from innominatus_cli.planning.drafts import Draft, DraftStep
from innominatus_cli.planning.graph import order_of_steps
from innominatus_cli.planning.inputs import InputBuilder
from innominatus_cli.planning.nodes import place_node
from innominatus_cli.planning.ordering import Order
from innominatus_cli.planning.reads import Reads
from innominatus_cli.planning.sketch import Member
from innominatus_cli.planning.step_contexts import ResourcesContext, StepsContext
from innominatus_cli.planning.steps import BuiltStep, build_step
from innominatus_cli.planning.tables import Tables
from innominatus_cli.step_types.catalogue import step_type
from innominatus_cli.step_types.markers import keys_with_paths

_MOST_VARIANTS = 3
_ALONE = Member()
_MOST_OF_VARIABLE = 65_536
_OWN = "outputs"
_WORKLOAD = "workload"


@dataclass(frozen=True, slots=True)
class TracedScope(Scope):
    """A scope that notes what each path named in it."""

    named: dict[tuple[str, ...], Resolution] = field(default_factory=dict, compare=False, repr=False)

    def resolve(self, path: tuple[str, ...]) -> Resolution:
        """What the path names here."""
        found = Scope.resolve(self, path)
        if path[0] != _OWN:  # a step's own outputs are what its definition says
            self.named[path] = found
        return found


class _Kept(NamedTuple):
    """A built step with everything that it depends on; what is compared by identity is kept alive by this."""

    surroundings: tuple[Any, ...]
    named: Mapping[tuple[str, ...], Resolution]
    answers: tuple[tuple[Question, Any], ...]
    object_ids: Mapping[str, str]
    built: BuiltStep
    """Without the environment variables that its definition gives it."""
    dressed: "list[_Dressed]"
    """With them, as they were made last; nothing or one."""


class _Dressed(NamedTuple):
    """A step with its environment variables, and what their references named."""

    named: Mapping[tuple[str, ...], Resolution]
    built: BuiltStep


class _Files(NamedTuple):
    """The questions about files that a step asks in one environment, with the answers that they had."""

    surroundings: tuple[Any, ...]
    environment: str
    answers: tuple[tuple[Question, Any], ...]


class StepMemo:
    """The steps of many plans."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, int], list[_Kept]] = {}
        self._files: dict[tuple[int, int], list[_Files]] = {}
        self._orders: dict[int, tuple[Draft, Order]] = {}
        self._placed: dict[str, list[tuple[PlannedStep, list[str], PlannedStep]]] = {}
        self._of_drafts: dict[tuple[int, int, str], tuple[Draft, Any, tuple[tuple[Question, Any], ...]]] = {}

    def order(self, draft: Draft, findings: list[Finding]) -> Order:
        """What `order_of_steps` gives; of a written workflow that is in order, once."""
        known = self._orders.get(id(draft))
        if known is not None and known[0] is draft:
            return known[1]
        own: list[Finding] = []
        order = order_of_steps(draft, own)
        findings += own
        if not own and all(part.ready is None and part.called is None for part in draft.steps):
            self._orders[id(draft)] = draft, order
        return order

    def place(self, node: PlannedStep, needs: list[str]) -> PlannedStep:
        """What `place_node` gives; the same object where an earlier plan has the very same node with the same needs."""
        variants = self._placed.setdefault(node.id, [])
        for bare, known, placed in variants:
            if bare is node and known == needs:
                return placed
        placed = place_node(node, needs)
        variants.insert(0, (node, needs, placed))
        del variants[_MOST_VARIANTS:]
        return placed

    def ask_again(self, draft: Draft, tables: Tables, snapshot: RecordingSnapshot) -> bool:
        """Asks every question that planning these steps would ask, as an earlier plan has; False where none tells."""
        key = id(draft), id(tables.config), tables.environment_name
        known = self._of_drafts.get(key)
        if known is None:
            found = [self._known_files(part, tables) for part in draft.steps]
            if None in found:
                return False
            answers = {answer for one in found if one is not None for answer in one.answers}
            known = (draft, tables.config, tuple(answers))
            if all(part.ready is None for part in draft.steps):
                self._of_drafts[key] = known
        return all(snapshot.answer(question) == answer for question, answer in known[2])

    def _known_files(self, part: DraftStep, tables: Tables) -> "_Files | None":
        here = (part.definition, part.spot.node, tables.config)
        if part.ready is not None:
            return _Files(here, tables.environment_name, ())
        for known in self._files.get((id(part.definition), id(part.spot.node)), ()):
            same = all(mine is theirs for mine, theirs in zip(known.surroundings, here, strict=True))
            if same and known.environment == tables.environment_name:
                return known
        return None

    def _note_files(self, part: DraftStep, tables: Tables, answers: tuple[tuple[Question, Any], ...]) -> None:
        """Notes the questions of a step whose paths are the same for every application."""
        if _has_fixed_paths(part.definition):
            noted = self._files.setdefault((id(part.definition), id(part.spot.node)), [])
            here = (part.definition, part.spot.node, tables.config)
            noted.insert(0, _Files(here, tables.environment_name, answers))
            del noted[_MOST_VARIANTS:]
            self._of_drafts.clear()

    def step(
        self,
        draft: Draft,
        part: DraftStep,
        scope: Scope,
        builder: InputBuilder,
        member: Member,
        snapshot: RecordingSnapshot,
        reads: Reads | None = None,
    ) -> BuiltStep:
        """What `build_step` gives, from an earlier plan where that is the same. `reads` is told what it reads.

        Steps of loops, calls and a repository's own types are made anew: they depend on more than is compared here.
        """
        if part.ready is not None or member != _ALONE or step_type(part.definition.type) is None:
            return _checked(build_step(draft, part, scope, builder, member))
        key = id(part.definition), id(part.spot.node)
        variants = self._kept.setdefault(key, [])
        surroundings = _surroundings(draft, part, scope, builder)
        for kept in variants:
            if _same(kept.surroundings, surroundings) and _holds(kept, scope, snapshot):
                dressed = _dressed(kept, part.definition, scope, reads)
                if dressed is not None:
                    builder.files.object_ids.update(kept.object_ids)
                    return dressed
        traced = _traced(scope)
        bare = replace(part, definition=part.definition.model_copy(update={"env": {}})) if part.definition.env else part
        files, earlier = builder.files, builder.files.object_ids
        files.object_ids = {}  # a file that an earlier step has read is a question of this one too
        try:
            built, asked = snapshot.asked_by(lambda: _checked(build_step(draft, bare, traced, builder)))
        finally:
            read, files.object_ids = files.object_ids, {**earlier, **files.object_ids}
        answers = tuple((question, snapshot.answer(question)) for question in asked)
        if built.step is not None:
            self._note_files(part, builder.tables, answers)
        if not built.outside and _is_nobodys(built):
            inputs = built.step.input_files if built.step is not None else ()
            object_ids = {path: read[path] for path in inputs if path in read}
            kept = _Kept(surroundings, dict(traced.named), answers, object_ids, built, [])
            variants.insert(0, kept)
            del variants[_MOST_VARIANTS:]  # the last one first: the other state of the same application comes next
            dressed = _dressed(kept, part.definition, scope, reads)
            if dressed is not None:
                return dressed
        return built if bare is part else _checked(build_step(draft, part, scope, builder))


def _traced(scope: Scope) -> TracedScope:
    return TracedScope(scope.contexts, scope.steps, scope.bare)


def _dressed(kept: _Kept, definition: StepDefinition, scope: Scope, reads: Reads | None = None) -> BuiltStep | None:
    if reads is None or not all(map(_takes_any_text, definition.env.values())):
        return _with_variables(kept, definition, scope)
    reads.in_variables = True
    try:
        return _with_variables(kept, definition, scope)
    finally:
        reads.in_variables = False


def _takes_any_text(variable: str) -> bool:
    """Whether a variable has a value whatever short texts its references name: it is no template, and far from long."""
    return len(variable) < _MOST_OF_VARIABLE and "{{" not in variable and "{%" not in variable


def _with_variables(kept: _Kept, definition: StepDefinition, scope: Scope) -> BuiltStep | None:
    """The kept step with its environment variables, which `build_step` adds to those of inputs and looks at no more.

    None where one of them has a problem. Raises ValueError for what could not be written as JSON.
    """
    if not definition.env or kept.built.step is None:
        return kept.built
    for last in kept.dressed:
        if all(scope.resolve(path) == named for path, named in last.named.items()):
            return last.built
    traced, folded = _traced(scope), Folded()
    env = fold(definition.env, traced, folded)
    if folded.problems:
        return None
    check_exact(env)
    bare = kept.built.step
    update = {"env": {**bare.env, **env}, "secrets": sorted({*bare.secrets, *folded.secrets})}
    built = BuiltStep(bare.model_copy(update=update), [], folded.outside)
    kept.dressed[:] = [_Dressed(traced.named, built)]
    return built


def _has_fixed_paths(definition: StepDefinition) -> bool:
    """Whether the files that a step reads are told by its definition alone: no reference stands where a path may."""
    kind = step_type(definition.type)
    expands = definition.for_each is not None or definition.matrix is not None or definition.workflow is not None
    if kind is None or expands or definition.type == "workflow":
        return False
    keys = keys_with_paths(kind.inputs)
    return keys is not None and not any(
        _has_reference(value) for key, value in definition.config.items() if kind.inputs.spellings.get(key, key) in keys
    )


def _has_reference(value: object) -> bool:
    if isinstance(value, str):
        return may_refer(value)
    if isinstance(value, Mapping):
        return any(map(_has_reference, value.values()))
    return isinstance(value, list | tuple) and any(map(_has_reference, value))


def _is_nobodys(built: BuiltStep) -> bool:
    """Whether the step is right, and does not hold the containers of one application."""
    return built.step is not None and not built.findings and _WORKLOAD not in built.step.inputs


def _surroundings(draft: Draft, part: DraftStep, scope: Scope, builder: InputBuilder) -> tuple[Any, ...]:
    """What a step depends on besides references and files."""
    resources, steps = scope.contexts.get("resources"), scope.contexts.get("steps")
    return (
        part.definition,
        part.spot.node,
        part.spot.document,
        builder.tables.config,
        (
            builder.tables.environment_name,
            draft.id,
            draft.identity,
            draft.trigger,
            draft.product,
            draft.override_of,
            part.cleanup,
            part.retry,
            part.files,
            isinstance(resources, ResourcesContext) and resources.available,
            isinstance(steps, StepsContext) and steps.before.mask,
            isinstance(steps, StepsContext) and steps.before.names,
            scope.steps,
            scope.bare,
            tuple(scope.contexts),
        ),
    )


def _same(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """Documents and models are the same where they are one object; the rest is compared."""
    return one[-1] == other[-1] and all(mine is theirs for mine, theirs in zip(one[:-1], other[:-1], strict=True))


def _holds(kept: _Kept, scope: Scope, snapshot: RecordingSnapshot) -> bool:
    return all(scope.resolve(path) == named for path, named in kept.named.items()) and all(
        snapshot.answer(question) == answer for question, answer in kept.answers
    )


def _checked(built: BuiltStep) -> BuiltStep:
    """Notices here, once, what could not be written as JSON. Raises ValueError for it."""
    step = built.step
    if step is not None:
        conditions = step.conditions
        for value in (
            step.inputs,
            step.env,
            step.set_variables,
            step.rollback,
            step.probe.inputs if step.probe is not None else None,
            conditions.if_tree,
            conditions.unless_tree,
        ):
            check_exact(value)
    return built
