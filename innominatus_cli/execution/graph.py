"""The plan's graph by number, and how far a run has come in it. No I/O, no clock.

Nodes are numbered as in the plan's `steps`; a node stands behind everything it needs. `RunState` takes two kinds of
news, `started` and `ended`, and keeps what `decide` asks for: what is ready, what runs, which failure stands above
each node.
"""

from bisect import insort
from collections import Counter
from collections.abc import Mapping
from typing import Final

from innominatus_cli.documents.plan import Plan, PlannedStep, PlannedWorkflow
from innominatus_cli.documents.run_record import StepStatus

OPEN: Final = "open"
"""The final state of a barrier: everything before it has ended."""

_FAILED: Final = frozenset({"failed", "timed_out", "interrupted"})


class PlanGraph:
    """Who needs whom. Raises ValueError where a step stands before something it needs, or needs something unknown."""

    __slots__ = ("dependants", "index", "needs", "plan", "steps", "workflows")

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.steps: tuple[PlannedStep, ...] = tuple(plan.steps)
        self.index: dict[str, int] = {step.id: number for number, step in enumerate(self.steps)}
        self.workflows: dict[str, PlannedWorkflow] = {workflow.id: workflow for workflow in plan.workflows}
        self.needs: list[tuple[int, ...]] = []
        self.dependants: list[list[int]] = [[] for _ in self.steps]
        for number, step in enumerate(self.steps):
            needs = tuple(sorted({self.index.get(need, number) for need in step.needs}))
            if needs and needs[-1] >= number:
                raise ValueError(f"{step.id} stands before something that it needs")
            self.needs.append(needs)
            for need in needs:
                self.dependants[need].append(number)


class Limits:
    """How much runs at once: in all, by tier, and workflows. None: no limit of its own."""

    __slots__ = ("max_parallel", "tiers", "workflows")

    def __init__(self, max_parallel: int, limits: Mapping[str, int]) -> None:
        self.max_parallel = max(1, min(max_parallel, limits.get("max_parallel", max_parallel)))
        self.workflows = limits.get("workflows")
        self.tiers = {tier: limits[tier] for tier in ("platform", "product", "application") if tier in limits}


class RunState:
    """How far a run has come."""

    def __init__(self, graph: PlanGraph, limits: Limits) -> None:
        self.graph = graph
        self.limits = limits
        self.status: list[str | None] = [None] * len(graph.steps)
        self.root: list[int | None] = [None] * len(graph.steps)
        """By node: the failed step because of which nothing that waits for success runs behind it."""
        self.ready: list[int] = []
        """Steps whose needs have all ended, in the plan's order."""
        self.running: set[int] = set()
        self.failures: list[int] = []
        """Steps that failed, in order of their ends; those that `continueOnError` let pass are not among them."""
        self.overdue: set[str] = set()
        """Workflows that ran out of time; their `finally` steps still run."""
        self.expired: set[str] = set()
        """Workflows that have no time left for their `finally` steps either."""
        self.failed_workflows: dict[str, int] = {}
        self.stopped: str = ""
        """Why no step starts any more; empty while steps may start."""
        self._missing = [len(needs) for needs in graph.needs]
        self._unended: Counter[str] = Counter(step.workflow_id for step in graph.steps if step.workflow_id)
        self._active: set[str] = set()
        self._tiers: Counter[str] = Counter()
        self._locks: set[str] = set()
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

    def unended(self, workflow: str) -> int:
        """How many steps of this workflow have not come to their end."""
        return self._unended[workflow]

    def started(self, step_id: str) -> None:
        """News: this step, which was ready, has started."""
        number = self.graph.index[step_id]
        step = self.graph.steps[number]
        self.ready.remove(number)
        self.running.add(number)
        self._tiers[step.tier] += 1
        if step.workflow_id:
            self._active.add(step.workflow_id)
        if step.lock:
            self._locks.add(step.lock)

    def ended(self, step_id: str, status: StepStatus, *, continued: bool = False) -> bool:
        """News: this step has come to its end, or will never start. Returns whether its workflow has ended with it."""
        number = self.graph.index[step_id]
        step = self.graph.steps[number]
        if number in self.running:
            self.running.remove(number)
            self._tiers[step.tier] -= 1
            if step.lock:
                self._locks.discard(step.lock)
        elif number in self.ready:
            self.ready.remove(number)
        self.status[number] = status
        self.root[number] = self.root_above(number)
        if status in _FAILED and not continued:
            self.failures.append(number)
            if step.workflow_id:
                self.failed_workflows.setdefault(step.workflow_id, number)
            if self.root[number] is None:
                self.root[number] = number
        workflow_ended = self._count_down(step)
        self._release(number)
        return workflow_ended

    def root_above(self, number: int) -> int | None:
        """The first failed step that this node stands behind, or None."""
        roots = [root for need in self.graph.needs[number] if (root := self.root[need]) is not None]
        return min(roots) if roots else None

    def has_room(self, step: PlannedStep, starting: "list[PlannedStep]") -> bool:
        """Whether the limits and locks let this step start beside what runs and what is `starting`."""
        if len(self.running) + len(starting) >= self.limits.max_parallel:
            return False
        most = self.limits.tiers.get(step.tier)
        if most is not None and self._tiers[step.tier] + sum(other.tier == step.tier for other in starting) >= most:
            return False
        if step.lock and (step.lock in self._locks or any(other.lock == step.lock for other in starting)):
            return False
        return self._has_room_for_workflow(step.workflow_id, starting)

    def _has_room_for_workflow(self, workflow: str | None, starting: "list[PlannedStep]") -> bool:
        if workflow is None or self.limits.workflows is None or workflow in self._active:
            return True
        active = self._active | {other.workflow_id for other in starting if other.workflow_id}
        return workflow in active or len(active) < self.limits.workflows

    def _count_down(self, step: PlannedStep) -> bool:
        workflow = step.workflow_id
        if not workflow:
            return False
        self._unended[workflow] -= 1
        if self._unended[workflow]:
            return False
        self._active.discard(workflow)
        return True

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
            if self.graph.steps[number].kind == "step":
                insort(self.ready, number)
                continue
            self.status[number] = OPEN
            self.root[number] = self.root_above(number)
            for dependant in self.graph.dependants[number]:
                self._missing[dependant] -= 1
                if not self._missing[dependant]:
                    waiting.append(dependant)
