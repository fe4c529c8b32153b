"""What to do next: a pure function of the plan and how far the run has come. The loop around it does the rest."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from innominatus_cli.documents.plan import PlannedStep
from innominatus_cli.documents.vocabulary import When
from innominatus_cli.execution.holding import Skip, steps_left
from innominatus_cli.execution.state import RunState
from innominatus_cli.findings.catalogue.execution import WORKFLOW_TIMED_OUT
from innominatus_cli.findings.finding import Finding, Place


@dataclass(frozen=True, slots=True)
class Refuse:
    """A step that fails before it starts."""

    step: PlannedStep
    finding: Finding


@dataclass(frozen=True, slots=True)
class Enter:
    """A sub-workflow was judged for its first step; `reason` says why its steps do not run, empty where they do."""

    call: int
    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Start:
    """Start these steps, in this order; the others have come to their end without running.

    `expansions` are loops whose values are known now; each becomes its steps. `entries` come before all else.
    """

    steps: tuple[PlannedStep, ...] = ()
    skips: tuple[Skip, ...] = ()
    refusals: tuple[Refuse, ...] = ()
    expansions: tuple[PlannedStep, ...] = ()
    entries: tuple[Enter, ...] = ()
    left: tuple[Skip, ...] = ()
    """Steps that stay planned, because the run waits for approvals and nothing else is left to do; it ends then."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing can start before something that runs has ended."""


@dataclass(frozen=True, slots=True)
class Finish:
    """Every step has come to its end."""


Decision: TypeAlias = Start | Wait | Finish

Conditions: TypeAlias = Callable[[PlannedStep, bool], "str | Finding"]
"""Whether a step's `if` and `unless` let it run: an empty text, the reason why not, or the finding because of which
nobody can say. The second argument tells whether something that the step stands behind has failed."""


def decide(state: RunState, conditions: Conditions) -> Decision:
    """The next decision. The state is told of all of it, entries first, before it is asked again."""
    if state.stopped:
        return _clean_up(state, conditions) if state.winds_down else _wind_down(state)
    turn = _Turn(state, conditions)
    starting: list[PlannedStep] = []
    free = state.limits.max_parallel - len(state.running)
    for number in state.ready:
        if len(starting) >= free:
            break
        turn.consider(number, starting)
    if (found := turn.found(starting)) is not None:
        return found
    if state.running:
        return Wait()
    if state.ready:  # workflows that wait for each other, against the limit of how many may have begun
        return Start((state.graph.steps[state.ready[0]],), entries=tuple(turn.entries))
    return Start(left=steps_left(state)) if state.waiting else Finish()


class _Turn:
    """One look at everything that is ready."""

    def __init__(self, state: RunState, conditions: Conditions) -> None:
        self._state = state
        self._conditions = conditions
        self.skips: list[Skip] = []
        self.refusals: list[Refuse] = []
        self.expansions: list[PlannedStep] = []
        self.entries: list[Enter] = []
        self._full: set[int] = set()
        """Loops none of whose further steps can start now; with thousands of them it is better not to ask each."""

    def found(self, starting: Sequence[PlannedStep]) -> Start | None:
        """What is to be done; None for nothing."""
        if not (starting or self.skips or self.refusals or self.expansions):
            return None
        return Start(
            tuple(starting), tuple(self.skips), tuple(self.refusals), tuple(self.expansions), tuple(self.entries)
        )

    def consider(self, number: int, starting: list[PlannedStep]) -> None:
        """What becomes of a ready step; nothing, where it has to wait for room."""
        state = self._state
        if self._full and not self._full.isdisjoint(state.graph.groups_of(number)[:1]):
            return
        step = state.graph.steps[number]
        reason = _late(state, number, step) or self._reason_of_calls(number)
        if not reason:
            root = self._root_above(number)
            reason = _reason_to_skip(state, number, step, root)
            if not reason and step.expansion is None:
                reason = self._asked(step, root)
        if isinstance(reason, Finding):
            self.refusals.append(Refuse(step, reason))
        elif reason:
            self.skips.append(Skip(step, reason))
        elif step.expansion is not None:
            self.expansions.append(step)
        elif state.has_room(step, starting):
            starting.append(step)
        elif (loop := state.full_loop(step, starting)) is not None:
            self._full.add(loop)

    def _reason_of_calls(self, number: int) -> "str | Finding":
        """Why a sub-workflow around the step does not run; it is judged for the first of its steps."""
        for call in self._state.graph.calls_of(number):
            reason = self._verdict(call)
            if reason is None:
                found = self._judged(call, number)
                if isinstance(found, Finding):
                    self.entries.append(Enter(call, number, f"nobody can say whether '{self._name(call)}' runs"))
                    return found
                self.entries.append(Enter(call, number, found))
                reason = found
            if reason:
                return reason
        return ""

    def _judged(self, call: int, number: int) -> "str | Finding":
        node = self._state.graph.steps[call]
        root = self._root_of_entry(call, number)
        return _reason_to_skip(self._state, call, node, root) or self._asked(node, root)

    def _verdict(self, call: int) -> str | None:
        known = self._state.verdicts.get(call)
        return next((entry.reason for entry in self.entries if entry.call == call), None) if known is None else known

    def _root_above(self, number: int) -> int | None:
        """The failure above a step. Above the first steps of a sub-workflow that is entered just now there is none."""
        scope = self._state.graph.scope_of(number)
        if any(entry.call == scope for entry in self.entries):
            return None
        return self._state.root_above(number)

    def _root_of_entry(self, call: int, number: int) -> int | None:
        outer = self._state.graph.scope_of(call)
        if any(entry.call == outer for entry in self.entries):
            return None
        return self._state.root_of_entry(call, number)

    def _name(self, call: int) -> str:
        return self._state.graph.steps[call].name

    def _asked(self, step: PlannedStep, root: int | None) -> "str | Finding":
        if step.conditions.if_tree is None and step.conditions.unless_tree is None:
            return ""
        return self._conditions(step, root is not None)


def _wind_down(state: RunState) -> Decision:
    if state.running:
        return Wait()
    waiting = state.waiting
    if waiting:
        return Start(skips=tuple(Skip(state.graph.steps[number], state.stopped) for number in waiting))
    return Finish()


def _clean_up(state: RunState, conditions: Conditions) -> Decision:
    """Only what cleans up behind something that has begun starts; all else is skipped, so that its turn comes."""
    turn = _Turn(state, conditions)
    starting: list[PlannedStep] = []
    for number in state.ready:
        if state.cleans_up(number):
            turn.consider(number, starting)
        else:
            turn.skips.append(Skip(state.graph.steps[number], state.stopped))
    if (found := turn.found(starting)) is not None:
        return found
    if state.running:
        return Wait()
    waiting = state.waiting
    others = [number for number in waiting if not state.cleans_up(number)]
    skips = tuple(Skip(state.graph.steps[number], state.stopped) for number in others or waiting)
    return Start(skips=skips) if skips else Finish()


def _late(state: RunState, number: int, step: PlannedStep) -> "str | Finding":
    """A workflow that ran out of time has failed, whether or not one of its steps was running just then."""
    if not state.expired and not state.overdue:
        return ""
    for owner in state.graph.owners_of(number):
        if owner not in state.expired and (owner not in state.overdue or state.graph.cleans_up(number, owner)):
            continue
        if owner in state.failed_workflows:
            return "its workflow ran out of time"
        where = step.provenance
        place = Place(where.path, where.line, where.column) if where else Place("")
        message = f"step '{step.name}': its workflow ran out of time before it could start"
        return Finding(WORKFLOW_TIMED_OUT, message, place)
    return ""


def _reason_to_skip(state: RunState, number: int, step: PlannedStep, root: int | None) -> str:
    """Why the step does not run, judged by what ended before it; empty where it may. `root` is what failed above it."""
    if step.cleanup:
        return ""
    match step.conditions.when:
        case When.ALWAYS:
            return ""
        case When.ON_FAILURE:
            return "" if root is not None else "nothing before it failed"
        case When.MANUAL:
            return "it is started by hand only (when: manual)"
        case When.ON_SUCCESS:
            return _failure_above(state, number, step, root)


def _failure_above(state: RunState, number: int, step: PlannedStep, root: int | None) -> str:
    if root is None:
        root = _failed_fast(state, number)
    if root is None:
        return ""
    failed = state.graph.steps[root]
    if failed.workflow_id == step.workflow_id:
        return f"step '{failed.name}' failed"
    workflow = state.graph.workflows.get(failed.workflow_id or "")
    return f"step '{failed.name}' of '{workflow.identity if workflow else failed.workflow_id}' failed"


def _failed_fast(state: RunState, number: int) -> int | None:
    """A failed step of a workflow around this one in which a failure starts no new step."""
    if not state.failed_workflows:
        return None
    graph = state.graph
    for owner in graph.owners_of(number):
        workflow, call = graph.workflows.get(owner), graph.index.get(owner)
        group = graph.steps[call].group if call is not None else None
        if (workflow is not None and workflow.fail_fast) or (group is not None and group.fail_fast):
            failed = state.failed_workflows.get(owner)
            if failed is not None:
                return failed
    return None
