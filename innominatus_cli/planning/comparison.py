"""How two plans differ, in the words of plans: steps and workflows that come, go, move or change, and because of what.

What only follows from something else that is told is left out: the barriers between tiers, and where the needs of a
step name one of them. So a plan with one more workflow differs by that workflow, not by every step behind it.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple, TypeAlias, TypeVar

from innominatus_cli.documents.plan import Plan, PlannedStep, PlannedWorkflow
from innominatus_cli.documents.vocabulary import PHASES, TIERS
from innominatus_cli.planning.causes import Causes
from innominatus_cli.planning.moves import WHERE, moved_steps, moved_workflows, pairs
from innominatus_cli.planning.value_text import value_text

Part: TypeAlias = Literal["plan", "input", "parameter", "limit", "source", "workflow", "step"]
How: TypeAlias = Literal["added", "removed", "changed", "moved"]

_BARRIERS = frozenset(f"{phase}/{tier}" for phase in PHASES for tier in TIERS)
_POSITION = frozenset(("/line", "/column", "/path", "/provenance/line", "/provenance/column", "/provenance/path"))
ItemT = TypeVar("ItemT", PlannedStep, PlannedWorkflow)


class Detail(NamedTuple):
    """One value that is another one now. `pointer` is an RFC 6901 pointer into the step, workflow or plan.

    `was` is None where it was not there, `now` where it is no more (`change` tells that from a null).
    """

    pointer: str
    change: How
    was: Any = None
    now: Any = None

    @property
    def aspect(self) -> str:
        """The field that it is a part of: `inputs`, `needs`, `gate`, `retry`, `timeout_seconds`, …; or `position`."""
        return "position" if self.pointer in _POSITION else self.pointer.split("/")[1] if self.pointer else ""


class Change(NamedTuple):
    """One thing that two plans do not have in common. `name` is an id, a path or a name; of what moved, the new one."""

    part: Part
    change: How
    name: str
    was: Any = None
    """The value before: of inputs, parameters, limits and sources; of what moved, its old id."""
    now: Any = None
    details: tuple[Detail, ...] = ()
    because: tuple[str, ...] = ()
    """What brought it: `workflows/platform/scan.yaml:7 changed`, `input first_deployment changed`."""
    type: str = ""
    """A step's type."""

    @property
    def is_position(self) -> bool:
        """Whether something only stands on another line, or in another file, and does what it did."""
        return self.change == "changed" and bool(self.details) and {one.aspect for one in self.details} == {"position"}


class Comparison(NamedTuple):
    """All changes from one plan to another: of the plan, its inputs and limits, its workflows, steps and sources."""

    changes: tuple[Change, ...] = ()

    @property
    def telling(self) -> tuple[Change, ...]:
        """What somebody has to know: without sources, and without what only stands elsewhere in its file."""
        return tuple(one for one in self.changes if one.part != "source" and not one.is_position)

    @property
    def steps(self) -> tuple[Change, ...]:
        """The steps among them."""
        return tuple(one for one in self.telling if one.part == "step")

    def __bool__(self) -> bool:
        return bool(self.changes)


class Difference(NamedTuple):
    """A change in short; `was` and `now` are texts for people."""

    part: Part
    name: str
    change: How
    was: str = ""
    now: str = ""


def compare(old: Plan, new: Plan) -> Comparison:
    """What `new` has otherwise than `old`; empty exactly where they have the same digest."""
    if old is new:
        return Comparison()
    causes = Causes(old, new)
    moved = moved_workflows(old, new)
    changes = [
        *_of_plan(old, new),
        *_of_inputs(old, new),
        *_of_values("parameter", old.parameters, new.parameters),
        *_of_values("limit", old.limits, new.limits),
        *_of_workflows(old, new, moved, causes),
        *_of_steps(old, new, moved, causes),
        *_of_values("source", _sources(old), _sources(new)),
    ]
    if not changes and old.digest != new.digest:
        changes.append(Change("plan", "changed", "order of steps"))
    return Comparison(tuple(changes))


def differences(old: Plan, new: Plan) -> list[Difference]:
    """What `new` has otherwise than `old` in short: inputs first, for a fact is the usual reason, then the rest."""
    evidence = [{one.name: one.evidence for one in plan.inputs} for plan in (old, new)]
    found = []
    for one in compare(old, new).changes:
        was, now = (_text(one.was), _text(one.now)) if one.part != "step" or one.change == "moved" else ("", "")
        if one.part == "input":
            was, now = _inputs_in_words(one, *(known.get(one.name, "") for known in evidence))
        found.append(Difference(one.part, one.name, one.change, was, now))
    return found


def _inputs_in_words(one: Change, before: str, after: str) -> tuple[str, str]:
    """Values with their evidence; the evidence alone where the value is the same."""
    if one.change == "changed" and one.was == one.now:
        return before, after
    was, now = f"{value_text(one.was)} ({before})", f"{value_text(one.now)} ({after})"
    return "" if one.change == "added" else was, "" if one.change == "removed" else now


def _text(value: object) -> str:
    return "" if value is None else value_text(value)


def _sources(plan: Plan) -> dict[str, Any]:
    return {one.path: one.object_id for one in plan.sources}


def _of_plan(old: Plan, new: Plan) -> Iterator[Change]:
    """What a plan is of: operation, application, golden path; the environment is an input."""
    details = tuple(_details(_head(old).as_json(), _head(new).as_json()))
    if details:
        yield Change("plan", "changed", "application", details=details)
    roles = [{one.path: one.role for one in plan.sources} for plan in (old, new)]
    for path in sorted(roles[0].keys() & roles[1].keys()):
        if roles[0][path] != roles[1][path]:
            yield Change("plan", "changed", f"role of {path}", roles[0][path], roles[1][path])


def _head(plan: Plan) -> Plan:
    empty: dict[str, Any] = {"sources": [], "inputs": [], "workflows": [], "steps": [], "limits": {}, "parameters": {}}
    return plan.model_copy(update={**empty, "environment": ""})


def _of_inputs(old: Plan, new: Plan) -> Iterator[Change]:
    before, after = ({one.name: one for one in plan.inputs} for plan in (old, new))
    for name in sorted(before.keys() | after.keys()):
        was, now = before.get(name), after.get(name)
        if was != now:
            how: How = "added" if was is None else "removed" if now is None else "changed"
            details = (
                (Detail("/evidence", "changed", was.evidence, now.evidence),)
                if was is not None and now is not None and was.evidence != now.evidence
                else ()
            )
            yield Change("input", how, name, was and was.value, now and now.value, details)


def _of_values(part: Part, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            yield Change(part, "removed", name, was=old[name])
        elif name not in old:
            yield Change(part, "added", name, now=new[name])
        elif old[name] != new[name]:
            yield Change(part, "changed", name, old[name], new[name])


def _of_workflows(old: Plan, new: Plan, moved: Mapping[str, str], causes: Causes) -> Iterator[Change]:
    for was, now in pairs(old.workflows, new.workflows, moved):
        if was is None and now is not None:
            yield Change("workflow", "added", now.id, because=causes.of_workflow(None, now))
        elif was is not None and now is None:
            yield Change("workflow", "removed", was.id, because=causes.of_workflow(was, None))
        elif was is not None and now is not None and was != now:
            before, after = was.as_json(), now.as_json()
            if was.id != now.id:
                before, after = ({k: v for k, v in one.items() if k not in {"id", "phase"}} for one in (before, after))
            yield _pair("workflow", was, now, _details(before, after), causes.of_workflow(was, now))


def _of_steps(old: Plan, new: Plan, workflows: Mapping[str, str], causes: Causes) -> Iterator[Change]:
    before, after = (
        {one.id: one for one in plan.steps if one.kind == "step" or one.group is not None} for plan in (old, new)
    )
    moved = moved_steps(before, after, workflows)
    needs = _Needs(old), _Needs(new)
    renamed = {was: now for now, was in moved.items()}
    for was, now in pairs(before.values(), after.values(), moved):
        if was is None and now is not None:
            gate = tuple(_details({}, {"gate": now.gate.as_json()})) if now.gate else ()
            yield Change("step", "added", now.id, details=gate, because=causes.of_step(None, now), type=now.type)
        elif was is not None and now is None:
            gate = tuple(_details({"gate": was.gate.as_json()}, {})) if was.gate else ()
            yield Change("step", "removed", was.id, details=gate, because=causes.of_step(was, None), type=was.type)
        elif was is not None and now is not None:
            same_needs = needs[0].of(was, renamed) == needs[1].of(now, {})
            if was is now or (was == now and same_needs):
                continue
            details = [*_step_details(was, now), *_needs_details(needs[0].of(was, renamed), needs[1].of(now, {}))]
            if details or was.id != now.id:
                yield _pair("step", was, now, details, causes.of_step(was, now), now.type)


def _pair(
    part: Part, was: ItemT, now: ItemT, details: Iterable[Detail], because: tuple[str, ...], kind: str = ""
) -> Change:
    if was.id != now.id:
        return Change(part, "moved", now.id, was.id, now.id, tuple(details), because, kind)
    return Change(part, "changed", now.id, None, None, tuple(details), because, kind)


def _step_details(was: PlannedStep, now: PlannedStep) -> Iterator[Detail]:
    before, after = was.as_json(), now.as_json()
    left_out = {"needs", *(WHERE[:4] if was.id != now.id else ())}
    before, after = ({key: value for key, value in one.items() if key not in left_out} for one in (before, after))
    if was.id != now.id:  # that it comes from elsewhere is what moving says
        for one in (before, after):
            one["provenance"] = {"trigger": one.get("provenance", {}).get("trigger")}
    yield from _details(before, after)


def _needs_details(was: frozenset[str], now: frozenset[str]) -> Iterator[Detail]:
    """Needs that come and go."""
    yield from (Detail("/needs", "removed", was=need) for need in sorted(was - now))
    yield from (Detail("/needs", "added", now=need) for need in sorted(now - was))


def _is_told(node: PlannedStep) -> bool:
    """Whether it is a step, a loop or a sub-workflow; other barriers only follow from them."""
    return node.kind == "step" or node.group is not None


class _Needs:
    """What steps of a plan need, without the barriers that only stand for others."""

    def __init__(self, plan: Plan) -> None:
        self._between = {one.id: one.needs for one in plan.steps if not _is_told(one) and one.id.endswith("]")}

    def of(self, step: PlannedStep, renamed: Mapping[str, str]) -> frozenset[str]:
        """The ids, those of what moved as they are now."""
        found: set[str] = set()
        for need in step.needs:
            found.update(self._between.get(need, (need,)))
        return frozenset(renamed.get(need, need) for need in found if need not in _BARRIERS)


def _details(was: Any, now: Any, pointer: str = "") -> Iterator[Detail]:  # noqa: ANN401 - JSON data
    """The values that differ, as deep as both have the same shape; of lists of another length, from the end on."""
    if was == now and type(was) is type(now):
        return
    if isinstance(was, dict) and isinstance(now, dict) and not _is_reference(was) and not _is_reference(now):
        for key in sorted(was.keys() | now.keys()):
            below = f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"
            if key not in now:
                yield Detail(below, "removed", was=was[key])
            elif key not in was:
                yield Detail(below, "added", now=now[key])
            else:
                yield from _details(was[key], now[key], below)
    elif isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
        for index, (one, other) in enumerate(zip(was, now, strict=True)):
            yield from _details(one, other, f"{pointer}/{index}")
    else:
        yield Detail(pointer, "changed", was, now)


def _is_reference(value: Mapping[str, Any]) -> bool:
    return len(value) == 1 and next(iter(value)) in {"$ref", "$template", "$script", "$literal"}
