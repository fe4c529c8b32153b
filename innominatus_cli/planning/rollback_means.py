"""How each step of a plan would be taken back, known before the first one runs.

Every step is *reversible* (the driver of its type takes back what it did), *compensated* (its `rollback` names another
step), or *irreversible*; what changes nothing has nothing to take back.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from innominatus_cli.documents.plan import Plan, PlannedStep
from innominatus_cli.documents.vocabulary import When
from innominatus_cli.step_types.catalogue import step_type
from innominatus_cli.step_types.contract import RollbackMeans


class StepMeans(NamedTuple):
    """How one step of a plan would be taken back."""

    step: PlannedStep
    means: RollbackMeans
    by: str = ""
    """What does it: `undo of <type>`, or the name or type of the step that `rollback` names."""


class Coverage(NamedTuple):
    """How many steps of a plan can be taken back; those that change nothing are counted apart."""

    reversible: int
    compensated: int
    irreversible: int
    unchanging: int

    @property
    def percent(self) -> int:
        """Of the steps that change something, how many in a hundred can be taken back, rounded down."""
        changing = self.reversible + self.compensated + self.irreversible
        return 100 if not changing else 100 * (self.reversible + self.compensated) // changing


def means_of(plan: Plan) -> list[StepMeans]:
    """How each step would be taken back, in the order in which that happens: the reverse of the plan's.

    Steps that only run by hand (`when: manual`), as those do that take others back, are left out.
    """
    by_id = {step.id: step for step in plan.steps}
    return [
        means_of_step(step, by_id)
        for step in reversed(plan.steps)
        if step.kind == "step" and step.conditions.when is not When.MANUAL
    ]


def coverage_of(means: Iterable[StepMeans]) -> Coverage:
    """The numbers of each."""
    counts = {"reversible": 0, "compensated": 0, "irreversible": 0, "nothing": 0}
    for one in means:
        counts[one.means] += 1
    return Coverage(counts["reversible"], counts["compensated"], counts["irreversible"], counts["nothing"])


def means_of_step(step: PlannedStep, by_id: Mapping[str, PlannedStep]) -> StepMeans:
    """What the workflow says of the step counts; where it says nothing, or `true`, what its type can do."""
    written = step.rollback
    if isinstance(written, Mapping):
        target = by_id.get(f"{step.workflow_id}/{written.get('step')}")
        if target is not None:
            return StepMeans(step, "compensated", target.name)
        if isinstance(written.get("type"), str) and "inputs" in written:
            return StepMeans(step, "compensated", written["type"])
        return StepMeans(step, "irreversible")
    if written is False:
        return StepMeans(step, "irreversible")
    known = step_type(step.type) if step.program is None else None
    means = "irreversible" if known is None else known.rollback_of(step.inputs)
    if means == "compensated":  # by a step that nobody has named
        return StepMeans(step, "irreversible")
    return StepMeans(step, means, f"undo of {step.type}" if means == "reversible" else "")
