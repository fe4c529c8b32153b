"""What is known of conditions before a run: which steps no run of the plan starts."""

from innominatus_cli.documents.plan import Plan, PlannedStep
from innominatus_cli.expressions.truth import is_true


def never_runs(step: PlannedStep) -> bool:
    """Whether what planning knows of a step's own `if` or `unless` keeps it from running."""
    for tree, wanted in ((step.conditions.if_tree, True), (step.conditions.unless_tree, False)):
        if isinstance(tree, dict) and "value" in tree and is_true(tree["value"]) is not wanted:
            return True
    return False


def may_run(plan: Plan) -> list[str]:
    """The ids of steps that some run of the plan may start: neither they nor a call or loop around them never runs."""
    by_id = {step.id: step for step in plan.steps}
    found = []
    for step in plan.steps:
        around: PlannedStep | None = step
        while around is not None and not never_runs(around):
            around = by_id.get(around.within) if around.within is not None else None
        if around is None and step.kind == "step":
            found.append(step.id)
    return found
