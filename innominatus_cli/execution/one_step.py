"""`execute_step`: one step and nothing else, from a plan and the results of earlier steps. Any engine can call it."""

from collections.abc import Iterable

from innominatus_cli.documents.run_record import StepResult
from innominatus_cli.execution.expansion import cells_of, steps_of
from innominatus_cli.execution.graph import PlanGraph
from innominatus_cli.execution.kept import keep_artifacts
from innominatus_cli.execution.options import ExecutionOptions
from innominatus_cli.execution.secrecy import clean_result
from innominatus_cli.execution.setting import RunSetting
from innominatus_cli.execution.step import step_work
from innominatus_cli.execution.step_ends import (
    CANCELLED,
    AttemptStarts,
    BreakerTurned,
    Pause,
    Probed,
    StepEnd,
    StepLogs,
    StepWork,
    logs_of,
)
from innominatus_cli.execution.values import RunValues, StepView
from innominatus_cli.findings.finding import Finding
from innominatus_cli.system.child import Child, Logs
from innominatus_cli.system.commands import CommandOutcome, CommandRequest
from innominatus_cli.system.processes import Supervisor
from innominatus_cli.system.signals import SignalPipe
from innominatus_cli.system.state_folder import StateFolder

_FAILED = frozenset({"failed", "timed_out", "interrupted"})


def execute_step(
    setting: RunSetting, step_id: str, earlier: Iterable[StepResult], options: ExecutionOptions | None = None
) -> StepResult:
    """Does the work of one step, retries included, and returns its result.

    `earlier` are the results of the steps before it; nothing else is shared with whoever ran those, but the state
    folder for what tools keep, logs and artifacts. Whether the step should run is for the caller to decide. A secret
    output of an earlier step is not in its result, so a step that needs one fails here.

    Raises KeyError for an unknown step, CannotContinue (exit 73) where the run's folder cannot be written.
    """
    options = options or ExecutionOptions()
    graph = PlanGraph(setting.plan)
    results = {result.step: result for result in earlier}
    values = _values(setting, graph, results)
    index = graph.index[step_id]
    step = graph.steps[index]
    prepared = setting.prepare()
    failed = any(result.status in _FAILED and not result.continued for result in results.values())
    view = StepView(values, step.workflow_id, failed=failed, cell=step.cell)
    logs = logs_of(prepared, step, index)
    work = step_work(prepared, step, view, logs, _artifacts(setting.state, setting.run, results))
    with (
        SignalPipe() as signals,
        options.supervisor(setting.work_dir, signals) as supervisor,
    ):
        end = _Loop(supervisor, signals, logs, options, f"INNOMINATUS_STEP={step_id}").to_the_end(work)
    logs.close()
    keep_artifacts(setting.state, setting.run, end)
    return clean_result(setting.redactor, end.result)


class _Loop:
    def __init__(
        self, supervisor: Supervisor, signals: SignalPipe, logs: StepLogs, options: ExecutionOptions, tag: str
    ) -> None:
        self._supervisor = supervisor
        self._signals = signals
        self._logs = Logs(logs.stdout, logs.stderr)
        self._inherit = () if options.lock_fd is None else (options.lock_fd,)
        self._tag = tag
        self._stopped = False

    def to_the_end(self, work: StepWork) -> StepEnd:
        answer: CommandOutcome | None = None
        while True:
            try:
                need = work.send(answer)
            except StopIteration as stop:
                end: StepEnd = stop.value
                return end
            match need:
                case _ if self._stopped:
                    answer = CANCELLED
                case AttemptStarts() | Probed() | BreakerTurned():
                    answer = None
                case Pause(seconds=seconds):
                    answer = self._pause(seconds)
                case _:
                    answer = self._run(need)

    def _pause(self, seconds: float) -> CommandOutcome | None:
        self._supervisor.wait(seconds)
        return CANCELLED if self._heed(None) else None

    def _run(self, request: CommandRequest) -> CommandOutcome:
        child = self._supervisor.start(request, logs=self._logs, inherit=self._inherit, tag=self._tag)
        while child.outcome is None:
            self._supervisor.wait()
            self._heed(child)
        self._supervisor.wait(0)
        return child.outcome

    def _heed(self, child: Child | None) -> bool:
        for _ in self._signals.take():
            self._stopped = True
            if child is not None:
                self._supervisor.stop(child)
        return self._stopped


def _values(setting: RunSetting, graph: PlanGraph, results: dict[str, StepResult]) -> RunValues:
    plan = setting.plan
    values = RunValues(plan, setting.facts(""), setting.secrets)
    for number, step in enumerate(plan.steps):
        result = results.get(step.id)
        if step.expansion is not None:
            _expand(graph, number, values, results)
        elif result is not None:
            values.step_ended(step, result.status, result.outputs, result.variables)
        if step.group is not None or step.expansion is not None:
            values.group_ended(step, [graph.steps[member] for member in graph.members.get(number, ())])
    for flow in plan.workflows:
        values.workflow_ended(flow)
    return values


def _expand(graph: PlanGraph, number: int, values: RunValues, results: dict[str, StepResult]) -> None:
    """Adds the steps of a loop whose values are known by now, with what they gave."""
    cells = cells_of(graph.steps[number], values)
    if isinstance(cells, Finding):
        return
    for added in graph.add(number, steps_of(graph.steps[number], cells)):
        step = graph.steps[added]
        result = results.get(step.id)
        if result is not None:
            values.step_ended(step, result.status, result.outputs, result.variables)


def _artifacts(state: StateFolder, run: str, results: dict[str, StepResult]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for result in results.values():
        for path, digest in result.artifacts.items():
            stored = state.artifact_path(run, digest.removeprefix("sha256:"))
            if stored.is_file():
                found[path] = stored.read_bytes()
    return found
