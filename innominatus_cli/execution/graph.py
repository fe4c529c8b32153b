"""The plan's graph by number: who needs whom, and which loops and sub-workflows a node is a member of. No I/O."""

from collections.abc import Iterable, Sequence

from innominatus_cli.documents.plan import Plan, PlannedStep, PlannedWorkflow


class PlanGraph:
    """Who needs whom. Nodes are numbered as in the plan's `steps`; those that loops become while a run goes on follow.

    Raises ValueError where a step stands before something it needs, or needs something unknown.
    """

    __slots__ = ("_chains", "_scopes", "dependants", "index", "members", "needs", "plan", "steps", "workflows")

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.steps: list[PlannedStep] = list(plan.steps)
        self.index: dict[str, int] = {step.id: number for number, step in enumerate(self.steps)}
        self.workflows: dict[str, PlannedWorkflow] = {workflow.id: workflow for workflow in plan.workflows}
        self.needs: list[tuple[int, ...]] = []
        self.dependants: list[list[int]] = [[] for _ in self.steps]
        self.members: dict[int, list[int]] = {}
        """By loop or sub-workflow, its steps and groups; plain barriers are none."""
        self._chains: dict[int, tuple[int, ...]] = {}
        self._scopes: dict[int, int] = {}
        for number, step in enumerate(self.steps):
            needs = tuple(sorted({self.index.get(need, number) for need in step.needs}))
            if needs and needs[-1] >= number:
                raise ValueError(f"{step.id} stands before something that it needs")
            self.needs.append(needs)
            for need in needs:
                self.dependants[need].append(number)
            if step.group is not None:
                self.members.setdefault(number, [])
            if step.within is not None:
                self._join(number, step)

    def _join(self, number: int, step: PlannedStep) -> None:
        chain: list[int] = []
        within = step.within
        while within is not None:
            outer = self.index.get(within)
            if outer is None or outer in chain:
                raise ValueError(f"{step.id} is a member of something unknown")
            chain.append(outer)
            within = self.steps[outer].within
        self._chains[number] = tuple(chain)
        scope = next((one for one in chain if self.is_call(one)), None)
        if scope is not None:
            self._scopes[number] = scope
        if step.kind == "step" or step.group is not None:
            self.members.setdefault(chain[0], []).append(number)

    def add(self, pattern: int, steps: Sequence[PlannedStep]) -> list[int]:
        """The numbers of the steps that a loop has become; each needs what the pattern needs."""
        numbers = []
        for step in steps:
            number = len(self.steps)
            self.steps.append(step)
            self.index[step.id] = number
            self.needs.append(self.needs[pattern])
            self.dependants.append([])
            self._join(number, step)
            numbers.append(number)
        self.members.setdefault(pattern, [])
        return numbers

    def spread(self, ran: Iterable[int], stale: set[int]) -> None:
        """Adds the numbers of all that stands behind these nodes to `stale`."""
        waiting = list(ran)
        while waiting:
            for dependant in self.dependants[waiting.pop()]:
                if dependant not in stale:
                    stale.add(dependant)
                    waiting.append(dependant)

    def groups_of(self, number: int) -> tuple[int, ...]:
        """The loops and sub-workflows that a node is a member of, the innermost first."""
        return self._chains.get(number, ())

    def scope_of(self, number: int) -> int | None:
        """The innermost sub-workflow that a node is a member of."""
        return self._scopes.get(number)

    def calls_of(self, number: int) -> list[int]:
        """The sub-workflows that a node is a member of, the outermost first."""
        chain = self._chains.get(number)
        return [group for group in reversed(chain) if self.is_call(group)] if chain else []

    def is_call(self, number: int) -> bool:
        """Whether a node ends a sub-workflow."""
        group = self.steps[number].group
        return group is not None and group.kind == "workflow"

    def most_at_once(self, number: int) -> int | None:
        """How many members of this loop may run at once; None where nobody says."""
        step = self.steps[number]
        if step.expansion is not None:
            return step.expansion.max_parallel
        return step.group.max_parallel if step.group is not None else None

    def round_in(self, number: int, loop: int) -> int:
        """The member of a loop through which a node belongs to it: itself, or the sub-workflow of its round."""
        chain = self.groups_of(number)
        at = chain.index(loop)
        return chain[at - 1] if at else number

    def owners_of(self, number: int) -> list[str]:
        """Ids of all that may run out of time around a step: its workflow, and sub-workflows, the outermost first."""
        workflow = self.steps[number].workflow_id
        if number not in self._chains:
            return [workflow] if workflow else []
        return [*((workflow,) if workflow else ()), *(self.steps[call].id for call in self.calls_of(number))]

    def cleans_up(self, number: int, owner: str) -> bool:
        """Whether a step belongs to what this workflow or sub-workflow does `finally`."""
        outer = self.index.get(owner)
        for member in (number, *self.groups_of(number)):
            if member == outer:
                return False
            if self.steps[member].cleanup and (self.scope_of(member) == outer or self.scope_of(member) is None):
                return True
        return False
