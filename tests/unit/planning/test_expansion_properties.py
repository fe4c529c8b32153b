"""Generated workflows with loops and sub-workflows: their plans are the same each time, and in order."""

import itertools
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from innominatus_cli.documents.plan import Cell, Expansion, Plan, PlannedStep
from innominatus_cli.documents.repository import Repository
from innominatus_cli.documents.snapshot import WorkingTreeSnapshot
from innominatus_cli.documents.vocabulary import Phase, Tier
from innominatus_cli.execution.decide import Finish, Start, decide
from innominatus_cli.execution.expansion import steps_of
from innominatus_cli.execution.graph import PlanGraph
from innominatus_cli.execution.state import Limits, RunState
from innominatus_cli.planning.planner import plan_application
from innominatus_cli.planning.request import Facts, PlanRequest

SCORE = {
    "apiVersion": "score.dev/v1b1",
    "metadata": {"name": "shop"},
    "containers": {"web": {"image": "registry.example.com/shop:1.2"}},
}
DEPTH = 3
"""Workflows call only those of a higher number, so that no circle comes up."""


@st.composite
def steps(draw: st.DrawFn, level: int) -> list[dict[str, Any]]:
    """The steps of one workflow: single ones, loops, and calls of workflows of a higher number."""
    found: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 4))):
        step: dict[str, Any] = {"name": f"s{number}"}
        if level < DEPTH and draw(st.booleans()):
            step |= {"type": "workflow", "workflow": f"w{draw(st.integers(level + 1, DEPTH))}.yaml"}
        else:
            step |= {"type": "script", "config": {"script": "true"}}
        kind = draw(st.sampled_from(["", "", "forEach", "matrix"]))
        if kind == "forEach":
            step["forEach"] = draw(st.lists(st.integers(0, 9), max_size=3)) or "${parameters.none}"
        elif kind == "matrix":
            step["matrix"] = {
                "a": [1, 2],
                "b": draw(st.lists(st.sampled_from("xyz"), min_size=1, max_size=2, unique=True)),
            }
        if kind and draw(st.booleans()):
            step["maxParallel"] = draw(st.integers(1, 2))
        if number and draw(st.booleans()):
            before = [f"s{other}" for other in range(number)]
            step["dependsOn"] = draw(st.lists(st.sampled_from(before), unique=True))
        elif draw(st.booleans()):
            step["parallel"] = True
        found.append(step)
    return found


@st.composite
def repositories(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    """Files by path: a platform workflow, and those that it may call."""
    spec: dict[str, Any] = {"parameters": [{"name": "none", "type": "list", "default": []}]}
    files: dict[str, dict[str, Any]] = {"score.yaml": SCORE, "admin-config.yaml": {"admin": {}}}
    for level in range(1, DEPTH + 1):
        body = {**spec, "steps": draw(steps(level)), "finally": draw(st.just([]) | steps(DEPTH))}
        for step in body["finally"]:
            step["name"] = f"last-{step['name']}"
            step.pop("dependsOn", None)
        files[f"workflows/w{level}.yaml"] = {
            "apiVersion": "workflow.dev/v1", "kind": "Workflow", "metadata": {"name": f"w{level}"}, "spec": body
        }  # fmt: skip
    files["workflows/platform/top.yaml"] = {
        "apiVersion": "workflow.dev/v1",
        "kind": "PlatformWorkflow",
        "metadata": {"name": "top", "phase": "deployment"},
        "spec": {**spec, "triggers": ["all_deployments"], "steps": draw(steps(0))},
    }
    return files


def planned(files: dict[str, dict[str, Any]], order: "list[str]") -> Plan:
    """The plan of a repository whose files are written in this order."""
    with TemporaryDirectory() as folder:
        for path in order:
            target = Path(folder) / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(json.dumps(files[path]))
        request = PlanRequest(environment="development", score_path="score.yaml")
        outcome = plan_application(Repository(WorkingTreeSnapshot(folder)), request, Facts())
    assert outcome.plan is not None, [f"{one.code.number} {one.message}" for one in outcome.findings]
    return outcome.plan


def ancestors(plan: Plan) -> dict[str, set[str]]:
    """Everything that each node stands behind."""
    found: dict[str, set[str]] = {}
    for step in plan.steps:
        found[step.id] = set(step.needs).union(*(found[need] for need in step.needs))
    return found


def names_below(plan: Plan, node: str) -> list[str]:
    """The steps that a written step has become, by the id of the step or of the barrier that ends it."""
    by_id = {step.id: step for step in plan.steps}

    def is_below(step: str | None) -> bool:
        while step is not None and step != node:
            step = by_id[step].within
        return step is not None

    return [step.id for step in plan.steps if step.kind == "step" and is_below(step.id)]


@settings(max_examples=30, deadline=None)
@given(repositories(), st.randoms(use_true_random=False))
def test_a_plan_is_the_same_whatever_the_order_of_files_and_stands_in_order(
    files: dict[str, dict[str, Any]], random: Any
) -> None:
    order = list(files)
    plan = planned(files, order)
    random.shuffle(order)
    assert planned(files, order).canonical == plan.canonical
    assert len({step.id for step in plan.steps}) == len(plan.steps)
    PlanGraph(plan)  # raises where a step stands before what it needs


@settings(max_examples=30, deadline=None)
@given(repositories())
def test_every_step_of_what_a_step_depends_on_has_ended_before_any_of_its_own_begins(
    files: dict[str, dict[str, Any]],
) -> None:
    plan = planned(files, list(files))
    before = ancestors(plan)
    flow = next(workflow.id for workflow in plan.workflows if workflow.name == "top")
    for step in files["workflows/platform/top.yaml"]["spec"]["steps"]:
        own = names_below(plan, f"{flow}/{step['name']}")
        for need in step.get("dependsOn", ()):
            for earlier, later in itertools.product(names_below(plan, f"{flow}/{need}"), own):
                assert earlier in before[later]


@settings(max_examples=30, deadline=None)
@given(repositories(), st.data())
def test_a_run_starts_every_step_once_behind_all_that_it_needs_and_within_the_limits(
    files: dict[str, dict[str, Any]], data: st.DataObject
) -> None:
    plan = planned(files, list(files))
    before = ancestors(plan)
    state = RunState(PlanGraph(plan), Limits(6, plan.limits))
    ended: list[str] = []
    while not isinstance(decision := decide(state, lambda _step, _failed: ""), Finish):
        if isinstance(decision, Start):
            assert not decision.skips
            for entry in decision.entries:
                state.entered(entry.call, entry.number, entry.reason)
            for step in decision.steps:
                assert {need for need in before[step.id] if plan.step(need).kind == "step"} <= set(ended)
                state.started(step.id)
            check_limits(state)
            continue
        number = data.draw(st.sampled_from(sorted(state.running)))
        ended.append(state.graph.steps[number].id)
        state.ended(ended[-1], "succeeded")
    assert sorted(ended) == sorted(step.id for step in plan.steps if step.kind == "step")
    closed = state.take_closed()
    assert len(closed) == len(set(closed)) == sum(step.group is not None for step in plan.steps)


@settings(max_examples=30, deadline=None)
@given(repositories(), st.data())
def test_whatever_fails_every_step_comes_to_its_end_once_and_a_sub_workflow_that_began_cleans_up(
    files: dict[str, dict[str, Any]], data: st.DataObject
) -> None:
    plan = planned(files, list(files))
    state = RunState(PlanGraph(plan), Limits(6, plan.limits))
    ran: list[str] = []
    skipped: list[str] = []
    while not isinstance(decision := decide(state, lambda _step, _failed: ""), Finish):
        if isinstance(decision, Start):
            for entry in decision.entries:
                state.entered(entry.call, entry.number, entry.reason)
            for skip in decision.skips:
                skipped.append(skip.step.id)
                state.ended(skip.step.id, "skipped")
            for step in decision.steps:
                state.started(step.id)
            continue
        number = min(state.running)
        ran.append(state.graph.steps[number].id)
        state.ended(ran[-1], data.draw(st.sampled_from(["succeeded", "succeeded", "failed"])))
    assert sorted([*ran, *skipped]) == sorted(step.id for step in plan.steps if step.kind == "step")
    for number, step in enumerate(state.graph.steps):
        scope = state.graph.scope_of(number)
        if step.kind == "step" and step.cleanup and scope is not None and state.verdicts.get(scope) == "":
            assert step.id in ran


def check_limits(state: RunState) -> None:
    """No loop has more members at work than it may."""
    graph = state.graph
    for loop in graph.members:
        most = graph.most_at_once(loop)
        running = {graph.round_in(number, loop) for number in state.running if loop in graph.groups_of(number)}
        assert most is None or len(running) <= most


@given(st.lists(st.integers() | st.text(max_size=4), max_size=6))
def test_a_loop_becomes_the_same_steps_however_often_it_is_expanded(items: list[Any]) -> None:
    pattern = PlannedStep(
        id="f/a", name="a", type="script", phase=Phase.DEPLOYMENT, tier=Tier.PLATFORM, workflow_id="f",
        expansion=Expansion(for_each={"$ref": "steps.b.outputs.c"}, max_items=9),
    )  # fmt: skip
    cells = [Cell(index=index, item=item) for index, item in enumerate(items)]
    first, second = steps_of(pattern, cells), steps_of(pattern, cells)
    assert first == second
    assert [step.id for step in first] == [f"f/a[{index}]" for index in range(len(items))]
    assert all(step.within == "f/a" and step.expansion is None for step in first)
