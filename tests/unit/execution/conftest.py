"""Plans of small repositories, and a world that plays runs of them without a process."""

from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent, indent
from typing import Any, TypeAlias

import pytest

from innominatus_cli.documents.plan import Plan, PlannedStep
from innominatus_cli.documents.repository import Repository
from innominatus_cli.documents.run_record import StepStatus
from innominatus_cli.documents.snapshot import WorkingTreeSnapshot
from innominatus_cli.execution.conditions import conditions_of
from innominatus_cli.execution.decide import Finish, Start, Wait, decide
from innominatus_cli.execution.expansion import cells_of, steps_of
from innominatus_cli.execution.graph import PlanGraph
from innominatus_cli.execution.state import Limits, RunState
from innominatus_cli.execution.values import RunValues, StepView
from innominatus_cli.expressions.values import resolve
from innominatus_cli.findings.finding import Finding
from innominatus_cli.planning.planner import plan_application
from innominatus_cli.planning.request import Facts, PlanRequest

SCORE = """
apiVersion: score.dev/v1b1
metadata: {name: shop}
containers: {web: {image: "registry.example.com/shop:1.2"}}
"""


class World:
    """Plays a run: steps end in the order in which they started, as `ends` says, with the `outputs` that they give."""

    def __init__(self, plan: Plan, ends: Mapping[str, StepStatus], outputs: Mapping[str, Mapping[str, Any]]) -> None:
        self.plan = plan
        self.state = RunState(PlanGraph(plan), Limits(8, plan.limits))
        self.values = RunValues(plan, {}, {"token": "s3cret"}.get)
        self.ends = ends
        self.outputs = outputs
        self.started: list[str] = []
        self.at_once = 0
        """The most steps that ran at the same time."""
        self.skipped: dict[str, str] = {}
        self.refused: dict[str, str] = {}
        self.env: dict[str, dict[str, Any]] = {}

    def play(self) -> "World":
        self.close()
        conditions = conditions_of(self.values)
        while not isinstance(decision := decide(self.state, conditions), Finish):
            if isinstance(decision, Wait):
                number = min(self.state.running, key=lambda one: self.started.index(self.state.graph.steps[one].name))
                step = self.state.graph.steps[number]
                self.end(step, self.ends.get(step.name, "succeeded"))
            else:
                self.carry_out(decision)
        return self

    def carry_out(self, decision: Start) -> None:
        for entry in decision.entries:
            self.state.entered(entry.call, entry.number, entry.reason)
        for skip in decision.skips:
            self.skipped[skip.step.name] = skip.reason
            self.end(skip.step, "skipped")
        for refusal in decision.refusals:
            self.refused[refusal.step.name] = refusal.finding.message
            self.end(refusal.step, "failed")
        for step in decision.expansions:
            self.expand(step)
        for step in decision.steps:
            self.started.append(step.name)
            self.state.started(step.id)
            view = StepView(self.values, step.workflow_id, cell=step.cell)
            self.env[step.name] = {name: resolve(value, view.value) for name, value in step.env.items()}
        self.at_once = max(self.at_once, len(self.state.running))

    def expand(self, step: PlannedStep) -> None:
        cells = cells_of(step, self.values)
        if isinstance(cells, Finding):
            self.refused[step.name] = f"{cells.code.number} {cells.message}"
            self.end(step, "failed")
        else:
            self.state.expanded(step.id, steps_of(step, cells))
            self.close()

    def end(self, step: PlannedStep, status: StepStatus) -> None:
        outputs = self.outputs.get(step.name, {}) if status == "succeeded" else {}
        self.values.step_ended(step, status, outputs, {})
        self.state.ended(step.id, status, continued=status == "failed" and step.continue_on_error)
        self.close()

    def close(self) -> None:
        for number in self.state.take_closed():
            members = [self.state.graph.steps[member] for member in self.state.graph.members[number]]
            self.values.group_ended(self.state.graph.steps[number], members)

    @property
    def failures(self) -> list[str]:
        return [self.state.graph.steps[number].name for number in self.state.failures]


Player: TypeAlias = Callable[..., World]


@pytest.fixture
def play(tmp_path: Path) -> Player:
    """`play(steps, shared=…, spec=…, ends=…, outputs=…)`: plans a platform workflow of these steps and plays its run.

    `shared` are the bodies (`spec`) of workflows that are called as `shared/<name>.yaml`.
    """

    def made(
        steps: str,
        shared: Mapping[str, str] | None = None,
        spec: str = "",
        ends: Mapping[str, StepStatus] | None = None,
        outputs: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> World:
        files = {"score.yaml": SCORE, "admin-config.yaml": "admin: {}\nsecrets: {token: {}}\n"}
        head = "apiVersion: workflow.dev/v1\nkind: {kind}\nmetadata: {{name: {name}{more}}}\nspec:\n"
        top = head.format(kind="PlatformWorkflow", name="flow", more=", phase: deployment")
        body = f"triggers: [all_deployments]\n{dedent(spec).strip()}\nsteps:\n{indent(dedent(steps).strip(), '  ')}\n"
        files["workflows/platform/flow.yaml"] = top + indent(body, "  ")
        for name, text in (shared or {}).items():
            part = head.format(kind="Workflow", name=name, more="")
            files[f"workflows/shared/{name}.yaml"] = part + indent(dedent(text).strip(), "  ") + "\n"
        for path, text in files.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text)
        request = PlanRequest(environment="development", score_path="score.yaml")
        outcome = plan_application(Repository(WorkingTreeSnapshot(tmp_path)), request, Facts())
        assert outcome.plan is not None, [f"{one.place}: {one.code.number} {one.message}" for one in outcome.findings]
        return World(outcome.plan, ends or {}, outputs or {}).play()

    return made
