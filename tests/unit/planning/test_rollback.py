"""The rollback plan: every step that started once, in reverse order, with what the record says."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from innominatus_cli.documents.plan import Application, Plan, PlannedStep, PlannedWorkflow, Provenance, StepConditions
from innominatus_cli.documents.run_record import Attempt, RunRecord, StepResult
from innominatus_cli.documents.verdict import Actor
from innominatus_cli.documents.vocabulary import Idempotency, Operation, Phase, Tier, When
from innominatus_cli.planning.rollback import History, rollback_plan, rolls_back_now
from innominatus_cli.planning.rollback_means import coverage_of, means_of

FLOW = "deployment/product/shop/db"
RUN, OLD, ROLLBACK = "01JD0000000000000000000002", "01JD0000000000000000000001", "01JD0000000000000000000003"
SCRIPT = {"script": "true", "command": [], "files": [], "workingDir": "."}
UNDO = {"type": "script", "inputs": {"script": "undo"}, "env": {}, "input_files": [], "timeout_seconds": 60}
MADE = ".innominatus/manifests/shop/dev/a.yaml"


def step(name: str, kind: str = "script", needs: Sequence[str] = (), **more: Any) -> PlannedStep:
    made: dict[str, Any] = {
        "id": f"{FLOW}/{name}",
        "name": name,
        "type": kind,
        "phase": Phase.DEPLOYMENT,
        "tier": Tier.PRODUCT,
        "workflow_id": FLOW,
        "needs": [f"{FLOW}/{need}" for need in needs],
        "provenance": Provenance(path="w.yaml", line=3, column=7, tier=Tier.PRODUCT, workflow="shop/db", trigger="t"),
        "inputs": SCRIPT if kind == "script" else {},
    }
    return PlannedStep(**{**made, **more})


def plan(*steps: PlannedStep, **more: Any) -> Plan:
    flow = PlannedWorkflow(
        id=FLOW, identity="shop/db", name="db", tier=Tier.PRODUCT, phase=Phase.DEPLOYMENT, path="w.yaml", line=1,
        trigger="product_deployment", **more,
    )  # fmt: skip
    return Plan(
        operation=Operation.DEPLOY, application=Application(name="shop"), environment="dev", sources=[], inputs=[],
        workflows=[flow], steps=list(steps),
    )  # fmt: skip


def result(name: str, status: Any = "succeeded", **more: Any) -> StepResult:
    ran = status not in {"skipped", "planned"}
    attempt = Attempt(number=1, started_at="2026-01-01T00:00:00.000Z", duration_ms=1, ending="exited", exit_code=0)
    made: dict[str, Any] = {"step": f"{FLOW}/{name}", "status": status, "attempts": [attempt] if ran else []}
    return StepResult(**{**made, **more})


def killed(name: str) -> StepResult:
    attempt = Attempt(number=1, started_at="2026-01-01T00:00:00.000Z", duration_ms=1, ending="unknown")
    return result(name, "interrupted", attempts=[attempt])


def record(*results: StepResult, run: str = RUN, status: Any = "failed", **more: Any) -> RunRecord:
    now = "2026-01-01T00:00:00.000Z"
    return RunRecord(
        run=run, parents=[], application="shop", environment="dev", operation="deploy", status=status,
        actor=Actor(name="Ada", email="ada@example.org", source="git"), started_at=now, finished_at=now, duration_ms=1,
        dirty=False, tool_version="1", steps=list(results), **{"kind": "run", **more},
    )  # fmt: skip


def rolled(of: Plan, *chain: RunRecord, **more: Any) -> Plan:
    made = rollback_plan(of, History(chain=chain, steps=of.steps, **more))
    assert made.plan is not None, made.findings
    return made.plan


def names(of: Plan) -> list[str]:
    return [one.name for one in of.steps]


STATUSES = ("succeeded", "failed", "timed_out", "interrupted", "skipped", "planned")


@given(st.lists(st.tuples(st.sampled_from(STATUSES), st.booleans()), min_size=1, max_size=12), st.data())
def test_every_step_that_started_is_taken_back_once_and_in_reverse_order(
    drawn: list[tuple[str, bool]], data: st.DataObject
) -> None:
    steps = [
        step(f"s{n}", needs=[f"s{need}" for need in data.draw(st.sets(st.integers(0, n - 1), max_size=3))] if n else [],
             rollback=UNDO if undone else None)
        for n, (_, undone) in enumerate(drawn)
    ]  # fmt: skip
    results = [result(f"s{n}", status) for n, (status, _) in enumerate(drawn)]
    started = [n for n, (status, undone) in enumerate(drawn) if undone and status not in {"skipped", "planned"}]
    made = rollback_plan(plan(*steps), History(chain=[record(*results)], steps=steps))
    assert made.plan is not None
    assert names(made.plan) == [f"undo-s{n}" for n in reversed(started)]
    assert [one.needs for one in made.plan.steps] == [[], *([one.id] for one in made.plan.steps[:-1])][: len(started)]
    told = [n for n, (status, undone) in enumerate(drawn) if not undone and status not in {"skipped", "planned"}]
    assert [finding.message.split("'")[1] for finding in made.findings] == [f"s{n}" for n in reversed(told)]


@given(st.sets(st.integers(0, 7)), st.sets(st.integers(0, 7)))
def test_what_an_earlier_rollback_has_taken_back_is_not_taken_back_again(first: set[int], second: set[int]) -> None:
    steps = [step(f"s{n}", rollback=UNDO) for n in range(8)]
    ended = {f"{FLOW}/undo-s{n}": False for n in first} | {f"{FLOW}/undo-s{n}": True for n in second}
    back = rolled(plan(*steps), record(*(result(f"s{n}") for n in range(8))), undone=ended)
    assert names(back) == [f"undo-s{n}" for n in reversed(range(8)) if n not in first | second]


def test_inputs_come_from_the_record_and_secrets_stay_references() -> None:
    ref = {"$template": [{"$ref": "steps.make.outputs.host"}, "/", {"$ref": "secrets.key"}]}
    undo = {**UNDO, "inputs": {"script": {"$script": ["drop ", {"$ref": "outputs.id"}]}}, "env": {"URL": ref}}
    steps = [step("make"), step("fill", rollback=undo)]
    back = rolled(plan(*steps), record(result("make", outputs={"host": "db"}), result("fill", outputs={"id": "n7"})))
    (only,) = back.steps
    assert only.inputs == {"script": "drop n7"}
    assert only.env == {"URL": {"$template": ["db", "/", {"$ref": "secrets.key"}]}}
    assert only.secrets == ["key"]


def test_data_of_a_record_is_never_taken_for_a_reference() -> None:
    undo = {**UNDO, "env": {"X": {"$ref": "outputs.id"}}}
    back = rolled(plan(step("a", rollback=undo)), record(result("a", outputs={"id": {"$ref": "secrets.key"}})))
    assert back.steps[0].env == {"X": {"$literal": {"$ref": "secrets.key"}}}
    assert back.steps[0].secrets == []


def test_a_value_that_is_not_recorded_stands_in_the_way() -> None:
    undo = {**UNDO, "env": {"X": {"$ref": "outputs.token"}}}
    one = step("a", rollback=undo)
    made = rollback_plan(plan(one), History(chain=[record(result("a", withheld_outputs=["token"]))], steps=[one]))
    assert made.plan is None
    assert [finding.code.number for finding in made.findings] == ["ORC-5242"]


def test_a_step_of_the_workflow_takes_back_another_one() -> None:
    tear = step("tear", conditions=StepConditions(when=When.MANUAL), env={"ID": {"$ref": "steps.make.outputs.id"}})
    steps = [step("make", rollback={"step": "tear"}), tear]
    back = rolled(plan(*steps), record(result("make", outputs={"id": "7"}), result("tear", "skipped")))
    assert names(back) == ["undo-make"]
    assert (back.steps[0].env, back.steps[0].conditions.when) == ({"ID": "7"}, When.ON_SUCCESS)


@pytest.mark.parametrize(
    ("idempotency", "assumed", "codes", "taken_back"),
    [
        (Idempotency.ONCE, {}, ["ORC-5240"], None),
        (Idempotency.CONVERGENT, {}, [], ["undo-a"]),
        (Idempotency.ONCE, {f"{FLOW}/a": True}, [], ["undo-a"]),
        (Idempotency.ONCE, {f"{FLOW}/a": False}, [], []),
    ],
)
def test_a_step_in_doubt_is_taken_back_only_where_that_does_no_harm_or_somebody_says_so(
    idempotency: Idempotency, assumed: dict[str, bool], codes: list[str], taken_back: list[str] | None
) -> None:
    one = step("a", rollback=UNDO, idempotency=idempotency)
    history = History(chain=[record(killed("a"))], steps=[one], assumed=assumed)
    made = rollback_plan(plan(one), history)
    assert [finding.code.number for finding in made.findings] == codes
    assert (None if made.plan is None else names(made.plan)) == taken_back


@pytest.mark.parametrize(("taken_back", "left"), [(True, []), (False, ["undo-a"])])
def test_what_is_to_be_said_of_an_undo_in_doubt_does_what_the_finding_says(taken_back: bool, left: list[str]) -> None:
    one, undo = step("a", rollback=UNDO), f"{FLOW}/undo-a"
    doubt: dict[str, Any] = {"chain": [record(result("a"))], "steps": [one], "doubted": frozenset({undo})}
    (finding,) = rollback_plan(plan(one), History(**doubt)).findings
    assert f"with `--assume {undo}=done` nothing more is done" in finding.help
    assert f"`--assume {undo}=not-done` takes it back now" in finding.help
    made = rollback_plan(plan(one), History(**doubt, assumed={undo: taken_back}))
    assert made.plan is not None
    assert names(made.plan) == left


def test_an_undo_of_a_types_own_needs_no_answer_about_a_step_in_doubt() -> None:
    one = step("a", "resource-provisioning", inputs={"resource": "db", "resourceType": "sqlite", "operation": "create"})
    back = rolled(plan(one), record(killed("a")))
    undoes = back.steps[0].undoes
    assert undoes is not None
    assert (undoes.how, undoes.runs, back.steps[0].idempotency) == ("itself", [RUN], Idempotency.CONVERGENT)


def test_a_resumed_run_is_taken_back_with_what_it_went_on_from() -> None:
    steps = [step("a", rollback=UNDO), step("b", rollback=UNDO)]
    old = record(result("a"), killed("b"), run=OLD)
    new = record(result("a", attempts=[], reused_from=OLD), result("b"), kind="resume", resumes=OLD)
    back = rolled(plan(*steps), old, new)
    assert names(back) == ["undo-b", "undo-a"]
    assert {tuple(one.undoes.runs) for one in back.steps if one.undoes} == {(OLD, RUN)}


def test_files_come_back_only_where_the_run_had_brought_them_in() -> None:
    one = step("a", "kubernetes", inputs={"mode": "render", "operation": "apply"})
    of = plan(one)
    made = result("a", artifacts={MADE: "sha256:1"})
    (failed,) = rolled(of, record(made)).steps
    (landed,) = rolled(of, record(made, status="succeeded"), before={MADE: "old\n", "other": "x"}).steps
    assert failed.undoes is not None
    assert landed.undoes is not None
    assert (failed.undoes.wrote, failed.undoes.before) == (None, None)
    assert (landed.undoes.wrote, landed.undoes.before) == ({MADE: "sha256:1"}, {MADE: "old\n"})


def test_files_that_a_failed_rollback_did_not_bring_in_are_put_back_by_the_next_one() -> None:
    one = step("a", "vault-setup", inputs={"secrets": []})
    done = record(result("a", artifacts={MADE: "sha256:1"}), status="succeeded")
    again = rolled(plan(one), done, undone={f"{FLOW}/undo-a": False})
    assert [(node.name, node.undoes.how if node.undoes else "") for node in again.steps] == [("restore-a", "files")]
    assert rolled(plan(one), done, undone={f"{FLOW}/undo-a": True}).steps == []


@pytest.mark.parametrize(
    ("kind", "more", "means"),
    [
        ("script", {}, "irreversible"),
        ("script", {"rollback": UNDO}, "compensated"),
        ("script", {"rollback": {"step": "gone"}}, "irreversible"),
        ("script", {"rollback": True}, "irreversible"),
        ("validation", {}, "nothing"),
        ("terraform", {}, "reversible"),
        ("terraform", {"inputs": {"operation": "destroy"}}, "irreversible"),
        ("terraform", {"inputs": {"operation": "plan"}}, "nothing"),
        ("terraform", {"inputs": {"commands": ["destroy", "clean"]}}, "irreversible"),
        ("terraform", {"inputs": {"operation": {"$ref": "steps.x.outputs.o"}}}, "irreversible"),
        ("kubernetes", {"inputs": {"mode": "render"}}, "reversible"),
        ("kubernetes", {"inputs": {"mode": "apply"}}, "reversible"),
        ("kubernetes", {"inputs": {"mode": "apply", "operation": "delete"}}, "irreversible"),
        ("kubernetes", {"inputs": {"mode": "render"}, "rollback": False}, "irreversible"),
        ("database-migration", {"inputs": {"operation": "up"}}, "reversible"),
        ("database-migration", {"inputs": {"operation": "down"}}, "irreversible"),
        ("database-migration", {"inputs": {"operation": {"$ref": "steps.x.outputs.o"}}}, "irreversible"),
        ("resource-provisioning", {"inputs": {"operation": "delete"}}, "irreversible"),
        ("vault-setup", {}, "reversible"),
        ("of-the-repository", {}, "irreversible"),
    ],
)
def test_how_a_step_would_be_taken_back_is_known_from_the_plan(kind: str, more: dict[str, Any], means: str) -> None:
    assert [one.means for one in means_of(plan(step("a", kind, **more)))] == [means]


def test_coverage_counts_what_changes_something_and_leaves_out_what_runs_by_hand() -> None:
    by_hand = step("d", conditions=StepConditions(when=When.MANUAL))
    steps = [step("a"), step("b", rollback=UNDO), step("c", "validation"), by_hand, step("e", "vault-setup")]
    coverage = coverage_of(means_of(plan(*steps)))
    assert coverage == (1, 1, 1, 1)
    assert coverage.percent == 66
    assert coverage_of([]).percent == 100


@pytest.mark.parametrize(
    ("status", "asked", "flow", "rolls"),
    [
        ("failed", False, None, False),
        ("failed", True, None, True),
        ("timed_out", True, None, True),
        ("failed", False, True, True),
        ("interrupted", True, True, False),
        ("waiting", True, True, False),
        ("succeeded", True, True, False),
    ],
)
def test_a_run_is_rolled_back_at_once_only_where_it_failed_and_somebody_asks(
    status: str, asked: bool, flow: bool | None, rolls: bool
) -> None:
    of = plan(step("a"), rollback_on_failure=flow)
    ended = record(result("a", "failed"), status=status, failures=[f"{FLOW}/a"])
    assert rolls_back_now(of, ended, asked=asked) is rolls
    assert not rolls_back_now(of.model_copy(update={"rolls_back": OLD}), ended, asked=True)
