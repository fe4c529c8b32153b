"""Whether the files that a step reads are still those that the plan was made from."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from innominatus_cli.documents.plan import PlannedStep
from innominatus_cli.documents.snapshot import WorkingTreeSnapshot
from innominatus_cli.findings.catalogue.execution import INPUT_CHANGED
from innominatus_cli.findings.finding import Finding, Place


@dataclass(frozen=True, slots=True)
class InputComparison:
    """Compares the files that a step reads with what the plan was made from, right before it starts."""

    root: Path
    object_ids: Mapping[str, str]

    def __call__(self, step: PlannedStep) -> Finding | None:
        """A finding where a file differs or is gone; None where all are as they were."""
        snapshot = WorkingTreeSnapshot(self.root)
        for path in step.input_files:
            if snapshot.object_id(path) != self.object_ids.get(path):
                place = step.provenance
                where = Place(place.path, place.line, place.column) if place else Place(path)
                message = f"step '{step.name}': '{path}' is no longer what the plan was made from"
                return Finding(INPUT_CHANGED, message, where)
        return None
