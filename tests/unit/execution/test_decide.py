"""What runs next: order, barriers, failures, limits, and that nothing is ever lost."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from innominatus_cli.documents.plan import Application, Gate, Plan, PlannedStep, PlannedWorkflow, StepConditions
from innominatus_cli.documents.run_record import StepStatus
from innominatus_cli.documents.vocabulary import Operation, Phase, Tier, When
from innominatus_cli.execution.decide import Finish, Start, Wait, decide
from innominatus_cli.execution.graph import PlanGraph
from innominatus_cli.execution.state import Limits, RunState
from innominatus_cli.findings.catalogue.execution import CONDITION_FAILED
from innominatus_cli.findings.finding import Finding, Place

FLOW = "deployment/application/-/flow"


def step(name: str, *needs: str, flow: str = FLOW, when: When = When.ON_SUCCESS, **more: Any) -> PlannedStep:
    return PlannedStep(
        id=f"{flow}/{name}",
        name=name,
        type="script",
        phase=Phase.DEPLOYMENT,
        tier=more.pop("tier", Tier.APPLICATION),
        workflow_id=flow,
        needs=[need if "/" in need else f"{flow}/{need}" for need in needs],
        conditions=StepConditions(when=when, **more.pop("conditions", {})),
        **more,
    )


def barrier(name: str, *needs: str) -> PlannedStep:
    return PlannedStep(
        id=name, kind="barrier", name=name, phase=Phase.DEPLOYMENT, tier=Tier.PLATFORM, needs=list(needs)
    )


def state_of(
    *steps: PlannedStep, parallel: int = 8, fail_fast: bool = False, more: dict[str, int] | None = None, **limits: int
) -> RunState:
    flows = dict.fromkeys(step.workflow_id for step in steps if step.workflow_id)
    plan = Plan(
        operation=Operation.DEPLOY,
        application=Application(name="shop"),
        environment="test",
        sources=[],
        inputs=[],
        workflows=[
            PlannedWorkflow(
                id=flow, identity=flow.rpartition("/")[2], name="flow", tier=Tier.APPLICATION, phase=Phase.DEPLOYMENT,
                path="flow.yaml", line=1, trigger="generated", fail_fast=fail_fast, owner="shop-team",
            )
            for flow in flows
        ],
        steps=list(steps),
        limits={**limits, **(more or {})},
    )  # fmt: skip
    return RunState(PlanGraph(plan), Limits(parallel, plan.limits))


def always_holds(_step: PlannedStep, _failed: bool) -> str:
    return ""


def names(steps: "tuple[PlannedStep, ...]") -> list[str]:
    return [step.name for step in steps]


class World:
    """Plays a run: steps end in the order in which they started, with the status that the test gives them."""

    def __init__(self, state: RunState, **ends: StepStatus) -> None:
        self.state = state
        self.ends = ends
        self.started: list[str] = []
        self.skipped: dict[str, str] = {}
        self.refused: list[str] = []
        self.left: dict[str, str] = {}

    def play(self) -> "World":
        while not isinstance(decision := decide(self.state, always_holds), Finish):
            if isinstance(decision, Wait):
                self.end(min(self.state.running))
                continue
            self.carry_out(decision)
        return self

    def carry_out(self, decision: Start) -> None:
        for skip in decision.skips:
            self.skipped[skip.step.name] = skip.reason
            self.state.ended(skip.step.id, "skipped")
        for refusal in decision.refusals:
            self.refused.append(refusal.step.name)
            self.state.ended(refusal.step.id, "failed")
        for left in decision.left:
            self.left[left.step.name] = left.reason
            self.state.ended(left.step.id, "planned")
        for found in decision.steps:
            if found.gate is not None:
                self.state.hold(found.id, "anna must approve it")
                continue
            self.started.append(found.name)
            self.state.started(found.id)

    def end(self, number: int) -> None:
        found = self.state.graph.steps[number]
        status = self.ends.get(found.name, "succeeded")
        self.state.ended(found.id, status, continued=status == "failed" and found.continue_on_error)


def test_steps_run_behind_what_they_need() -> None:
    world = World(state_of(step("a"), step("b", "a"), step("c", "b"))).play()
    assert world.started == ["a", "b", "c"]


def test_independent_steps_start_together_in_the_order_of_the_plan() -> None:
    state = state_of(step("a"), step("b"), step("c", "a"))
    decision = decide(state, always_holds)
    assert isinstance(decision, Start)
    assert names(decision.steps) == ["a", "b"]


def test_a_step_that_waits_for_nothing_but_one_that_runs_is_nearly_ready() -> None:
    state = state_of(step("a"), step("b"), step("c", "a"), step("d", "a", "b"), step("e", "c"))
    steps = state.graph.steps
    assert state.nearly_ready(2) == []
    state.started(steps[0].id)
    assert [steps[number].name for number in state.nearly_ready(2)] == ["c"]
    state.started(steps[1].id)
    state.ended(steps[1].id, "succeeded")
    assert [steps[number].name for number in state.nearly_ready(2)] == ["c", "d"]
    assert [steps[number].name for number in state.nearly_ready(1)] == ["c"]
    state.ended(steps[0].id, "succeeded")
    assert state.nearly_ready(2) == []


def test_after_a_failure_what_needs_it_is_skipped_with_the_reason_and_the_rest_finishes() -> None:
    world = World(state_of(step("a"), step("b", "a"), step("c", "b"), step("d"), step("e", "d")), a="failed").play()
    assert world.started == ["a", "d", "e"]
    assert world.skipped == {"b": "step 'a' failed", "c": "step 'a' failed"}
    assert names(tuple(world.state.graph.steps[n] for n in world.state.failures)) == ["a"]


GATE = Gate(teams=["owners"], count=1)


def test_a_closed_gate_holds_its_step_and_what_needs_it_and_nothing_else() -> None:
    steps = step("a"), step("held", "a", gate=GATE), step("behind", "held"), step("b"), step("c", "b")
    world = World(state_of(*steps), b="failed").play()
    assert world.started == ["a", "b"]
    assert world.skipped == {"c": "step 'b' failed"}
    assert world.left == {"held": "anna must approve it", "behind": "step 'held' waits for an approval"}


def test_what_stands_behind_a_barrier_waits_for_a_gate_before_it() -> None:
    early, late = "deployment/platform/-/early", "deployment/product/shop/late"
    steps = (
        step("held", flow=early, gate=GATE),
        step("other", flow=early),
        barrier("deployment/platform", f"{early}/held", f"{early}/other"),
        step("always", "deployment/platform", flow=late, when=When.ALWAYS),
        step("tidy", f"{late}/always", flow=late, cleanup=True),
    )
    world = World(state_of(*steps)).play()
    assert world.started == ["other"]
    assert {name: world.left[name] for name in ("always", "tidy")} == dict.fromkeys(
        ("always", "tidy"), "step 'held' waits for an approval"
    )


def test_a_gate_of_a_step_that_does_not_run_holds_nothing() -> None:
    world = World(state_of(step("a"), step("gated", "a", gate=GATE), step("b", "gated")), a="failed").play()
    assert (world.left, sorted(world.skipped)) == ({}, ["b", "gated"])


@pytest.mark.parametrize(("for_decision", "what"), [(True, "a decision"), (False, "an approval")])
def test_what_stands_behind_a_held_step_says_what_that_waits_for(for_decision: bool, what: str) -> None:
    state = state_of(step("held"), step("behind", "held"))
    state.hold(f"{FLOW}/held", "nobody knows", for_decision=for_decision)
    assert World(state).play().left == {"held": "nobody knows", "behind": f"step 'held' waits for {what}"}


@pytest.mark.parametrize(("parallel", "starting", "room"), [(2, 0, True), (2, 1, False), (3, 1, True), (1, 0, False)])
def test_what_is_about_to_start_takes_room_beside_what_runs(parallel: int, starting: int, room: bool) -> None:
    state = state_of(step("a"), step("b"), step("c"), parallel=parallel)
    state.started(f"{FLOW}/a")
    assert state.has_room(step("c"), [step("b")][:starting]) is room


def test_a_run_that_is_stopped_waits_for_nobody() -> None:
    state = state_of(step("held", gate=GATE), step("behind", "held"))
    state.hold(f"{FLOW}/held", "anna must approve it")
    state.stopped = "the run was interrupted"
    world = World(state).play()
    assert (world.left, sorted(world.skipped)) == ({}, ["behind", "held"])


@given(st.lists(st.tuples(st.booleans(), st.integers(min_value=0, max_value=255)), min_size=1, max_size=8))
def test_each_step_runs_or_stays_planned_and_none_runs_behind_a_gate(shape: list[tuple[bool, int]]) -> None:
    needs = {n: [m for m in range(n) if mask >> m & 1] for n, (_, mask) in enumerate(shape)}
    steps = [
        step(f"s{n}", *(f"s{m}" for m in needs[n]), gate=GATE if gated else None) for n, (gated, _) in enumerate(shape)
    ]
    world = World(state_of(*steps, parallel=2)).play()
    waits: set[int] = set()
    for n, (gated, _) in enumerate(shape):
        if gated or waits.intersection(needs[n]):
            waits.add(n)
    assert sorted(world.left) == sorted(f"s{n}" for n in waits)
    assert sorted([*world.left, *world.started]) == sorted(f"s{n}" for n in range(len(shape)))


@pytest.mark.parametrize("end", ["failed", "timed_out", "interrupted"])
def test_every_bad_end_is_a_failure(end: StepStatus) -> None:
    world = World(state_of(step("a"), step("b", "a")), a=end).play()
    assert world.skipped == {"b": "step 'a' failed"}


def test_every_failure_is_kept_in_the_order_of_the_ends() -> None:
    world = World(state_of(step("a"), step("b"), step("c")), a="failed", c="timed_out").play()
    assert [world.state.graph.steps[number].name for number in world.state.failures] == ["a", "c"]


def test_fail_fast_starts_nothing_more_in_that_workflow() -> None:
    steps = step("a"), step("b"), step("c", "b"), step("z", when=When.ALWAYS)
    world = World(state_of(*steps, fail_fast=True, parallel=1), a="failed").play()
    assert world.started == ["a", "z"]
    assert world.skipped == {"b": "step 'a' failed", "c": "step 'a' failed"}


def test_when_says_whether_a_step_runs_after_a_failure() -> None:
    steps = (
        step("a"),
        step("undo", "a", when=When.ON_FAILURE),
        step("tell", "undo", when=When.ALWAYS),
        step("go-on", "tell"),
        step("by-hand", when=When.MANUAL),
    )
    assert World(state_of(*steps), a="failed").play().started == ["a", "undo", "tell"]
    well = World(state_of(*steps)).play()
    assert well.started == ["a", "tell", "go-on"]
    assert well.skipped == {"undo": "nothing before it failed", "by-hand": "it is started by hand only (when: manual)"}


def test_a_failure_that_is_let_pass_stands_above_nothing() -> None:
    steps = step("a", continue_on_error=True), step("b", "a"), step("undo", "b", when=When.ON_FAILURE)
    world = World(state_of(*steps), a="failed").play()
    assert world.started == ["a", "b"]
    assert world.state.failures == []


def test_behind_a_barrier_a_failure_leaves_only_always_on_failure_and_finally() -> None:
    early, late = "deployment/platform/-/early", "deployment/product/shop/late"
    steps = (
        step("a", flow=early),
        step("independent", flow=early),
        barrier("deployment/platform", f"{early}/a", f"{early}/independent"),
        step("b", "deployment/platform", flow=late),
        step("c", f"{late}/b", flow=late, when=When.ALWAYS),
        step("d", "deployment/platform", flow=late, when=When.ON_FAILURE),
        step("e", f"{late}/c", flow=late, cleanup=True),
    )
    world = World(state_of(*steps), a="failed").play()
    assert world.started == ["a", "independent", "d", "c", "e"]
    assert world.skipped == {"b": "step 'a' of 'early' failed"}


def test_a_barrier_opens_when_everything_before_it_has_ended() -> None:
    state = state_of(
        step("a"), step("b"), barrier("bar/x", f"{FLOW}/a", f"{FLOW}/b"), barrier("bar/y", "bar/x"), step("c", "bar/y")
    )
    decision = decide(state, always_holds)
    assert isinstance(decision, Start)
    for found in decision.steps:
        state.started(found.id)
    state.ended(f"{FLOW}/a", "succeeded")
    assert decide(state, always_holds) == Wait()
    state.ended(f"{FLOW}/b", "succeeded")
    decision = decide(state, always_holds)
    assert isinstance(decision, Start)
    assert names(decision.steps) == ["c"]


def test_finally_runs_whatever_happened() -> None:
    steps = step("a"), step("b", "a"), step("f", "b", cleanup=True), step("g", "f", cleanup=True)
    assert World(state_of(*steps), a="failed", f="failed").play().started == ["a", "f", "g"]


def test_a_condition_that_does_not_hold_skips_its_step_alone() -> None:
    state = state_of(step("a", conditions={"if_tree": {"value": False}}), step("b", "a"))
    decision = decide(state, lambda _step, _failed: "'if: false' does not hold")
    assert isinstance(decision, Start)
    assert [(skip.step.name, skip.reason) for skip in decision.skips] == [("a", "'if: false' does not hold")]
    state.ended(f"{FLOW}/a", "skipped")
    decision = decide(state, always_holds)
    assert isinstance(decision, Start)
    assert names(decision.steps) == ["b"]


def test_a_condition_that_nobody_can_decide_fails_its_step() -> None:
    finding = Finding(CONDITION_FAILED, "no", Place("x"))
    state = state_of(step("a", conditions={"if_tree": {"ref": "x"}}))
    decision = decide(state, lambda _step, _failed: finding)
    assert isinstance(decision, Start)
    assert [refusal.finding for refusal in decision.refusals] == [finding]


def test_conditions_are_not_asked_of_a_step_that_a_failure_rules_out() -> None:
    state = state_of(step("a"), step("b", "a", conditions={"if_tree": {"value": True}}))
    state.started(f"{FLOW}/a")
    state.ended(f"{FLOW}/a", "failed")

    def never(_step: PlannedStep, _failed: bool) -> str:
        raise AssertionError("asked")

    decision = decide(state, never)
    assert isinstance(decision, Start)
    assert [skip.reason for skip in decision.skips] == ["step 'a' failed"]


def test_no_more_run_than_the_limits_allow() -> None:
    steps = [step(f"s{number}") for number in range(5)]
    decision = decide(state_of(*steps, parallel=3), always_holds)
    assert isinstance(decision, Start)
    assert names(decision.steps) == ["s0", "s1", "s2"]
    decision = decide(state_of(*steps, parallel=3, max_parallel=2), always_holds)
    assert isinstance(decision, Start)
    assert names(decision.steps) == ["s0", "s1"]
    tiers = [step("a", tier=Tier.PLATFORM), step("b", tier=Tier.PLATFORM), step("c")]
    decision = decide(state_of(*tiers, platform=1), always_holds)
    assert isinstance(decision, Start)
    assert names(decision.steps) == ["a", "c"]


def test_limits_of_a_type_and_of_an_owner_hold_until_a_step_has_ended() -> None:
    kinds = [step("a"), step("b"), step("c").model_copy(update={"type": "terraform"})]
    state = state_of(*kinds, more={"step_types.script": 1})
    decision = decide(state, always_holds)
    assert isinstance(decision, Start)
    assert names(decision.steps) == ["a", "c"]
    state.started(f"{FLOW}/a")
    state.started(f"{FLOW}/c")
    assert isinstance(decide(state, always_holds), Wait)
    state.ended(f"{FLOW}/a", "succeeded")
    decision = decide(state, always_holds)
    assert isinstance(decision, Start)
    assert names(decision.steps) == ["b"]
    assert World(state_of(*kinds, more={"owners.shop-team": 1})).play().started == ["a", "b", "c"]
    decision = decide(state_of(*kinds, more={"owners.another-team": 1}), always_holds)
    assert isinstance(decision, Start)
    assert len(decision.steps) == 3


def test_workflows_that_have_begun_go_on_before_others_begin() -> None:
    one, two = "deployment/application/-/one", "deployment/application/-/two"
    steps = step("a", flow=one), step("b", f"{one}/a", flow=one), step("c", flow=two), step("d", flow=two)
    world = World(state_of(*steps, workflows=1)).play()
    assert world.started == ["a", "b", "c", "d"]


def test_a_named_lock_is_held_by_one_step_at_a_time() -> None:
    state = state_of(step("a", lock="db"), step("b", lock="db"), step("c"))
    decision = decide(state, always_holds)
    assert isinstance(decision, Start)
    assert names(decision.steps) == ["a", "c"]
    world = World(state)
    world.play()
    assert world.started == ["a", "c", "b"]


LATER = "post-deployment/application/-/later"


def stopped_after(state: RunState, *run: str) -> World:
    """A run that is stopped while these steps run, and may clean up."""
    for name in run:
        state.started(state.graph.steps[[found.name for found in state.graph.steps].index(name)].id)
    state.stopped, state.winds_down = "the run was interrupted (SIGINT)", True
    ends: dict[str, StepStatus] = dict.fromkeys(run, "interrupted")
    return World(state, **ends).play()


def test_a_stopped_run_cleans_up_behind_what_has_begun_and_skips_the_rest() -> None:
    state = state_of(
        step("a"),
        step("b", "a"),
        step("c", "b", cleanup=True),
        step("d", "c", cleanup=True),
        step("e", f"{FLOW}/a", flow=LATER),
        step("f", "e", flow=LATER, cleanup=True),
    )
    world = stopped_after(state, "a")
    assert world.started == ["c", "d"]
    assert world.skipped == dict.fromkeys(("b", "e", "f"), "the run was interrupted (SIGINT)")
    assert not state.waiting


def test_clean_up_of_one_workflow_does_not_wait_for_what_another_still_does() -> None:
    state = state_of(
        step("a"),
        step("b", flow=LATER),
        step("c", "b", flow=LATER),
        step("d", "c", flow=LATER, cleanup=True),
    )
    for name in (f"{FLOW}/a", f"{LATER}/b"):
        state.started(name)
    state.stopped, state.winds_down = "the run was interrupted (SIGINT)", True
    state.ended(f"{LATER}/b", "interrupted")
    for started in ((), ("d",)):
        decision = decide(state, always_holds)
        assert isinstance(decision, Start)
        assert names(decision.steps) == list(started)
        World(state).carry_out(decision)
    assert state.running == {0, 3}
    assert decide(state, always_holds) == Wait()


def test_what_cleans_up_keeps_to_limits_and_does_not_wait_for_approvals() -> None:
    state = state_of(
        step("a"),
        step("held", gate=Gate(teams=["ops"], count=1)),
        step("c", "a", "held", cleanup=True),
        step("d", "a", "held", cleanup=True, gate=Gate(teams=["ops"], count=1)),
        step("e", "d", cleanup=True),
        parallel=1,
    )
    state.hold(f"{FLOW}/held", "anna must approve it")
    world = stopped_after(state, "a")
    assert world.started == ["c"]
    assert world.skipped == dict.fromkeys(("held", "d", "e"), "the run was interrupted (SIGINT)")


def test_a_stopped_run_waits_for_what_runs_and_skips_the_rest() -> None:
    state = state_of(step("a"), step("b", "a"), step("f", "b", cleanup=True))
    world = World(state, a="interrupted")
    decision = decide(state, always_holds)
    assert isinstance(decision, Start)
    world.carry_out(decision)
    state.stopped = "the run was interrupted (SIGINT)"
    assert decide(state, always_holds) == Wait()
    world.play()
    assert world.started == ["a"]
    assert world.skipped == dict.fromkeys(("b", "f"), "the run was interrupted (SIGINT)")


def test_a_workflow_out_of_time_fails_once_and_still_cleans_up() -> None:
    state = state_of(step("a"), step("b"), step("f", "a", "b", cleanup=True))
    state.overdue.add(FLOW)
    world = World(state).play()
    assert (world.refused, world.started) == (["a", "b"], ["f"])
    state = state_of(step("a"), step("f", "a", cleanup=True))
    state.overdue.add(FLOW)
    state.expired.add(FLOW)
    world = World(state).play()
    assert (world.refused, world.started) == (["a"], [])
    assert world.skipped == {"f": "its workflow ran out of time"}


def test_a_plan_out_of_order_is_refused() -> None:
    with pytest.raises(ValueError, match="stands before something that it needs"):
        state_of(step("b", "a"), step("a"))
    with pytest.raises(ValueError, match="stands before something that it needs"):
        state_of(step("b", "unknown"))


def test_a_plan_that_the_limits_would_hold_up_for_ever_goes_on() -> None:
    one, two = "deployment/application/-/one", "deployment/application/-/two"
    steps = step("a", flow=one), step("b", f"{one}/a", flow=two), step("c", f"{two}/b", flow=one)
    assert World(state_of(*steps, workflows=1)).play().started == ["a", "b", "c"]


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[PlannedStep], dict[str, StepStatus], int]:
    steps: list[PlannedStep] = []
    ends: dict[str, StepStatus] = {}
    before: list[str] = []
    behind: list[str] = []
    for number in range(draw(st.integers(1, 14))):
        if draw(st.integers(0, 5)) == 0:
            steps.append(barrier(f"bar/{number}", *behind, *before))
            before, behind = [f"bar/{number}"], []
            continue
        flow = f"deployment/application/-/{draw(st.sampled_from('xy'))}{len(before) and before[0][4:]}"
        same = [found.id for found in steps if found.workflow_id == flow]
        needs = [*before, *draw(st.lists(st.sampled_from(same), max_size=3, unique=True))] if same else before
        when = draw(st.sampled_from([When.ON_SUCCESS, When.ON_SUCCESS, When.ALWAYS, When.ON_FAILURE]))
        lock = draw(st.sampled_from([None, None, "one"]))
        made = step(f"s{number}", *needs, flow=flow, when=when, lock=lock, continue_on_error=draw(st.booleans()))
        steps.append(made)
        behind.append(made.id)
        ends[made.name] = draw(st.sampled_from(["succeeded", "succeeded", "failed", "timed_out"]))
    return steps, ends, draw(st.integers(1, 4))


def decisions(state: RunState, ends: dict[str, StepStatus], pick: Iterator[int]) -> Iterator[tuple[str, list[str]]]:
    """Plays a run in which running steps end in any order; yields what is started and what ends."""
    while not isinstance(decision := decide(state, always_holds), Finish):
        if isinstance(decision, Wait):
            running = sorted(state.running)
            found = state.graph.steps[running[next(pick) % len(running)]]
            status = ends[found.name]
            state.ended(found.id, status, continued=status == "failed" and found.continue_on_error)
            yield "end", [found.id]
            continue
        for skip in decision.skips:
            state.ended(skip.step.id, "skipped")
            yield "end", [skip.step.id]
        for found in decision.steps:
            state.started(found.id)
        yield "start", [found.id for found in decision.steps]


@settings(max_examples=300, deadline=None)
@given(graphs(), st.lists(st.integers(0, 99), min_size=60, max_size=60), st.integers(1, 3))
def test_nothing_is_lost_run_twice_or_started_too_early(
    made: tuple[list[PlannedStep], dict[str, StepStatus], int], picks: list[int], workflows: int
) -> None:
    steps, ends, parallel = made
    state = state_of(*steps, parallel=parallel, workflows=workflows)
    by_id = {found.id: found for found in steps}
    ended: set[str] = set()
    started: list[str] = []

    def has_ended(need: str) -> bool:
        found = by_id[need]
        return need in ended if found.kind == "step" else all(has_ended(inner) for inner in found.needs)

    for event, ids in decisions(state, ends, iter(picks * 10)):
        if event == "end":
            ended.update(ids)
        for found in ids if event == "start" else []:
            assert all(has_ended(need) for need in by_id[found].needs)
            started.append(found)
        assert len(state.running) <= parallel
        locked = [state.graph.steps[number] for number in state.running if state.graph.steps[number].lock]
        assert len(locked) <= 1
        assert len({state.graph.steps[number].workflow_id for number in state.running}) <= workflows
    assert len(started) == len(set(started))
    assert ended == {found.id for found in steps if found.kind == "step"}
    assert all(status is not None for status in state.status)


@settings(max_examples=200, deadline=None)
@given(graphs(), st.lists(st.integers(0, 99), min_size=60, max_size=60))
def test_what_runs_does_not_depend_on_the_order_in_which_steps_end(
    made: tuple[list[PlannedStep], dict[str, StepStatus], int], picks: list[int]
) -> None:
    steps, ends, parallel = made
    outcomes = []
    for order in (iter(picks * 10), iter([0] * 600)):
        state = state_of(*steps, parallel=parallel)
        list(decisions(state, ends, order))
        outcomes.append(state.status)
    assert outcomes[0] == outcomes[1]
