"""What a run asks of approvals. What counts as one is none of the engine's business."""

from typing import Protocol

from innominatus_cli.documents.plan import PlannedStep
from innominatus_cli.documents.run_record import CountedApproval
from innominatus_cli.findings.catalogue.execution import APPROVAL_NEEDED
from innominatus_cli.findings.finding import Finding, Place


class Gates(Protocol):
    """The gates of one run."""

    def closed(self, step: PlannedStep) -> str:
        """Why a step has to wait for an approval of it, its workflow or its environment; empty where it has not.

        Asked when all else lets the step start.
        """

    def counted(self) -> list[CountedApproval]:
        """The approvals that have opened gates since this was asked last."""

    def findings(self) -> list[Finding]:
        """What to tell of gates that were asked and stayed closed."""


class NobodyApproves:
    """Every gate of the plan is closed; there are no others."""

    def __init__(self) -> None:
        self._asked: dict[str, Finding] = {}

    def closed(self, step: PlannedStep) -> str:
        """How many of whom must approve the step."""
        gate = step.gate
        if gate is None:
            return ""
        why = f"{gate.count} of {', '.join(gate.teams) or 'any team'} must approve it"
        where = step.provenance
        place = Place(where.path, where.line, where.column) if where else Place("")
        self._asked[step.id] = Finding(APPROVAL_NEEDED, f"step '{step.name}': {why}", place)
        return why

    def counted(self) -> list[CountedApproval]:
        """None."""
        return []

    def findings(self) -> list[Finding]:
        """One for each gate that was asked."""
        return list(self._asked.values())
