"""What to do next: a pure function of the plan and how far the run has come. The loop around it does the rest."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from innominatus_cli.documents.plan import PlannedStep
from innominatus_cli.documents.vocabulary import When
from innominatus_cli.execution.graph import RunState
from innominatus_cli.findings.catalogue.execution import WORKFLOW_TIMED_OUT
from innominatus_cli.findings.finding import Finding, Place


@dataclass(frozen=True, slots=True)
class Skip:
    """A step that does not run, and why."""

    step: PlannedStep
    reason: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """A step that fails before it starts."""

    step: PlannedStep
    finding: Finding


@dataclass(frozen=True, slots=True)
class Start:
    """Start these steps, in this order; the others have come to their end without running."""

    steps: tuple[PlannedStep, ...] = ()
    skips: tuple[Skip, ...] = ()
    refusals: tuple[Refuse, ...] = ()


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
    """The next decision. After it the state is told what `started` and what `ended`, before it is asked again."""
    if state.stopped:
        return _wind_down(state)
    starting: list[PlannedStep] = []
    skips: list[Skip] = []
    refusals: list[Refuse] = []
    free = state.limits.max_parallel - len(state.running)
    for number in state.ready:
        if len(starting) >= free:
            break
        step = state.graph.steps[number]
        reason = _late(state, step) or _reason_to_skip(state, number, step) or _asked(state, number, step, conditions)
        if isinstance(reason, Finding):
            refusals.append(Refuse(step, reason))
        elif reason:
            skips.append(Skip(step, reason))
        elif state.has_room(step, starting):
            starting.append(step)
    if starting or skips or refusals:
        return Start(tuple(starting), tuple(skips), tuple(refusals))
    if state.running:
        return Wait()
    if state.ready:  # workflows that wait for each other, against the limit of how many may have begun
        return Start((state.graph.steps[state.ready[0]],))
    return Finish()


def _wind_down(state: RunState) -> Decision:
    if state.running:
        return Wait()
    waiting = state.waiting
    if waiting:
        return Start(skips=tuple(Skip(state.graph.steps[number], state.stopped) for number in waiting))
    return Finish()


def _late(state: RunState, step: PlannedStep) -> "str | Finding":
    """A workflow that ran out of time has failed, whether or not one of its steps was running just then."""
    workflow = step.workflow_id or ""
    if workflow not in state.expired and (step.cleanup or workflow not in state.overdue):
        return ""
    if workflow in state.failed_workflows:
        return "its workflow ran out of time"
    where = step.provenance
    place = Place(where.path, where.line, where.column) if where else Place("")
    return Finding(WORKFLOW_TIMED_OUT, f"step '{step.name}': its workflow ran out of time before it could start", place)


def _reason_to_skip(state: RunState, number: int, step: PlannedStep) -> str:
    """Why the step does not run, judged by what ended before it; empty where it may."""
    if step.cleanup:
        return ""
    root = state.root_above(number)
    match step.conditions.when:
        case When.ALWAYS:
            return ""
        case When.ON_FAILURE:
            return "" if root is not None else "nothing before it failed"
        case When.MANUAL:
            return "it is started by hand only (when: manual)"
        case When.ON_SUCCESS:
            return _failure_above(state, step, root)


def _failure_above(state: RunState, step: PlannedStep, root: int | None) -> str:
    if root is None and step.workflow_id:
        workflow = state.graph.workflows.get(step.workflow_id)
        if workflow is not None and workflow.fail_fast:
            root = state.failed_workflows.get(step.workflow_id)
    if root is None:
        return ""
    failed = state.graph.steps[root]
    if failed.workflow_id == step.workflow_id:
        return f"step '{failed.name}' failed"
    workflow = state.graph.workflows.get(failed.workflow_id or "")
    return f"step '{failed.name}' of '{workflow.identity if workflow else failed.workflow_id}' failed"


def _asked(state: RunState, number: int, step: PlannedStep, conditions: Conditions) -> "str | Finding":
    if step.conditions.if_tree is None and step.conditions.unless_tree is None:
        return ""
    return conditions(step, state.root_above(number) is not None)
