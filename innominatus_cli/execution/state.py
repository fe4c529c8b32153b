"""How far a run has come in its plan's graph. No I/O, no clock.

`RunState` takes news, `started`, `ended`, `hold`, `entered` and `expanded`, and keeps what `decide` asks for: what is
ready, what runs, which failure stands above each node.

A sub-workflow judges by itself: once it has been entered, only what failed inside of it stands above its steps; what
failed before it stands above what comes behind it.
"""

from bisect import insort
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from innominatus_cli.documents.plan import PlannedStep
from innominatus_cli.documents.run_record import StepStatus
from innominatus_cli.execution.graph import PlanGraph

OPEN: Final = "open"
"""The final state of a barrier: everything before it has ended."""
_EXPANDED: Final = "expanded"
_SHORT_LOOK: Final = 8

_FAILED: Final = frozenset({"failed", "timed_out", "interrupted"})
_RAN: Final = _FAILED | {"succeeded"}


class Limits:
    """How much runs at once: in all, workflows, and steps of a tier, a type or an owner. None: no limit of its own."""

    __slots__ = ("max_parallel", "of_steps", "workflows")

    def __init__(self, max_parallel: int, limits: Mapping[str, int]) -> None:
        self.max_parallel = max(1, min(max_parallel, limits.get("max_parallel", max_parallel)))
        self.workflows = limits.get("workflows")
        self.of_steps = {
            name: most
            for name, most in limits.items()
            if name in {"platform", "product", "application"} or name.startswith(("step_types.", "owners."))
        }
        """By tier, `step_types.<type>` and `owners.<owner>`."""


class RunState:
    """How far a run has come."""

    def __init__(self, graph: PlanGraph, limits: Limits) -> None:
        self.graph = graph
        self.limits = limits
        self.status: list[str | None] = [None] * len(graph.steps)
        self.root: list[int | None] = [None] * len(graph.steps)
        """By node: the failed step because of which nothing that waits for success runs behind it."""
        self._any_root = False
        """Whether any node has one: most runs never look."""
        self.ready: list[int] = []
        """Steps whose needs have all ended, in the plan's order."""
        self.running: set[int] = set()
        self.failures: list[int] = []
        """Steps that failed, in order of their ends; those that `continueOnError` let pass are not among them."""
        self.overdue: set[str] = set()
        """Workflows and sub-workflows that ran out of time; their `finally` steps still run."""
        self.expired: set[str] = set()
        """Those that have no time left for their `finally` steps either."""
        self.failed_workflows: dict[str, int] = {}
        """The first failed step of workflows and sub-workflows, by their ids."""
        self.verdicts: dict[int, str] = {}
        """Sub-workflows that were judged: why their steps do not run, empty where they do."""
        self.undecided: set[int] = set()
        """Steps that wait for a decision, and not for an approval."""
        self.held: dict[int, str] = {}
        """Steps that could start if somebody approved, and who must; nothing behind them starts in this run."""
        self.stopped: str = ""
        """Why no step starts any more; empty while steps may start."""
        self.winds_down: bool = False
        """Whether what runs may go on though the run is stopped, and clean up what has begun."""
        self._begun: frozenset[str] | None = None
        self._missing = [len(needs) for needs in graph.needs]
        self._unended: Counter[str] = Counter()
        for number, step in enumerate(graph.steps):
            if step.kind == "step":
                self._unended.update(graph.owners_of(number))
        self._active: set[str] = set()
        self._busy: Counter[str] = Counter()
        """By the names of `Limits.of_steps`, how many such steps run."""
        self._locks: set[str] = set()
        self._entry_roots: dict[int, int | None] = {}
        self._rounds: dict[int, set[int]] = {}
        """By loop with a limit, its members that are at work."""
        self._expanding: dict[int, int] = {}
        """By loop that has been expanded, how many of its steps have not ended."""
        self._opened: list[int] = []
        for number in [number for number, missing in enumerate(self._missing) if not missing]:
            self._reach(number)

    @property
    def waiting(self) -> list[int]:
        """Steps that have neither started nor ended, in the plan's order."""
        steps = self.graph.steps
        return [
            number
            for number, status in enumerate(self.status)
            if status is None and number not in self.running and steps[number].kind == "step"
        ]

    @property
    def has_free_slots(self) -> bool:
        """Whether less runs than may run in all."""
        return len(self.running) < self.limits.max_parallel

    def nearly_ready(self, most: int) -> list[int]:
        """At most so many steps that wait for nothing but one that runs, as far as a short look finds them."""
        found: list[int] = []
        for number in self.running:
            for dependant in self.graph.dependants[number][:_SHORT_LOOK]:
                waits = self._missing[dependant] == 1 and self.status[dependant] is None
                if waits and self.graph.steps[dependant].kind == "step" and len(found) < most:
                    found.append(dependant)
        return found

    def unended(self, owner: str) -> int:
        """How many steps of this workflow or sub-workflow have not come to their end."""
        return self._unended[owner]

    def cleans_up(self, number: int) -> bool:
        """Whether a step of a stopped run cleans up (`finally`) behind a workflow or sub-workflow that has begun."""
        if self._begun is None:
            ran = (number for number, status in enumerate(self.status) if status in _RAN or number in self.running)
            self._begun = frozenset(owner for number in ran for owner in self.graph.owners_of(number))
        owners = self.graph.owners_of(number)
        return any(owner in self._begun and self.graph.cleans_up(number, owner) for owner in owners)

    def take_closed(self) -> list[int]:
        """The loops and sub-workflows that have ended since the last time, in order."""
        closed, self._opened = self._opened, []
        return closed

    def entered(self, call: int, number: int, reason: str) -> None:
        """News: a sub-workflow was judged for its first step, `number`; `reason` says why its steps do not run."""
        if not reason:
            self._entry_roots[call] = self.root_of_entry(call, number)
        self.verdicts[call] = reason

    def started(self, step_id: str) -> None:
        """News: this step, which was ready, has started."""
        number = self.graph.index[step_id]
        step = self.graph.steps[number]
        self.ready.remove(number)
        self.running.add(number)
        if limited := self._limited_by(step):
            self._busy.update(limited)
        if step.workflow_id:
            self._active.add(step.workflow_id)
        if step.lock:
            self._locks.add(step.lock)
        for loop in self.graph.groups_of(number):
            if self.graph.most_at_once(loop) is not None:
                self._rounds.setdefault(loop, set()).add(self.graph.round_in(number, loop))

    def hold(self, step_id: str, reason: str, *, for_decision: bool = False) -> None:
        """News: this step, which was ready or has only asked its probe, waits for an approval, or for a decision."""
        number = self.graph.index[step_id]
        if for_decision:
            self.undecided.add(number)
        self._leave(number)
        self.held[number] = reason

    def expanded(self, step_id: str, steps: Sequence[PlannedStep]) -> bool:
        """News: this loop, which was ready, has become these steps. Returns whether its workflow has ended with it."""
        number = self.graph.index[step_id]
        self.ready.remove(number)
        self.status[number] = _EXPANDED
        self._expanding[number] = len(steps)
        for added in self.graph.add(number, steps):
            self.status.append(None)
            self.root.append(None)
            self._missing.append(0)
            self._unended.update(self.graph.owners_of(added))
            insort(self.ready, added)
        return not steps and self._close_loop(number)

    def ended(self, step_id: str, status: StepStatus, *, continued: bool = False) -> bool:
        """News: this step has come to its end, or will never start. Returns whether its workflow has ended with it."""
        number = self.graph.index[step_id]
        step = self.graph.steps[number]
        self._leave(number)
        around = self.graph.groups_of(number)[:1]
        self.status[number] = status
        self.root[number] = self.root_above(number)
        if status in _FAILED and not (continued and step.continue_on_error):
            self._failed(number, step, status)
        workflow_ended = self._count_down(number)
        self._release(number)
        for loop in around:
            if loop in self._expanding:
                self._expanding[loop] -= 1
                if not self._expanding[loop]:
                    workflow_ended = self._close_loop(loop) or workflow_ended
        return workflow_ended

    def _leave(self, number: int) -> None:
        """The step is neither ready nor at work any more."""
        step = self.graph.steps[number]
        if number in self.running:
            self.running.remove(number)
            if limited := self._limited_by(step):
                self._busy.subtract(limited)
            if step.lock:
                self._locks.discard(step.lock)
        elif number in self.ready:
            self.ready.remove(number)
        for loop in self.graph.groups_of(number)[:1]:
            self._rounds.get(loop, set()).discard(number)

    def is_let_pass(self, number: int, status: StepStatus) -> bool:
        """Whether the failure of a step is one of a sub-workflow that `continueOnError` lets pass as a whole."""
        return status in {"failed", "timed_out"} and any(
            self.graph.steps[call].continue_on_error for call in self.graph.calls_of(number)
        )

    def root_above(self, number: int) -> int | None:
        """The first failed step that this node stands behind, or None."""
        if not self._any_root:
            return None
        needs: Sequence[int] = self.graph.needs[number]
        scope = self.graph.scope_of(number)
        if scope in self._entry_roots:
            needs = [need for need in needs if scope in self.graph.groups_of(need)]
        if number not in self._entry_roots:
            return self._first_root(needs)
        entry = self._entry_roots[number]
        if self.graph.steps[number].continue_on_error:
            return entry
        inside = self._first_root(needs)
        return min((root for root in (entry, inside) if root is not None), default=None)

    def root_of_entry(self, call: int, number: int) -> int | None:
        """The first failed step that a sub-workflow stands behind, as its first step sees it."""
        outer = self.graph.scope_of(call)
        needs = [need for need in self.graph.needs[number] if call not in self.graph.groups_of(need)]
        if outer in self._entry_roots:
            needs = [need for need in needs if outer in self.graph.groups_of(need)]
        return self._first_root(needs)

    def has_room(self, step: PlannedStep, starting: "list[PlannedStep]") -> bool:
        """Whether the limits and locks let this step start beside what runs and what is `starting`."""
        if len(self.running) + len(starting) >= self.limits.max_parallel:
            return False
        for name in self._limited_by(step):
            others = sum(name in self._limited_by(other) for other in starting)
            if self._busy[name] + others >= self.limits.of_steps[name]:
                return False
        if step.lock and (step.lock in self._locks or any(other.lock == step.lock for other in starting)):
            return False
        return self._has_room_for_workflow(step.workflow_id, starting) and self.full_loop(step, starting) is None

    def _limited_by(self, step: PlannedStep) -> tuple[str, ...]:
        """The limits that count this step."""
        known = self.limits.of_steps
        if not known:
            return ()
        workflow = self.graph.workflows.get(step.workflow_id or "")
        names = (step.tier.value, f"step_types.{step.type}", f"owners.{workflow.owner if workflow else None}")
        return tuple(name for name in names if name in known)

    def full_loop(self, step: PlannedStep, starting: "list[PlannedStep]") -> int | None:
        """A loop around the step that may have no further member at work now; None where there is none.

        A member that is at work already, a sub-workflow, may go on.
        """
        if step.within is None:
            return None
        graph = self.graph
        number = graph.index[step.id]
        for loop in graph.groups_of(number):
            most = graph.most_at_once(loop)
            if most is None:
                continue
            others = [graph.index[other.id] for other in starting]
            busy = self._rounds.get(loop, set()) | {
                graph.round_in(other, loop) for other in others if loop in graph.groups_of(other)
            }
            if graph.round_in(number, loop) not in busy and len(busy) >= most:
                return loop
        return None

    def _has_room_for_workflow(self, workflow: str | None, starting: "list[PlannedStep]") -> bool:
        if workflow is None or self.limits.workflows is None or workflow in self._active:
            return True
        active = self._active | {other.workflow_id for other in starting if other.workflow_id}
        return workflow in active or len(active) < self.limits.workflows

    def _first_root(self, needs: Sequence[int]) -> int | None:
        return min((root for need in needs if (root := self.root[need]) is not None), default=None)

    def _failed(self, number: int, step: PlannedStep, status: StepStatus) -> None:
        self._any_root = True
        if self.root[number] is None:
            self.root[number] = number
        for call in reversed(self.graph.calls_of(number)):
            self.failed_workflows.setdefault(self.graph.steps[call].id, number)
            if self.graph.steps[call].continue_on_error and status != "interrupted":
                return
        self.failures.append(number)
        if step.workflow_id:
            self.failed_workflows.setdefault(step.workflow_id, number)

    def _count_down(self, number: int) -> bool:
        workflow = self.graph.steps[number].workflow_id
        for owner in self.graph.owners_of(number):
            self._unended[owner] -= 1
        if not workflow or self._unended[workflow]:
            return False
        self._active.discard(workflow)
        return True

    def _close_loop(self, number: int) -> bool:
        """The last step of a loop that the run expanded has ended."""
        del self._expanding[number]
        self.status[number] = OPEN
        roots = (self.root_above(number), self._first_root(self.graph.members[number]))
        self.root[number] = min((root for root in roots if root is not None), default=None)
        self._opened.append(number)
        workflow_ended = self._count_down(number)
        self._release(number)
        return workflow_ended

    def _release(self, number: int) -> None:
        for dependant in self.graph.dependants[number]:
            self._missing[dependant] -= 1
            if not self._missing[dependant]:
                self._reach(dependant)

    def _reach(self, number: int) -> None:
        """Everything before this node has ended: a barrier opens, a step is ready."""
        waiting = [number]
        while waiting:
            number = waiting.pop()
            step = self.graph.steps[number]
            if step.kind == "step":
                if self.status[number] is None:  # it may have been left where it was before a loop before it was
                    insort(self.ready, number)
                continue
            self.status[number] = OPEN
            self.root[number] = self.root_above(number)
            if step.group is not None:
                self._opened.append(number)
                for loop in self.graph.groups_of(number)[:1]:
                    self._rounds.get(loop, set()).discard(number)
            for dependant in self.graph.dependants[number]:
                self._missing[dependant] -= 1
                if not self._missing[dependant]:
                    waiting.append(dependant)
