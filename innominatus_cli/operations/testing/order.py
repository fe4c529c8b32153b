"""Whether a plan makes one of its nodes wait for another, whatever happens to run first."""

from innominatus_cli.execution.graph import PlanGraph


def waits_for(graph: PlanGraph, later: int, earlier: int) -> bool:
    """Whether a node needs another, directly or through others; nodes are numbered as in the plan."""
    waiting, seen = [later], set()
    while waiting:
        for need in graph.needs[waiting.pop()]:
            if need == earlier:
                return True
            if need > earlier and need not in seen:  # what stands before it cannot wait for it
                seen.add(need)
                waiting.append(need)
    return False
