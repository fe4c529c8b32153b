"""What a run comes to while it goes on: results, values for later steps, files and findings, each in the journal."""

from collections.abc import Iterator
from dataclasses import replace

from innominatus_cli.documents.plan import PlannedStep
from innominatus_cli.documents.run_record import CountedApproval, RunStatus, StepResult
from innominatus_cli.documents.words import counted
from innominatus_cli.execution.expansion import cells_of, digest_of_cells, recorded_cells, steps_of
from innominatus_cli.execution.journal import lost
from innominatus_cli.execution.observer import LateEnds, Observer
from innominatus_cli.execution.options import ExecutionResult
from innominatus_cli.execution.reuse import Reuse, carried_on, end_of
from innominatus_cli.execution.run_journal import RunJournal
from innominatus_cli.execution.secrecy import clean_finding, clean_result, public_outputs
from innominatus_cli.execution.setting import RunSetting
from innominatus_cli.execution.state import RunState
from innominatus_cli.execution.step_ends import StepEnd, finding_of, never_ran
from innominatus_cli.execution.values import RunValues
from innominatus_cli.findings.catalogue.resuming import DECISION_NEEDED
from innominatus_cli.findings.finding import CannotContinue, Finding
from innominatus_cli.system.clock import timestamp


class RunAccount:
    """Takes what became of each step to everybody who has to know: the state, the values, the journal, the observer."""

    def __init__(
        self, setting: RunSetting, state: RunState, reuse: Reuse, journal: RunJournal, observer: Observer
    ) -> None:
        self._setting = setting
        self._clock = setting.clock
        self._state = state
        self._graph = state.graph
        self._reuse = reuse
        self._journal = journal
        self._observer = observer
        self._ends = LateEnds(observer)
        self._started = self._clock.monotonic()
        self._started_at = setting.started_at or timestamp(self._clock.now())
        self.values = RunValues(setting.plan, setting.facts(self._started_at), setting.secrets)
        self.artifacts: dict[str, bytes] = {}
        self._results: dict[str, StepResult] = {}
        self._findings: list[Finding] = []
        self._approvals: list[CountedApproval] = []

    @property
    def ended_steps(self) -> int:
        """How many steps have come to their end, or wait for people."""
        return len(self._results) + len(self._state.held)

    def tell(self) -> None:
        """Tells the observer of ends: what comes next has been started."""
        self._ends.tell()

    def commit(self) -> None:
        """Waits until the disk has the journal; a disk that refuses ends the run."""
        self._journal.commit()
        if self._journal.problem:
            self._state.winds_down = False
        if self._journal.problem and not self._state.stopped:
            problem = lost(self._setting.state.journal_path(self._setting.run), self._journal.problem)
            self._findings.append(problem)
            self._state.stopped = "the journal cannot be written"
            self._observer.notice(problem.message)
        elif not self._journal.problem:
            self._setting.checkpoint()

    def approved(self) -> None:
        """Notes the approvals that have opened gates since the last time."""
        for approval in self._setting.gates.counted():
            self._approvals.append(approval)
            self._journal.approved(approval)

    def left(self, step: PlannedStep, reason: str) -> None:
        """A step stays planned; what an earlier run knows of it counts on."""
        self.ended(step, StepEnd(carried_on(never_ran(step, "planned", reason), self._reuse.of(step))))

    def expand(self, step: PlannedStep) -> None:
        """A loop becomes its steps, once: the journal says how many, and by their digest over which values."""
        cells = self._reuse.cells(step) or cells_of(step, self.values)
        if isinstance(cells, Finding):
            self.ended(step, StepEnd(never_ran(step, "failed", "", cells)))
            return
        index, first = self._graph.index[step.id], len(self._graph.steps)
        steps = steps_of(step, cells)
        self._journal.add(
            "expanded", step=step.id, index=index, first=first, count=len(steps), cells=digest_of_cells(cells)
        )
        result = StepResult(step=step.id, status="succeeded", cells=recorded_cells(cells))
        result = clean_result(self._setting.redactor, result)
        end = StepEnd(result, message=f"{counted(len(steps), 'step')} of at most {self._most(step)}")
        self._results[step.id] = result
        self._keep(index, end)
        self._observer.expanded(step, steps)
        self._ends.note(step, result, end.message)
        workflow_ended = self._state.expanded(step.id, steps)
        self._after_end(step, workflow_ended=workflow_ended)

    @staticmethod
    def _most(step: PlannedStep) -> int:
        return step.expansion.max_items if step.expansion else 1

    def skip(self, step: PlannedStep, reason: str) -> None:
        """A step does not run; what an earlier run knows of it counts on."""
        earlier = self._reuse.of(step)
        if earlier is not None and earlier.verdict == "reuse":
            self.ended(step, end_of(earlier))
        elif step.expansion is not None and self._reuse.cells(step) is not None:
            self.expand(step)
        else:
            self.ended(step, StepEnd(carried_on(never_ran(step, "skipped", reason), earlier)))

    def hold(self, step: PlannedStep, reason: str) -> None:
        """The step waits for an approval; what does not stand behind it goes on."""
        self._state.hold(step.id, reason)
        self._journal.held(step.id, self._graph.index[step.id], reason)
        self._observer.notice(f"step '{step.name}' waits for an approval: {reason}")

    def ask(self, step: PlannedStep, reason: str) -> None:
        """The step waits for a person's word; what does not stand behind it goes on."""
        remedy = (
            f"See whether it is done, then: innominatus-ctl resume {self._setting.run} --assume {step.id}=done "
            f"(or {step.id}=not-done)."
        )
        self.found(finding_of(step, DECISION_NEEDED, reason, remedy))
        self._state.hold(step.id, reason, for_decision=True)
        self._journal.held(step.id, self._graph.index[step.id], reason)
        self._observer.notice(f"step '{step.name}' waits for a decision: {reason}")

    def ended(self, step: PlannedStep, end: StepEnd) -> None:
        """A step has come to its end, or will never start."""
        result = clean_result(self._setting.redactor, end.result)
        end = end if result is end.result else replace(end, result=result)
        for warning in end.warnings:
            self.found(warning)
        index = self._graph.index[step.id]
        if not result.continued and self._state.is_let_pass(index, result.status):
            result = result.model_copy(update={"continued": True})
            end = replace(end, result=result)
        self._results[step.id] = result
        self.artifacts.update(end.artifacts)
        self._keep(index, end)
        self.values.step_ended(step, result.status, end.outputs, end.variables, end.secret)
        workflow_ended = self._state.ended(step.id, result.status, continued=result.continued)
        self._after_end(step, workflow_ended=workflow_ended)
        self._ends.note(step, result, end.message)

    def _after_end(self, step: PlannedStep, *, workflow_ended: bool) -> None:
        self.close_groups()
        if workflow_ended and step.workflow_id:
            self.values.workflow_ended(self._graph.workflows[step.workflow_id])

    def close_groups(self) -> None:
        """Works out what loops and sub-workflows gave that have ended just now."""
        for number in self._state.take_closed():
            members = [self._graph.steps[member] for member in self._graph.members[number]]
            self.values.group_ended(self._graph.steps[number], members)

    def _keep(self, index: int, end: StepEnd) -> None:
        try:
            self._journal.step_ended(index, end)
        except CannotContinue as error:
            self._findings.extend(error.findings)
            self._state.stopped = self._state.stopped or "the run's folder cannot be written"
            self._state.winds_down = False

    def found(self, finding: Finding) -> None:
        """Something that concerns the run, or a warning of a step."""
        finding = clean_finding(self._setting.redactor, finding)
        self._findings.append(finding)
        try:
            self._journal.found(finding)
        except CannotContinue as error:
            self._findings.extend(error.findings)

    def _in_order(self) -> Iterator[PlannedStep]:
        """The steps of the plan, those that loops became right behind them."""
        for number, step in enumerate(self._graph.steps[: len(self._setting.plan.steps)]):
            if step.kind == "step":
                yield step
                yield from (self._graph.steps[member] for member in self._graph.members.get(number, ()))

    def conclude(self, status: RunStatus, signal: int | None) -> ExecutionResult:
        """The last line of the journal, and what came of the run."""
        for finding in self._setting.gates.findings() if self._state.held else ():
            self.found(finding)
        steps = tuple(self._results[step.id] for step in self._in_order())
        duration_ms = round((self._clock.monotonic() - self._started) * 1000)
        finished_at = timestamp(self._clock.now())
        outputs = public_outputs(self._setting.redactor, self.values.public_outputs())
        try:
            self._journal.run_ends(status, len(self._state.failures), finished_at, duration_ms, signal, outputs)
        except CannotContinue as error:
            self._findings.extend(error.findings)
        self.commit()
        self._ends.tell()
        self._observer.run_finished(status)
        return ExecutionResult(
            status=status,
            steps=steps,
            failures=tuple(self._graph.steps[number].id for number in self._state.failures),
            started_at=self._started_at,
            finished_at=finished_at,
            duration_ms=duration_ms,
            findings=tuple(self._findings),
            outputs=outputs,
            artifacts=self.artifacts if status == "succeeded" else {},
            signal=signal,
            approvals=tuple(self._approvals),
        )
