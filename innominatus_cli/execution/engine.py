"""Runs a plan: one loop that asks `decide`, starts processes, waits for them and keeps the journal.

No process starts before its intent (`intents`) is on disk, and nothing that needs a step before that step's end is. To
wait for the disk seldom, intents of the next ready steps are put there together with one that is needed now; a
`step_start` line, written just before an attempt begins, tells those that ran from those that were only intended. It
outlives this process at once, and the machine with the next wait for the disk.
"""

import signal
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from innominatus_cli.documents.plan import PlannedStep
from innominatus_cli.documents.run_record import CountedApproval, RunStatus, StepResult
from innominatus_cli.documents.words import counted
from innominatus_cli.execution.conditions import conditions_of
from innominatus_cli.execution.deadlines import Deadlines, timed_out
from innominatus_cli.execution.decide import Finish, Start, decide
from innominatus_cli.execution.expansion import cells_of, digest_of_cells, recorded_cells, steps_of
from innominatus_cli.execution.graph import PlanGraph
from innominatus_cli.execution.journal import Journal, lost
from innominatus_cli.execution.observer import LateEnds, NobodyWatches, Observer
from innominatus_cli.execution.options import DEFAULT_PARALLEL, ExecutionOptions, ExecutionResult
from innominatus_cli.execution.reuse import Reuse, carried_on, end_of
from innominatus_cli.execution.run_journal import RunJournal
from innominatus_cli.execution.secrecy import CleanObserver, clean_finding, clean_result, public_outputs
from innominatus_cli.execution.setting import PreparedRun, RunSetting
from innominatus_cli.execution.state import Limits, RunState
from innominatus_cli.execution.step import (
    CANCELLED,
    AttemptStarts,
    Pause,
    StepEnd,
    finding_of,
    never_ran,
)
from innominatus_cli.execution.task import Task, made_ready
from innominatus_cli.execution.values import RunValues
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.catalogue.resuming import DECISION_NEEDED
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.system.child import Child, Logs
from innominatus_cli.system.clock import timestamp
from innominatus_cli.system.commands import CommandOutcome, CommandRequest
from innominatus_cli.system.processes import Supervisor
from innominatus_cli.system.signals import SignalPipe

__all__ = ["DEFAULT_PARALLEL", "ExecutionOptions", "ExecutionResult", "execute_plan"]

_SYNC_SECONDS: Final = 0.05


def execute_plan(
    setting: RunSetting,
    options: ExecutionOptions | None = None,
    observer: Observer | None = None,
    signals: SignalPipe | None = None,
) -> ExecutionResult:
    """Runs every step of the plan that is to run. Must be called in the main thread to heed signals.

    `signals` is entered already, where the caller holds them back for longer than the steps run.

    Raises CannotContinue (exit 73) where the run's folder cannot be made; later trouble with the disk ends the run, and
    is one of its findings.
    """
    options = options or ExecutionOptions()
    prepared = setting.prepare()
    journal = Journal.create(setting.state.journal_path(setting.run), setting.clock, setting.redactor.value)
    observer = CleanObserver(observer or NobodyWatches(), setting.redactor)
    try:
        with (
            nullcontext(signals) if signals is not None else SignalPipe() as caught,
            options.supervisor(setting.work_dir, caught) as supervisor,
        ):
            events = RunJournal(journal, setting)
            return _Run(prepared, options, events, caught, supervisor, observer).to_the_end()
    finally:
        journal.close()
        setting.state.remove_scratch(setting.run)


class _Run:
    def __init__(
        self,
        prepared: PreparedRun,
        options: ExecutionOptions,
        journal: RunJournal,
        signals: SignalPipe,
        supervisor: Supervisor,
        observer: Observer,
    ) -> None:
        setting = prepared.setting
        self._prepared = prepared
        self._setting = setting
        self._clock = setting.clock
        self._options = options
        self._journal = journal
        self._signals = signals
        self._supervisor = supervisor
        self._observer = observer
        self._graph = PlanGraph(setting.plan)
        self._state = RunState(self._graph, Limits(options.max_parallel, setting.plan.limits))
        self._reuse = Reuse(options.past, self._graph)
        self._started = self._clock.monotonic()
        self._started_at = setting.started_at or timestamp(self._clock.now())
        self._values = RunValues(setting.plan, setting.facts(self._started_at), setting.secrets)
        self._conditions = conditions_of(self._values)
        self._results: dict[str, StepResult] = {}
        self._artifacts: dict[str, bytes] = {}
        self._tasks: list[Task] = []
        self._by_child: dict[Child, Task] = {}
        self._intended: list[Task] = []
        self._ready_tasks: dict[int, Task] = {}
        """Made ready ahead of time, by number; what is skipped after all stays here and never begins."""
        self._ends = LateEnds(observer)
        self._ahead: set[int] = set()
        """Steps whose first attempt is on disk as intended, and has not begun."""
        self._deadlines = Deadlines(self._graph, self._started, options.deadline_seconds)
        self._findings: list[Finding] = []
        self._approvals: list[CountedApproval] = []
        self._signal: int | None = None
        self._out_of_time = False
        self._idle = False
        self._inherit = () if options.lock_fd is None else (options.lock_fd,)

    def to_the_end(self) -> ExecutionResult:
        """The loop."""
        self._begin()
        while True:
            self._heed_signals()
            self._heed_time()
            decision = decide(self._state, self._conditions)
            if isinstance(decision, Finish):
                break
            if isinstance(decision, Start):
                self._carry_out(decision)
                if self._state.has_free_slots:
                    continue
            self._begin_attempts()
            if not self._idle:
                self._journal.flush()
                self._ends.tell()
                self._make_ready()
                self._wait()
        return self._conclude()

    def _begin(self) -> None:
        self._journal.run_starts(self._options.deadline_seconds, self._options.past)
        if self._options.past is not None:
            self._journal.carries(self._options.past)
        self._observer.run_started(self._setting.run, self._setting.plan)
        self._close_groups()

    def _carry_out(self, decision: Start) -> None:
        for entry in decision.entries:
            self._state.entered(entry.call, entry.number, entry.reason)
        for skip in decision.skips:
            self._skip(skip.step, skip.reason)
        for refusal in decision.refusals:
            self._ended(refusal.step, StepEnd(never_ran(refusal.step, "failed", "", refusal.finding)))
        for left in decision.left:
            result = never_ran(left.step, "planned", left.reason)
            self._ended(left.step, StepEnd(carried_on(result, self._reuse.of(left.step))))
        for step in decision.expansions:
            self._expand(step)
        for step in decision.steps:
            self._launch(step)

    def _expand(self, step: PlannedStep) -> None:
        """A loop becomes its steps, once: the journal says how many, and by their digest over which values."""
        cells = self._reuse.cells(step) or cells_of(step, self._values)
        if isinstance(cells, Finding):
            self._ended(step, StepEnd(never_ran(step, "failed", "", cells)))
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

    def _skip(self, step: PlannedStep, reason: str) -> None:
        """A step does not run; what an earlier run knows of it counts on."""
        earlier = self._reuse.of(step)
        if earlier is not None and earlier.verdict == "reuse":
            self._ended(step, end_of(earlier))
        elif step.expansion is not None and self._reuse.cells(step) is not None:
            self._expand(step)
        else:
            self._ended(step, StepEnd(carried_on(never_ran(step, "skipped", reason), earlier)))

    def _launch(self, step: PlannedStep) -> None:
        earlier = self._reuse.of(step)
        if earlier is not None and earlier.verdict == "reuse":
            self._ended(step, end_of(earlier))
            return
        if earlier is not None and earlier.verdict == "ask":
            self._ask(step, earlier.reason)
            return
        finding = self._setting.compare_inputs(step) if step.input_files else None
        if finding is None and (closed := self._setting.gates.closed(step)):
            self._hold(step, closed)
            return
        self._reuse.runs(step, earlier)
        if finding is not None:
            self._ended(step, StepEnd(never_ran(step, "failed", "", finding)))
            return
        for approval in self._setting.gates.counted():
            self._approvals.append(approval)
            self._journal.approved(approval)
        index = self._graph.index[step.id]
        self._state.started(step.id)
        self._deadlines.begin(index, self._clock.monotonic())
        if earlier is not None:
            self._journal.goes_on(index, earlier)
            self._observer.notice(f"step '{step.name}' runs again: {earlier.reason}")
        task = self._ready_tasks.pop(index, None) or self._made_ready(index)
        self._tasks.append(task)
        self._intended.append(task)

    def _hold(self, step: PlannedStep, reason: str) -> None:
        self._state.hold(step.id, reason)
        self._journal.held(step.id, self._graph.index[step.id], reason)
        self._observer.notice(f"step '{step.name}' waits for an approval: {reason}")

    def _ask(self, step: PlannedStep, reason: str) -> None:
        """The step waits for a person's word; what does not stand behind it goes on."""
        remedy = (
            f"See whether it is done, then: innominatus-ctl resume {self._setting.run} --assume {step.id}=done "
            f"(or {step.id}=not-done)."
        )
        self._found(finding_of(step, DECISION_NEEDED, reason, remedy))
        self._state.hold(step.id, reason, for_decision=True)
        self._journal.held(step.id, self._graph.index[step.id], reason)
        self._observer.notice(f"step '{step.name}' waits for a decision: {reason}")

    def _made_ready(self, index: int) -> Task:
        failed = self._state.root_above(index) is not None
        manifests = MappingProxyType(self._artifacts)
        step = self._graph.steps[index]
        earlier = self._reuse.of(step)
        attempts = earlier.attempts if earlier is not None else ()
        return made_ready(self._prepared, step, index, self._values, manifests, failed=failed, earlier=attempts)

    def _make_ready(self) -> None:
        """Looks at the inputs of the steps that will probably be next, while others run."""
        for index in self._state.ready[:2]:
            step = self._graph.steps[index]
            asked = step.conditions.if_tree is not None or step.conditions.unless_tree is not None
            if step.expansion is not None or self._graph.scope_of(index) is not None:
                continue  # a loop has no work of its own, and a sub-workflow may yet be judged
            if self._reuse.knows(step):
                continue
            if index not in self._ready_tasks and not asked and self._state.root_above(index) is None:
                self._ready_tasks[index] = self._made_ready(index)

    def _advance(self, task: Task, answer: CommandOutcome | None) -> None:
        """Tells the work of a step what came of its last need, and sees to the next one."""
        task.child = task.wakes = None
        try:
            need = task.work.send(answer)
        except StopIteration as stop:
            self._task_ended(task, stop.value)
            return
        match need:
            case AttemptStarts(number=number):
                task.attempt = number
                self._intended.append(task)
            case Pause(seconds=seconds, attempt=attempt):
                task.wakes = self._clock.monotonic() + seconds
                self._journal.pauses(task.index, seconds, attempt)
                self._observer.notice(f"step '{task.step.name}': next attempt in {seconds:.1f} s")
            case _:
                self._start(task, need)

    def _start(self, task: Task, request: CommandRequest) -> None:
        if self._signal is not None or task.out_of_time:
            self._advance(task, CANCELLED)
            return
        child = self._supervisor.start(
            request,
            logs=Logs(task.logs.stdout, task.logs.stderr),
            inherit=self._inherit,
            tag=f"INNOMINATUS_STEP={task.step.id}",
        )
        task.child = child
        self._by_child[child] = task
        if child.pid:
            self._journal.process_started(task.index, child.pid)

    def _commit(self) -> None:
        self._journal.commit()
        if self._journal.problem and not self._state.stopped:
            problem = lost(self._setting.state.journal_path(self._setting.run), self._journal.problem)
            self._findings.append(problem)
            self._state.stopped = "the journal cannot be written"
            self._observer.notice(problem.message)
        elif not self._journal.problem:
            self._setting.checkpoint()

    def _begin_attempts(self) -> None:
        """Puts intents on disk and begins the attempts; work that ends at once leaves the loop idle for a turn."""
        intended, self._intended = self._intended, []
        self._idle = False
        if not intended:
            if self._journal.pending_seconds > _SYNC_SECONDS:
                self._commit()
            return
        new = [[task.index, task.attempt] for task in intended if task.attempt > 1 or task.index not in self._ahead]
        if new:
            self._journal.intended(new + self._intents_ahead())
            self._commit()
        stopped = bool(self._state.stopped)
        for task in intended:
            self._ahead.discard(task.index)
            if not stopped:
                self._journal.attempt_starts(task)
        self._journal.flush()
        ended = len(self._results)
        for task in intended:
            if not stopped:
                self._observer.step_started(task.step, task.attempt)
            self._advance(task, CANCELLED if stopped else None)
        self._idle = len(self._results) != ended or bool(self._intended)

    def _intents_ahead(self) -> list[list[int]]:
        """First attempts of the next ready steps, which need not wait for the disk when their turn comes."""
        steps = self._graph.steps
        soon = [] if self._state.stopped else self._state.ready[: self._options.ahead]
        ahead = [
            n
            for n in soon
            if n not in self._ahead and not self._reuse.knows(steps[n]) and not self._setting.gates.closed(steps[n])
        ]
        self._ahead.update(ahead)
        return [[number, 1] for number in ahead]

    def _wait(self) -> None:
        moments = [task.wakes for task in self._tasks if task.wakes is not None] if self._tasks else []
        if self._deadlines.soonest is not None:
            moments.append(self._deadlines.soonest)
        timeout = max(0.0, min(moments) - self._clock.monotonic()) if moments else None
        if self._journal.pending_seconds:
            timeout = _SYNC_SECONDS if timeout is None else min(timeout, _SYNC_SECONDS)
        for child in self._supervisor.wait(timeout):
            task = self._by_child.pop(child)
            if child.strays_ended:
                self._left_running(task, child.strays_ended)
            self._advance(task, child.outcome)

    def _left_running(self, task: Task, count: int) -> None:
        message = f"it left {count} process{'es' if count > 1 else ''} running, which ended with it"
        self._found(finding_of(task.step, codes.LEFT_RUNNING, message))
        self._journal.add("strays_ended", index=task.index, count=count)

    def _heed_signals(self) -> None:
        for number in self._signals.take():
            name = signal.Signals(number).name
            self._journal.add("signal", signal=number)
            if self._signal is None:
                self._signal = number
                self._state.stopped = f"the run was interrupted ({name})"
                message = f"{name}: no step is started any more; waiting for what runs"
                asked = self._setting.asked_to_end()
                self._found(asked or Finding(codes.RUN_INTERRUPTED, f"{name} ended the run", Place("")))
            else:
                message = f"{name}: what runs is stopped harder"
            self._observer.notice(message)
            self._stop_tasks(list(self._tasks))

    def _heed_time(self) -> None:
        now = self._clock.monotonic()
        for task in [task for task in self._tasks if task.wakes is not None and task.wakes <= now]:
            self._advance(task, None)
        for deadline in self._deadlines.passed(now):
            self._over(workflow=deadline.workflow, cleanup=deadline.cleanup)

    def _over(self, *, workflow: str, cleanup: bool) -> None:
        """A deadline has passed: of one workflow (`cleanup`: of its `finally` steps too), or of the run."""
        if not workflow:
            self._out_of_time = True
            self._state.stopped = self._state.stopped or "the run ran out of time"
            message = f"it took longer than {self._options.deadline_seconds:g}s"
            self._found(Finding(codes.RUN_TIMED_OUT, message, Place("")))
        elif not self._state.unended(workflow):
            return
        else:
            (self._state.expired if cleanup else self._state.overdue).add(workflow)
        self._journal.add("deadline", workflow=workflow)
        owners = self._graph.owners_of
        late = [
            task
            for task in self._tasks
            if not workflow
            or (workflow in owners(task.index) and (cleanup or not self._graph.cleans_up(task.index, workflow)))
        ]
        for task in late:
            task.out_of_time = workflow or "run"
        self._stop_tasks(late)

    def _stop_tasks(self, tasks: list[Task]) -> None:
        for task in tasks:
            if task.child is not None:
                self._supervisor.stop(task.child)
            elif task.wakes is not None:
                self._advance(task, CANCELLED)

    def _task_ended(self, task: Task, end: StepEnd) -> None:
        task.logs.close()
        self._tasks.remove(task)
        if task.logs.problem:
            self._found(finding_of(task.step, codes.LOG_INCOMPLETE, task.logs.problem))
        if task.out_of_time and end.result.status == "interrupted":
            end = StepEnd(timed_out(task.step, end.result, self._name_of(task.out_of_time)))
        self._ended(task.step, end)

    def _name_of(self, owner: str) -> str:
        """What a workflow or sub-workflow is called; empty for the run."""
        workflow, call = self._graph.workflows.get(owner), self._graph.index.get(owner)
        if workflow is not None:
            return workflow.identity
        return self._graph.steps[call].name if call is not None else ""

    def _ended(self, step: PlannedStep, end: StepEnd) -> None:
        result = clean_result(self._setting.redactor, end.result)
        end = end if result is end.result else replace(end, result=result)
        for warning in end.warnings:
            self._found(warning)
        index = self._graph.index[step.id]
        if not result.continued and self._state.is_let_pass(index, result.status):
            result = result.model_copy(update={"continued": True})
            end = replace(end, result=result)
        self._results[step.id] = result
        self._artifacts.update(end.artifacts)
        self._keep(index, end)
        self._values.step_ended(step, result.status, end.outputs, end.variables)
        workflow_ended = self._state.ended(step.id, result.status, continued=result.continued)
        self._after_end(step, workflow_ended=workflow_ended)
        self._ends.note(step, result, end.message)

    def _after_end(self, step: PlannedStep, *, workflow_ended: bool) -> None:
        self._close_groups()
        if workflow_ended and step.workflow_id:
            self._values.workflow_ended(self._graph.workflows[step.workflow_id])

    def _close_groups(self) -> None:
        """Works out what loops and sub-workflows gave that have ended just now."""
        for number in self._state.take_closed():
            members = [self._graph.steps[member] for member in self._graph.members[number]]
            self._values.group_ended(self._graph.steps[number], members)

    def _keep(self, index: int, end: StepEnd) -> None:
        try:
            self._journal.step_ended(index, end)
        except CannotContinue as error:
            self._findings.extend(error.findings)
            self._state.stopped = self._state.stopped or "the run's folder cannot be written"

    def _found(self, finding: Finding) -> None:
        """Something that concerns the run, or a warning of a step."""
        finding = clean_finding(self._setting.redactor, finding)
        self._findings.append(finding)
        try:
            self._journal.found(finding)
        except CannotContinue as error:
            self._findings.extend(error.findings)

    def _conclude(self) -> ExecutionResult:
        status = self._status()
        for finding in self._setting.gates.findings() if self._state.held else ():
            self._found(finding)
        steps = tuple(self._results[step.id] for step in self._in_order())
        duration_ms = round((self._clock.monotonic() - self._started) * 1000)
        finished_at = timestamp(self._clock.now())
        outputs = public_outputs(self._setting.redactor, self._values.public_outputs())
        try:
            self._journal.run_ends(status, len(self._state.failures), finished_at, duration_ms, self._signal, outputs)
        except CannotContinue as error:
            self._findings.extend(error.findings)
        self._commit()
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
            artifacts=self._artifacts if status == "succeeded" else {},
            signal=self._signal,
            approvals=tuple(self._approvals),
        )

    def _in_order(self) -> Iterator[PlannedStep]:
        """The steps of the plan, those that loops became right behind them."""
        for number, step in enumerate(self._graph.steps[: len(self._setting.plan.steps)]):
            if step.kind == "step":
                yield step
                yield from (self._graph.steps[member] for member in self._graph.members.get(number, ()))

    def _status(self) -> RunStatus:
        if self._signal is not None:
            return "interrupted"
        if self._out_of_time:
            return "timed_out"
        if self._state.failures or self._state.stopped:
            return "failed"
        return "waiting" if self._state.held else "succeeded"
