"""What the tools of a plan's steps say, gathered: for `drift` and `preview`."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from innominatus_cli.documents.admin_config import AdminConfigDocument
from innominatus_cli.documents.plan import Plan
from innominatus_cli.documents.run_record import StepResult
from innominatus_cli.operations.history import OpenLedger
from innominatus_cli.operations.step_parts import Answer, AskedPart, answers


@dataclass(frozen=True, slots=True)
class ToolReport:
    """What the tools of the steps said."""

    application: str
    environment: str
    run: str | None
    """The deployment that was looked at; None of a preview."""
    answers: tuple[Answer, ...]
    unasked: int
    """Steps whose type cannot say."""

    @property
    def found(self) -> int:
        """How many changes or differences there are."""
        return sum(len(answer.found) for answer in self.answers)

    @property
    def problems(self) -> int:
        """How many steps could not be asked."""
        return sum(1 for answer in self.answers if answer.problem)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """One row a change, a difference, or a step that could not be asked."""
        rows: list[dict[str, Any]] = []
        for answer in self.answers:
            at = {"step": answer.step.id, "type": answer.step.type}
            rows += [{**at, **found, "problem": ""} for found in answer.found]
            if answer.problem:
                rows.append({**at, "object": "", "problem": answer.problem})
        return rows


def asked_of(
    ledger: OpenLedger,
    plan: Plan,
    part: AskedPart,
    results: list[StepResult],
    run: str | None,
    watch: Callable[[str], object],
    only: Collection[str],
) -> ToolReport:
    """Asks the steps of a plan for a part of their drivers, one after the other; `watch` is told each one's id.

    Asked are those of `only`. `results` are those of earlier steps, `run` is the deployment that is looked at.
    """
    admin = ledger.repository.admin_config()
    config = admin.model if admin else AdminConfigDocument()
    found: list[Answer] = []
    for answer in answers(ledger.store.git, config, plan, part, results, only=only):
        watch(answer.step.id)
        found.append(answer)
    unasked = sum(1 for step in plan.steps if step.kind == "step" and step.id in only) - len(found)
    return ToolReport(plan.application.name, plan.environment, run, tuple(found), unasked)
