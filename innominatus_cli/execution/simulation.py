"""A run of a plan in which no step does anything: what each one would give is made up beforehand.

What runs next is asked of `decide`, what comes of a step of `step_work`, as in a real run: conditions, retries, order,
limits, variables and outputs are the engine's own. Nothing is started, written or waited for, and what comes out is no
`StepResult`: nobody can take it for a run and record it.

An output that is declared or read and not faked has a text in its place, so that what reads it goes on. A condition
does not see such texts: what only a fake can decide must be faked.
"""

import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

from innominatus_cli.documents.plan import Plan, PlannedStep
from innominatus_cli.documents.run_record import StepResult, StepStatus
from innominatus_cli.documents.verdict import ReportedFinding
from innominatus_cli.drivers.contract import DriverResult, DriverSteps, StepContext, ending_text
from innominatus_cli.execution.breakers import Breakers
from innominatus_cli.execution.conditions import conditions_of
from innominatus_cli.execution.decide import Finish, Start, Wait, decide
from innominatus_cli.execution.expansion import cells_of, steps_of
from innominatus_cli.execution.graph import PlanGraph
from innominatus_cli.execution.options import DEFAULT_PARALLEL
from innominatus_cli.execution.output_readers import Outline, outputs_read
from innominatus_cli.execution.setting import PreparedRun, RunSetting, ScratchFolders
from innominatus_cli.execution.state import Limits, RunState
from innominatus_cli.execution.step import step_work
from innominatus_cli.execution.step_ends import StepEnd, StepLogs, StepWork, never_ran
from innominatus_cli.execution.values import RunValues, StepView
from innominatus_cli.expressions.values import NoValue, resolve
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.finding import Finding
from innominatus_cli.system.commands import CommandOutcome, CommandRequest, Ending, StreamOutput
from innominatus_cli.system.output_capture import StreamLog
from innominatus_cli.system.state_folder import StateFolder

NEVER_READ: Final = Path("/nonexistent/simulated")
"""The folders of a simulated run: nothing is there, and nothing looks."""
_RUN: Final = "simulated"
_MOMENT: Final = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FakedStep:
    """What a step does in a simulated run. `fails`: the first so many attempts fail; None: all of them; 0: none."""

    outputs: Mapping[str, Any] = field(default_factory=dict)
    fails: int | None = 0
    exit_code: int = 1
    prints: str = ""
    times_out: bool = False


@dataclass(frozen=True, slots=True)
class SimulatedStep:
    """What became of one step. `inputs` and `env` are what it was given; None where it never began."""

    step: PlannedStep
    status: StepStatus
    reason: str = ""
    attempts: int = 0
    inputs: Mapping[str, Any] | None = None
    env: Mapping[str, Any] | None = None
    outputs: Mapping[str, Any] = field(default_factory=dict)
    continued: bool = False
    finding: ReportedFinding | None = None

    @property
    def began(self) -> bool:
        """Whether it ran, whatever came of it."""
        return self.attempts > 0


@dataclass(frozen=True, slots=True)
class Simulation:
    """What became of all steps, in the plan's order, and of the run."""

    status: Literal["succeeded", "failed", "waiting"]
    steps: tuple[SimulatedStep, ...]
    failures: tuple[SimulatedStep, ...]
    """Steps that failed the run, in the order of their ends."""
    outputs: Mapping[str, Mapping[str, Any]]
    """Outputs of workflows, by identity; what a secret would be stands there as a text."""


def simulate(plan: Plan, faked: Callable[[PlannedStep], FakedStep], *, approved: bool = False) -> Simulation:
    """Plays the whole plan. `approved`: every gate is open; else what is behind one stays planned."""
    return _Simulating(plan, faked, approved=approved).to_the_end()


def made_up(step: str, output: str) -> str:
    """The text in the place of an output that nobody faked."""
    return f"<{step}.{output}>"


class _Standing:
    """A clock that moves only when a step runs out of time."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return _MOMENT

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def new_id(self) -> str:
        return _RUN


class _NoFolders(ScratchFolders):
    """Scratch folders that are never made."""

    def __init__(self) -> None:
        super().__init__(str(NEVER_READ))

    def take(self) -> Path:
        return NEVER_READ

    def is_empty(self, path: Path) -> bool:
        del path
        return True

    def give_back(self, path: Path) -> None:
        del path


class _Simulating:
    def __init__(self, plan: Plan, faked: Callable[[PlannedStep], FakedStep], *, approved: bool) -> None:
        # What a real step writes into its outputFile, a fake gives itself.
        plan = plan.model_copy(update={"steps": [step.model_copy(update={"output_file": None}) for step in plan.steps]})
        self._plan = plan
        self._approved = approved
        self._faked = faked
        self._fakes: dict[str, FakedStep] = {}
        self._graph = PlanGraph(plan)
        self._state = RunState(self._graph, Limits(DEFAULT_PARALLEL, plan.limits))
        self._clock = _Standing()
        setting = RunSetting(
            plan=plan,
            run=_RUN,
            work_dir=NEVER_READ,
            state=StateFolder(NEVER_READ),
            clock=self._clock,
            random=lambda: 1.0,
            outside={},
            secrets=_secret,
            driver_for=lambda _type: self._driver,
        )
        facts = setting.facts("2000-01-01T00:00:00.000Z")
        self._prepared = PreparedRun(
            setting, {}, str(NEVER_READ), _NoFolders(), NEVER_READ, setting.manifests_dir, Breakers(None)
        )
        self._values = RunValues(plan, facts, _secret)
        """With a text in the place of each output that nobody faked."""
        self._faked_values = RunValues(plan, facts, _secret)
        """Without: what conditions see."""
        self._asked = conditions_of(self._faked_values)
        self._read = outputs_read(plan)
        self._attempt: dict[str, int] = {}
        self._made_up: dict[str, str] = {}
        """By the text that stands for it, each output that nobody faked."""
        self._running: deque[int] = deque()
        self._ended: dict[str, SimulatedStep] = {}

    def to_the_end(self) -> Simulation:
        self._close_groups()
        while not isinstance(decision := decide(self._state, self._conditions), Finish):
            if isinstance(decision, Wait):
                self._play(self._running.popleft())
            else:
                self._carry_out(decision)
        steps = tuple(self._ended[step.id] for step in self._in_order())
        failures = tuple(self._ended[self._graph.steps[number].id] for number in self._state.failures)
        outputs = {name: dict(found) for name, found in self._values.workflow_outputs.items()}
        status: Literal["succeeded", "failed", "waiting"] = "waiting" if self._state.held else "succeeded"
        return Simulation("failed" if failures else status, steps, failures, outputs)

    def _in_order(self) -> Iterator[PlannedStep]:
        """The steps of the plan, those that loops became right behind them."""
        for number, step in enumerate(self._graph.steps[: len(self._plan.steps)]):
            if step.kind == "step":
                yield step
                yield from (self._graph.steps[member] for member in self._graph.members.get(number, ()))

    def _fake(self, step: PlannedStep) -> FakedStep:
        if step.id not in self._fakes:
            self._fakes[step.id] = self._faked(step)
        return self._fakes[step.id]

    def _carry_out(self, decision: Start) -> None:
        for entry in decision.entries:
            self._state.entered(entry.call, entry.number, entry.reason)
        for skip in decision.skips:
            self._end(SimulatedStep(skip.step, "skipped", skip.reason))
        for refusal in decision.refusals:
            self._fail(refusal.step, refusal.finding)
        for left in decision.left:
            self._end(SimulatedStep(left.step, "planned", left.reason))
        for step in decision.expansions:
            self._expand(step)
        for step in decision.steps:
            if not self._approved and (closed := self._prepared.setting.gates.closed(step)):
                self._state.hold(step.id, closed)
                continue
            self._state.started(step.id)
            self._running.append(self._graph.index[step.id])

    def _expand(self, step: PlannedStep) -> None:
        """A loop becomes its steps; over an output that nobody faked it cannot go."""
        cells = cells_of(step, self._faked_values)
        if isinstance(cells, Finding):
            self._fail(step, cells._replace(remedy=f"{cells.help} Give what the loop goes over in `fakes`."))
            return
        self._ended[step.id] = SimulatedStep(step, "succeeded", attempts=1, inputs={}, env={})
        self._after_end(step, workflow_ended=self._state.expanded(step.id, steps_of(step, cells)))

    def _fail(self, step: PlannedStep, finding: Finding) -> None:
        """A step that fails before it begins."""
        told = never_ran(step, "failed", "", finding)
        self._end(SimulatedStep(step, "failed", told.reason, continued=told.continued, finding=told.finding))

    def _play(self, index: int) -> None:
        """Plays a step that has started to its end, all attempts."""
        step = self._graph.steps[index]
        failed = self._state.root_above(index) is not None
        view = StepView(self._values, step.workflow_id, failed=failed, cell=step.cell)
        inputs, env = _resolved(step.inputs, view), _resolved(step.env, view)
        logs = StepLogs(StreamLog(NEVER_READ), StreamLog(NEVER_READ))
        end = self._worked(step, step_work(self._prepared, step, view, logs, {}))
        result = end.result
        if result.status in {"interrupted", "planned"}:
            raise AssertionError(f"{step.id}: nothing stops a simulated step")
        self._end(
            SimulatedStep(
                step,
                result.status,
                self._reason(result, inputs),
                len(result.attempts),
                inputs,
                env,
                end.outputs,
                continued=result.continued,
                finding=result.finding,
            ),
            end.variables,
        )

    def _worked(self, step: PlannedStep, work: StepWork) -> StepEnd:
        """What the work of a step comes to; what it would start or wait for is answered at once."""
        answer: CommandOutcome | None = None
        while True:
            try:
                need = work.send(answer)
            except StopIteration as stop:
                end: StepEnd = stop.value
                return end
            answer = self._outcome(step) if isinstance(need, CommandRequest) else None

    def _reason(self, result: StepResult, inputs: object) -> str:
        """Why a step failed, and where that may only be for want of a fake."""
        finding = result.finding
        if finding is not None and finding.code == codes.INPUTS_WRONG_NOW.number:
            text = json.dumps(inputs, ensure_ascii=False)
            unfaked = next((name for made, name in self._made_up.items() if made in text), None)
            if unfaked is not None:
                return f"{result.reason} (nobody faked the output '{unfaked}')"
        return result.reason

    def _outcome(self, step: PlannedStep) -> CommandOutcome:
        """How the program of a faked attempt ends."""
        fake = self._fake(step)
        number = self._attempt[step.id] = self._attempt.get(step.id, 0) + 1
        if fake.fails is not None and number > fake.fails:
            return CommandOutcome(Ending.EXITED, 0)
        printed = StreamOutput(fake.prints.encode(errors="replace"))
        if fake.times_out:
            self._clock.sleep(step.timeout_seconds)
            return CommandOutcome(Ending.TIMED_OUT, stdout=printed)
        return CommandOutcome(Ending.EXITED, fake.exit_code, stdout=printed)

    def _driver(self, context: StepContext) -> DriverSteps:
        """The driver of every step: one program, which is never started."""
        step = context.step
        outcome = yield context.command("a-faked-step")
        if not outcome.succeeded:
            return context.failed(codes.PROGRAM_FAILED, f"it was faked to fail, and {ending_text(outcome)}")
        outputs = dict(self._fake(step).outputs)
        read = self._read.get(step.id) or self._read.get(step.within or "", {})
        for name in dict.fromkeys((*step.declared_outputs, *read)):
            if name not in outputs:
                outputs[name] = self._invented(step.name, name, read.get(name, {}))
        return DriverResult(outputs=outputs)

    def _invented(self, step: str, name: str, outline: Outline) -> object:
        """What stands for an output that nobody faked: a text, or a mapping where parts of it are read."""
        if outline:
            return {key: self._invented(step, f"{name}.{key}", inner) for key, inner in outline.items()}
        text = made_up(step, name)
        self._made_up[text] = f"{step}.{name}"
        return text

    def _conditions(self, step: PlannedStep, failed: bool) -> str | Finding:
        found = self._asked(step, failed)
        if isinstance(found, Finding) and found.code is codes.CONDITION_FAILED:
            return found._replace(remedy="Give what the condition asks for in `fakes`, or mend the condition.")
        return found

    def _end(self, end: SimulatedStep, variables: Mapping[str, str] | None = None) -> None:
        step = end.step
        if not end.continued and self._state.is_let_pass(self._graph.index[step.id], end.status):
            end = replace(end, continued=True)
        self._ended[step.id] = end
        succeeded = end.status == "succeeded"
        faked = dict(self._fake(step).outputs) if succeeded else {}
        self._values.step_ended(step, end.status, end.outputs, variables or {})
        self._faked_values.step_ended(step, end.status, faked, self._faked_variables(step, faked) if succeeded else {})
        self._after_end(step, workflow_ended=self._state.ended(step.id, end.status, continued=end.continued))

    def _after_end(self, step: PlannedStep, *, workflow_ended: bool) -> None:
        self._close_groups()
        for values in (self._values, self._faked_values):
            if workflow_ended and step.workflow_id:
                values.workflow_ended(self._graph.workflows[step.workflow_id])

    def _close_groups(self) -> None:
        """Works out what loops and sub-workflows gave that have ended just now."""
        for number in self._state.take_closed():
            members = [self._graph.steps[member] for member in self._graph.members[number]]
            for values in (self._values, self._faked_values):
                values.group_ended(self._graph.steps[number], members)

    def _faked_variables(self, step: PlannedStep, outputs: Mapping[str, Any]) -> dict[str, str]:
        """The variables that a step sets of what was faked alone."""
        view = StepView(self._faked_values, step.workflow_id, cell=step.cell).with_outputs(step.name, outputs)
        found = {name: _resolved(value, view) for name, value in step.set_variables.items()}
        return {name: str(value) for name, value in found.items() if value is not None}


def _secret(name: str) -> str:
    """What stands for a secret: no store is asked."""
    return f"<secret {name}>"


def _resolved(value: Any, view: StepView) -> Any:  # noqa: ANN401 - JSON data
    """A value with its references resolved; None where one has no value, which fails the step."""
    try:
        return resolve(value, view.value)
    except NoValue:
        return None
