"""A sketch: the workflows and steps of a plan that errors stand in the way of, for policies to judge all the same.

It has no inputs, sources or order, is never run, and its digest means nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from innominatus_cli.documents.plan import (
    Application,
    CallSite,
    Cell,
    Group,
    Plan,
    PlannedStep,
    PlannedWorkflow,
    Provenance,
    StepConditions,
)
from innominatus_cli.documents.vocabulary import Operation
from innominatus_cli.planning.drafts import Called, Draft, DraftStep
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
        steps=[step for draft in drafts for part in draft.steps for step in _steps(draft, part, Member())],
    )


@dataclass(frozen=True, slots=True)
class Member:
    """Where a step stands in its workflow of the plan: in which call and which round of a loop."""

    prefix: str = ""
    """What names of steps have before them: the call, and a dot."""
    suffix: str = ""
    """`[<index>]` in a loop."""
    within: str | None = None
    cell: Cell | None = None
    calls: tuple[CallSite, ...] = ()

    @property
    def call(self) -> str:
        """The name of the step that calls; empty outside of a sub-workflow."""
        return self.prefix[:-1]

    def name(self, part: DraftStep) -> str:
        """The name of a step in the plan."""
        return f"{self.prefix}{part.definition.name}{self.suffix}"

    def inside(self, part: DraftStep, called: Called, group: str) -> "Member":
        """The same for the steps of what this step calls."""
        name, (path, line, column) = self.name(part), part.spot.start
        site = CallSite(step=name, workflow=called.name, path=path, line=line, column=column)
        return Member(f"{name}.", within=group, calls=(*self.calls, site))


def provenance_of(draft: Draft, spot: Spot, calls: Sequence[CallSite] = ()) -> Provenance:
    """Where a step of a workflow stands, and why it is there. `calls` lead to it from a step of the workflow."""
    path, line, column = spot.start
    return Provenance(
        path=path,
        line=line,
        column=column,
        tier=draft.tier,
        product=draft.product,
        workflow=calls[-1].workflow if calls else draft.identity,
        trigger=draft.trigger,
        override_of=draft.override_of,
        calls=list(calls) or None,
    )


def _workflow(draft: Draft) -> PlannedWorkflow:
    path, line, column = draft.spot.start
    return PlannedWorkflow(
        id=draft.id,
        identity=draft.identity,
        name=draft.name,
        tier=draft.tier,
        product=draft.product,
        phase=draft.phase,
        path=path,
        line=line,
        column=column,
        trigger=draft.trigger,
        timeout_seconds=draft.timeout,
        override_of=draft.override_of,
    )


def _steps(draft: Draft, part: DraftStep, member: Member) -> Iterator[PlannedStep]:
    """A step, and those of what it calls; loops are there once."""
    definition = part.definition
    name = member.name(part)
    step = PlannedStep(
        id=f"{draft.id}/{name}",
        name=name,
        type=definition.type,
        phase=draft.phase,
        tier=draft.tier,
        workflow_id=draft.id,
        cleanup=part.cleanup,
        provenance=provenance_of(draft, part.spot, member.calls),
        conditions=StepConditions(when=definition.when, if_text=definition.if_, unless_text=definition.unless),
        within=member.within,
    )
    if part.called is None:
        yield step
        return
    group = Group(kind="workflow", workflow=part.called.name, product=part.called.draft.product)
    yield step.model_copy(update={"kind": "barrier", "group": group})
    inner = member.inside(part, part.called, step.id)
    for one in part.called.draft.steps:
        yield from _steps(draft, one, inner)
