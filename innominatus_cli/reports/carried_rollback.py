"""The rollback that a plan carries: what would be taken back, in which order, and what would stay."""

from collections.abc import Iterator
from typing import Any

from innominatus_cli.documents.plan import Plan, PlannedStep
from innominatus_cli.planning.rollback_means import Coverage, StepMeans, coverage_of, means_of
from innominatus_cli.reports.table import table_lines


def carried_document(plan: Plan) -> dict[str, Any]:
    """The rollback that a plan carries: in its order how each step would be taken back, and how many can be."""
    means = means_of(plan)
    return {"coverage": coverage_document(coverage_of(means)), "steps": [_means_document(one) for one in means]}


def coverage_document(coverage: Coverage) -> dict[str, int]:
    """The numbers of a coverage as data."""
    return {**coverage._asdict(), "percent": coverage.percent}


def coverage_text(coverage: Coverage) -> str:
    """One line: what a rollback would take back, and what it would leave."""
    parts = [
        f"{number} {name}"
        for name, number in zip(Coverage._fields, coverage, strict=True)
        if number and name != "unchanging"
    ]
    if not parts:
        return "rollback: nothing to take back"
    return f"rollback: {', '.join(parts)}; {coverage.percent} % of what changes something can be taken back"


def carried_lines(plan: Plan) -> Iterator[str]:
    """A table of the steps that change something, in the order in which a rollback comes to them."""
    rows = [
        (_short(one.step), one.means, one.by or ("declared" if one.step.rollback is False else ""))
        for one in means_of(plan)
        if one.means != "nothing"
    ]
    if rows:
        yield from table_lines(("Rollback of", "Is", "By"), rows)
        yield ""


def _means_document(one: StepMeans) -> dict[str, str]:
    found = {"step": one.step.id, "means": one.means}
    return {**found, "by": one.by} if one.by else found


def _short(step: PlannedStep) -> str:
    return step.id.replace("/-/", "/")
