"""A sketch: the workflows and steps of a plan that errors stand in the way of, for policies to judge all the same.

It has no inputs, sources or order, is never run, and its digest means nothing.
"""

from collections.abc import Sequence

from innominatus_cli.documents.plan import (
    Application,
    Plan,
    PlannedStep,
    PlannedWorkflow,
    Provenance,
    StepConditions,
)
from innominatus_cli.documents.vocabulary import Operation
from innominatus_cli.planning.drafts import Draft, DraftStep
from innominatus_cli.planning.places import Spot


def sketch_of(
    operation: Operation, application: Application, environment: str, limits: dict[str, int], drafts: Sequence[Draft]
) -> Plan:
    """The plan's workflows and steps: who they are, of which type, when they run and where they are written."""
    return Plan(
        operation=operation,
        application=application,
        environment=environment,
        sources=[],
        inputs=[],
        workflows=[_workflow(draft) for draft in drafts],
        limits=limits,
        steps=[_step(draft, part) for draft in drafts for part in draft.steps],
    )


def provenance_of(draft: Draft, spot: Spot) -> Provenance:
    """Where a step of a workflow stands, and why it is there."""
    place = spot.place
    return Provenance(
        path=place.path,
        line=place.line,
        column=place.column,
        tier=draft.tier,
        product=draft.product,
        workflow=draft.identity,
        trigger=draft.trigger,
        override_of=draft.override_of,
    )


def _workflow(draft: Draft) -> PlannedWorkflow:
    place = draft.spot.place
    return PlannedWorkflow(
        id=draft.id,
        identity=draft.identity,
        name=draft.name,
        tier=draft.tier,
        product=draft.product,
        phase=draft.phase,
        path=place.path,
        line=place.line,
        column=place.column,
        trigger=draft.trigger,
        timeout_seconds=draft.timeout,
        override_of=draft.override_of,
    )


def _step(draft: Draft, part: DraftStep) -> PlannedStep:
    definition = part.definition
    return PlannedStep(
        id=f"{draft.id}/{definition.name}",
        name=definition.name,
        type=definition.type,
        phase=draft.phase,
        tier=draft.tier,
        workflow_id=draft.id,
        cleanup=part.cleanup,
        provenance=provenance_of(draft, part.spot),
        conditions=StepConditions(when=definition.when, if_text=definition.if_, unless_text=definition.unless),
    )
