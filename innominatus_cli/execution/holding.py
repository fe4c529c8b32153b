"""What becomes of a run whose gates are closed: the steps at the gates and behind them stay planned, each with why."""

from dataclasses import dataclass

from innominatus_cli.documents.plan import PlannedStep
from innominatus_cli.execution.state import RunState


@dataclass(frozen=True, slots=True)
class Skip:
    """A step that does not run, and why."""

    step: PlannedStep
    reason: str


def steps_left(state: RunState) -> tuple[Skip, ...]:
    """Every step that has neither started nor ended, where only closed gates are in the way, in the plan's order."""
    behind: dict[int, int] = {}
    left = []
    for number, step in enumerate(state.graph.steps):
        if state.status[number] is not None:
            continue
        held = number if number in state.held else _held_above(state, number, behind)
        behind[number] = held
        if step.kind == "step":
            at_gate = state.graph.steps[held]
            what = "a decision" if held in state.undecided else "an approval"
            reason = state.held[number] if held == number else f"step '{at_gate.name}' waits for {what}"
            left.append(Skip(step, reason))
    return tuple(left)


def _held_above(state: RunState, number: int, behind: dict[int, int]) -> int:
    """The first held step that a node stands behind. Needs stand before it, but for those that a loop became late."""
    above = [behind[need] for need in state.graph.needs[number] if need in behind]
    return min(above or state.held)
