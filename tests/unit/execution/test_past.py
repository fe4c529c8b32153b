"""What one run may take over from another: by record, plans, files and a person's words."""

from collections.abc import Sequence
from typing import Any

import pytest

from innominatus_cli.documents.plan import (
    Application,
    Cell,
    Expansion,
    Plan,
    PlannedProbe,
    PlannedStep,
    PlannedWorkflow,
    Source,
    StepConditions,
)
from innominatus_cli.documents.run_record import Attempt, CountedApproval, RunRecord, StepResult, StepStatus
from innominatus_cli.documents.verdict import Actor, ReportedFinding
from innominatus_cli.documents.vocabulary import Idempotency, Operation, Phase, Tier, When
from innominatus_cli.execution.graph import PlanGraph
from innominatus_cli.execution.past import NO_WISHES, Earlier, Past, Wishes, is_in_doubt, past_of
from innominatus_cli.execution.replay import replay
from innominatus_cli.execution.reuse import Reuse
from innominatus_cli.execution.run_events import Loop, RunEvents

FLOW = "deployment/application/-/flow"
FIRST, LAST = "2026-11-25T10:00:00.000Z", "2026-11-25T10:00:01.000Z"
RUN = "01M8AY00000000000000000000"
FAILED = Attempt(number=1, started_at=FIRST, duration_ms=5, ending="exited", exit_code=1)
MANUAL = StepConditions(when=When.MANUAL)
OPEN = Attempt(number=2, started_at=LAST, duration_ms=7, ending="unknown")


def planned(name: str, *needs: str, **more: Any) -> PlannedStep:
    where = {"phase": Phase.DEPLOYMENT, "tier": Tier.APPLICATION, "workflow_id": FLOW}
    needed = [f"{FLOW}/{need}" for need in needs]
    return PlannedStep(id=f"{FLOW}/{name}", name=name, type="script", needs=needed, **where, **more)


def plan_of(*steps: PlannedStep, sources: Sequence[Source] = ()) -> Plan:
    flow = PlannedWorkflow(
        id=FLOW, identity="flow", name="flow", tier=Tier.APPLICATION, phase=Phase.DEPLOYMENT, path="f.yaml", line=1,
        trigger="manual",
    )  # fmt: skip
    return Plan(
        operation=Operation.DEPLOY, application=Application(name="shop"), environment="development",
        sources=list(sources), inputs=[], workflows=[flow], steps=list(steps),
    )  # fmt: skip


def result(name: str, status: StepStatus, **more: Any) -> StepResult:
    return StepResult(step=f"{FLOW}/{name}", status=status, **more)


def record_of(*results: StepResult) -> RunRecord:
    return RunRecord(
        kind="run", run=RUN, parents=[], application="shop", environment="development", operation="deploy",
        status="interrupted", plan="sha256:0", actor=Actor(name="Me", email="me@example.org", source="test"),
        started_at=FIRST, finished_at=LAST, duration_ms=0, dirty=False, tool_version="1", steps=list(results),
    )  # fmt: skip


def past(step: PlannedStep, found: StepResult, wishes: Wishes = NO_WISHES, **files: bytes) -> Past:
    plan = plan_of(step)
    return past_of(record_of(found), plan, plan, files.get, wishes)


def only(made: Past) -> Earlier:
    (found,) = made.steps.values()
    return found


DOUBTED = result("a", "interrupted", attempts=[FAILED, OPEN], started_at=FIRST)


@pytest.mark.parametrize(
    ("idempotency", "verdict", "reason"),
    [
        (Idempotency.CONVERGENT, "again", "doing it twice changes nothing"),
        (Idempotency.CHECK, "probe", f"run {RUN} was killed while it ran"),
        (Idempotency.ONCE, "ask", "nobody knows whether it is done"),
    ],
)
def test_a_step_in_doubt_follows_its_class_and_keeps_its_attempts(
    idempotency: Idempotency, verdict: str, reason: str
) -> None:
    found = only(past(planned("a", idempotency=idempotency), DOUBTED))
    assert (found.verdict, found.attempts, found.spreads) == (verdict, (FAILED, OPEN), True)
    assert reason in found.reason
    fresh = only(past(planned("a", idempotency=idempotency), DOUBTED, Wishes(fresh_budget=True)))
    assert fresh.attempts == ()


def test_a_doubt_that_nobody_has_ended_still_names_the_run_that_was_killed() -> None:
    killed = "run 01M8AX00000000000000000000 was killed while it ran, and nobody knows whether it is done"
    asked = result("a", "planned", attempts=[OPEN], reason=killed)
    assert only(past(planned("a", idempotency=Idempotency.ONCE), asked)).reason == killed
    passed_over = result("a", "planned", attempts=[OPEN], reason="step 'b' waits for a decision")
    found = only(past(planned("a", idempotency=Idempotency.ONCE), passed_over))
    assert found.reason == f"a run before {RUN} was killed while it ran, and nobody knows whether it is done"


@pytest.mark.parametrize("idempotency", list(Idempotency))
def test_a_persons_word_comes_before_the_class(idempotency: Idempotency) -> None:
    step, name = planned("a", idempotency=idempotency), f"{FLOW}/a"
    done = only(past(step, DOUBTED, Wishes(assumed={name: "done"})))
    assert (done.verdict, done.reason) == ("reuse", f"somebody said that it is done since run {RUN}")
    assert (done.result.status, done.result.reused_from, done.result.finding) == ("succeeded", RUN, None)
    again = only(past(step, DOUBTED, Wishes(assumed={name: "not_done"})))
    assert (again.verdict, again.reason) == ("again", f"somebody said that it is not done since run {RUN}")
    assert again.attempts == (FAILED, OPEN)


def test_what_a_record_says_of_a_step_that_the_run_does_not_come_to() -> None:
    kept = result("a", "succeeded", outputs={"n": "1"})
    assert Earlier("ask", "", kept).carried is kept
    assert Earlier("reuse", "", DOUBTED).carried is DOUBTED
    asked = Earlier("ask", "", DOUBTED, attempts=()).carried
    assert (asked.status, asked.attempts, asked.started_at) == ("planned", [FAILED, OPEN], FIRST)
    assert is_in_doubt(asked)
    fresh = Earlier("again", "", DOUBTED, attempts=()).carried
    assert (fresh.status, fresh.attempts, fresh.started_at) == ("planned", [], None)
    counted = Earlier("again", "", DOUBTED, attempts=(FAILED,)).carried
    assert (counted.attempts, counted.started_at, is_in_doubt(counted)) == ([FAILED], FIRST, False)


def test_a_secret_file_is_never_shown_with_what_is_known_of_a_step() -> None:
    assert "s3cret" not in repr(Earlier("reuse", "", DOUBTED, {"f": b"s3cret"}))


@pytest.mark.parametrize(
    ("found", "doubt"),
    [
        (DOUBTED, True),
        (result("a", "planned", attempts=[OPEN]), True),
        (result("a", "skipped", attempts=[OPEN]), True),
        (result("a", "interrupted", attempts=[FAILED]), False),
        (result("a", "interrupted"), False),
        (result("a", "failed", attempts=[OPEN]), False),
        (result("a", "succeeded", attempts=[OPEN]), False),
    ],
)
def test_in_doubt_is_what_had_begun_and_has_no_end(found: StepResult, doubt: bool) -> None:
    assert is_in_doubt(found) is doubt


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (result("a", "planned"), None),
        (result("a", "skipped"), None),
        (result("a", "planned", attempts=[FAILED]), "again"),
        (result("a", "failed", attempts=[FAILED]), "again"),
        (result("a", "timed_out", attempts=[FAILED]), "again"),
        (result("a", "failed", attempts=[FAILED], continued=True), "reuse"),
        (result("a", "succeeded", attempts=[FAILED]), "reuse"),
    ],
)
def test_what_becomes_of_a_step_by_how_it_ended(found: StepResult, verdict: str | None) -> None:
    made = past(planned("a"), found).steps
    assert (made[found.step].verdict if made else None) == verdict


def test_files_of_a_step_are_taken_along_or_it_runs_once_more() -> None:
    found = result("a", "succeeded", artifacts={"m.yaml": "digest"}, outputs={"n": "1"}, reused_from="01OLD")
    kept = only(past(planned("a"), found, digest=b"x"))
    assert (kept.verdict, kept.artifacts, kept.result.reused_from) == ("reuse", {"m.yaml": b"x"}, "01OLD")
    assert kept.reason == "it succeeded in run 01OLD"
    assert kept.result.reason == "reused: it succeeded in run 01OLD"
    lost = only(past(planned("a", idempotency=Idempotency.CONVERGENT), found))
    assert (lost.verdict, lost.spreads, lost.attempts) == ("again", False, ())
    assert lost.reason == f"its file 'm.yaml' of run {RUN} is not here"
    asked = only(past(planned("a"), found))
    assert (asked.verdict, asked.reason.endswith("and it must not run twice")) == ("ask", True)
    assert asked.result.reused_from == "01OLD"
    without = only(past(planned("a"), found, Wishes(assumed={found.step: "done"})))
    assert (without.verdict, without.result.artifacts, without.result.reused_from) == ("reuse", {}, "01OLD")
    assert "somebody said to go on without" in without.reason
    first = found.model_copy(update={"reused_from": None})
    assert only(past(planned("a"), first, Wishes(assumed={found.step: "done"}))).result.reused_from == RUN
    again = only(past(planned("a"), first, Wishes(assumed={found.step: "not_done"})))
    assert (again.verdict, again.result.reused_from) == ("again", RUN)


def test_a_step_that_was_asked_for_runs_again_and_what_stands_behind_it_only_where_that_was_asked_too() -> None:
    found = result("a", "succeeded")
    for downstream in (False, True):
        made = only(past(planned("a"), found, Wishes(again=frozenset({found.step}), downstream=downstream)))
        assert (made.verdict, made.spreads) == ("again", downstream)
        assert made.reason == f"it was asked for; it succeeded in run {RUN}"


@pytest.mark.parametrize("downstream", [False, True])
def test_a_step_that_was_asked_for_and_that_the_run_did_not_come_to_is_still_to_run(downstream: bool) -> None:
    first = result("a", "succeeded", outputs={"x": 1})
    asked = past(planned("a"), first, Wishes(again=frozenset({first.step}), downstream=downstream))
    left = only(asked).carried
    assert (left.status, left.reused_from, left.outputs) == ("planned", None if downstream else RUN, {})
    later = past(planned("a"), left)
    if downstream:
        assert later.steps == {}  # it is as new, and so is what stands behind it
        return
    again = only(later)
    assert (again.verdict, again.spreads, again.carried) == ("again", False, left)
    assert again.reason == f"it was asked for; run {RUN} did not come to it"


def test_a_step_whose_definition_or_file_is_another_one_is_new() -> None:
    found = result("a", "succeeded")
    was = planned("a", inputs={"script": "true"}, input_files=["s.sql"])
    here = Source(path="s.sql", object_id="1", role="input")
    before = plan_of(was, sources=[here])
    for now, known in (
        (before, True),
        (plan_of(was.model_copy(update={"description": "told otherwise"}), sources=[here]), True),
        (plan_of(was.model_copy(update={"inputs": {"script": "false"}}), sources=[here]), False),
        (plan_of(was.model_copy(update={"probe": PlannedProbe(inputs={})}), sources=[here]), False),
        (plan_of(was, sources=[here.model_copy(update={"object_id": "2"})]), False),
        (plan_of(planned("b"), sources=[here]), False),
    ):
        assert bool(past_of(record_of(found), before, now, lambda _: None).steps) is known


def test_a_loop_goes_over_what_it_went_over_and_its_rounds_are_steps_of_their_own() -> None:
    loop = planned("each", expansion=Expansion(for_each=[1, 2], max_items=9))
    plan = plan_of(loop)
    cells = [Cell(index=0, item=1), Cell(index=1, item=2)]
    rounds = [result("each[0]", "succeeded"), result("each[1]", "failed", attempts=[FAILED])]
    made = past_of(record_of(result("each", "succeeded", cells=cells), *rounds), plan, plan, lambda _: None)
    assert made.cells == {f"{FLOW}/each": cells}
    assert {step: one.verdict for step, one in made.steps.items()} == {
        f"{FLOW}/each[0]": "reuse", f"{FLOW}/each[1]": "again"}  # fmt: skip
    for bad in (result("each", "failed", cells=cells), result("each", "succeeded")):
        assert past_of(record_of(bad, *rounds), plan, plan, lambda _: None).cells == {}


def test_a_step_whose_withheld_output_is_needed_runs_once_more() -> None:
    gives = planned("a", declared_outputs=["token"], idempotency=Idempotency.CONVERGENT)
    needs = planned("b", "a", env={"T": {"$ref": "steps.a.outputs.token"}})
    plan = plan_of(gives, needs)
    found = result("a", "succeeded", withheld_outputs=["token"])
    made = past_of(record_of(found, result("b", "planned")), plan, plan, lambda _: None)
    assert (only(made).verdict, only(made).spreads) == ("again", False)
    assert only(made).reason == "'token' is needed, and no record holds it"
    done = past_of(record_of(found, result("b", "succeeded")), plan, plan, lambda _: None)
    assert {one.verdict for one in done.steps.values()} == {"reuse"}


@pytest.mark.parametrize(
    ("other", "wishes", "verdict"),
    [
        (result("b", "failed", attempts=[FAILED]), NO_WISHES, "again"),
        (result("b", "succeeded"), NO_WISHES, "reuse"),
        (result("b", "succeeded"), Wishes(again=frozenset({f"{FLOW}/b"})), "reuse"),
        (result("b", "succeeded"), Wishes(again=frozenset({f"{FLOW}/b"}), downstream=True), "again"),
        (result("b", "planned"), NO_WISHES, "again"),
    ],
)
def test_a_withheld_output_is_needed_by_what_stands_behind_a_step_that_runs_now(
    other: StepResult, wishes: Wishes, verdict: str
) -> None:
    gives = planned("a", secret_outputs=["token"], idempotency=Idempotency.CONVERGENT)
    tidies = planned("c", "b", cleanup=True, env={"T": {"$ref": "steps.a.outputs.token"}})
    plan = plan_of(gives, planned("b", "a"), tidies)
    record = record_of(result("a", "succeeded"), other, result("c", "succeeded"))
    made = past_of(record, plan, plan, lambda _: None, wishes).steps[gives.id]
    assert made.verdict == verdict
    assert verdict == "reuse" or made.reason == "'token' is needed, and no record holds it"


@pytest.mark.parametrize(("name", "again"), [("each[1]", {"each[1]"}), ("each", {"each[0]", "each[1]"})])
def test_a_withheld_output_of_one_round_of_a_loop_over_outputs_is_needed(name: str, again: set[str]) -> None:
    loop = planned(
        "each", expansion=Expansion(for_each=[1, 2], max_items=9), secret_outputs=["token"],
        idempotency=Idempotency.CONVERGENT,
    )  # fmt: skip
    plan = plan_of(loop, planned("b", "each", env={"T": {"$ref": f"steps.{name}.outputs.token"}}))
    cells = [Cell(index=0, item=1), Cell(index=1, item=2)]
    rounds = [result(f"each[{n}]", "succeeded") for n in (0, 1)]
    failed = result("b", "failed", attempts=[FAILED])
    record = record_of(result("each", "succeeded", cells=cells), *rounds, failed)
    made = past_of(record, plan, plan, lambda _: None)
    verdicts = {step.rpartition("/")[2]: one.verdict for step, one in made.steps.items()}
    assert {step for step, verdict in verdicts.items() if verdict == "again"} == {*again, "b"}


@pytest.mark.parametrize("conditions", [StepConditions(when=When.ON_FAILURE), StepConditions(if_tree={"value": False})])
def test_a_step_that_is_skipped_again_makes_nothing_new(conditions: StepConditions) -> None:
    gives = planned("a", secret_outputs=["token"])
    maybe = planned("b", "a", conditions=conditions)
    reads = planned("c", "b", env={"T": {"$ref": "steps.a.outputs.token"}})
    undoes = planned(
        "d", "c", conditions=StepConditions(when=When.MANUAL), env={"T": {"$ref": "steps.a.outputs.token"}}
    )
    plan = plan_of(gives, maybe, reads, undoes)
    results = [result("a", "succeeded"), result("b", "skipped"), result("c", "succeeded"), result("d", "skipped")]
    made = past_of(record_of(*results), plan, plan, lambda _: None)
    assert made.steps[gives.id].verdict == "reuse"


def test_a_step_that_ran_again_makes_all_that_stands_behind_it_new() -> None:
    a, b, c, d = planned("a"), planned("b", "a"), planned("c", "b"), planned("d")
    plan = plan_of(a, b, c, d)
    old = {f"{FLOW}/{name}": Earlier("reuse", "", result(name, "succeeded")) for name in "abcd"}
    made = Past(RUN, old, {c.id: [Cell(index=0, item=1)]})
    reuse = Reuse(made, PlanGraph(plan))
    assert reuse.past is made
    assert [reuse.knows(step) for step in (a, planned("x"))] == [True, False]
    assert [reuse.of(step) is not None for step in (a, b, c, d)] == [True] * 4
    assert reuse.cells(c) == [Cell(index=0, item=1)]
    reuse.runs(a, Earlier("again", "", DOUBTED, spreads=False))
    assert reuse.of(b) is not None
    reuse.runs(a, None)
    assert [reuse.of(step) is not None for step in (a, b, c, d)] == [True, False, False, True]
    assert reuse.cells(c) is None
    nothing = Reuse(None, PlanGraph(plan))
    assert (nothing.knows(a), nothing.of(a), nothing.cells(c), nothing.past) == (False, None, None, None)


def test_only_a_step_whose_probe_is_to_be_asked_is_told_of_a_doubt() -> None:
    step = planned("a")
    doubts = {}
    for verdict in ("reuse", "again", "probe", "ask"):
        made = Past(RUN, {step.id: Earlier(verdict, "because", DOUBTED)})
        doubts[verdict] = Reuse(made, PlanGraph(plan_of(step))).doubt(step)
    told = doubts.pop("probe")
    assert told is not None
    assert (told.reason, told.run, told.attempts) == ("because", RUN, (FAILED, OPEN))
    assert set(doubts.values()) == {None}


def test_the_record_of_a_killed_run_has_what_an_earlier_one_knew_but_for_what_stands_behind_a_new_start() -> None:
    loop = planned("each", "b", expansion=Expansion(for_each=[1], max_items=9))
    plan = plan_of(planned("a"), planned("b", "a"), loop, planned("d"))
    carried = {
        f"{FLOW}/{name}": result(name, "succeeded", reused_from="01OLD") for name in ("a", "b", "each", "each[0]", "d")
    }
    carried[f"{FLOW}/b"] = result("b", "planned", attempts=[OPEN])
    opening = record_of()

    def told(**more: Any) -> dict[str, tuple[str, bool]]:
        events = RunEvents(carried=carried, carried_all=True, **more)
        found = replay(opening, plan, events)
        assert (found.status, found.finished_at) == ("interrupted", "1970-01-01T00:00:00.000Z")
        return {one.step.rpartition("/")[2]: (one.status, one.reused_from is not None) for one in found.steps}

    kept = ("succeeded", True)
    assert told() == {"a": kept, "b": ("planned", False), "each": kept, "each[0]": kept, "d": kept}
    assert told(spread={0}) == {
        "a": kept, "b": ("planned", False), "each": ("planned", False), "d": kept}  # fmt: skip
    again = told(loops={2: Loop(4, 2, "sha256:1")}, results={2: result("each", "succeeded")})
    assert again["each"] == ("succeeded", False)
    assert (again["each[0]"], again["each[1]"]) == (kept, ("planned", False))
    ended = told(results={2: result("each", "failed"), 3: result("d", "failed")})
    assert ("each[0]" in ended, ended["each"], ended["d"]) == (False, ("failed", False), ("failed", False))
    started = told(loops={2: Loop(4, 1, "sha256:1")}, spread={4})
    assert started["d"] == kept


def test_of_two_loops_each_keeps_the_rounds_that_stand_behind_nothing_new() -> None:
    loops = [planned(name, expansion=Expansion(for_each=[1, 2], max_items=9)) for name in ("each", "other")]
    plan = plan_of(planned("a"), *loops, planned("b", "other"))
    names = ("a", "each", "each[0]", "each[1]", "other", "other[0]", "other[1]", "b")
    carried = {f"{FLOW}/{name}": result(name, "succeeded", reused_from="01OLD") for name in names}
    two = {1: Loop(4, 2, "sha256:1"), 2: Loop(6, 2, "sha256:1")}

    def kept(*ran: int) -> set[str]:
        events = RunEvents(carried=carried, carried_all=True, loops=two, spread=set(ran))
        found = replay(record_of(), plan, events)
        return {one.step.rpartition("/")[2] for one in found.steps if one.reused_from}

    assert kept() == {*names}
    assert kept(4) == kept(5) == {*names}
    assert kept(6) == kept(7) == {*names} - {"b"}


def test_the_record_of_a_killed_run_has_its_findings_approvals_and_how_long_it_was_seen() -> None:
    plan = plan_of(planned("a"))
    warning = ReportedFinding(code="ORC-5001", severity="warning", message="old", path="x")
    note = warning.model_copy(update={"severity": "info"})
    approval = CountedApproval(gate="environment", record="sha256:1", email="a@b.c", team="ops", evidence="ssh")
    opening = record_of().model_copy(update={"findings": [warning]})
    events = RunEvents(findings=[note, warning], approvals=[approval], first_ms=1_000, last_ms=4_500)
    found = replay(opening, plan, events)
    assert (found.findings, found.approvals) == ([warning, warning], [approval])
    assert (found.duration_ms, found.finished_at) == (3_500, "1970-01-01T00:00:04.500Z")
    assert replay(opening, plan, RunEvents()).approvals is None
