"""`plan diff` as text, Markdown and data."""

from collections.abc import Iterator
from typing import Any

from innominatus_cli.operations.plan_diff import PlanDiff, Side
from innominatus_cli.planning.comparison import Comparison
from innominatus_cli.planning.effects import SAME_STEPS
from innominatus_cli.policies.effects import judged_effects
from innominatus_cli.reports.markdown import code, fenced
from innominatus_cli.reports.plan_changes import change_lines, changes_document, objections_document
from innominatus_cli.reports.terminal import one_line


def diff_document(diff: PlanDiff) -> dict[str, Any]:
    """The comparison as data. Both sides have a plan."""
    return {
        "schema": "innominatus.dev/plan-diff/v1",
        "differs": diff.differs,
        "old": _side(diff.old),
        "new": _side(diff.new),
        "summary": list(summary(diff)),
        "changes": changes_document(diff.comparison or Comparison()),
        "policies": {
            "raised": objections_document(diff.raised),
            "settled": objections_document(diff.settled),
        },
    }


def _side(side: Side) -> dict[str, Any]:
    found: dict[str, Any] = {"name": side.name}
    if side.plan is not None:
        found["digest"] = side.plan.digest
        found["application"] = side.plan.application.name
        found["environment"] = side.plan.environment
    if side.judgement is not None:
        found["allowed"] = side.judgement.verdict.allowed
    return found


def summary(diff: PlanDiff) -> tuple[str, ...]:
    """What the changes come to, in the words of `planning.effects`."""
    return judged_effects(diff.comparison or Comparison(), diff.old.said, diff.new.said)


def diff_text(diff: PlanDiff) -> str:
    """The comparison for people."""
    return "".join(f"{line}\n" for line in _lines(diff))


def diff_markdown(diff: PlanDiff) -> str:
    """The comparison as a comment of a pull request shows it."""
    plan = diff.new.plan
    what = f"Plan of {code(plan.application.name)} in {code(plan.environment)}: " if plan else ""
    head = f"### {what}{code(diff.old.name)} → {code(diff.new.name)}\n\n"
    lines = [*_changes(diff)]
    said = ", ".join(summary(diff)) or "No difference"
    signs = [f"! {line[2:]}" if line.startswith(("~", ">")) else line for line in lines]
    return f"{head}{said}.\n" + (f"\n{fenced(signs, 'diff')}" if lines else "")


def _lines(diff: PlanDiff) -> Iterator[str]:
    plan = diff.new.plan
    about = f"{plan.application.name}, {plan.environment}: " if plan else ""
    yield one_line(f"{about}{diff.old.name} → {diff.new.name}")
    if not diff.differs:
        yield f"The same plan: {plan.digest if plan else ''}"
        return
    yield from (f"  {line}" for line in _changes(diff))
    said = summary(diff)
    if said == (SAME_STEPS,):
        yield "The same steps; what they were made from differs, so an approval of the old digest does not hold."
    yield f"{', '.join(said)}; digest {_digest(diff.old)} → {_digest(diff.new)}"


def _changes(diff: PlanDiff) -> Iterator[str]:
    comparison = diff.comparison or Comparison()
    yield from change_lines(comparison)
    if not comparison.telling:
        for one in comparison.changes:
            if one.part == "source":
                yield one_line(f"~ source {one.name} {one.change}")
    for finding in diff.raised:
        yield one_line(f"+ policy {finding.severity} {finding.code.number}: {finding.message} ({finding.place})")
    for finding in diff.settled:
        yield one_line(f"- policy {finding.severity} {finding.code.number}: {finding.message} ({finding.place})")


def _digest(side: Side) -> str:
    return side.plan.digest.removeprefix("sha256:")[:12] if side.plan else "none"
