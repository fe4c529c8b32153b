"""What a removal takes back beside an application's own resources: the work of all other steps of all its runs.

The life of an application in an environment, from its first run or its last removal on, counts as one run that went on
and on: a step is taken back once, with the inputs of the last run in which it started, and its driver is told every
run in which it did. So what stood before the first of them is put back, and what they made is gone. No I/O, no clock.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from innominatus_cli.documents.plan import Plan, PlanInput, PlannedStep, PlannedWorkflow, Source
from innominatus_cli.documents.run_record import RunRecord, StepResult
from innominatus_cli.documents.vocabulary import PHASES, TIERS, Phase, Tier
from innominatus_cli.findings.finding import Finding
from innominatus_cli.planning.application_tier import RESOURCES, ROUTES, WORKLOAD
from innominatus_cli.planning.recorded_values import RecordedValues
from innominatus_cli.planning.rollback import History, Maker, bare, facts_of, phase_and_tier, started

_GENERATED: Final = f"{Phase.DEPLOYMENT}/{Tier.APPLICATION}/-"
_REMOVED_OTHERWISE: Final = frozenset({f"{_GENERATED}/{RESOURCES}", f"{_GENERATED}/{ROUTES}"})
"""Workflows whose work the removal of the application itself takes away."""


class StandingRun(NamedTuple):
    """A run whose work stands. `steps` are its plan's, with those that loops became; `undone` rollbacks took back."""

    record: RunRecord
    plan: Plan
    steps: Sequence[PlannedStep]
    undone: frozenset[str] = frozenset()

    def results(self) -> dict[str, StepResult]:
        """The results of steps that began to work and whose work stands."""
        return {one.step: one for one in self.record.steps if started(one) and one.step not in self.undone}


class Standing(NamedTuple):
    """Every run of an application in an environment since it was last removed, the oldest first."""

    runs: tuple[StandingRun, ...]
    evidence: str
    """The last record."""


class TakenBack(NamedTuple):
    """Steps that take back the work of others, a chain, and the workflows that they are of."""

    steps: tuple[PlannedStep, ...]
    workflows: tuple[PlannedWorkflow, ...]
    sources: tuple[Source, ...]
    findings: tuple[Finding, ...]


def taken_back_by_removal(standing: Standing) -> TakenBack:
    """What takes back all that stands, but for the application's own resources and workload."""
    return _Remover(standing).all()


def with_taken_back(plan: Plan, back: TakenBack, standing: Standing, object_id: Callable[[str], str | None]) -> Plan:
    """A removal's plan with these steps around its own: those behind the application's deployment come first.

    `object_id` says what a file is now.
    """
    first = tuple(step for step in back.steps if phase_and_tier(step) > _APPLICATION)
    last = tuple(step for step in back.steps if step not in first)
    own = [_behind(step, first) if not step.needs else step for step in plan.steps]
    needed = {need for step in own for need in step.needs}
    ends = [step.id for step in own if step.id not in needed] or [step.id for step in first[-1:]]
    begun = last[:1] and (last[0].model_copy(update={"needs": ends}),)
    sources = {source.path: source for source in plan.sources}
    for source in back.sources:
        now = object_id(source.path)
        sources.setdefault(source.path, source if now is None else source.model_copy(update={"object_id": now}))
    runs = ", ".join(run.record.run for run in standing.runs)
    update: dict[str, Any] = {
        "steps": [*first, *own, *begun, *last[1:]],
        "workflows": [*back.workflows, *plan.workflows],
        "sources": [sources[path] for path in sorted(sources)],
        "inputs": [*plan.inputs, PlanInput(name="runs", value=runs, evidence=standing.evidence)],
    }
    return plan.model_copy(update=update)


_APPLICATION: Final = (PHASES.index(Phase.DEPLOYMENT), TIERS.index(Tier.APPLICATION))


def _behind(step: PlannedStep, first: Sequence[PlannedStep]) -> PlannedStep:
    return step.model_copy(update={"needs": [first[-1].id]}) if first else step


class _Remover(Maker):
    """Takes back step by step, each with what the last run in which it started knows."""

    def __init__(self, standing: Standing) -> None:
        last = standing.runs[-1]
        super().__init__(last.plan, History(chain=[last.record], steps=last.steps, evidence=standing.evidence))
        self._standing = standing
        self._seen: list[dict[str, StepResult]] = [run.results() for run in standing.runs]

    def all(self) -> TakenBack:
        """All of it."""
        workflows: dict[str, PlannedWorkflow] = {}
        sources: dict[str, Source] = {}
        for number, step in self._reversed():
            run = self._standing.runs[number]
            self._runs = [
                one.record.run for one, seen in zip(self._standing.runs, self._seen, strict=True) if step.id in seen
            ]
            self._steps = {one.id: one for one in run.steps}
            results = {one.step: one for one in run.record.steps}
            self._values = RecordedValues(run.plan, self._steps, results, facts_of(run.record))
            before = len(self._nodes)
            self._undo(step, self._wrote(step))
            if len(self._nodes) > before:
                workflows |= {flow.id: bare(flow) for flow in run.plan.workflows if flow.id == step.workflow_id}
                read = {path for node in self._nodes[before:] for path in node.input_files}
                sources |= {source.path: source for source in run.plan.sources if source.path in read}
        return TakenBack(tuple(self._nodes), tuple(workflows.values()), tuple(sources.values()), tuple(self._findings))

    def _reversed(self) -> Iterator[tuple[int, PlannedStep]]:
        """Every step that stands, with the last run in which it started, in the reverse order of phases and tiers.

        Among those of one tier the newest plan's order counts; what only older ones had goes first.
        """
        found: dict[str, tuple[tuple[int, int], int, int, int, PlannedStep]] = {}
        for number, (run, seen) in enumerate(zip(self._standing.runs, self._seen, strict=True)):
            for order, step in enumerate(run.steps):
                if step.id in seen and step.kind == "step" and step.expansion is None and not _is_own(step):
                    found[step.id] = (phase_and_tier(step), -number, order, number, step)
        for *_, number, step in sorted(found.values(), key=lambda one: one[:3], reverse=True):
            yield number, step

    def _wrote(self, step: PlannedStep) -> dict[str, str]:
        """The files of the step that are in the repository: those of its last run that ended well."""
        for run, seen in zip(reversed(self._standing.runs), reversed(self._seen), strict=True):
            if run.record.status == "succeeded" and step.id in seen:
                return dict(seen[step.id].artifacts)
        return {}


def _is_own(step: PlannedStep) -> bool:
    """Whether the removal of the application itself takes it away.

    That deletes the objects of the last deployment; those that only earlier ones had, and the namespace where a run
    made it, are taken back where they were applied.
    """
    if step.workflow_id == f"{_GENERATED}/{WORKLOAD}":
        return step.inputs.get("mode") != "apply"
    return step.workflow_id in _REMOVED_OTHERWISE
