"""What a rollback of a plan's run is: the same model, its steps in reverse order, inputs settled by the record.

How each step is taken back is known before the first one runs (`rollback_means`). From the records of a run comes the
plan of its rollback (`rollback_plan`): a chain, every step that started once, the half-done one included. No I/O, no
clock.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from innominatus_cli.documents.plan import (
    Plan,
    PlanInput,
    PlannedProbe,
    PlannedStep,
    PlannedWorkflow,
    StepConditions,
    Undo,
)
from innominatus_cli.documents.run_record import RunRecord, StepResult
from innominatus_cli.documents.vocabulary import PHASES, TIERS, Idempotency
from innominatus_cli.expressions.values import NoValue, references_in
from innominatus_cli.findings.catalogue import rollback as codes
from innominatus_cli.findings.finding import Code, Finding, Place, has_errors
from innominatus_cli.planning.recorded_values import RecordedValues
from innominatus_cli.planning.rollback_means import means_of_step
from innominatus_cli.planning.shared_resources import lets_go, resource_behind
from innominatus_cli.step_types.catalogue import step_type
from innominatus_cli.step_types.contract import WORKLOAD_INPUT

_RAN: Final = frozenset({"succeeded", "failed", "timed_out", "interrupted"})
UNDO: Final = "undo-"
RESTORE: Final = "restore-"
_OF_AN_UNDO: Final = (
    "Look whether it was taken back, then say so: with `--assume STEP=done` nothing more is done for it, "
    "`--assume STEP=not-done` takes it back now."
)
"""What names of a rollback plan's steps begin with: one that does something, one that only puts files back."""


_OF_A_SHARED_ONE: Final[tuple[str, ...]] = ("resource", "resourceType", "resourceClass", "resourceId", "provisioner")


class OlderRun(NamedTuple):
    """A run that was gone on with by another plan; `steps` are its own plan's, as in `History`."""

    record: RunRecord
    plan: Plan
    steps: Sequence[PlannedStep]


@dataclass(frozen=True, slots=True)
class History:
    """What the ledger says of the run that is to be rolled back.

    `chain` holds its record behind those of the runs that it went on from, the oldest first. `steps` are the plan's,
    with those that loops became in the place of their pattern; `older` are runs of the chain by other plans (somebody
    accepted changes), the oldest first, for what only those had. `undone` are steps of rollback plans that have ended
    well, with whether their rollback has as a whole (only then did its files come into the repository); `doubted` are
    those that had started when their rollback was killed. `before` are the texts of files as they were when the chain
    began. `assumed` says of steps in doubt, of the run or of a rollback, whether they happened. `shared` are resources
    that stay, with the other applications that use them.
    """

    chain: Sequence[RunRecord]
    steps: Sequence[PlannedStep]
    older: Sequence[OlderRun] = ()
    undone: Mapping[str, bool] = field(default_factory=dict)
    doubted: frozenset[str] = frozenset()
    before: Mapping[str, str] = field(default_factory=dict)
    assumed: Mapping[str, bool] = field(default_factory=dict)
    shared: Mapping[str, Sequence[str]] = field(default_factory=dict)
    evidence: str = "the ledger"


class Rollback(NamedTuple):
    """A rollback plan; None where errors stand in the way. One without steps: nothing is left to be taken back."""

    plan: Plan | None
    findings: tuple[Finding, ...]


def rollback_plan(plan: Plan, history: History) -> Rollback:
    """The plan that takes back what a run of `plan` did, as far as no earlier rollback has."""
    return Maker(plan, history).made()


def started(result: StepResult) -> bool:
    """Whether a step began to work, in this run or in the one that its result is from."""
    if result.status in _RAN:
        return bool(result.attempts) or result.reused_from is not None
    return in_doubt(result)


def facts_of(record: RunRecord) -> dict[str, str]:
    """What `${run.…}` named in a run."""
    return {
        "id": record.run,
        "application": record.application,
        "environment": record.environment,
        "operation": record.operation,
        "startedAt": record.started_at,
    }


def phase_and_tier(step: PlannedStep) -> tuple[int, int]:
    """Where a step stands in every plan, to be compared."""
    return PHASES.index(step.phase), TIERS.index(step.tier)


def in_doubt(result: StepResult) -> bool:
    """Whether its run was killed while a step was at work, and no later run has found out what came of it."""
    return result.status != "succeeded" and bool(result.attempts) and result.attempts[-1].ending == "unknown"


def doubts_of(chain: Iterable[RunRecord]) -> set[str]:
    """Steps of a run, its record behind those that it went on from, of which nobody knows whether they are done."""
    found: set[str] = set()
    for record in chain:
        for result in filter(started, record.steps):
            (found.add if in_doubt(result) else found.discard)(result.step)
        found.difference_update(one.step for one in record.assumptions or ())
    return found


def rolls_back_now(plan: Plan, record: RunRecord, *, asked: bool = False) -> bool:
    """Whether a run is to be rolled back right behind its record: it failed or ran out of time, and somebody asks so.

    That is who ran it (`asked`), its golden path, or a workflow one of whose steps failed. A rollback never is.
    """
    if plan.rolls_back is not None or record.status not in {"failed", "timed_out"}:
        return False
    if asked or plan.rollback_on_failure:
        return True
    asking = {flow.id for flow in plan.workflows if flow.rollback_on_failure}
    return any(step_id.startswith(f"{flow}/") for step_id in record.failures for flow in asking)


class Maker:
    """Makes the steps that take back those of runs."""

    def __init__(self, plan: Plan, history: History) -> None:
        self._plan = plan
        self._history = history
        self._last = history.chain[-1]
        self._runs = [record.run for record in history.chain]
        self._steps = {step.id: step for step in history.steps}
        self._results: dict[str, StepResult] = {}
        self._doubt = doubts_of(history.chain)
        for result in (result for record in history.chain for result in record.steps):
            if started(result) or result.step not in self._results:
                self._results[result.step] = result
        self._values = RecordedValues(plan, self._steps, self._results, facts_of(self._last))
        self._looked_at: OlderRun | None = None
        self._nodes: list[PlannedStep] = []
        self._findings: list[Finding] = []

    def made(self) -> Rollback:
        """The plan of all of them, in the reverse order of the runs' own."""
        for step, run in reversed(self._in_order()):
            self._see(run)
            result = self._results.get(step.id)
            if step.kind == "step" and step.expansion is None and result is not None and started(result):
                self._undo(step, dict(result.artifacts) if run.record.status == "succeeded" else {})
        findings = tuple(self._findings)
        return Rollback(None if has_errors(findings) else self._whole(), findings)

    def _in_order(self) -> list[tuple[PlannedStep, OlderRun]]:
        """Each step of the chain once, with the run whose plan has it last, where that plan has it."""
        last = OlderRun(self._last, self._plan, self._history.steps)
        known = {step.id: (step, last) for step in last.steps}
        order = list(known)
        for run in reversed(self._history.older):
            behind: dict[str, list[str]] = {}
            before = ""
            for step in run.steps:
                if step.id not in known:
                    behind.setdefault(before, []).append(step.id)
                    known[step.id] = step, run
                else:
                    before = step.id
            order = [*behind.get("", ()), *(one for at in order for one in (at, *behind.get(at, ())))]
        return sorted((known[step] for step in order), key=lambda one: phase_and_tier(one[0]))

    def _see(self, run: OlderRun) -> None:
        """From now on steps of this run's plan are taken back."""
        if self._looked_at is not run:
            self._looked_at = run
            self._steps = {step.id: step for step in run.steps}
            self._values = RecordedValues(run.plan, self._steps, self._results, facts_of(run.record))

    def _undo(self, step: PlannedStep, wrote: dict[str, str]) -> None:
        """Adds what takes a step back; `wrote` are the files that it has brought into the repository."""
        assumed = self._history.assumed.get(step.id)
        if assumed is False:
            return
        undo, restore = (f"{step.workflow_id}/{prefix}{step.name}" for prefix in (UNDO, RESTORE))
        shared = resource_behind(step, self._history.shared)
        if shared is not None:
            self._let_go(step, shared, undo)
            return
        means = means_of_step(step, self._steps)
        if undo in self._history.undone or self._history.assumed.get(undo):
            if wrote and not self._history.undone.get(undo, False):
                self._restore(step, wrote)
            return
        match means.means:
            case "reversible":
                self._itself(step, wrote)
                return
            case "compensated":
                self._compensate(step, in_doubt=step.id in self._doubt and assumed is None)
            case "irreversible":
                self._told(codes.NOT_TAKEN_BACK, step, "nothing takes its work back: it stays")
            case "nothing":
                pass
        if wrote and not self._history.undone.get(restore, False):
            self._restore(step, wrote)

    def _let_go(self, step: PlannedStep, shared: str, undo: str) -> None:
        """Lets a resource be that others use; the steps of the workflow that made it are not taken back either."""
        if step.type != "resource-provisioning" or undo in self._history.undone:
            return
        used_by = self._history.shared[shared]
        inputs = {name: step.inputs[name] for name in _OF_A_SHARED_ONE if name in step.inputs}
        inputs, stays = lets_go(shared, inputs, used_by, self._history.evidence, _place_of(step))
        self._findings.append(stays)
        update = self._settled(step, inputs, {})
        if update is not None:
            update |= {"idempotency": Idempotency.CONVERGENT, "rollback": None, "gate": None, "declared_outputs": []}
            update |= {"probe": None, "tools": [], "input_files": []}
            self._add(step, step.model_copy(update=update), UNDO, self._of(step, "itself", {}))

    def _itself(self, step: PlannedStep, wrote: dict[str, str]) -> None:
        update = self._settled(step, step.inputs, step.env)
        if update is not None:
            update |= {"idempotency": Idempotency.CONVERGENT, "rollback": None, "gate": None, "declared_outputs": []}
            update["probe"] = None
            self._add(step, step.model_copy(update=update), UNDO, self._of(step, "itself", wrote))

    def _compensate(self, step: PlannedStep, *, in_doubt: bool) -> None:
        asks = in_doubt and step.idempotency is Idempotency.CHECK and step.probe is not None
        if in_doubt and not asks and step.idempotency is not Idempotency.CONVERGENT:
            message = "it had started when its run was killed, and nobody knows whether it did its work"
            self._told(codes.IN_DOUBT, step, message)
            return
        written: Mapping[str, Any] = step.rollback
        target = self._steps.get(f"{step.workflow_id}/{written.get('step')}")
        if target is not None:
            update = self._settled(target, target.inputs, target.env)
            node = target
        else:
            update = self._settled(step, written["inputs"], written.get("env", {}))
            node = _inline(step, written)
        if update is None or self._may_be_undone(step, node):
            return
        update["probe"] = None
        probe = self._settled(step, step.probe.inputs, step.env) if asks and step.probe is not None else None
        if probe is not None:
            asked = PlannedProbe(inputs=probe["inputs"], env=probe["env"])
            update |= {"probe": asked, "secrets": sorted({*update["secrets"], *probe["secrets"]})}
        elif asks:
            return
        self._add(step, node.model_copy(update=update), UNDO, self._of(step, "step", {}))

    def _may_be_undone(self, step: PlannedStep, node: PlannedStep) -> bool:
        """Whether an earlier rollback was killed in what takes the step back, which cannot be done twice unasked."""
        undo = f"{step.workflow_id}/{UNDO}{step.name}"
        if undo not in self._history.doubted or undo in self._history.assumed:
            return False
        if node.idempotency is Idempotency.CONVERGENT:
            return False
        message = "a rollback was killed while it was taken back, and nobody knows whether that was done"
        self._told(codes.IN_DOUBT, step, message, undo)
        return True

    def _restore(self, step: PlannedStep, wrote: dict[str, str]) -> None:
        update: dict[str, Any] = {
            "inputs": {},
            "env": {},
            "input_files": [],
            "secrets": [],
            "tools": [],
            "gate": None,
            "program": None,
            "probe": None,
        }
        update |= {"idempotency": Idempotency.CONVERGENT, "rollback": None, "declared_outputs": []}
        self._add(step, step.model_copy(update=update), RESTORE, self._of(step, "files", wrote))

    def _of(self, step: PlannedStep, how: Any, wrote: dict[str, str]) -> Undo:  # noqa: ANN401 - one of three words
        before = {path: self._history.before[path] for path in wrote if path in self._history.before}
        return Undo(step=step.id, how=how, runs=self._runs, wrote=wrote or None, before=before or None)

    def _settled(self, step: PlannedStep, inputs: Mapping[str, Any], env: Mapping[str, Any]) -> dict[str, Any] | None:
        found: dict[str, Any] = {"inputs": {}, "env": {}}
        for part, values in (("inputs", inputs), ("env", env)):
            for name, value in values.items():
                try:
                    sealed = self._last.application if part == "inputs" and name == WORKLOAD_INPUT else ""
                    found[part][name] = self._values.settled(value, step, sealed)
                except NoValue as missing:
                    self._told(codes.VALUE_NOT_RECORDED, step, f"it cannot be taken back: '{name}': {missing}")
                    return None
        named = references_in([found["inputs"], found["env"]])
        secrets = {name.partition(".")[2] for name in named if name.startswith("secrets.")}
        found["secrets"] = sorted(secrets | (set(step.secrets) if step.type == "vault-setup" else set()))
        return found

    def _add(self, step: PlannedStep, node: PlannedStep, prefix: str, undo: Undo) -> None:
        name = f"{prefix}{step.name}"
        update: dict[str, Any] = {
            "id": f"{step.workflow_id}/{name}",
            "name": name,
            "description": f"takes back '{step.name}'",
            "phase": step.phase,
            "tier": step.tier,
            "workflow_id": step.workflow_id,
            "needs": [self._nodes[-1].id] if self._nodes else [],
            "provenance": step.provenance,
            "conditions": StepConditions(),
            "continue_on_error": False,
            "cleanup": False,
            "set_variables": {},
            "output_file": node.output_file if undo.how == "step" else None,
            "within": None,
            "cell": None,
            "group": None,
            "undoes": undo,
        }
        self._nodes.append(node.model_copy(update=update))

    def _told(self, code: Code, step: PlannedStep, message: str, doubted: str = "") -> None:
        place = _place_of(step)
        remedy = (_OF_AN_UNDO if doubted else code.remedy).replace("STEP", doubted or step.id)
        self._findings.append(Finding(code, f"step '{step.name}': {message}", place, remedy))

    def _whole(self) -> Plan:
        read = {path for node in self._nodes for path in node.input_files}
        used = {node.workflow_id for node in self._nodes}
        plans = [self._plan, *(run.plan for run in reversed(self._history.older))]
        flows = {flow.id: flow for plan in reversed(plans) for flow in plan.workflows if flow.id in used}
        sources = {source.path: source for plan in reversed(plans) for source in plan.sources if source.path in read}
        return self._plan.model_copy(
            update={
                "parameters": {},
                "sources": [sources[path] for path in sorted(sources)],
                "inputs": [PlanInput(name="run", value=self._last.run, evidence=self._history.evidence)],
                "workflows": [bare(flow) for flow in flows.values()],
                "steps": self._nodes,
                "rollback_on_failure": None,
                "rolls_back": self._last.run,
            }
        )


def _place_of(step: PlannedStep) -> Place:
    where = step.provenance
    return Place(where.path, where.line, where.column) if where else Place("")


def _inline(step: PlannedStep, written: Mapping[str, Any]) -> PlannedStep:
    """The step that a `rollback` with a type and a config is."""
    known = step_type(written["type"])
    return PlannedStep(
        id=step.id,
        name=step.name,
        type=written["type"],
        phase=step.phase,
        tier=step.tier,
        input_files=written.get("input_files", []),
        timeout_seconds=written["timeout_seconds"],
        idempotency=Idempotency.ONCE if known is None else known.idempotency,
        tools=[] if known is None else list(known.tools_for(written["inputs"])),
    )


def bare(flow: PlannedWorkflow) -> PlannedWorkflow:
    """A workflow of which only its name and place matter any more."""
    update: dict[str, Any] = {
        "needs": [],
        "timeout_seconds": None,
        "variables": {},
        "outputs": {},
        "rollback_on_failure": None,
    }
    return flow.model_copy(update=update)
