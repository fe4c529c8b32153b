"""Runs a plan: one loop that asks `decide`, starts processes, waits for them and keeps the journal.

No process starts before its intent (`intents`) is on disk, and nothing that needs a step before that step's end is. To
wait for the disk seldom, intents of the next ready steps are put there together with one that is needed now; a
`step_start` line, written just before an attempt begins, tells those that ran from those that were only intended. It
outlives this process at once, and the machine with the next wait for the disk.
"""

import gc
from contextlib import nullcontext
from typing import Final

from innominatus_cli.documents.plan import PlannedStep
from innominatus_cli.documents.run_record import RunStatus
from innominatus_cli.execution.account import RunAccount
from innominatus_cli.execution.ahead import ReadyTasks
from innominatus_cli.execution.conditions import conditions_of
from innominatus_cli.execution.deadlines import Deadlines, timed_out
from innominatus_cli.execution.decide import Finish, Start, decide
from innominatus_cli.execution.graph import PlanGraph
from innominatus_cli.execution.journal import Journal
from innominatus_cli.execution.observer import NobodyWatches, Observer
from innominatus_cli.execution.options import DEFAULT_PARALLEL, ExecutionOptions, ExecutionResult
from innominatus_cli.execution.reuse import Reuse, end_of
from innominatus_cli.execution.run_journal import RunJournal
from innominatus_cli.execution.secrecy import CleanObserver
from innominatus_cli.execution.setting import PreparedRun, RunSetting
from innominatus_cli.execution.state import Limits, RunState
from innominatus_cli.execution.step_ends import (
    CANCELLED,
    AttemptStarts,
    BreakerTurned,
    Pause,
    Probed,
    StepEnd,
    finding_of,
    never_ran,
    turn_in_words,
)
from innominatus_cli.execution.stopping import Way
from innominatus_cli.execution.stops import Stops
from innominatus_cli.execution.task import Task
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.system.child import Child, Logs
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
    _collect_from_now()
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


def _collect_from_now() -> None:
    """Turns the collector on, where the command line has left it off: for what is made from now on alone."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


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
        self._account = RunAccount(setting, self._state, self._reuse, journal, observer)
        self._ready = ReadyTasks(prepared, self._state, self._reuse, self._account)
        self._conditions = conditions_of(self._account.values)
        self._tasks: list[Task] = []
        self._by_child: dict[Child, Task] = {}
        self._intended: list[Task] = []
        self._ahead: set[int] = set()
        """Steps whose first attempt is on disk as intended, and has not begun."""
        self._deadlines = Deadlines(self._graph, self._clock.monotonic(), options.deadline_seconds)
        self._stops = Stops(setting, self._state, self._account, journal, observer)
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
                self._account.tell()
                self._ready.look_ahead()
                self._wait()
        return self._account.conclude(self._status(), self._stops.signal)

    def _begin(self) -> None:
        self._journal.run_starts(self._options.deadline_seconds, self._options.past)
        if self._options.past is not None:
            self._journal.carries(self._options.past)
        self._observer.run_started(self._setting.run, self._setting.plan)
        self._account.close_groups()

    def _carry_out(self, decision: Start) -> None:
        for entry in decision.entries:
            self._state.entered(entry.call, entry.number, entry.reason)
        for skip in decision.skips:
            self._account.skip(skip.step, skip.reason)
        for refusal in decision.refusals:
            self._account.ended(refusal.step, StepEnd(never_ran(refusal.step, "failed", "", refusal.finding)))
        for left in decision.left:
            self._account.left(left.step, left.reason)
        for step in decision.expansions:
            self._account.expand(step)
        for step in decision.steps:
            self._launch(step)

    def _launch(self, step: PlannedStep) -> None:
        earlier = self._reuse.of(step)
        if earlier is not None and earlier.verdict == "reuse":
            self._account.ended(step, end_of(earlier))
            return
        if earlier is not None and earlier.verdict == "ask":
            self._account.ask(step, earlier.reason)
            return
        if earlier is not None and earlier.verdict == "probe" and not self._can_be_asked(step):
            self._account.ask(step, f"{earlier.reason}, and nothing can be asked whether it is done")
            return
        finding = self._setting.compare_inputs(step) if step.input_files else None
        if finding is None and (closed := self._setting.gates.closed(step)):
            self._account.hold(step, closed)
            return
        self._reuse.runs(step, earlier)
        if finding is not None:
            self._account.ended(step, StepEnd(never_ran(step, "failed", "", finding)))
            return
        self._account.approved()
        index = self._graph.index[step.id]
        self._state.started(step.id)
        self._deadlines.begin(index, self._clock.monotonic())
        if earlier is not None:
            self._journal.goes_on(index, earlier)
            what = "runs again" if earlier.verdict == "again" else "is asked by its probe whether it is done"
            self._observer.notice(f"step '{step.name}' {what}: {earlier.reason}")
        task = self._ready.take(index)
        self._tasks.append(task)
        self._intended.append(task)

    def _can_be_asked(self, step: PlannedStep) -> bool:
        return step.probe is not None or self._setting.probe_for(step.type) is not None

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
            case Probed(said=said):
                self._journal.add("probed", index=task.index, said=said)
                self._observer.notice(f"step '{task.step.name}': {said}")
                self._advance(task, None)
            case BreakerTurned():
                self._journal.breaker_turned(task.index, need)
                self._observer.notice(turn_in_words(need))
                self._advance(task, None)
            case _:
                self._start(task, need)

    def _start(self, task: Task, request: CommandRequest) -> None:
        if task.stopped or task.out_of_time:
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

    def _begin_attempts(self) -> None:
        """Puts intents on disk and begins the attempts; work that ends at once leaves the loop idle for a turn."""
        intended, self._intended = self._intended, []
        self._idle = False
        if not intended:
            if self._journal.pending_seconds > _SYNC_SECONDS:
                self._account.commit()
            return
        new = [[task.index, task.attempt] for task in intended if task.attempt > 1 or task.index not in self._ahead]
        if new:
            self._journal.intended(new + self._intents_ahead())
            self._account.commit()
        for task in intended:
            self._ahead.discard(task.index)
            if self._may_begin(task):
                self._journal.attempt_starts(task)
        self._journal.flush()
        if self._journal.problem:  # nothing begins that the journal does not know of
            self._account.commit()
        ended = self._account.ended_steps
        for task in intended:
            begins = self._may_begin(task)
            if begins:
                self._observer.step_started(task.step, task.attempt)
            self._advance(task, None if begins else CANCELLED)
        self._idle = self._account.ended_steps != ended or bool(self._intended)

    def _may_begin(self, task: Task) -> bool:
        return not self._state.stopped or (self._state.winds_down and not task.stopped)

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
        self._account.found(finding_of(task.step, codes.LEFT_RUNNING, message))
        self._journal.add("strays_ended", index=task.index, count=count)

    def _heed_signals(self) -> None:
        for number in self._signals.take():
            way, asked = self._stops.heed(number)
            if way is Way.FINISH:
                for task in self._intended:
                    task.stopped = task.attempt == 1 and not self._state.cleans_up(task.index)  # it has not begun
            else:
                self._stop_tasks(self._not_cleaning_up(), kill=asked and way is Way.KILL, kill_new=way is Way.KILL)

    def _not_cleaning_up(self) -> list[Task]:
        """What runs, but what cleans up, where that may go on."""
        spares = self._state.winds_down
        return [task for task in self._tasks if not (spares and self._state.cleans_up(task.index))]

    def _heed_time(self) -> None:
        now = self._clock.monotonic()
        for task in [task for task in self._tasks if task.wakes is not None and task.wakes <= now]:
            self._advance(task, None)
        for deadline in self._deadlines.passed(now):
            self._over(workflow=deadline.workflow, cleanup=deadline.cleanup)

    def _over(self, *, workflow: str, cleanup: bool) -> None:
        """A deadline has passed: of one workflow or of the run (`cleanup`: of `finally` steps too)."""
        if not workflow:
            self._stops.run_over(self._options.deadline_seconds or 0.0, cleanup=cleanup)
        elif not self._state.unended(workflow):
            return
        else:
            (self._state.expired if cleanup else self._state.overdue).add(workflow)
        self._journal.add("deadline", workflow=workflow)
        late = self._in_workflow(workflow, cleanup=cleanup) if workflow else self._not_cleaning_up()
        for task in late:
            task.out_of_time = workflow or "run"
        self._stop_tasks(late)

    def _in_workflow(self, workflow: str, *, cleanup: bool) -> list[Task]:
        """What runs of a workflow, of what it does `finally` only with `cleanup`."""
        graph = self._graph
        found = [task for task in self._tasks if workflow in graph.owners_of(task.index)]
        return [task for task in found if cleanup or not graph.cleans_up(task.index, workflow)]

    def _stop_tasks(self, tasks: list[Task], *, kill_new: bool = False, kill: bool = False) -> None:
        """Has these end: by the ladder's next rung, or at once (`kill_new`: those that were not told to before)."""
        for task in tasks:
            at_once = kill or (kill_new and not task.stopped)
            task.stopped = True
            if task.child is not None:
                (self._supervisor.kill if at_once else self._supervisor.stop)(task.child)
            elif task.wakes is not None:
                self._advance(task, CANCELLED)

    def _task_ended(self, task: Task, end: StepEnd) -> None:
        task.logs.close()
        self._tasks.remove(task)
        if task.logs.problem:
            self._account.found(finding_of(task.step, codes.LOG_INCOMPLETE, task.logs.problem))
        if task.out_of_time and end.result.status == "interrupted":
            end = StepEnd(timed_out(task.step, end.result, self._name_of(task.out_of_time)))
        if end.asks:
            self._account.ask(task.step, end.asks)
            return
        self._account.ended(task.step, end)

    def _name_of(self, owner: str) -> str:
        """What a workflow or sub-workflow is called; empty for the run."""
        workflow, call = self._graph.workflows.get(owner), self._graph.index.get(owner)
        if workflow is not None:
            return workflow.identity
        return self._graph.steps[call].name if call is not None else ""

    def _status(self) -> RunStatus:
        if self._stops.signal is not None:
            return "interrupted"
        if self._stops.out_of_time:
            return "timed_out"
        if self._state.failures or self._state.stopped:
            return "failed"
        return "waiting" if self._state.held else "succeeded"
